// File: dashboard.h
//
// A dashboard of charts/baton/files/dashboards as plain values: what is shown where, and the
// queries with the variables filled in as Grafana would.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace baton::dashboards {

struct Query {
  std::string expression;
  std::string legend;  // with {{label}}s
  bool instant = false;
};

struct Panel {
  std::string kind;  // "row", "stat", "timeseries", "heatmap", "state-timeline", "table"
  std::string title;
  std::string description;
  std::string unit;
  int x = 0, y = 0, width = 0, height = 0;  // in cells of a grid of 24 columns
  bool stacked = false;
  std::map<std::string, std::string> words;  // what values mean
  std::vector<std::string> columns;          // of a table: the title of each query's values
  std::vector<Query> queries;
};

struct Dashboard {
  std::string name;  // of its file
  std::string title;
  std::vector<Panel> panels;
  std::vector<Query> annotations;
};

// All of them, in the order of their names. CHECKs that they are what Grafana takes.
inline constexpr const char* kDashboards[] = {"api", "coordination", "overview", "raft", "storage"};
Dashboard ReadDashboard(const std::string& name);

// The value of each variable by its name: {"cluster", "baton"}. Names that begin with others' names
// may be given in any order.
using Variables = std::map<std::string, std::string>;
std::string FillIn(std::string_view text, const Variables& variables);

// "{{pod}} to {{peer}}" with a series' labels; the labels themselves when there is no legend.
std::string FillLegend(std::string_view legend, const std::map<std::string, std::string>& labels);

// Where a file of the tree lies in a program that has it among its data.
std::string TreePath(const std::string& path);

}  // namespace baton::dashboards
