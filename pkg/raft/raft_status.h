// File: raft_status.h
//
// What a core tells about itself. Plain values, made on demand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "pkg/base/ids.h"
#include "pkg/raft/types.h"

namespace baton::raft {

// What the core has counted since it was made. Plain fields; pkg/metrics translates.
struct Counters {
  uint64_t elections_started = 0;
  uint64_t leader_changes = 0;  // of the leader known to this node
  uint64_t proposals_refused = 0;
  uint64_t append_rejections = 0;  // received as leader
  uint64_t snapshots_sent = 0;
  uint64_t step_downs_without_quorum = 0;
  uint64_t step_downs_for_slow_disk = 0;
  uint64_t amnesia_found = 0;      // of this node itself
  uint64_t priority_refusals = 0;  // votes refused to stand itself
  uint64_t lease_reads = 0;        // answered without a round
  // Dropped: what nodes that are no members answered or asked this one as their leader.
  uint64_t messages_of_strangers = 0;
  // Dropped: snapshots that would have brought nothing new, or less than was asked for.
  uint64_t outdated_snapshots = 0;
};

// How the leader sends to a peer; see progress.h.
enum class ReplicationState : uint8_t { kProbe, kReplicate, kSnapshot };

struct PeerStatus {
  Index match;
  Index next;
  ReplicationState state = ReplicationState::kProbe;
  bool recently_active = false;
  size_t inflight_messages = 0;
  Index pending_snapshot;  // kSnapshot only; the log after it should be kept
  bool amnesia = false;    // it has lost what it acknowledged (amnesia.h): demote it to a learner
  uint64_t read_counter = 0;  // the newest round of reads that it has confirmed (reads.h)
};

struct RaftStatus {
  NodeId id;
  Role role = Role::kFollower;
  NodeId leader;
  Term term;
  NodeId vote;
  Index commit;
  Index applied;
  Index persisted;
  Index first_index;
  Index last_index;
  Term last_term;                  // of the entry at last_index
  Index first_index_in_term;       // leaders only: the empty entry that the leadership began with
  NodeId transfer_target;          // 0: no leadership transfer under way
  Index snapshot_wanted;           // 0: none, or it has come (Raft::RequestSnapshot)
  Memory memory = Memory::kWhole;  // of this node (amnesia.h)
  Index config_index;              // where `config`, the latest in the log, comes from
  ConfigState config;
  Counters counters;
  std::map<NodeId, PeerStatus> peers;  // leaders only; includes itself

  bool amnesia() const { return memory == Memory::kLost; }
};

}  // namespace baton::raft
