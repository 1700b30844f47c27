// File: status_view.h
//
// What a node knows of itself, as one value for /v1/cluster, /readyz, the response headers and the
// metrics. A fresh copy is published after every step; readers on any thread get the newest.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "pkg/base/histogram.h"
#include "pkg/base/ids.h"
#include "pkg/coord/state_machine.h"
#include "pkg/node/applied_metrics.h"
#include "pkg/node/members.h"
#include "pkg/node/ports.h"
#include "pkg/raft/raft.h"

namespace baton::node {

// A snapshot on its way, as seen from one of its ends.
struct SnapshotTransfer {
  NodeId peer;               // the other end
  uint64_t pieces = 0;       // that are on the receiver's disk
  uint64_t bytes = 0;        // of them
  uint64_t total_bytes = 0;  // about; 0: not known
  uint64_t resumes = 0;      // how often a broken connection was gone on from; at the sender only
  int64_t age_ms = 0;
  uint64_t bytes_per_second = 0;  // since it began

  // Sets age_ms, and bytes_per_second from `bytes`.
  void SetAge(int64_t age_us) {
    age_ms = age_us / 1000;
    bytes_per_second = age_ms > 0 ? bytes * 1000 / static_cast<uint64_t>(age_ms) : 0;
  }
};

// What a node is to its cluster. All but the first two serve nothing.
inline constexpr int kStandings = 6;
enum class Standing {
  kVoter,
  kLearner,       // holds the data and has no vote
  kForming,       // the cluster is being founded: its initial members find each other
  kWaiting,       // there is a cluster, and this node waits to be added to it
  kIdentityLost,  // as kWaiting, but the cluster knows its name: its disk was lost
  kRemoved,       // was a member once
};
// "voter", "learner", "forming", "waiting", "identity_lost", "removed".
constexpr std::string_view StandingName(Standing standing) {
  constexpr std::string_view kNames[] = {"voter",   "learner",       "forming",
                                         "waiting", "identity_lost", "removed"};
  return kNames[static_cast<size_t>(standing)];
}

constexpr bool IsMember(Standing standing) {
  return standing == Standing::kVoter || standing == Standing::kLearner;
}

struct StatusView {
  std::string cluster_id;
  raft::RaftStatus raft;
  Standing standing = Standing::kVoter;
  std::string standing_detail;  // why it is not a voter, in one sentence
  // Names and addresses as of the applied index; never null.
  std::shared_ptr<const Members> members = std::make_shared<Members>();
  Revision revision;
  Revision compact_revision;
  Index state_index;  // state_hash and revision are as of this entry
  uint64_t state_hash = 0;
  uint64_t log_entry_bytes = 0;  // LogStore::EntryBytes
  int64_t cluster_time_ms = 0;
  coord::StateCounts counts;
  uint64_t proposals_pending = 0;
  uint64_t reads_pending = 0;
  uint64_t waits_pending = 0;        // acquires that wait, held by this node
  uint64_t watches = 0;              // served by this node
  uint64_t watches_catching_up = 0;  // of them, those that read the history
  uint64_t watch_lag_revisions = 0;  // of the one that is furthest behind, at the last tick
  uint64_t watch_held_bytes = 0;     // of events that have not been sent
  uint64_t inbox_size = 0;
  int64_t oldest_write_age_ms = 0;     // 0: no log write under way
  int64_t last_leader_contact_ms = 0;  // since the leader was last heard; 0 on the leader
  int64_t election_timeout_ms = 0;     // the shortest
  bool draining = false;
  bool rebuilding = false;  // has lost data, and does not serve what is left (repair.h)
  std::optional<SnapshotTransfer> snapshot_in;  // being received
  DiskRoom disk;
  bool without_room = false;  // has no disk space to follow the leader with, which has
};

// Counted by the node, translated by pkg/metrics. Lives as long as the process.
struct NodeMetrics {
  Counter proposals_committed;  // own proposals that were applied
  Counter proposals_failed;     // refused, or leadership lost under them
  Counter entries_applied;
  Counter leader_changes;
  Counter peer_messages_sent;
  Counter peer_messages_received;
  Counter peer_envelopes_rejected;   // foreign cluster, unknown sender, malformed
  Counter appends_without_room;      // dropped: the disk is full
  Counter snapshots_sent;            // begun; how they went is counted by the transport
  Counter snapshot_pieces_received;  // and written to disk
  Counter snapshot_bytes_received;   // of them
  Counter snapshot_pieces_refused;   // twice, out of order, of another snapshot, while busy
  Counter snapshots_received;        // complete
  Counter snapshots_given_up;        // damaged, not writable, or the rest did not come in time
  Counter snapshots_installed;
  Counter watches_evicted;
  Counter state_divergences;    // found by this node while it led
  Counter heartbeats_dropped;   // no room in the outbox: the peer does not keep up at all
  Counter log_bytes_written;    // of the entries given to the disk
  Counter reads_linearizable;   // taken
  Counter reads_stale;          // taken
  Counter read_index_failures;  // linearizable reads whose time ran out before the leader spoke
  Counter slow_read_indexes;    // of read_index, those over kSlowUs
  Counter slow_applies;         // of apply, those over kSlowUs
  Counter watch_events_sent;    // to the clients of watches, each as often as it was given
  AppliedMetrics applied;
  static constexpr int64_t kSlowUs = 100'000;  // as etcd says what is slow
  LatencyHistogram read_index;                 // from the question until a leader has answered
  LatencyHistogram apply;                      // one batch of entries, without writing it
  WaitHistogram lock_wait;                     // from an acquire of this node until it was granted
  WaitHistogram election_wait;                 // the same of candidates
  LatencyHistogram log_sync;                   // one synced write of the log
  LatencyHistogram state_commit;               // one batch into the state tables
  LatencyHistogram snapshot_receive;           // from the first piece to the last
  LatencyHistogram commit;  // from proposal to applied, on the node that proposed
};

}  // namespace baton::node
