// File: objects.h
//
// Manifests as values: each document of a YAML text as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace baton::charts {

// YAML 1.1's other words for true and false (y, n, on, off, ...) are refused where they are not
// quoted, by a line in `problems`: some readers take them for one thing, some for the other.
std::vector<nlohmann::json> ParseObjects(const std::string& text,
                                         std::vector<std::string>* problems);

// The object of this kind and name (empty: the first of the kind); null when there is none.
nlohmann::json FindObject(const std::vector<nlohmann::json>& objects, const std::string& kind,
                          const std::string& name);

// "apps/v1 StatefulSet baton"
std::string NameOf(const nlohmann::json& object);

}  // namespace baton::charts
