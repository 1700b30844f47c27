// Every panel has something to show: its queries are asked of a Prometheus that scrapes a cluster.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "test/alerts/alert_rules.h"
#include "test/dashboards/dashboard.h"
#include "test/dashboards/live_run.h"
#include "test/integration/process.h"

namespace baton::dashboards {
namespace {

TEST(LiveTest, EveryQueryHasAnAnswer) {
  const integration::TemporaryDirectory directory;
  const LiveOutcome outcome = RunLive({.seconds = 20, .pictures = directory.path()});
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
