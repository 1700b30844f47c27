#include "test/charts/objects.h"

#include <yaml-cpp/yaml.h>

#include <charconv>
#include <set>

namespace baton::charts {
namespace {

using nlohmann::json;

json ScalarOf(const YAML::Node& node, std::vector<std::string>* problems) {
  static const std::set<std::string> unclear = {
      "y",  "Y",  "yes", "Yes", "YES", "n",   "N",    "no",   "No",    "NO",
      "on", "On", "ON",  "off", "Off", "OFF", "True", "TRUE", "False", "FALSE"};
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return text;  // quoted
  if (text == "true" || text == "false") return text == "true";
  if (text == "null" || text == "~" || text.empty()) return nullptr;
  if (unclear.contains(text)) problems->push_back("an unquoted " + text);
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return text;
}

json JsonOf(const YAML::Node& node, std::vector<std::string>* problems) {
  switch (node.Type()) {
    case YAML::NodeType::Sequence: {
      json list = json::array();
      for (const YAML::Node& item : node) list.push_back(JsonOf(item, problems));
      return list;
    }
    case YAML::NodeType::Map: {
      json map = json::object();
      for (const auto& entry : node) {
        const std::string key = entry.first.Scalar();
        if (map.contains(key)) problems->push_back("the key " + key + " twice in one map");
        map[key] = JsonOf(entry.second, problems);
      }
      return map;
    }
    case YAML::NodeType::Scalar:
      return ScalarOf(node, problems);
    default:
      return nullptr;
  }
}

}  // namespace

std::vector<json> ParseObjects(const std::string& text, std::vector<std::string>* problems) {
  std::vector<json> objects;
  for (const YAML::Node& document : YAML::LoadAll(text)) {
    if (!document.IsNull()) objects.push_back(JsonOf(document, problems));
  }
  return objects;
}

json FindObject(const std::vector<json>& objects, const std::string& kind,
                const std::string& name) {
  for (const json& object : objects) {
    if (object.value("kind", "") != kind) continue;
    if (name.empty() || object.at("metadata").value("name", "") == name) return object;
  }
  return nullptr;
}

std::string NameOf(const json& object) {
  return object.value("apiVersion", "") + " " + object.value("kind", "") + " " +
         object.value("/metadata/name"_json_pointer, std::string());
}

}  // namespace baton::charts
