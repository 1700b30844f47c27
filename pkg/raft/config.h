// File: config.h
//
// The settings of one core. All times are ticks of the driver's.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"

namespace baton::raft {

struct Config {
  NodeId id;  // must be set
  // Of the randomized election timeouts and of amnesia.h; mixed with the id. Another one at each
  // start, or answers to an earlier life of the node may be taken for those of now.
  uint64_t seed = 0;
  // Timeouts are drawn from [n, 2n). Must exceed heartbeat_interval_ticks; at most 1,000,000.
  uint32_t election_timeout_ticks = 10;
  uint32_t heartbeat_interval_ticks = 1;
  bool pre_vote = true;
  bool check_quorum = true;
  // Whoever can lead and has a higher priority than a candidate with no newer log refuses it for
  // some time, to stand itself; never for ever (election.h).
  uint32_t priority = 0;
  // Reads under the leader's lease (lease.h); on all nodes or on none. Needs check_quorum.
  bool lease_reads = false;
  // By how many ticks two nodes' clocks may drift apart during an election timeout.
  uint32_t clock_drift_ticks = 1;
  size_t append_bytes_max = 1 << 20;     // of one AppendRequest; always at least one entry
  size_t inflight_messages_max = 256;    // unacknowledged appends per follower
  size_t inflight_bytes_max = 16 << 20;  // and their bytes; always at least one message
  size_t committed_bytes_max = 4 << 20;  // of Ready::committed_entries; at least one entry
  // Of proposals (Entry::ApproximateBytes); beyond they are refused (kResourceExhausted).
  size_t uncommitted_bytes_max = 64 << 20;
  size_t pending_reads_max = 65536;  // reads beyond are refused (kResourceExhausted)
  // A learner may become a voter when it is at most so many entries behind.
  uint64_t promotion_lag_entries_max = 1024;
  // How many committed entries may be handed out for applying before the own disk has them. A
  // driver that sets it must not make applied state durable beyond what is persisted.
  uint64_t apply_unpersisted_entries_max = 0;
  // False: nobody is told of a commit for its own sake; the news goes with the next append or
  // heartbeat (raft-rs: skip_bcast_commit), or when the driver says so (Raft::TellCommit).
  bool commit_news = true;
  bool forward_proposals = true;  // followers may forward commands, leaders take them
  // A leader with nothing to do for so long puts its group to sleep (hibernation.h). 0: never, and
  // this node never agrees to sleep.
  uint32_t hibernate_after_ticks = 0;
  bool trace = false;               // Ready::trace (trace_event.h); costs a copy of every message
  bool delegate_snapshots = false;  // followers send snapshots to others on the leader's behalf
};

// kInvalidArgument naming the field and its limit.
Status Validate(const Config& config);
// What may change while a core runs: everything but id, seed, election_timeout_ticks, lease_reads
// and clock_drift_ticks, on which other nodes rely. kInvalidArgument naming the field.
Status ValidateChange(const Config& before, const Config& after);

}  // namespace baton::raft
