#include "test/charts/kube_schema.h"

#include <algorithm>

namespace baton::charts {
namespace {

using nlohmann::json;

std::string KindOf(const json& object) {
  return object.value("apiVersion", "") + " " + object.value("kind", "");
}

bool IsOfType(const std::string& type, const json& value) {
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  if (type == "array") return value.is_array();
  return value.is_object();
}

}  // namespace

KubeSchema::KubeSchema(const std::vector<std::string>& texts)
    : root_({{"kinds", json::object()}, {"definitions", json::object()}}) {
  for (const std::string& text : texts) {
    const json read = json::parse(text);
    for (const char* part : {"kinds", "definitions"}) root_[part].update(read.at(part));
  }
}

bool KubeSchema::Knows(const json& object) const {
  return root_.at("kinds").contains(KindOf(object));
}

std::vector<std::string> KubeSchema::Check(const json& object) const {
  if (!Knows(object)) return {KindOf(object) + " is not known"};
  std::vector<std::string> problems;
  const std::string name = root_.at("kinds").at(KindOf(object));
  CheckValue(root_.at("definitions").at(name), object, "", &problems);
  return problems;
}

void KubeSchema::CheckValue(const json& schema, const json& value, const std::string& place,
                            std::vector<std::string>* problems) const {
  if (schema.contains("$ref")) {
    const std::string name = schema.at("$ref");
    return CheckValue(root_.at("definitions").at(name), value, place, problems);
  }
  // A port by number or name, a quantity: the API server takes both forms.
  if (schema.contains("oneOf")) {
    if (!value.is_string() && !value.is_number()) {
      problems->push_back(place + " must be a string or a number");
    }
    return;
  }
  if (value.is_null()) return problems->push_back(place + " is null");
  const std::string type = schema.value("type", "");
  if (!type.empty() && !IsOfType(type, value)) {
    return problems->push_back(place + " must be of type " + type);
  }
  if (schema.contains("enum")) {
    const json& words = schema.at("enum");
    if (std::find(words.begin(), words.end(), value) == words.end()) {
      problems->push_back(place + " must be one of " + words.dump());
    }
  }
  if (value.is_object()) CheckFields(schema, value, place, problems);
  if (value.is_array() && schema.contains("items")) {
    for (size_t i = 0; i < value.size(); ++i) {
      CheckValue(schema.at("items"), value[i], place + "[" + std::to_string(i) + "]", problems);
    }
  }
}

void KubeSchema::CheckFields(const json& schema, const json& value, const std::string& place,
                             std::vector<std::string>* problems) const {
  for (const json& field : schema.value("required", json::array())) {
    const std::string name = field;
    if (!value.contains(name)) problems->push_back(place + "." + name + " is missing");
  }
  const json properties = schema.value("properties", json::object());
  for (const auto& [name, field] : value.items()) {
    if (properties.contains(name)) {
      CheckValue(properties.at(name), field, place + "." + name, problems);
    } else if (schema.contains("additionalProperties")) {
      CheckValue(schema.at("additionalProperties"), field, place + "." + name, problems);
    } else if (!properties.empty()) {
      problems->push_back(place + "." + name + " is not known");
    }
  }
}

}  // namespace baton::charts
