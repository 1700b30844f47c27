#include "test/charts/network_model.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace baton::charts {
namespace {

using nlohmann::json;

json ListOf(const json& object, const std::string& name) {
  const json list = object.is_object() ? object.value(name, json()) : json();
  return list.is_array() ? list : json::array();
}

// "Ingress" is of every policy that names no types, "Egress" of those that have such rules.
bool IsOfDirection(const json& spec, const std::string& direction) {
  const json types = ListOf(spec, "policyTypes");
  if (types.empty()) return direction == "Ingress" || spec.contains("egress");
  return std::find(types.begin(), types.end(), direction) != types.end();
}

bool IsPort(const json& rule_port, const std::map<std::string, int>& names, int port,
            const std::string& protocol) {
  if (rule_port.value("protocol", "TCP") != protocol) return false;
  const json number = rule_port.value("port", json());
  if (number.is_null()) return true;
  if (number.is_string()) {
    const auto named = names.find(number.get<std::string>());
    return named != names.end() && named->second == port;
  }
  return number.get<int>() <= port && port <= rule_port.value("endPort", number.get<int>());
}

bool IsExpressed(const json& expression, const json& labels) {
  const std::string key = expression.at("key");
  const std::string how = expression.at("operator");
  const bool has = labels.is_object() && labels.contains(key);
  if (how == "Exists") return has;
  if (how == "DoesNotExist") return !has;
  const json values = ListOf(expression, "values");
  const bool is_one =
      has && std::find(values.begin(), values.end(), labels.at(key)) != values.end();
  return how == "In" ? is_one : how == "NotIn" && !is_one;
}

// The bytes of an address: 4 or 16, none when it is no address.
std::vector<unsigned char> BytesOf(const std::string& address) {
  std::vector<unsigned char> bytes(16);
  if (inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) return bytes;
  bytes.resize(4);
  if (inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) return bytes;
  return {};
}

}  // namespace

struct NetworkModel::Connection {
  const NetworkEnd& to;  // whose ports the names are
  int port;
  std::string protocol;
};

bool IsSelected(const json& selector, const json& labels) {
  const json wanted = selector.value("matchLabels", json::object());
  for (const auto& [name, value] : wanted.items()) {
    if (!labels.is_object() || labels.value(name, json()) != value) return false;
  }
  const json expressions = ListOf(selector, "matchExpressions");
  return std::all_of(expressions.begin(), expressions.end(),
                     [&labels](const json& one) { return IsExpressed(one, labels); });
}

bool IsInBlock(const std::string& address, const std::string& block) {
  const size_t slash = block.find('/');
  if (slash == std::string::npos) return false;
  const std::vector<unsigned char> bytes = BytesOf(address);
  const std::vector<unsigned char> base = BytesOf(block.substr(0, slash));
  size_t bits = 0;
  const char* end = block.data() + block.size();
  const auto [read, error] = std::from_chars(block.data() + slash + 1, end, bits);
  if (error != std::errc() || read != end) return false;
  if (bytes.empty() || bytes.size() != base.size() || bits > bytes.size() * 8) return false;
  for (size_t bit = 0; bit < bits; ++bit) {
    const unsigned mask = 0x80U >> (bit % 8);
    if ((bytes[bit / 8] & mask) != (base[bit / 8] & mask)) return false;
  }
  return true;
}

void NetworkModel::AddNamespace(const std::string& name, const json& labels) {
  namespaces_[name] = labels;
}

void NetworkModel::AddPolicies(const std::vector<json>& objects) {
  for (const json& object : objects) {
    if (object.value("kind", "") == "NetworkPolicy") policies_.push_back(object);
  }
}

bool NetworkModel::Reaches(const NetworkEnd& from, const NetworkEnd& to, int port,
                           const std::string& protocol) const {
  const bool is_itself = !from.space.empty() && from.space == to.space && from.labels == to.labels;
  if (from.is_node || to.is_node || is_itself) return true;
  return LetsOut(from, to, port, protocol) && LetsIn(from, to, port, protocol);
}

bool NetworkModel::LetsOut(const NetworkEnd& from, const NetworkEnd& to, int port,
                           const std::string& protocol) const {
  return IsAdmitted("Egress", from, to, {to, port, protocol});
}

bool NetworkModel::LetsIn(const NetworkEnd& from, const NetworkEnd& to, int port,
                          const std::string& protocol) const {
  return IsAdmitted("Ingress", to, from, {to, port, protocol});
}

// A pod that no policy of the direction selects is open; the rules of those that do add up.
bool NetworkModel::IsAdmitted(const std::string& direction, const NetworkEnd& pod,
                              const NetworkEnd& other, const Connection& connection) const {
  if (pod.space.empty()) return true;
  const bool in = direction == "Ingress";
  bool is_closed = false;
  for (const json& policy : policies_) {
    const json& spec = policy.at("spec");
    const std::string space = policy.at("metadata").at("namespace");
    if (space != pod.space || !IsOfDirection(spec, direction)) continue;
    if (!IsSelected(spec.value("podSelector", json::object()), pod.labels)) continue;
    is_closed = true;
    for (const json& rule : ListOf(spec, in ? "ingress" : "egress")) {
      if (Matches(rule, in ? "from" : "to", space, other, connection)) return true;
    }
  }
  return !is_closed;
}

// No peers, or no ports, are all of them.
bool NetworkModel::Matches(const json& rule, const std::string& peers, const std::string& space,
                           const NetworkEnd& other, const Connection& connection) const {
  const json ports = ListOf(rule, "ports");
  const bool has_port = std::any_of(ports.begin(), ports.end(), [&connection](const json& port) {
    return IsPort(port, connection.to.ports, connection.port, connection.protocol);
  });
  if (!ports.empty() && !has_port) return false;
  const json ends = ListOf(rule, peers);
  return ends.empty() || std::any_of(ends.begin(), ends.end(),
                                     [&](const json& peer) { return IsPeer(peer, space, other); });
}

bool NetworkModel::IsPeer(const json& peer, const std::string& space, const NetworkEnd& end) const {
  if (peer.contains("ipBlock")) {
    const json& block = peer.at("ipBlock");
    const json except = ListOf(block, "except");
    return IsInBlock(end.address, block.at("cidr")) &&
           std::none_of(except.begin(), except.end(),
                        [&end](const json& one) { return IsInBlock(end.address, one); });
  }
  if (end.space.empty()) return false;
  if (peer.contains("namespaceSelector")) {
    const auto labels = namespaces_.find(end.space);
    if (labels == namespaces_.end()) return false;
    if (!IsSelected(peer.at("namespaceSelector"), labels->second)) return false;
  } else if (end.space != space) {
    return false;
  }
  return IsSelected(peer.value("podSelector", json::object()), end.labels);
}

}  // namespace baton::charts
