#include "cmd/batond/config.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <set>

#include "cmd/batond/settings.h"
#include "cmd/cli/did_you_mean.h"

namespace baton::batond {
namespace {

constexpr size_t kTextBytesMax = 63;
constexpr size_t kClusterIdDigits = 16;
constexpr size_t kPathBytesMax = 4096;
const Address kAlone{"alone", 0};

std::vector<std::string_view> SplitAt(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

template <typename Number>
std::optional<Number> ParseNumber(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Converts settings one by one and remembers the first thing that was wrong, so that the code that
// uses it reads as a list.
class Converter {
 public:
  explicit Converter(const SettingValues* values) : values_(values) {}

  bool Has(std::string_view name) const { return values_->contains(name); }

  // "baton.yaml:3", or "default".
  std::string Origin(std::string_view name) const {
    const auto found = values_->find(name);
    return found == values_->end() ? "default" : found->second.origin;
  }

  std::string RawText(std::string_view name) const {
    const auto found = values_->find(name);
    return found == values_->end() ? std::string(Row(name).default_text) : found->second.text;
  }

  void Refuse(std::string_view name, const std::string& what) {
    RefuseAt(Origin(name), name, what);
  }

  // Two settings contradict each other: the place is the one that somebody has set.
  void RefusePair(std::string_view name, std::string_view other, const std::string& what) {
    RefuseAt(Origin(Has(name) ? name : other), name, what);
  }

  std::string Name(std::string_view name) {
    const std::string text = RawText(name);
    const bool good = !text.empty() && text.size() <= kTextBytesMax &&
                      std::all_of(text.begin(), text.end(), [](unsigned char c) {
                        return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
                      });
    if (!good) Refuse(name, "takes 1 to 63 letters, digits, '.', '_' or '-'");
    return text;
  }

  std::string ClusterId(std::string_view name) {
    const std::string text = RawText(name);
    const bool good = text.size() == kClusterIdDigits &&
                      text.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!good)
      Refuse(name, "takes 16 digits of 0-9 and a-f, as `batonctl snapshot restore` prints");
    return text;
  }

  std::string Path(std::string_view name) {
    const std::string text = RawText(name);
    if (text.empty()) Refuse(name, "must not be empty");
    if (text.size() > kPathBytesMax) Refuse(name, "is longer than 4096 bytes");
    if (text.find('\0') != std::string::npos) Refuse(name, "holds a NUL byte");
    return text;
  }

  template <typename Number>
  Number Value(std::string_view name) {
    const Setting& row = Row(name);
    const std::optional<int64_t> number = ParseNumber<int64_t>(RawText(name));
    if (!number || *number < row.low || *number > row.high) {
      Refuse(name, "takes a number from " + std::to_string(row.low) + " to " +
                       std::to_string(row.high) + ", not \"" + RawText(name).substr(0, 100) + "\"");
      return 0;
    }
    return static_cast<Number>(*number);
  }

  Address Listen(std::string_view name) {
    const Result<Address> address = ParseListenAddress(RawText(name));
    if (address.ok()) return *address;
    Refuse(name, "takes IP:PORT, but " + address.status().message());
    return Address();
  }

  // The position of the value among the choices of the row.
  size_t Choice(std::string_view name) {
    const std::vector<std::string_view> choices = SplitAt(Row(name).choices, '|');
    const std::string text = RawText(name);
    const auto found = std::find(choices.begin(), choices.end(), text);
    if (found != choices.end()) return static_cast<size_t>(found - choices.begin());
    Refuse(name, "takes " + std::string(Row(name).choices) + ", not \"" + text.substr(0, 100) +
                     "\"" + cli::DidYouMean(text, choices));
    return 0;
  }

  // A member of "1=a,2=b".
  struct Pair {
    NodeId id;
    std::string text;
    std::string place;  // its own line in the file, where it has one
  };

  // "1=a,2=b" as pairs; ids are checked, what follows the '=' is not yet.
  std::vector<Pair> Pairs(std::string_view name) {
    std::vector<Pair> pairs;
    const std::string text = RawText(name);
    if (text.empty()) {
      if (Has(name)) Refuse(name, "must not be empty; leave it out instead");
      return pairs;
    }
    std::set<NodeId> seen;
    for (const std::string_view part : SplitAt(text, ',')) {
      const std::string place = MemberOrigin(name, pairs.size());
      const size_t equals = part.find('=');
      const auto id = ParseNumber<uint64_t>(part.substr(0, equals));
      if (equals == std::string_view::npos || !id || *id < 1 || *id > 1'000'000'000) {
        RefuseAt(place, name,
                 "takes " + std::string(Row(name).value_name) +
                     " with ids from 1 to 1000000000, but holds \"" +
                     std::string(part.substr(0, 100)) + "\"");
        return {};
      }
      if (!seen.insert(NodeId(*id)).second) {
        RefuseAt(place, name, "names member " + std::to_string(*id) + " twice");
      }
      pairs.push_back({NodeId(*id), std::string(part.substr(equals + 1)), place});
    }
    if (pairs.size() > kMembersMax) {
      Refuse(name, "names " + std::to_string(pairs.size()) + " members; at most " +
                       std::to_string(kMembersMax) + " are allowed");
    }
    return pairs;
  }

  void RefuseAt(const std::string& place, std::string_view name, const std::string& what) {
    if (!status_.ok()) return;
    status_ = Status(Code::kInvalidArgument, place + ": \"" + std::string(name) + "\" " + what);
  }

  const Status& status() const { return status_; }

 private:
  std::string MemberOrigin(std::string_view name, size_t position) const {
    const auto found = values_->find(name);
    if (found == values_->end() || position >= found->second.member_origins.size()) {
      return Origin(name);
    }
    return found->second.member_origins[position];
  }

  static const Setting& Row(std::string_view name) {
    const Setting* row = FindSetting(name);
    CHECK(row != nullptr) << name;
    return *row;
  }

  const SettingValues* values_;
  Status status_;
};

void ConvertMembers(Converter* converter, Config* config) {
  for (const auto& [id, text, place] : converter->Pairs("initial-cluster")) {
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
  for (const auto& [id, text, place] : converter->Pairs("client-urls")) {
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

}  // namespace

Result<Config> MakeConfig(const SettingValues& values) {
  Converter converter(&values);
  Config config;
  config.node_id = NodeId(converter.Value<uint64_t>("node-id"));
  config.node_name = converter.Has("name") ? converter.Name("name")
                                           : "node-" + std::to_string(config.node_id.value());
  config.data_dir = converter.Path("data-dir");
  config.client_listen = converter.Listen("client-listen");
  config.peer_listen = converter.Listen("peer-listen");
  config.ops_listen = converter.Listen("ops-listen");
  config.cluster_name = converter.Name("cluster-name");
  ConvertMembers(&converter, &config);
  ConvertUrls(&converter, &config);
  ConvertClusterId(&converter, &config);
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
