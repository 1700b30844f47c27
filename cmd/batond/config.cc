#include "cmd/batond/config.h"

#include <algorithm>
#include <iterator>

#include "cmd/batond/converter.h"
#include "cmd/batond/settings.h"

namespace baton::batond {
namespace {

// Pods beyond the first members that are asked whether they know a cluster.
constexpr uint64_t kAlsoAsked = 4;
const Address kAlone{"alone", 0};

void ConvertMembers(Converter* converter, Config* config) {
  for (const auto& [id, name, text, place] : converter->Pairs("initial-cluster")) {
    const Result<Address> address = ParseAddress(text);
    if (!address.ok()) {
      converter->RefuseAt(place, "initial-cluster",
                          "takes ID=HOST:PORT, but " + address.status().message());
      return;
    }
    for (const auto& [other, other_address] : config->initial_cluster) {
      if (other_address == *address) {
        converter->RefuseAt(place, "initial-cluster",
                            "gives members " + std::to_string(other.value()) + " and " +
                                std::to_string(id.value()) + " the same address " +
                                address->ToString());
      }
    }
    config->initial_cluster[id] = *address;
  }
  if (config->initial_cluster.empty()) {
    config->initial_cluster[config->node_id] = config->peer_listen;
  } else if (!config->initial_cluster.contains(config->node_id)) {
    converter->Refuse("initial-cluster",
                      "does not name this node, " + std::to_string(config->node_id.value()) +
                          " (node-id is from " + converter->Origin("node-id") + ")");
  }
}

void ConvertUrls(Converter* converter, Config* config) {
  for (const auto& [id, name, text, place] : converter->Pairs("client-urls")) {
    const Result<std::string> url = ParseUrl(text);
    if (!url.ok()) {
      converter->RefuseAt(place, "client-urls",
                          "takes ID=http://HOST:PORT, but " + url.status().message());
      return;
    }
    if (!config->initial_cluster.contains(id)) {
      converter->RefuseAt(place, "client-urls",
                          "names member " + std::to_string(id.value()) +
                              ", which initial-cluster does not (" +
                              converter->Origin("initial-cluster") + ")");
    }
    config->client_urls[id] = *url;
  }
  const bool alone = config->initial_cluster.size() == 1;
  const Address& listen = config->client_listen;
  if (config->client_urls.empty() && alone && !listen.IsWildcard() && listen.port != 0) {
    config->client_urls[config->node_id] = "http://" + listen.ToString();
  }
}

// After the members.
void ConvertClusterId(Converter* converter, Config* config) {
  config->restored = converter->Has("cluster-id");
  if (config->restored) {
    config->cluster_id = converter->ClusterId("cluster-id");
    return;
  }
  // A node alone has no peer that must find it, so it may move to another port.
  config->cluster_id = MakeClusterId(config->cluster_name,
                                     converter->Has("initial-cluster")
                                         ? config->initial_cluster
                                         : std::map<NodeId, Address>{{config->node_id, kAlone}});
}

// NAME-ORDINAL: the position of the '-'; npos: it is none.
size_t OrdinalAt(const std::string& name) {
  const size_t dash = name.rfind('-');
  if (dash == std::string::npos || dash == 0) return std::string::npos;
  const std::string_view digits = std::string_view(name).substr(dash + 1);
  const bool good = !digits.empty() && digits.size() <= 9 &&
                    digits.find_first_not_of("0123456789") == std::string::npos &&
                    (digits.size() == 1 || digits.front() != '0');
  return good ? dash : std::string::npos;
}

// The pods of a StatefulSet: BASE-0, BASE-1, ...
void ConvertPods(Converter* converter, Config* config) {
  const size_t dash = OrdinalAt(config->node_name);
  if (dash == std::string::npos) {
    converter->RefusePair("name", "peer-domain",
                          "must be NAME-ORDINAL, as of a pod of a StatefulSet, with "
                          "\"peer-domain\", not \"" +
                              config->node_name + "\"");
    return;
  }
  std::string domain = converter->RawText("peer-domain");
  while (domain.starts_with('.')) domain.erase(0, 1);
  const auto address_of = [&](const std::string& name, const Address& listen) {
    const std::string text = name + "." + domain + ":" + std::to_string(listen.port);
    return converter->HostAndPort("peer-domain", text);
  };
  const auto count = converter->Value<uint64_t>("initial-count");
  const std::string base = config->node_name.substr(0, dash + 1);
  for (uint64_t i = 0; i < std::min<uint64_t>(count + kAlsoAsked, kMembersMax); ++i) {
    const std::string name = base + std::to_string(i);
    auto& list = i < count ? config->peers : config->also_asked;
    if (i < count || name != config->node_name) {
      list[name] = address_of(name, config->peer_listen);
    }
  }
  config->peer_address = address_of(config->node_name, config->peer_listen).ToString();
  config->client_url = "http://" + address_of(config->node_name, config->client_listen).ToString();
}

void ConvertNamedPeers(Converter* converter, Config* config) {
  for (const auto& [id, name, text, place] : converter->NamedPairs("peers")) {
    const Result<Address> address = ParseAddress(text);
    if (!address.ok()) {
      converter->RefuseAt(place, "peers",
                          "takes NAME=HOST:PORT, but " + address.status().message());
      return;
    }
    config->peers[name] = *address;
  }
  const auto self = config->peers.find(config->node_name);
  const auto reachable = [](const Address& a) { return !a.IsWildcard() && a.port != 0; };
  if (converter->Has("peer-address")) {
    config->peer_address =
        converter->HostAndPort("peer-address", converter->RawText("peer-address")).ToString();
  } else if (self != config->peers.end()) {
    config->peer_address = self->second.ToString();
  } else if (reachable(config->peer_listen)) {
    config->peer_address = config->peer_listen.ToString();
  } else {
    converter->Refuse("peers",
                      "needs \"peer-address\", which says where the others reach this node");
  }
  if (converter->Has("client-url")) {
    const Result<std::string> url = ParseUrl(converter->RawText("client-url"));
    if (!url.ok()) {
      return converter->Refuse("client-url",
                               "takes http://HOST:PORT, but " + url.status().message());
    }
    config->client_url = *url;
  } else if (reachable(config->client_listen)) {
    config->client_url = "http://" + config->client_listen.ToString();
  }
}

// A node that is known by its name, and whose id is on its disk.
void ConvertNamed(Converter* converter, Config* config) {
  const std::string_view mode = converter->Has("peer-domain") ? "peer-domain" : "peers";
  const std::vector<std::string_view> strangers =
      converter->Has("peer-domain")
          ? std::vector<std::string_view>{"node-id", "initial-cluster", "client-urls", "cluster-id",
                                          "peers",   "peer-address",    "client-url"}
          : std::vector<std::string_view>{"node-id", "initial-cluster", "client-urls", "cluster-id",
                                          "initial-count"};
  for (const std::string_view name : strangers) {
    if (!converter->Differs(name)) continue;
    converter->Refuse(
        name, "does not go with \"" + std::string(mode) + "\" (" + converter->Origin(mode) + ")");
  }
  if (!converter->Has("name")) converter->Refuse(mode, "needs \"name\": what this node is called");
  if (config->peer_listen.port == 0) {
    converter->RefusePair("peer-listen", mode, "must have a port, which the others are told");
  }
  mode == "peers" ? ConvertNamedPeers(converter, config) : ConvertPods(converter, config);
}

void ConvertNumbered(Converter* converter, Config* config) {
  for (const std::string_view name : {"peer-address", "client-url"}) {
    if (!converter->Differs(name)) continue;
    converter->Refuse(name, "goes with \"peer-domain\" or \"peers\" only");
  }
  (void)converter->Value<uint64_t>("initial-count");  // means nothing here, and is a number
  ConvertMembers(converter, config);
  ConvertUrls(converter, config);
  ConvertClusterId(converter, config);
}

// Two listeners cannot share a port of one address, and an address of every interface shares with
// all.
void CheckPortClashes(Converter* converter, const Config& config) {
  struct Listener {
    std::string_view name;
    const Address* address;
  };
  const Listener listeners[] = {{"client-listen", &config.client_listen},
                                {"peer-listen", &config.peer_listen},
                                {"ops-listen", &config.ops_listen}};
  for (size_t i = 0; i < std::size(listeners); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const Address& a = *listeners[i].address;
      const Address& b = *listeners[j].address;
      if (a.port == 0 || a.port != b.port) continue;
      if (a.host != b.host && !a.IsWildcard() && !b.IsWildcard()) continue;
      converter->RefusePair(listeners[i].name, listeners[j].name,
                            a.ToString() + " has the port of \"" + std::string(listeners[j].name) +
                                "\" (" + converter->Origin(listeners[j].name) + ")");
    }
  }
}

void CheckContradictions(Converter* converter, const Config& config) {
  const auto less = [&](std::string_view name, auto value, std::string_view than, auto limit,
                        bool or_equal) {
    if (value < limit || (or_equal && value == limit)) return;
    converter->RefusePair(name, than,
                          "must be " + std::string(or_equal ? "at most" : "less than") + " \"" +
                              std::string(than) + "\", which is " + std::to_string(limit) + " (" +
                              converter->Origin(than) + ")");
  };
  less("heartbeat-interval-ticks", config.heartbeat_interval_ticks, "election-timeout-ticks",
       config.election_timeout_ticks, false);
  less("log-entries-kept", config.log_entries_kept, "log-entries-max", config.log_entries_max,
       false);
  less("client-header-timeout-ms", config.client_header_timeout_ms, "client-request-timeout-ms",
       config.client_request_timeout_ms, true);
  CheckPortClashes(converter, config);
}

void ConvertBounds(Converter* converter, Config* config) {
  config->client_connections_max = converter->Value<size_t>("client-connections-max");
  // A small total needs no second setting.
  config->client_connections_per_address_max =
      std::min(converter->Value<size_t>("client-connections-per-address-max"),
               config->client_connections_max);
  config->client_requests_in_flight_max = converter->Value<size_t>("client-requests-in-flight-max");
  config->client_body_bytes_max = converter->Value<size_t>("client-body-bytes-max");
  config->client_header_timeout_ms = converter->Value<int64_t>("client-header-timeout-ms");
  config->client_request_timeout_ms = converter->Value<int64_t>("client-request-timeout-ms");
  config->client_idle_timeout_ms = converter->Value<int64_t>("client-idle-timeout-ms");
  config->watches_max = converter->Value<size_t>("watches-max");
  config->waits_max = converter->Value<size_t>("waits-max");
  config->log_entries_max = converter->Value<uint64_t>("log-entries-max");
  config->log_entries_kept = converter->Value<uint64_t>("log-entries-kept");
  config->log_bytes_max = converter->Value<uint64_t>("log-bytes-max");
  config->history_age_max_ms = converter->Value<int64_t>("history-age-max-ms");
  config->history_revisions_max = converter->Value<uint64_t>("history-revisions-max");
  config->snapshot_delegation = converter->Choice("snapshot-delegation") == 0;
  config->snapshots_out_max = converter->Value<size_t>("snapshots-out-max");
  config->snapshot_bytes_per_second_max =
      converter->Value<int64_t>("snapshot-bytes-per-second-max");
  config->state_cache_bytes = converter->Value<size_t>("state-cache-bytes");
  config->disk_reserve_bytes = converter->Value<uint64_t>("disk-reserve-bytes");
  config->disk_free_bytes_min = converter->Value<uint64_t>("disk-free-bytes-min");
}

}  // namespace

Result<Config> MakeConfig(const SettingValues& values) {
  Converter converter(&values);
  Config config;
  const bool has_id = !converter.Has("peer-domain") && !converter.Has("peers");
  if (has_id) config.node_id = NodeId(converter.Value<uint64_t>("node-id"));
  config.node_name = converter.Has("name") ? converter.Name("name")
                                           : "node-" + std::to_string(config.node_id.value());
  config.data_dir = converter.Path("data-dir");
  config.client_listen = converter.Listen("client-listen");
  config.peer_listen = converter.Listen("peer-listen");
  config.ops_listen = converter.Listen("ops-listen");
  config.cluster_name = converter.Name("cluster-name");
  config.named = converter.Has("peer-domain") || converter.Has("peers");
  config.named ? ConvertNamed(&converter, &config) : ConvertNumbered(&converter, &config);
  config.tick_ms = converter.Value<int64_t>("tick-ms");
  config.election_timeout_ticks = converter.Value<uint32_t>("election-timeout-ticks");
  config.heartbeat_interval_ticks = converter.Value<uint32_t>("heartbeat-interval-ticks");
  config.drain_timeout_ms = converter.Value<int64_t>("drain-timeout-ms");
  config.log_format = static_cast<LogFormat>(converter.Choice("log-format"));
  config.log_level = static_cast<LogLevel>(converter.Choice("log-level"));
  ConvertBounds(&converter, &config);
  CheckContradictions(&converter, config);
  if (!converter.status().ok()) return converter.status();
  return config;
}

node::MemberInfo Config::Self() const {
  node::MemberInfo info{.name = node_name, .peer_address = peer_address, .client_url = client_url};
  if (named) return info;
  // Of a node that is known by its number all is configured by hand.
  if (const auto url = client_urls.find(node_id); url != client_urls.end()) {
    info.client_url = url->second;
  }
  const auto address = initial_cluster.find(node_id);
  if (address != initial_cluster.end() && address->second.port != 0 &&
      !address->second.IsWildcard()) {
    info.peer_address = address->second.ToString();
  }
  return info;
}

std::vector<std::string> Config::InitialNames() const {
  std::vector<std::string> names;
  for (const auto& [name, address] : peers) names.push_back(name);
  return names;
}

Result<LoadedConfig> LoadConfig(const Flags& flags,
                                const std::map<std::string, std::string>& environment) {
  Result<SettingValues> from_environment = ReadEnvironment(environment);
  if (!from_environment.ok()) return from_environment.status();
  SettingValues over = *from_environment;
  Overlay(flags.values, &over);
  SettingValues values;
  if (const auto file = over.find("config"); file != over.end()) {
    Result<SettingValues> from_file = ReadYamlFile(file->second.text);
    if (!from_file.ok()) return from_file.status();
    values = *std::move(from_file);
  }
  Overlay(over, &values);
  Result<Config> config = MakeConfig(values);
  if (!config.ok()) return config.status();
  return LoadedConfig{*std::move(config), std::move(values)};
}

std::string MakeClusterId(const std::string& cluster_name,
                          const std::map<NodeId, Address>& members) {
  // FNV-1a: offset basis and prime of the 64-bit variant (draft-eastlake-fnv).
  uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&hash](std::string_view text) {
    const auto add_byte = [&hash](unsigned char byte) { hash = (hash ^ byte) * 0x100000001b3; };
    for (const char c : text) add_byte(static_cast<unsigned char>(c));
    add_byte(0);
  };
  add("baton-cluster-1");
  add(cluster_name);
  for (const auto& [id, address] : members) {
    add(std::to_string(id.value()) + "=" + address.ToString());
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string digits(kClusterIdDigits, '0');
  for (size_t i = 0; i < digits.size(); ++i) digits[i] = kDigits[(hash >> (60 - 4 * i)) & 15];
  return digits;
}

}  // namespace baton::batond
