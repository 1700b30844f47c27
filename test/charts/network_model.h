// File: network_model.h
//
// What NetworkPolicies admit, as networking.k8s.io/v1 says: for what the clusters of the tests do
// not enforce. A model of words alone, nothing is sent:
//
//   NetworkModel model;
//   model.AddNamespace("baton", {{"kubernetes.io/metadata.name", "baton"}});
//   model.AddPolicies(objects);
//   model.Reaches(client, member, 7400);
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace baton::charts {

// Who sends or is sent to: a pod, or an address outside when `space` is empty.
struct NetworkEnd {
  std::string space = {};                 // the namespace
  nlohmann::json labels = {};             // a map of texts
  std::string address = {};               // IPv4 or IPv6; empty: none that an ipBlock has
  std::map<std::string, int> ports = {};  // of its containers, by name
  bool is_node = false;                   // of the node that the other end runs on, as kubelet is
};

class NetworkModel {
 public:
  void AddNamespace(const std::string& name, const nlohmann::json& labels);
  // Those of kind NetworkPolicy; all others are left alone.
  void AddPolicies(const std::vector<nlohmann::json>& objects);

  // Whether a connection is made: the policies of the one let it out, and those of the other in.
  // A pod reaches itself, and a node the pods that run on it, whatever policies say.
  bool Reaches(const NetworkEnd& from, const NetworkEnd& to, int port,
               const std::string& protocol = "TCP") const;
  // The halves of it: what the policies of the one say, and those of the other.
  bool LetsOut(const NetworkEnd& from, const NetworkEnd& to, int port,
               const std::string& protocol = "TCP") const;
  bool LetsIn(const NetworkEnd& from, const NetworkEnd& to, int port,
              const std::string& protocol = "TCP") const;

 private:
  struct Connection;

  bool IsAdmitted(const std::string& direction, const NetworkEnd& pod, const NetworkEnd& other,
                  const Connection& connection) const;
  bool IsPeer(const nlohmann::json& peer, const std::string& space, const NetworkEnd& end) const;
  bool Matches(const nlohmann::json& rule, const std::string& peers, const std::string& space,
               const NetworkEnd& other, const Connection& connection) const;

  std::map<std::string, nlohmann::json> namespaces_;  // labels by name
  std::vector<nlohmann::json> policies_;
};

// Whether a label selector (matchLabels, matchExpressions) selects; an empty one selects all.
bool IsSelected(const nlohmann::json& selector, const nlohmann::json& labels);

// "10.0.0.0/8" and "fd00::/8". What is no address or no block is in none.
bool IsInBlock(const std::string& address, const std::string& block);

}  // namespace baton::charts
