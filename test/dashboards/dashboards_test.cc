// The dashboards are what the generator writes, follow Grafana's conventions, and ask for metrics
// that are served.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

#include "test/alerts/alert_rules.h"
#include "test/dashboards/dashboard.h"
#include "test/dashboards/survey.h"
#include "test/integration/process.h"

namespace baton::dashboards {
namespace {

using nlohmann::json;

std::string PathOf(const std::string& name) {
  return TreePath("charts/baton/files/dashboards/" + name + ".json");
}

json Load(const std::string& name) {
  return json::parse(integration::ReadFile(PathOf(name)), nullptr, /*allow_exceptions=*/false);
}

bool IsOurDatasource(const json& of) {
  return of.at("datasource").at("uid") == "${datasource}" &&
         of.at("datasource").at("type") == "prometheus";
}

class DashboardTest : public testing::TestWithParam<const char*> {
 protected:
  const json dashboard_ = Load(GetParam());
};

TEST(GeneratorTest, WritesTheDashboardsThatAreCommitted) {
  const integration::TemporaryDirectory directory;
  const std::string output = directory.path() + "/output";
  integration::Process generator = integration::Process::Start(
      {"/usr/bin/python3", TreePath("scripts/dashboards/generate"), directory.path() + "/new"},
      output);
  ASSERT_EQ(generator.Wait(60'000), 0) << integration::ReadFile(output);
  for (const char* name : kDashboards) {
    const std::string now = integration::ReadFile(directory.path() + "/new/" + name + ".json");
    EXPECT_FALSE(now.empty()) << name;
    EXPECT_EQ(now == integration::ReadFile(PathOf(name)), true)
        << name << " is not what scripts/dashboards/generate writes: run it";
  }
}

TEST_P(DashboardTest, IsOneThatGrafanaKeepsApart) {
  ASSERT_TRUE(dashboard_.is_object());
  EXPECT_EQ(dashboard_.at("uid"), std::string("baton-") + GetParam());
  EXPECT_LE(dashboard_.at("uid").get<std::string>().size(), 40U) << "Grafana's limit";
  EXPECT_EQ(dashboard_.at("editable"), false);
  EXPECT_FALSE(dashboard_.contains("id")) << "ids are Grafana's to give";
  EXPECT_TRUE(dashboard_.at("title").get<std::string>().starts_with("Baton / "));
  EXPECT_FALSE(dashboard_.at("description").get<std::string>().empty());
}

TEST_P(DashboardTest, HasTheVariables) {
  std::vector<std::string> names;
  for (const json& variable : dashboard_.at("templating").at("list")) {
    names.push_back(variable.at("name"));
    EXPECT_FALSE(variable.at("label").get<std::string>().empty());
    if (variable.at("type") == "query") {
      EXPECT_TRUE(IsOurDatasource(variable)) << variable.at("name");
    }
  }
  EXPECT_EQ(names, (std::vector<std::string>{"datasource", "namespace", "cluster", "pod"}));
}

TEST_P(DashboardTest, EachPanelSaysWhatItShowsInWhichUnit) {
  std::set<int> ids;
  for (const json& panel : dashboard_.at("panels")) {
    SCOPED_TRACE(panel.at("title").get<std::string>());
    EXPECT_TRUE(ids.insert(panel.at("id").get<int>()).second) << "an id for each";
    if (panel.at("type") == "row") continue;
    EXPECT_TRUE(IsOurDatasource(panel));
    const auto description = panel.at("description").get<std::string>();
    EXPECT_TRUE(description.ends_with('.')) << "a sentence: " << description;
    EXPECT_FALSE(panel.at("fieldConfig").at("defaults").at("unit").get<std::string>().empty());
    EXPECT_FALSE(panel.at("targets").empty());
    for (const json& target : panel.at("targets")) EXPECT_TRUE(IsOurDatasource(target));
  }
}

TEST_P(DashboardTest, PanelsDoNotOverlap) {
  std::set<std::pair<int, int>> cells;
  for (const Panel& panel : ReadDashboard(GetParam()).panels) {
    EXPECT_LE(panel.x + panel.width, 24) << panel.title;
    for (int x = panel.x; x < panel.x + panel.width; ++x) {
      for (int y = panel.y; y < panel.y + panel.height; ++y) {
        EXPECT_TRUE(cells.emplace(x, y).second) << panel.title;
      }
    }
  }
}

TEST_P(DashboardTest, RatesAreOfTheIntervalThatGrafanaChooses) {
  for (const Panel& panel : ReadDashboard(GetParam()).panels) {
    for (const Query& query : panel.queries) {
      SCOPED_TRACE(panel.title + ": " + query.expression);
      const std::string& text = query.expression;
      for (size_t at = 0; (at = text.find('[', at)) != std::string::npos; ++at) {
        const std::string range = text.substr(at + 1, text.find(']', at) - at - 1);
        EXPECT_TRUE(range == "$__rate_interval" || range == "$__range" || range == "30d" ||
                    range == "1d")
            << range;
      }
    }
  }
}

TEST_P(DashboardTest, QueriesAreOfTheChosenClusterAndOfMetricsThatExist) {
  std::istringstream golden(integration::ReadFile(TreePath("pkg/metrics/families.golden")));
  std::set<std::string> served;
  for (std::string line; std::getline(golden, line);) served.insert(line.substr(0, line.find(' ')));
  const std::set<std::string> of_others = {"up", "ALERTS", "kubelet_volume_stats_used_bytes",
                                           "kubelet_volume_stats_capacity_bytes"};
  for (const Panel& panel : ReadDashboard(GetParam()).panels) {
    for (const Query& query : panel.queries) {
      SCOPED_TRACE(panel.title + ": " + query.expression);
      const bool all_clusters = panel.title == "All clusters";
      EXPECT_NE(query.expression.find("$cluster") != std::string::npos, all_clusters);
      EXPECT_EQ(query.expression.find("vector("), std::string::npos)
          << "never empty, so that nobody sees when what it asks for is not served";
      for (const std::string& metric : alerts::MetricsIn(query.expression)) {
        EXPECT_TRUE(served.contains(metric) || of_others.contains(metric)) << metric;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Dashboards, DashboardTest, testing::ValuesIn(kDashboards),
                         [](const auto& name) { return std::string(name.param); });

TEST(MayBeEmptyTest, NamesPanelsThatExist) {
  for (const MayBeEmpty& known : kMayBeEmpty) {
    const std::vector<Panel> panels = ReadDashboard(known.dashboard).panels;
    EXPECT_TRUE(std::any_of(panels.begin(), panels.end(),
                            [&](const Panel& panel) { return panel.title == known.panel; }))
        << known.dashboard << " / " << known.panel;
    EXPECT_FALSE(std::string(known.reason).empty());
  }
}

}  // namespace
}  // namespace baton::dashboards
