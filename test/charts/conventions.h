// File: conventions.h
//
// What holds for all objects of the chart together, beyond what each kind's schema says.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace baton::charts {

// A sentence for each of: no or wrong labels; a selector that is not of an object's own pods, or
// has a label that changes with a version; a pod that the level "restricted" of Pod Security does
// not admit, or whose token is mounted; a volume that does not exist; a Service's port that no pod
// has; two objects of one name; a namespace that is not `space`.
std::vector<std::string> CheckConventions(const std::vector<nlohmann::json>& objects,
                                          const std::string& space);

// The parts, of one object.
std::vector<std::string> CheckLabels(const nlohmann::json& object);
// "restricted", as of Kubernetes 1.34, and ours: nothing is written to the image's files.
std::vector<std::string> CheckPodSecurity(const nlohmann::json& pod_spec);

}  // namespace baton::charts
