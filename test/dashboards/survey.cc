#include "test/dashboards/survey.h"

#include <algorithm>

namespace baton::dashboards {

const std::vector<MayBeEmpty> kMayBeEmpty = {
    {"overview", "Alerts", "nothing fires while all is well"},
    {"storage", "Volumes", "the kubelet serves these, and there is none on loopback"},
};

namespace {

bool MayStayEmpty(const std::string& dashboard, const std::string& panel) {
  return std::any_of(kMayBeEmpty.begin(), kMayBeEmpty.end(), [&](const MayBeEmpty& known) {
    return dashboard == known.dashboard && panel == known.panel;
  });
}

Variables VariablesOf(const Window& window) {
  const auto range = static_cast<int64_t>(window.end - window.start);
  return {{"namespace", Prometheus::kNamespace},
          {"cluster", Prometheus::kCluster},
          {"pod", ".*"},
          {"__rate_interval", window.rate_interval},
          {"__range", std::to_string(range) + "s"}};
}

Result<std::vector<Series>> Ask(const Prometheus& prometheus, const Query& query,
                                const Window& window) {
  const std::string expression = FillIn(query.expression, VariablesOf(window));
  if (query.instant) return prometheus.Instant(expression, window.end);
  return prometheus.Range(expression, window.start, window.end, window.step);
}

}  // namespace

Survey AskAll(const Prometheus& prometheus, const Dashboard& dashboard, const Window& window) {
  Survey survey{.dashboard = dashboard, .panels = {}, .troubles = {}};
  const auto trouble = [&](const std::string& where, const Query& query, const std::string& what) {
    survey.troubles.push_back(dashboard.name + " / " + where + ": " + what + ": " +
                              FillIn(query.expression, VariablesOf(window)));
  };
  for (const Panel& panel : dashboard.panels) {
    if (panel.kind == "row") continue;
    PanelAnswer answer{.panel = panel, .by_query = {}};
    for (const Query& query : panel.queries) {
      Result<std::vector<Series>> series = Ask(prometheus, query, window);
      if (!series.ok()) trouble(panel.title, query, series.status().message());
      answer.by_query.push_back(series.ok() ? *std::move(series) : std::vector<Series>());
      if (!series.ok() || !answer.by_query.back().empty()) continue;
      if (!MayStayEmpty(dashboard.name, panel.title)) trouble(panel.title, query, "no answer");
    }
    survey.panels.push_back(std::move(answer));
  }
  for (const Query& query : dashboard.annotations) {  // may be empty: they mark rare moments
    const Result<std::vector<Series>> series = Ask(prometheus, query, window);
    if (!series.ok()) trouble("annotations", query, series.status().message());
  }
  return survey;
}

}  // namespace baton::dashboards
