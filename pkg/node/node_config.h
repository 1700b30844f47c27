// File: node_config.h
//
// What one node is told when it starts. cmd/ fills it from the configuration file; tests write it
// by hand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/coord/command_version.h"
#include "pkg/coord/limits.h"
#include "pkg/node/members.h"

namespace baton::node {

struct NodeConfig {
  NodeId id;
  std::string cluster_id;  // 16 hex digits
  // Of a new cluster; ignored when the log has a configuration. Empty: this node joins one
  // under an id that no other disk has had, and takes no part until the leader that added it is
  // heard.
  std::vector<NodeId> voters;
  std::map<NodeId, MemberInfo> members;  // names and addresses of the voters, as far as known
  uint64_t seed = 0;                     // of chance; another one at each start of the process
  int64_t tick_ms = 100;
  uint32_t election_timeout_ticks = 10;  // [1 s, 2 s) with the defaults
  uint32_t heartbeat_interval_ticks = 1;
  size_t inbox_items_max = 16'384;
  size_t pending_proposals_max = 16'384;
  size_t watches_max = 10'000;
  size_t waits_max = 10'000;
  uint64_t log_entries_max = 100'000;   // beyond: compact
  uint64_t log_entries_kept = 10'000;   // behind the applied index, for slow followers
  uint64_t log_bytes_max = 256u << 20;  // of the entries; beyond: compact; a quarter is kept
  // Of the history that watches begin from (history_compaction.h). Whoever leads decides by its
  // own.
  int64_t history_age_max_ms = 0;  // cluster time; 0: no bound by age
  uint64_t history_revisions_max = coord::kHistoryRevisionsMax;
  uint32_t command_version = coord::kCommandVersion;  // that it knows; tests play older nodes
  // A leader has the snapshot for a follower sent by another follower, if one can.
  bool delegate_snapshots = true;
  size_t snapshots_out_max =
      2;  // that this node sends at once; each keeps a copy of the state open
};

// kInvalidArgument naming the field and its limit.
Status Validate(const NodeConfig& config);

// A number that no other start of any node has, but for chance of one in 2^64.
uint64_t IncarnationOf(const NodeConfig& config);

}  // namespace baton::node
