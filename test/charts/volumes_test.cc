// Values that ask for other volumes than those that exist are refused, with a sentence that says
// what to do. The objects that a cluster would have are made up here and handed to the templates
// that judge them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "test/charts/chart.h"
#include "test/charts/objects.h"
#include "test/integration/process.h"

namespace baton::charts {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

constexpr char kBytes[] = R"({{ range $text := .Values.texts }}
{{ $text | quote }}: {{ include "baton.bytes" $text | quote }}{{ end }})";

constexpr char kProblem[] =
    R"(problem: {{ dict "name" "baton" "persistence" .Values.persistence "set" .Values.set
       "claims" .Values.claims | include "baton.volumesProblem" | quote }})";

class VolumesTest : public ChartTest {
 protected:
  void SetUp() override {
    ChartTest::SetUp();
    if (IsSkipped()) return;
    std::vector<std::string> problems;
    const std::string values = integration::ReadFile(TreePath("charts/baton/values.yaml"));
    persistence_ = ParseObjects(values, &problems).at(0).at("persistence");
  }

  // What the chart makes of its own values, with `size`: as a cluster would have it.
  json Set(const std::string& size) {
    return Object({.sets = {"persistence.size=" + size}}, "StatefulSet");
  }

  static json Claim(const std::string& name, const std::string& size) {
    return {{"metadata", {{"name", name}}},
            {"spec", {{"resources", {{"requests", {{"storage", size}}}}}}}};
  }

  std::string Problem(const json& set, const json& claims = json::array()) {
    const json values = {{"persistence", persistence_}, {"set", set}, {"claims", claims}};
    const Rendered rendered = RenderNamed(kProblem, values.dump());
    EXPECT_TRUE(rendered.ok) << rendered.error;
    std::vector<std::string> problems;
    return ParseObjects(rendered.text, &problems).at(0).at("problem");
  }

  json persistence_;
};

TEST_F(VolumesTest, BytesOfAQuantity) {
  const std::map<std::string, std::string> expected = {
      {"0", "0"},
      {"1", "1"},
      {"8589934592", "8589934592"},
      {"1Ki", "1024"},
      {"8Gi", "8589934592"},
      {"8192Mi", "8589934592"},
      {"8.", "8"},
      {"1.5Gi", "1610612736"},
      {"0.1Ti", "109951162778"},
      {"109951162777600m", "109951162778"},
      {"1k", "1000"},
      {"8G", "8000000000"},
      {"8e9", "8000000000"},
      {"8E+9", "8000000000"},
      {"5000e-3", "5"},
      {"1E", "1000000000000000000"},
      {"7Ei", "8070450532247928832"},
      {"2500000u", "3"},
      // Not quantities, or none of them.
      {"", ""},
      {"Gi", ""},
      {"8gi", ""},
      {"8 Gi", ""},
      {"8GiB", ""},
      {"8K", ""},
      {"-8Gi", ""},
      {"8e123", ""},
      {"eight", ""},
  };
  json texts = json::array();
  for (const auto& [text, bytes] : expected) texts.push_back(text);
  const Rendered rendered = RenderNamed(kBytes, json{{"texts", texts}}.dump());
  ASSERT_TRUE(rendered.ok) << rendered.error;
  std::vector<std::string> problems;
  const json bytes = ParseObjects(rendered.text, &problems).at(0);
  for (const auto& [text, number] : expected) EXPECT_EQ(bytes.at(text), number) << text;
}

TEST_F(VolumesTest, WhatIsThereIsTakenAsItIs) {
  EXPECT_EQ(Problem(nullptr), "") << "a first install";
  EXPECT_EQ(Problem(Set("8Gi")), "");
  persistence_["size"] = "8192Mi";
  EXPECT_EQ(Problem(Set("8Gi")), "") << "the same in other words";
}

TEST_F(VolumesTest, NoVolumeShrinks) {
  EXPECT_THAT(Problem(Set("8193Mi")),
              AllOf(HasSubstr("persistence.size is 8Gi, and the StatefulSet baton has 8193Mi"),
                    HasSubstr("no volume shrinks. Set it to 8193Mi")));
  persistence_["size"] = "1Mi";
  EXPECT_THAT(Problem(Set("1Ti")), HasSubstr("persistence.size is 1Mi, and the StatefulSet"));
}

TEST_F(VolumesTest, AnUpgradeMakesNoneLarger) {
  EXPECT_THAT(Problem(Set("8191Mi")),
              AllOf(HasSubstr("persistence.size is 8Gi, and the StatefulSet baton has 8191Mi"),
                    HasSubstr("docs/volumes.md has the steps"), HasSubstr("leave it at 8191Mi")));
}

TEST_F(VolumesTest, WhatCannotBeComparedIsNotGuessed) {
  json set = Set("8Gi");
  json& claim = set["spec"]["volumeClaimTemplates"][0]["spec"];
  claim["resources"]["requests"]["storage"] = "plenty";
  EXPECT_THAT(Problem(set), HasSubstr("has plenty: they cannot be compared. Set it to plenty"));
  persistence_["size"] = "plenty";
  EXPECT_EQ(Problem(set), "") << "the same word is the same size";
}

TEST_F(VolumesTest, ClaimsFromBeforeMayNotBeLarger) {
  const json claims = {Claim("data-baton-0", "8Gi"), Claim("data-baton-1", "16Gi")};
  EXPECT_THAT(Problem(nullptr, claims),
              HasSubstr("persistence.size is 8Gi, and the volume data-baton-1, which is there from "
                        "before, has 16Gi: no volume shrinks"));
  persistence_["size"] = "16Gi";
  EXPECT_EQ(Problem(nullptr, claims), "") << "the steps of docs/volumes.md, at their end";
  persistence_["size"] = "32Gi";
  EXPECT_EQ(Problem(nullptr, claims), "") << "where claims cannot grow, members are replaced";
  persistence_["size"] = "8Gi";
  EXPECT_EQ(Problem(Set("8Gi"), claims), "")
      << "between the steps, an upgrade that asks for nothing new is no mistake";
}

TEST_F(VolumesTest, VolumesNeitherComeNorGo) {
  const json with = Set("8Gi");
  json without = with;
  without["spec"].erase("volumeClaimTemplates");
  EXPECT_THAT(Problem(without), HasSubstr("persistence.enabled is true, and the StatefulSet baton "
                                          "has no volumes"));
  persistence_["enabled"] = false;
  EXPECT_THAT(Problem(with), HasSubstr("persistence.enabled is false, and the StatefulSet baton "
                                       "has volumes"));
  EXPECT_EQ(Problem(without), "");
  EXPECT_EQ(Problem(nullptr, {Claim("data-baton-0", "16Gi")}), "") << "they stay unused";
}

TEST_F(VolumesTest, WhatElseIsFixed) {
  persistence_["storageClass"] = "fast";
  EXPECT_THAT(Problem(Set("8Gi")),
              HasSubstr(R"(persistence.storageClass is "fast", and the StatefulSet baton has "")"));
  const json none = Object({.sets = {"persistence.storageClass=-"}}, "StatefulSet");
  EXPECT_THAT(Problem(none), HasSubstr(R"(has "-", which no upgrade changes. Leave it at "-")"));
  persistence_["storageClass"] = "-";
  EXPECT_EQ(Problem(none), "");
  persistence_["accessModes"] = {"ReadWriteOncePod"};
  EXPECT_THAT(Problem(none), HasSubstr("persistence.accessModes is ReadWriteOncePod, and the "
                                       "StatefulSet baton has ReadWriteOnce"));
}

}  // namespace
}  // namespace baton::charts
