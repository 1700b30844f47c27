// File: alert_rules.h
//
// The alerts of charts/baton/files/alerts and their unit tests, as plain values, and promtool,
// which runs the tests. For the tests of this room and of test/dashboards.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace baton::alerts {

struct AlertRule {
  std::string name;
  std::string severity;
  std::string expression;
  std::map<std::string, std::string> annotations;
};

// One file: its only group, in the order of the file, which must be one that YAML understands
// (CHECKed).
struct RuleFile {
  std::string path;
  std::string group;
  std::vector<AlertRule> rules;
};
// The directory of the chart's rules, and its files, in the order of their names.
std::string RulesDirectory();
std::vector<RuleFile> ReadRuleFiles();
// The rules of all files.
std::vector<AlertRule> ReadRules();

// What one file of unit tests expects: an alert's name and severity, and whether it fires. A test
// in which an alert is silent counts for all its severities, of which the set has an empty one.
struct Expectations {
  std::set<std::pair<std::string, std::string>> firing;
  std::set<std::string> silent;
};
Expectations ReadExpectations(const std::string& path);

// The names of the metric families in an expression, without _bucket, _sum and _count of
// histograms.
std::set<std::string> MetricsIn(std::string_view expression);

// Runs promtool with the arguments; its exit code and all it printed. Debian's package may be
// installed, or unpacked by scripts/install-packages.
struct Outcome {
  int exit_code = -1;
  std::string output;
};
Outcome RunPromtool(const std::vector<std::string>& arguments);

// Where a file of the tree lies in a test that has it among its data.
std::string TreePath(const std::string& path);

}  // namespace baton::alerts
