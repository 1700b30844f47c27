// Every panel has something to show, and every alert something to look at: they are asked of a
// Prometheus that scrapes a cluster.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "test/alerts/alert_rules.h"
#include "test/dashboards/dashboard.h"
#include "test/dashboards/live_run.h"
#include "test/integration/process.h"

namespace baton::dashboards {
namespace {

// Metrics in alerts that no member of ours serves, and why.
const std::map<std::string, std::string>& NotScraped() {
  static const std::map<std::string, std::string> reasons = {
      {"kube_pod_info", "kube-state-metrics has it, and there is no Kubernetes on loopback"},
      {"kube_node_labels", "kube-state-metrics has it, and there is no Kubernetes on loopback"},
  };
  return reasons;
}

// Each that an alert asks for, so that a name that is misspelt is found.
std::vector<std::string> MetricsOfAlerts() {
  std::set<std::string> metrics;
  for (const alerts::AlertRule& rule : alerts::ReadRules()) {
    metrics.merge(alerts::MetricsIn(rule.expression));
  }
  for (const auto& [name, reason] : NotScraped()) {
    EXPECT_EQ(metrics.erase(name), 1U) << name << ": " << reason << ", but no alert asks for it";
  }
  EXPECT_GT(metrics.size(), 25U);
  return {metrics.begin(), metrics.end()};
}

TEST(LiveTest, EveryQueryHasAnAnswer) {
  const integration::TemporaryDirectory directory;
  const LiveOutcome outcome =
      RunLive({.seconds = 20, .metrics = MetricsOfAlerts(), .pictures = directory.path()});
  for (const std::string& trouble : outcome.troubles) ADD_FAILURE() << trouble;
  EXPECT_GT(outcome.queries, 100U);
  EXPECT_EQ(outcome.rules, alerts::ReadRules().size());
  for (const char* name : kDashboards) {
    const std::string picture =
        integration::ReadFile(directory.path() + "/" + std::string(name) + ".svg");
    EXPECT_TRUE(picture.ends_with("</svg>\n")) << name;
  }
}

}  // namespace
}  // namespace baton::dashboards
