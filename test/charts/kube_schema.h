// File: kube_schema.h
//
// Objects held against the schemas of Kubernetes' API server, as strictly as `kubectl apply
// --validate=strict`: unknown and repeated fields, wrong types, missing fields, words that are not
// in a list. kubernetes-schemas.json has them; scripts/kubernetes-schemas makes it. So has
// custom-schemas.json those of the Prometheus Operator's kinds and of HTTPRoute.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace baton::charts {

class KubeSchema {
 public:
  // Of JSON texts, each with "kinds" ("apps/v1 StatefulSet" -> a name) and "definitions" (by
  // name). One may refer to those of another.
  explicit KubeSchema(const std::vector<std::string>& texts);

  bool Knows(const nlohmann::json& object) const;
  // What is wrong with the object, a sentence each: ".spec.replica is not known".
  std::vector<std::string> Check(const nlohmann::json& object) const;

 private:
  void CheckValue(const nlohmann::json& schema, const nlohmann::json& value,
                  const std::string& place, std::vector<std::string>* problems) const;
  void CheckFields(const nlohmann::json& schema, const nlohmann::json& value,
                   const std::string& place, std::vector<std::string>* problems) const;

  nlohmann::json root_;
};

}  // namespace baton::charts
