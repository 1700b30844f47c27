// values.yaml, its schema, the README, batond's settings and the version say the same.
//
// `make manifests` writes the README's table anew.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "cmd/cli/version.h"
#include "test/charts/helm.h"
#include "test/charts/objects.h"
#include "test/charts/values_table.h"
#include "test/integration/process.h"

namespace baton::charts {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

bool g_rewrite = false;

std::string ChartFile(const std::string& name) {
  return integration::ReadFile(TreePath("charts/baton/" + name));
}

json ValuesOfChart() {
  std::vector<std::string> problems;
  return ParseObjects(ChartFile("values.yaml"), &problems).at(0);
}

json SchemaOfChart() { return json::parse(ChartFile("values.schema.json")); }

// What the chart makes itself; cluster-name is the value clusterName.
const std::set<std::string> kOwnSettings = {
    "config",     "node-id",      "name",        "data-dir",        "client-listen", "peer-listen",
    "ops-listen", "cluster-name", "cluster-id",  "initial-cluster", "client-urls",   "client-url",
    "peers",      "peer-address", "peer-domain", "initial-count"};

// "image.tag" of every value that the file has, and of every one that the schema knows.
void CollectValues(const json& values, const std::string& place, const json& schema,
                   std::set<std::string>* paths) {
  for (const auto& [name, value] : values.items()) {
    const std::string path = place + name;
    paths->insert(path);
    const json below = schema.value("properties", json::object()).value(name, json::object());
    if (value.is_object() && below.contains("properties")) {
      CollectValues(value, path + ".", below, paths);
    }
  }
}

void CollectSchema(const json& schema, const std::string& place, std::set<std::string>* paths) {
  const json properties = schema.value("properties", json::object());
  for (const auto& [name, below] : properties.items()) {
    paths->insert(place + name);
    CollectSchema(below, place + name + ".", paths);
  }
}

bool IsOptional(const std::string& path) {  // known, and not in the file
  return path == "enabled" || path.starts_with("config.") || path.starts_with("probes.");
}

TEST(ValuesTest, FileAndSchemaHaveTheSameNames) {
  std::set<std::string> in_file;
  std::set<std::string> in_schema;
  CollectValues(ValuesOfChart(), "", SchemaOfChart(), &in_file);
  CollectSchema(SchemaOfChart(), "", &in_schema);
  for (const std::string& path : in_file) EXPECT_TRUE(in_schema.contains(path)) << path;
  for (const std::string& path : in_schema) {
    EXPECT_TRUE(in_file.contains(path) || IsOptional(path)) << path;
  }
}

void CheckClosed(const json& schema, const std::string& place) {
  const bool of_others = place == "/properties/global";
  if (schema.is_object() && schema.contains("properties") && !of_others) {
    EXPECT_EQ(schema.value("additionalProperties", json(true)), false) << place;
  }
  if (!schema.is_structured()) return;
  for (const auto& [name, below] : schema.items()) CheckClosed(below, place + "/" + name);
}

TEST(ValuesTest, TheSchemaKnowsAllNamesItAllows) { CheckClosed(SchemaOfChart(), ""); }

// "5 to 10000" of SETTINGS.md as the schema has it.
TEST(ValuesTest, ConfigTakesWhatBatondTakes) {
  const json properties = SchemaOfChart().at("properties").at("config").at("properties");
  std::set<std::string> settings;
  std::istringstream lines(integration::ReadFile(TreePath("cmd/batond/SETTINGS.md")));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| `")) continue;
    const std::string name = line.substr(3, line.find('`', 3) - 3);
    if (kOwnSettings.contains(name)) {
      EXPECT_FALSE(properties.contains(name)) << name << " is the chart's own";
      continue;
    }
    settings.insert(name);
    ASSERT_TRUE(properties.contains(name)) << name << " is not in values.schema.json";
    const json& schema = properties.at(name);
    if (!schema.contains("minimum")) continue;
    const std::string range =
        " " + schema.at("minimum").dump() + " to " + schema.at("maximum").dump() + " |";
    EXPECT_THAT(line, HasSubstr(range)) << name;
  }
  for (const auto& [name, schema] : properties.items()) {
    EXPECT_TRUE(settings.contains(name)) << name << " is no setting of batond";
  }
}

TEST(ValuesTest, TheReadmeHasThem) {
  std::vector<std::string> problems;
  const std::vector<ValueLine> values = ReadValues(ChartFile("values.yaml"), &problems);
  EXPECT_THAT(problems, IsEmpty());
  const std::string page = ChartFile("README.md");
  const std::string expected = WithTable(page, RenderTable(values));
  if (g_rewrite) {
    std::ofstream(TreeRoot() + "/charts/baton/README.md") << expected;
  } else {
    EXPECT_EQ(page, expected) << "make manifests writes the table";
  }
  EXPECT_THAT(page, HasSubstr("| value | default |"));
}

TEST(ValuesTest, TheVersionIsThatOfTheTree) {
  const std::string chart = ChartFile("Chart.yaml");
  const std::string version(cli::kVersion);
  EXPECT_THAT(chart, HasSubstr("\nversion: " + version + "\n"));
  EXPECT_THAT(chart, HasSubstr("\nappVersion: \"" + version + "\"\n"));
}

TEST(ValuesTableTest, CommentsBelongToTheirKeys) {
  std::vector<std::string> problems;
  const auto values = ReadValues(
      "# a - one | two\n# three.\na: 1\n\n# b - parts.\nb:\n  # c - of b.\n  c: \"x\"\n"
      "# d - Kubernetes' own.\nd:\n  e:\n    - f: 1\n",
      &problems);
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_EQ(RenderTable(values),
            "| value | default | what it is |\n|---|---|---|\n"
            "| `a` | `1` | one \\| two three. |\n"
            "| `b` | | parts. |\n"
            "| `b.c` | `\"x\"` | of b. |\n"
            "| `d` | see values.yaml | Kubernetes' own. |\n");
}

TEST(ValuesTableTest, AKeyWithoutItsCommentIsTold) {
  std::vector<std::string> problems;
  ReadValues("# a - fine.\na: 1\nb: 2\n# other - c.\nc: 3\n", &problems);
  EXPECT_THAT(problems, ElementsAre("line 3: no comment begins with \"b - \"",
                                    "line 5: no comment begins with \"c - \""));
}

TEST(ValuesTableTest, ThePageKeepsWhatIsAroundTheTable) {
  const std::string head = "| value | default | what it is |\n|---|---|---|\n";
  EXPECT_EQ(WithTable("a\n\n" + head + "| old |\n\nb\n", head + "| new |\n"),
            "a\n\n" + head + "| new |\n\nb\n");
}

}  // namespace

void SetRewrite(bool rewrite) { g_rewrite = rewrite; }

}  // namespace baton::charts

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--rewrite") baton::charts::SetRewrite(true);
  }
  return RUN_ALL_TESTS();
}
