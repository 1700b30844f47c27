#include "test/dashboards/dashboard.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "pkg/base/check.h"
#include "test/integration/cluster.h"
#include "test/integration/process.h"

namespace baton::dashboards {
namespace {

using nlohmann::json;

Query ReadQuery(const json& target) {
  return {target.at("expr"), target.at("legendFormat"), target.at("instant")};
}

void ReadField(const json& field, Panel* panel) {
  panel->unit = field.value("unit", "");
  const json custom = field.value("custom", json::object());
  const json stacking = custom.value("stacking", json::object());
  panel->stacked = stacking.value("mode", "none") == "normal";
  for (const json& mapping : field.value("mappings", json::array())) {
    for (const auto& [value, option] : mapping.at("options").items()) {
      panel->words[value] = option.at("text");
    }
  }
}

void ReadColumns(const json& from, Panel* panel) {
  for (const json& transformation : from.value("transformations", json::array())) {
    const json options = transformation.at("options");
    if (!options.contains("renameByName")) continue;
    for (const auto& [field, title] : options.at("renameByName").items()) {
      panel->columns.push_back(title);  // "Value #A", "Value #B", ...: in the order of the queries
    }
  }
}

Panel ReadPanel(const json& from) {
  Panel panel;
  panel.kind = from.at("type");
  panel.title = from.at("title");
  panel.description = from.value("description", "");
  const json& place = from.at("gridPos");
  panel.x = place.at("x");
  panel.y = place.at("y");
  panel.width = place.at("w");
  panel.height = place.at("h");
  if (panel.kind == "row") return panel;
  ReadField(from.at("fieldConfig").at("defaults"), &panel);
  for (const json& target : from.at("targets")) panel.queries.push_back(ReadQuery(target));
  ReadColumns(from, &panel);
  return panel;
}

}  // namespace

std::string TreePath(const std::string& path) {
  // Beside batond, which is built with every program of this room.
  const std::string batond = integration::BatondPath();
  const std::string built = "cmd/batond/batond";
  CHECK(batond.ends_with(built)) << batond;
  return batond.substr(0, batond.size() - built.size()) + path;
}

Dashboard ReadDashboard(const std::string& name) {
  const std::string path = TreePath("charts/baton/files/dashboards/" + name + ".json");
  const json from = json::parse(integration::ReadFile(path), nullptr, /*allow_exceptions=*/false);
  CHECK(from.is_object()) << path << " is no JSON";
  Dashboard dashboard{.name = name, .title = from.at("title"), .panels = {}, .annotations = {}};
  for (const json& panel : from.at("panels")) dashboard.panels.push_back(ReadPanel(panel));
  for (const json& annotation : from.at("annotations").at("list")) {
    dashboard.annotations.push_back({annotation.at("expr"), annotation.at("titleFormat"), false});
  }
  return dashboard;
}

std::string FillIn(std::string_view text, const Variables& variables) {
  std::vector<std::string> names;
  for (const auto& [name, value] : variables) names.push_back(name);
  std::sort(names.begin(), names.end(),
            [](const auto& a, const auto& b) { return a.size() > b.size(); });
  std::string filled(text);
  for (const std::string& name : names) {
    const std::string from = "$" + name;
    const std::string& to = variables.at(name);
    for (size_t at = 0; (at = filled.find(from, at)) != std::string::npos; at += to.size()) {
      filled.replace(at, from.size(), to);
    }
  }
  return filled;
}

std::string FillLegend(std::string_view legend, const std::map<std::string, std::string>& labels) {
  std::string filled(legend);
  if (filled.empty()) {
    for (const auto& [name, value] : labels) filled += (filled.empty() ? "" : " ") + value;
    return filled;
  }
  for (size_t at = 0; (at = filled.find("{{", at)) != std::string::npos;) {
    const size_t end = filled.find("}}", at);
    if (end == std::string::npos) break;
    const auto found = labels.find(filled.substr(at + 2, end - at - 2));
    const std::string value = found == labels.end() ? "" : found->second;
    filled.replace(at, end + 2 - at, value);
    at += value.size();
  }
  return filled;
}

}  // namespace baton::dashboards
