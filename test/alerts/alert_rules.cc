#include "test/alerts/alert_rules.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "pkg/base/check.h"
#include "test/integration/process.h"

namespace baton::alerts {
namespace {

constexpr int64_t kRunMsMax = 120'000;
constexpr const char* kPath =
    "PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/lib/baton/prometheus/usr/bin";

bool IsOfName(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string WithoutSuffix(std::string name) {
  constexpr std::array<std::string_view, 3> kSuffixes = {"_bucket", "_sum", "_count"};
  for (const std::string_view suffix : kSuffixes) {
    if (name.ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
  }
  return name;
}

// What stands in quotes names no metric.
std::string WithoutQuoted(std::string_view expression) {
  std::string left;
  bool quoted = false;
  for (const char c : expression) {
    if (c == '"') quoted = !quoted;
    left += quoted ? ' ' : c;
  }
  return left;
}

RuleFile ReadRuleFile(const std::string& path) {
  const YAML::Node groups = YAML::LoadFile(path)["groups"];
  CHECK_EQ(groups.size(), 1U) << path;
  RuleFile file{.path = path, .group = groups[0]["name"].as<std::string>(), .rules = {}};
  for (const YAML::Node& rule : groups[0]["rules"]) {
    file.rules.push_back({.name = rule["alert"].as<std::string>(),
                          .severity = rule["labels"]["severity"].as<std::string>(),
                          .expression = rule["expr"].as<std::string>(),
                          .annotations = {}});
    for (const auto& annotation : rule["annotations"]) {
      file.rules.back().annotations[annotation.first.as<std::string>()] =
          annotation.second.as<std::string>();
    }
  }
  CHECK(!file.rules.empty()) << path;
  return file;
}

}  // namespace

std::string RulesDirectory() { return TreePath("charts/baton/files/alerts"); }

std::vector<RuleFile> ReadRuleFiles() {
  std::vector<RuleFile> files;
  for (const auto& entry : std::filesystem::directory_iterator(RulesDirectory())) {
    files.push_back(ReadRuleFile(entry.path()));
  }
  CHECK(!files.empty()) << RulesDirectory();
  std::sort(files.begin(), files.end(),
            [](const RuleFile& a, const RuleFile& b) { return a.path < b.path; });
  return files;
}

std::vector<AlertRule> ReadRules() {
  std::vector<AlertRule> rules;
  for (const RuleFile& file : ReadRuleFiles()) {
    rules.insert(rules.end(), file.rules.begin(), file.rules.end());
  }
  return rules;
}

Expectations ReadExpectations(const std::string& path) {
  Expectations expectations;
  for (const YAML::Node& test : YAML::LoadFile(path)["tests"]) {
    for (const YAML::Node& alert_test : test["alert_rule_test"]) {
      const auto name = alert_test["alertname"].as<std::string>();
      if (alert_test["exp_alerts"].size() == 0) expectations.silent.insert(name);
      for (const YAML::Node& alert : alert_test["exp_alerts"]) {
        expectations.firing.emplace(name, alert["exp_labels"]["severity"].as<std::string>());
      }
    }
  }
  return expectations;
}

std::set<std::string> MetricsIn(std::string_view expression) {
  const std::string text = WithoutQuoted(expression);
  std::set<std::string> metrics;
  for (size_t at = 0; at < text.size();) {
    if (!IsOfName(text[at])) {
      ++at;
      continue;
    }
    size_t end = at;
    while (end < text.size() && IsOfName(text[end])) ++end;
    const std::string name = text.substr(at, end - at);
    const bool selected = end < text.size() && text[end] == '{';
    if (selected || name.starts_with("baton_") || name.starts_with("kube")) {
      metrics.insert(WithoutSuffix(name));
    }
    at = end;
  }
  return metrics;
}

Outcome RunPromtool(const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {"/usr/bin/env", kPath, "promtool"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const integration::TemporaryDirectory directory;
  const std::string output_path = directory.path() + "/output";
  integration::Process process = integration::Process::Start(command, output_path);
  const std::optional<int> exit_code = process.Wait(kRunMsMax);
  CHECK(exit_code.has_value()) << "promtool still runs";
  return {.exit_code = *exit_code, .output = integration::ReadFile(output_path)};
}

std::string TreePath(const std::string& path) {
  return std::string(std::getenv("TEST_SRCDIR")) + "/" + std::getenv("TEST_WORKSPACE") + "/" + path;
}

}  // namespace baton::alerts
