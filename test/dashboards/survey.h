// File: survey.h
//
// Asks a Prometheus what the panels of a dashboard ask, and says which of them would stay empty.
#pragma once

#include <string>
#include <vector>

#include "test/dashboards/dashboard.h"
#include "test/dashboards/prometheus.h"

namespace baton::dashboards {

struct Window {
  double start = 0;  // seconds since 1970
  double end = 0;
  double step = 1;
  std::string rate_interval = "15s";  // Grafana: at least four scrapes
};

struct PanelAnswer {
  Panel panel;
  std::vector<std::vector<Series>> by_query;
};

struct Survey {
  Dashboard dashboard;
  std::vector<PanelAnswer> panels;  // without rows
  // What Prometheus refused, or answered with nothing though it should not: a sentence each.
  std::vector<std::string> troubles;
};

Survey AskAll(const Prometheus& prometheus, const Dashboard& dashboard, const Window& window);

// A panel of which a query may be empty when all is well, and why.
struct MayBeEmpty {
  const char* dashboard;
  const char* panel;
  const char* reason;
};
extern const std::vector<MayBeEmpty> kMayBeEmpty;

}  // namespace baton::dashboards
