// File: config.h
//
// What batond was told, checked as a whole: file < environment < flags. After LoadConfig has said
// yes, no part of the program needs to doubt a value.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "cmd/batond/address.h"
#include "cmd/batond/setting_values.h"
#include "pkg/base/ids.h"
#include "pkg/base/logger.h"
#include "pkg/base/status.h"
#include "pkg/node/founding.h"

namespace baton::batond {

inline constexpr size_t kMembersMax = 15;  // of initial-cluster

enum class LogFormat { kText, kJson };

struct Config {
  NodeId node_id;
  std::string node_name;
  std::string data_dir;
  Address client_listen;
  Address peer_listen;
  Address ops_listen;

  std::string cluster_name;
  std::string cluster_id;                     // as set, or see MakeClusterId
  bool restored = false;                      // cluster-id is set: from a backup
  std::map<NodeId, Address> initial_cluster;  // peer addresses, this node included
  std::map<NodeId, std::string> client_urls;  // of some or all members

  // A node that is known by its name (peer-domain or peers are set): its id and its cluster's are
  // on its disk, or found out; initial_cluster and client_urls are empty.
  bool named = false;
  std::map<std::string, Address> peers;       // the initial members by name, this one perhaps too
  std::map<std::string, Address> also_asked;  // whether they know a cluster
  std::string peer_address;                   // HOST:PORT, as the others are told
  std::string client_url;
  node::FoundingRoster founders;  // with whom it has founded its cluster, if it did

  // What it tells others of itself.
  node::MemberInfo Self() const;
  // The keys of `peers`.
  std::vector<std::string> InitialNames() const;

  int64_t tick_ms = 0;
  uint32_t election_timeout_ticks = 0;
  uint32_t heartbeat_interval_ticks = 0;
  int64_t drain_timeout_ms = 0;

  LogFormat log_format = LogFormat::kText;
  LogLevel log_level = LogLevel::kInfo;

  size_t client_connections_max = 0;
  size_t client_connections_per_address_max = 0;
  size_t client_requests_in_flight_max = 0;
  size_t client_body_bytes_max = 0;
  int64_t client_header_timeout_ms = 0;
  int64_t client_request_timeout_ms = 0;
  int64_t client_idle_timeout_ms = 0;
  size_t watches_max = 0;
  size_t waits_max = 0;
  uint64_t log_entries_max = 0;
  uint64_t log_entries_kept = 0;
  uint64_t log_bytes_max = 0;
  int64_t history_age_max_ms = 0;
  uint64_t history_revisions_max = 0;
  bool snapshot_delegation = false;
  size_t snapshots_out_max = 0;
  int64_t snapshot_bytes_per_second_max = 0;
  size_t state_cache_bytes = 0;
  uint64_t disk_reserve_bytes = 0;
  uint64_t disk_free_bytes_min = 0;
};

// Converts and checks. What `values` does not hold has its default. kInvalidArgument with one
// sentence: the place (file:line, variable or flag), the setting, what is wrong and what is
// allowed.
Result<Config> MakeConfig(const SettingValues& values);

// The whole of it: reads the file that `config` names, then environment and flags over it. Also
// gives the values as they were found, for --print-config.
struct LoadedConfig {
  Config config;
  SettingValues values;
};
Result<LoadedConfig> LoadConfig(const Flags& flags,
                                const std::map<std::string, std::string>& environment);

// 16 hexadecimal digits: FNV-1a (64 bits) over "baton-cluster-1", the cluster name and each member
// as "ID=HOST:PORT" in the order of ids, each followed by a zero byte. Members of different
// clusters thereby refuse each other and each other's data, even if a pod is started with a wrong
// list.
std::string MakeClusterId(const std::string& cluster_name,
                          const std::map<NodeId, Address>& members);

}  // namespace baton::batond
