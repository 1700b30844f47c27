// Every alert says what it means and where to read on, names only metrics that exist, and has been
// seen to fire and to be silent.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "test/alerts/alert_rules.h"
#include "test/integration/process.h"

namespace baton::alerts {
namespace {

constexpr std::string_view kRunbooks = "https://baton.dev/runbooks/";
const char* const kTests[] = {"backups", "clients", "disk",     "health",
                              "log",     "members", "standing", "zones"};

std::string TestPath(const std::string& name) { return TreePath("test/alerts/" + name + ".yaml"); }

std::set<std::string> ServedFamilies() {
  std::istringstream golden(integration::ReadFile(TreePath("pkg/metrics/families.golden")));
  std::set<std::string> families;
  for (std::string line; std::getline(golden, line);) {
    families.insert(line.substr(0, line.find(' ')));
  }
  return families;
}

Expectations AllExpectations() {
  Expectations all;
  for (const char* name : kTests) {
    Expectations some = ReadExpectations(TestPath(name));
    all.firing.merge(some.firing);
    all.silent.merge(some.silent);
  }
  return all;
}

TEST(AlertsTest, PromtoolTakesTheRules) {
  std::vector<std::string> arguments = {"check", "rules"};
  for (const RuleFile& file : ReadRuleFiles()) arguments.push_back(file.path);
  const Outcome outcome = RunPromtool(arguments);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output
                                  << "\nIs promtool there? scripts/install-packages brings it.";
}

TEST(AlertsTest, AFileIsAGroupOfItsNameAndShort) {
  constexpr int64_t kLinesMax = 120;
  const std::string readme = integration::ReadFile(TreePath("charts/baton/files/README.md"));
  for (const RuleFile& file : ReadRuleFiles()) {
    const std::filesystem::path path(file.path);
    EXPECT_EQ(path.extension(), ".yaml") << path << ": the chart takes *.yaml";
    EXPECT_EQ(file.group, "baton." + path.stem().string());
    const std::string text = integration::ReadFile(file.path);
    EXPECT_LE(std::count(text.begin(), text.end(), '\n'), kLinesMax) << path;
    EXPECT_NE(readme.find("| `" + path.filename().string() + "` |"), std::string::npos)
        << path << " is not in the table of charts/baton/files/README.md";
  }
}

class UnitTest : public testing::TestWithParam<const char*> {};

TEST_P(UnitTest, Passes) {
  const Outcome outcome = RunPromtool({"test", "rules", TestPath(GetParam())});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
}

INSTANTIATE_TEST_SUITE_P(Alerts, UnitTest, testing::ValuesIn(kTests),
                         [](const auto& file) { return std::string(file.param); });

TEST(AlertsTest, EachHasATestInWhichItFiresAndOneInWhichItIsSilent) {
  const Expectations expectations = AllExpectations();
  std::set<std::string> names;
  for (const AlertRule& rule : ReadRules()) {
    names.insert(rule.name);
    EXPECT_TRUE(expectations.firing.contains({rule.name, rule.severity}))
        << rule.name << " (" << rule.severity << ") fires in no unit test";
    EXPECT_TRUE(expectations.silent.contains(rule.name))
        << rule.name << " is silent in no unit test";
  }
  for (const auto& [name, severity] : expectations.firing) EXPECT_TRUE(names.contains(name));
  for (const std::string& name : expectations.silent) {
    EXPECT_TRUE(names.contains(name)) << name << " is silent because there is no such alert";
  }
}

TEST(AlertsTest, EachSaysWhatItMeansHowBadItIsAndWhereToReadOn) {
  for (const AlertRule& rule : ReadRules()) {
    SCOPED_TRACE(rule.name);
    EXPECT_TRUE(rule.name.starts_with("Baton"));
    EXPECT_TRUE(rule.severity == "critical" || rule.severity == "warning") << rule.severity;
    for (const char* annotation : {"summary", "description", "runbook_url"}) {
      EXPECT_TRUE(rule.annotations.contains(annotation)) << "no " << annotation;
    }
    EXPECT_NE(rule.annotations.at("summary").find("{{ $labels.namespace }}"), std::string::npos)
        << "the summary does not say where";
    EXPECT_EQ(rule.annotations.at("runbook_url"), std::string(kRunbooks) + rule.name);
  }
}

TEST(AlertsTest, EachHasItsRunbookAndEachRunbookItsAlert) {
  std::set<std::string> alerts;
  for (const AlertRule& rule : ReadRules()) alerts.insert(rule.name);
  std::set<std::string> pages;
  for (const auto& file : std::filesystem::directory_iterator(TreePath("docs/runbooks"))) {
    if (file.path().extension() == ".md") pages.insert(file.path().stem());
  }
  pages.erase("README");
  EXPECT_EQ(alerts, pages);
  const std::string list = integration::ReadFile(TreePath("docs/runbooks/README.md"));
  for (const std::string& alert : alerts) {
    EXPECT_NE(list.find("[" + alert + "](" + alert + ".md)"), std::string::npos)
        << alert << " is not in docs/runbooks/README.md";
  }
}

TEST(AlertsTest, EachAsksForMetricsThatAreServed) {
  const std::set<std::string> served = ServedFamilies();
  // Prometheus, kube-state-metrics.
  const std::set<std::string> of_others = {"up", "kube_pod_info", "kube_node_labels"};
  for (const AlertRule& rule : ReadRules()) {
    const std::set<std::string> metrics = MetricsIn(rule.expression);
    EXPECT_FALSE(metrics.empty()) << rule.name;
    EXPECT_NE(rule.expression.find("job=\"baton\""), std::string::npos) << rule.name;
    for (const std::string& metric : metrics) {
      EXPECT_TRUE(served.contains(metric) || of_others.contains(metric))
          << rule.name << " asks for " << metric << ", which nobody serves";
    }
  }
}

TEST(MetricsInTest, FindsFamiliesAndNothingElse) {
  using Names = std::set<std::string>;
  EXPECT_EQ(MetricsIn("rate(baton_x_total{job=\"baton\", code=~\"5..\"}[5m]) > 0.1"),
            Names({"baton_x_total"}));
  EXPECT_EQ(MetricsIn("histogram_quantile(0.99, sum by (le) (rate(baton_y_seconds_bucket[5m])))"),
            Names({"baton_y_seconds"}));
  EXPECT_EQ(MetricsIn("kube_pod_info * on (pod) group by (pod) (up{job=\"baton_z{\"})"),
            Names({"kube_pod_info", "up"}));
}

}  // namespace
}  // namespace baton::alerts
