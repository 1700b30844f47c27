#include "test/charts/conventions.h"

#include <algorithm>
#include <set>

#include "test/charts/objects.h"

namespace baton::charts {
namespace {

using nlohmann::json;
using Problems = std::vector<std::string>;

json At(const json& value, const std::string& path) {
  const json::json_pointer pointer(path);
  return value.contains(pointer) ? value.at(pointer) : json();
}

json ListAt(const json& value, const std::string& path) {
  const json found = At(value, path);
  return found.is_array() ? found : json::array();
}

void Append(const std::string& who, const Problems& from, Problems* to) {
  for (const std::string& problem : from) to->push_back(who + ": " + problem);
}

json PodSpecOf(const json& object) {
  if (object.value("kind", "") == "Pod") return At(object, "/spec");
  return At(object, "/spec/template/spec");
}

json SelectorOf(const json& object) {
  for (const char* path : {"/spec/podSelector/matchLabels", "/spec/selector/matchLabels"}) {
    const json found = At(object, path);
    if (found.is_object()) return found;
  }
  const json plain = At(object, "/spec/selector");
  return plain.is_object() ? plain : json();
}

bool Selects(const json& selector, const json& labels) {
  const json items = selector;
  return std::all_of(items.items().begin(), items.items().end(), [&labels](const auto& item) {
    return labels.contains(item.key()) && labels.at(item.key()) == item.value();
  });
}

// Whether a StatefulSet has a pod that is selected: each also has its own name as a label.
bool SelectsPodOf(const json& set, const json& selector) {
  json labels = At(set, "/spec/template/metadata/labels");
  if (!labels.is_object()) return false;
  const json replicas = At(set, "/spec/replicas");
  for (int i = 0; i < (replicas.is_number_integer() ? replicas.get<int>() : 1); ++i) {
    labels["statefulset.kubernetes.io/pod-name"] =
        At(set, "/metadata/name").get<std::string>() + "-" + std::to_string(i);
    if (Selects(selector, labels)) return true;
  }
  return false;
}

Problems CheckSelector(const json& object, const std::vector<json>& objects) {
  const json selector = SelectorOf(object);
  const std::string kind = object.value("kind", "");
  if (!selector.is_object()) return {};
  Problems problems;
  for (const char* label : {"app.kubernetes.io/version", "helm.sh/chart"}) {
    if (selector.contains(label)) problems.push_back("selects by " + std::string(label));
  }
  const bool of_services = kind == "ServiceMonitor";
  const bool found = std::any_of(objects.begin(), objects.end(), [&](const json& other) {
    const std::string other_kind = other.value("kind", "");
    if (of_services) {
      return other_kind == "Service" && Selects(selector, At(other, "/metadata/labels"));
    }
    if (other_kind == "Pod") return Selects(selector, At(other, "/metadata/labels"));
    return SelectsPodOf(other, selector);
  });
  if (!found) problems.push_back("selects nothing of the release");
  return problems;
}

Problems CheckVolumes(const json& object, const json& spec) {
  std::set<std::string> volumes;
  for (const json& volume : ListAt(spec, "/volumes")) volumes.insert(volume.at("name"));
  for (const json& claim : ListAt(object, "/spec/volumeClaimTemplates")) {
    volumes.insert(claim.at("metadata").at("name"));
  }
  Problems problems;
  for (const json& container : ListAt(spec, "/containers")) {
    for (const json& mount : ListAt(container, "/volumeMounts")) {
      if (volumes.contains(mount.at("name"))) continue;
      problems.push_back("no volume " + mount.at("name").dump());
    }
  }
  return problems;
}

// Names of ports that some container has.
std::set<std::string> PortNames(const std::vector<json>& objects) {
  std::set<std::string> names;
  for (const json& object : objects) {
    for (const json& container : ListAt(PodSpecOf(object), "/containers")) {
      for (const json& port : ListAt(container, "/ports")) names.insert(port.at("name"));
    }
  }
  return names;
}

Problems CheckServicePorts(const json& object, const std::set<std::string>& names) {
  if (object.value("kind", "") != "Service") return {};
  Problems problems;
  for (const json& port : ListAt(object, "/spec/ports")) {
    const json target = port.value("targetPort", json());
    if (target.is_string() && names.contains(target)) continue;
    problems.push_back("no container has the port " + target.dump());
  }
  return problems;
}

Problems CheckContainer(const json& container, const json& pod_context) {
  const json context = container.value("securityContext", json::object());
  Problems problems;
  const std::string name = container.value("name", "?");
  const auto require = [&](bool holds, const std::string& what) {
    if (!holds) problems.push_back("container " + name + ": " + what);
  };
  require(context.value("allowPrivilegeEscalation", true) == false, "may gain privileges");
  require(context.value("readOnlyRootFilesystem", false), "may write to the image's files");
  require(At(context, "/capabilities/drop") == json({"ALL"}), "keeps capabilities");
  require(!context.contains("privileged") || !context.at("privileged"), "is privileged");
  const json no_root = context.value("runAsNonRoot", pod_context.value("runAsNonRoot", json()));
  require(no_root == json(true), "may run as root");
  const json user = context.value("runAsUser", pod_context.value("runAsUser", json()));
  require(user.is_number_integer() && user > 0, "names no user, or root");
  const json profile = context.value("seccompProfile", pod_context.value("seccompProfile", json()));
  require(At(profile, "/type") == "RuntimeDefault", "has no seccomp profile");
  return problems;
}

}  // namespace

Problems CheckLabels(const json& object) {
  static constexpr const char* kLabels[] = {
      "app.kubernetes.io/name",       "app.kubernetes.io/instance", "app.kubernetes.io/component",
      "app.kubernetes.io/version",    "app.kubernetes.io/part-of",  "helm.sh/chart",
      "app.kubernetes.io/managed-by",
  };
  const json labels = At(object, "/metadata/labels");
  Problems problems;
  for (const char* name : kLabels) {
    if (!labels.contains(name)) problems.push_back("has no label " + std::string(name));
  }
  if (!labels.is_object()) return problems;
  for (const auto& [name, value] : labels.items()) {
    if (!value.is_string()) problems.push_back("the label " + name + " is no text");
  }
  return problems;
}

Problems CheckPodSecurity(const json& spec) {
  Problems problems;
  for (const char* name : {"hostNetwork", "hostPID", "hostIPC"}) {
    if (spec.value(name, false)) problems.push_back(std::string(name) + " is true");
  }
  for (const json& volume : ListAt(spec, "/volumes")) {
    if (volume.contains("hostPath")) problems.push_back("a volume of the node");
  }
  if (spec.value("automountServiceAccountToken", true)) problems.push_back("mounts its token");
  if (spec.value("enableServiceLinks", true)) problems.push_back("gets variables of Services");
  const json context = spec.value("securityContext", json::object());
  for (const char* list : {"/containers", "/initContainers"}) {
    for (const json& container : ListAt(spec, list)) {
      for (const std::string& problem : CheckContainer(container, context)) {
        problems.push_back(problem);
      }
    }
  }
  return problems;
}

Problems CheckConventions(const std::vector<json>& objects, const std::string& space) {
  Problems problems;
  std::set<std::string> names;
  const std::set<std::string> ports = PortNames(objects);
  for (const json& object : objects) {
    const std::string name = NameOf(object);
    if (!names.insert(name).second) problems.push_back(name + " comes twice");
    if (At(object, "/metadata/namespace") != space) problems.push_back(name + ": not in " + space);
    Append(name, CheckLabels(object), &problems);
    Append(name, CheckSelector(object, objects), &problems);
    Append(name, CheckServicePorts(object, ports), &problems);
    const json spec = PodSpecOf(object);
    if (!spec.is_object()) continue;
    Append(name, CheckPodSecurity(spec), &problems);
    Append(name, CheckVolumes(object, spec), &problems);
  }
  return problems;
}

}  // namespace baton::charts
