// File: raft.h
//
// The Raft core: a pure, deterministic state machine (Ongaro and Ousterhout, "In Search of an
// Understandable Consensus Algorithm", extended version, 2014, here "the paper"; Ongaro,
// "Consensus: Bridging Theory and Practice", 2014, "the thesis"). No I/O, thread, clock or global
// chance: time comes in as Tick(), chance as a seed, the network as Step(), the disk as
// OnPersisted(), and all that must happen goes out through TakeReady(). The same calls give the
// same bytes, on every machine.
//
// One thread at a time may use a Raft object. Calls never block, except on LogReader reads.
//
//   auto raft = Raft::Create(config, initial, &log);
//   loop: raft.Tick() / Step(message) / Propose(bytes) / OnPersisted(mark) / OnApplied(index)
//         if (raft.HasReady()) carry out raft.TakeReady()            (see ready.h)
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "pkg/base/status.h"
#include "pkg/raft/log_reader.h"
#include "pkg/raft/message.h"
#include "pkg/raft/ready.h"
#include "pkg/raft/types.h"

namespace baton::raft {

struct Config {
  NodeId id;          // must be set
  uint64_t seed = 0;  // of the randomized election timeouts
  uint32_t election_timeout_ticks =
      10;  // randomized in [n, 2n); must exceed heartbeat_interval_ticks
  uint32_t heartbeat_interval_ticks = 1;
  bool pre_vote = true;
  bool check_quorum = true;
  size_t append_bytes_max = 1 << 20;        // of one AppendRequest; always at least one entry
  size_t inflight_messages_max = 256;       // unacknowledged appends per follower
  size_t committed_bytes_max = 4 << 20;     // of Ready::committed_entries
  size_t uncommitted_bytes_max = 64 << 20;  // proposals beyond are refused (kResourceExhausted)
  size_t pending_reads_max = 65536;         // reads beyond are refused (kResourceExhausted)
};

// kInvalidArgument naming the field and its limit.
Status Validate(const Config& config);

// Where a proposal stands in the log: it was accepted if, and only if, the entry that is applied at
// `index` has this `term`.
struct Proposed {
  Index index;
  Term term;
};

// What the core has counted since it was made. Plain fields; pkg/metrics translates.
struct Counters {
  uint64_t elections_started = 0;
  uint64_t leader_changes = 0;  // of the leader known to this node
  uint64_t proposals_refused = 0;
  uint64_t append_rejections = 0;  // received as leader
  uint64_t snapshots_sent = 0;
  uint64_t step_downs_without_quorum = 0;
  uint64_t step_downs_for_slow_disk = 0;
};

enum class ReplicationState : uint8_t { kProbe, kReplicate, kSnapshot };

struct PeerStatus {
  Index match;
  Index next;
  ReplicationState state = ReplicationState::kProbe;
  bool recently_active = false;
  size_t inflight_messages = 0;
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
  NodeId transfer_target;  // 0: no leadership transfer under way
  ConfigState config;
  Counters counters;
  std::map<NodeId, PeerStatus> peers;  // leaders only; includes itself
};

class Raft {
 public:
  // The log must outlive the Raft. kInvalidArgument for a bad config; kCorruption when the initial
  // state contradicts the log (commit or applied beyond its end, applied below its snapshot).
  static Result<std::unique_ptr<Raft>> Create(const Config& config, const InitialState& initial,
                                              const LogReader* log);
  virtual ~Raft() = default;

  // --- inputs ---
  // One unit of logical time has passed.
  virtual void Tick() = 0;
  // A message has arrived. kInvalidArgument for one that no correct peer can send (wrong receiver,
  // entries out of order, ...): it is dropped and nothing changed. Stale messages are no error.
  virtual Status Step(Message message) = 0;
  // Appends a command if this node leads. kUnavailable/"not_leader", kUnavailable/"leader_transfer"
  // or kResourceExhausted: it was not appended, here or anywhere.
  virtual Result<Proposed> Propose(Payload data) = 0;
  // Asks for a read index under an id of the caller's; answered in Ready::read_states or
  // aborted_reads. On a follower the question travels to the leader and may be lost: the caller
  // sets a deadline. kUnavailable/"no_leader" or kResourceExhausted: nothing was asked. Ids must
  // not repeat.
  virtual Status ReadIndex(uint64_t id) = 0;
  // Forgets a forwarded or waiting read whose caller gave up. Unknown ids are no error.
  virtual void CancelRead(uint64_t id) = 0;
  // Leader only: bring `target` up to date and let it campaign. Given up after an election timeout.
  virtual Status TransferLeadership(NodeId target) = 0;
  // Start an election now (pre-vote first, if configured), if allowed to vote and not leading.
  virtual void Campaign() = 0;

  // --- completions ---
  // Everything of the Ready that carried `mark`, and of all taken before, is durable.
  virtual void OnPersisted(LogMark mark) = 0;
  // The state machine holds everything up to `index`.
  virtual void OnApplied(Index index) = 0;
  // The driver could not deliver to `peer` lately: stop optimistic sending to it.
  virtual void OnUnreachable(NodeId peer) = 0;
  // The snapshot bytes for `peer` were delivered and accepted, or not.
  virtual void OnSnapshotSent(NodeId peer, bool delivered) = 0;

  // --- outputs ---
  virtual bool HasReady() const = 0;
  virtual Ready TakeReady() = 0;

  virtual RaftStatus GetStatus() const = 0;
  // The cheap parts of the above, for every step.
  virtual Role role() const = 0;
  virtual NodeId leader() const = 0;
  virtual Term term() const = 0;
  // The leader has committed an entry of its own term, so its commit index is current.
  virtual bool has_committed_in_term() const = 0;
};

}  // namespace baton::raft
