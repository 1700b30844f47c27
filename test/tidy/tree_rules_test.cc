// Each rule finds what it is for, says what to do instead, and leaves a good tree alone.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "test/tidy/rules.h"

namespace baton::tidy {
namespace {

Source File(const std::string& path, const std::string& text) { return {path, text}; }

std::string Only(const std::vector<Finding>& findings) {
  EXPECT_EQ(findings.size(), 1u);
  return findings.empty() ? "" : Describe(findings[0]);
}

TEST(VisibilityTest, StartsPrivate) {
  const std::string start = "package(default_visibility = [\"//visibility:private\"])\n";
  EXPECT_NE(Only(CheckVisibility(File("pkg/a/BUILD", "cc_library()\n"))).find("start private"),
            std::string::npos);
  EXPECT_TRUE(CheckVisibility(File("pkg/a/BUILD", start)).empty());
  EXPECT_FALSE(CheckVisibility(File("BUILD", "")).empty());
}

TEST(BashTest, MustBeBash) {
  EXPECT_NE(Only(CheckBash(File("scripts/a", "#!/usr/bin/env bash\nif true; then\n")))
                .find("bash -n refuses it"),
            std::string::npos);
  EXPECT_TRUE(CheckBash(File("scripts/a", "#!/usr/bin/env bash\ntrue\n")).empty());
  EXPECT_FALSE(CheckBash(File("scripts/a.sh", "case\n")).empty());
  EXPECT_TRUE(CheckBash(File("scripts/a", "#!/usr/bin/env python3\nif a:\n")).empty());
}

TEST(ReadmesTest, EveryRoomHasOne) {
  EXPECT_NE(Only(CheckReadmes({File("pkg/a/b.cc", "")})).find("pkg/a: no README.md"),
            std::string::npos);
  EXPECT_FALSE(CheckReadmes({File("scripts/run", "")}).empty());
  EXPECT_FALSE(CheckReadmes({File("docs/a.md", "")}).empty());
  EXPECT_TRUE(CheckReadmes({File("pkg/a/b.cc", ""), File("pkg/a/README.md", "")}).empty());
  EXPECT_TRUE(CheckReadmes({File("Makefile", "")}).empty());
}

TEST(BuiltTest, EverySourceIsInItsBuildFile) {
  const Source build = File("pkg/a/BUILD", "srcs = [\"b.cc\", \"testing/c.h\"]\n");
  EXPECT_TRUE(CheckBuilt({build, File("pkg/a/b.cc", ""), File("pkg/a/testing/c.h", "")}).empty());
  EXPECT_EQ(Only(CheckBuilt({build, File("pkg/a/d_test.cc", "")})),
            "pkg/a/d_test.cc: in no BUILD file: add it to a target, or delete it");
  EXPECT_FALSE(CheckBuilt({build, File("pkg/a/testing/b.cc", "")}).empty());
  EXPECT_FALSE(CheckBuilt({build, File("pkg/e/b.cc", "")}).empty());
}

TEST(BuiltTest, ALoopOverTestNamesCounts) {
  const Source build = File("pkg/a/BUILD", "[cc_test(srcs = [n + \".cc\"]) for n in [\"b\"]]\n");
  EXPECT_TRUE(CheckBuilt({build, File("pkg/a/b.cc", "")}).empty());
  EXPECT_FALSE(CheckBuilt({build, File("pkg/a/c.cc", "")}).empty());
}

TEST(LinksTest, LeadSomewhere) {
  const std::vector<Source> rest = {File("pkg/a/b.h", ""), File("LICENSE", "")};
  const auto check = [&](const std::string& path, const std::string& text) {
    std::vector<Source> tree = rest;
    tree.push_back(File(path, text));
    return CheckLinks(tree);
  };
  EXPECT_TRUE(check("README.md", "[a](pkg/a) [b](pkg/a/b.h#top) [c](LICENSE)\n").empty());
  EXPECT_TRUE(check("pkg/a/README.md", "[a](b.h) [b](../../LICENSE) [c](./b.h)\n").empty());
  EXPECT_TRUE(check("README.md", "[a](#here) [b](https://example.com/x)\n").empty());
  EXPECT_EQ(Only(check("README.md", "\n[a](pkg/c)\n")),
            "README.md:2: the link leads nowhere: pkg/c");
  EXPECT_FALSE(check("README.md", "[a](../LICENSE)\n").empty());
}

TEST(LayoutTest, IsThatOfTheLayoutFile) {
  const std::string root = std::string(std::getenv("TEST_TMPDIR")) + "/layout";
  std::filesystem::create_directories(root);
  std::ofstream(root + "/.clang-format") << "BasedOnStyle: Google\n";
  std::ofstream(root + "/good.cc") << "int a;\n";
  std::ofstream(root + "/bad.cc") << "int a;\nint   b;\n";
  EXPECT_TRUE(CheckLayout(root, {File("good.cc", "")}).empty());
  EXPECT_EQ(Only(CheckLayout(root, {File("good.cc", ""), File("bad.cc", "")})),
            "bad.cc:2: not laid out as .clang-format says: run `make format`");
  EXPECT_FALSE(CheckLayout(root, {File("absent.cc", "")}).empty());
  EXPECT_TRUE(CheckLayout(root, {File("README.md", "")}).empty());
}

TEST(AllRulesTest, HoldsEachRuleOnce) {
  std::vector<std::string> names;
  for (const Rule& rule : AllRules()) names.push_back(rule.name);
  EXPECT_EQ(names.size(), 14u);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::unique(names.begin(), names.end()), names.end());
  // Wired to the right check: a tree that breaks every rule is found by every rule.
  const std::vector<Source> tree = {
      File("pkg/raft/BUILD", "flaky = True\n"),
      File("pkg/raft/a.cc",
           "#include \"pkg/node/a.h\"\n#include <leveldb/db.h>\n#include "
           "<thread>\n\tthrow 1;\n" +
               std::string(101, 'x') + "\n"),
      File("pkg/raft/a.sh", "case\n"),
      File("pkg/base/cruel_sites.h", "    {\"raft.a\", 2, \"b\"},\n"),
      File("a.md", std::string("[a](b) TO") + "DO\n"),
  };
  for (const Rule& rule : AllRules()) EXPECT_FALSE(rule.check(tree).empty()) << rule.name;
}

}  // namespace
}  // namespace baton::tidy
