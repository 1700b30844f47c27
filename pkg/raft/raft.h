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
#include <optional>
#include <span>

#include "pkg/base/status.h"
#include "pkg/raft/confchange.h"
#include "pkg/raft/config.h"
#include "pkg/raft/log_reader.h"
#include "pkg/raft/message.h"
#include "pkg/raft/raft_status.h"
#include "pkg/raft/ready.h"
#include "pkg/raft/types.h"

namespace baton::raft {

struct Core;

class Raft final {
 public:
  // The log must outlive the Raft. kInvalidArgument for a bad config or membership; kCorruption
  // when the initial state contradicts the log (commit or applied beyond its end, applied below its
  // snapshot, a term below that of the last entry); else what the log reader said.
  static Result<std::unique_ptr<Raft>> Create(const Config& config, const InitialState& initial,
                                              const LogReader* log);
  ~Raft();
  Raft(const Raft&) = delete;
  Raft& operator=(const Raft&) = delete;

  // --- inputs ---
  // One unit of logical time has passed.
  void Tick();
  // A message has arrived. kInvalidArgument for one that no correct peer can send (wrong receiver,
  // entries out of order, two leaders in a term, ...): it is dropped and nothing changed. Stale
  // messages are no error. Any other error: log_status().
  Status Step(Message&& message);
  // Appends a command if this node leads. kUnavailable/"not_leader", "leader_transfer" or
  // "leader_removed", kResourceExhausted/"too_many_uncommitted", and kPreconditionFailed/
  // "term_changed" if this node leads in another term than the expected one: it was not appended,
  // here or anywhere.
  Result<Proposed> Propose(Payload data, std::optional<Term> expected_term = std::nullopt);
  // Hands a command to the leader without asking how it went: it may be lost, or proposed twice if
  // the network repeats messages. On the leader as Propose. kUnavailable/"no_leader",
  // kPreconditionFailed/"forwarding_off".
  Status Forward(Payload data);
  // Changes who takes part, in one step or through a joint configuration (confchange.h). In force
  // here at once, everywhere when it is committed. kUnavailable/"not_leader", "leader_transfer" or
  // "term_not_committed" (soon); kConflict/"change_in_progress"; kPreconditionFailed/
  // "config_changed" or "learner_behind"; kInvalidArgument/"context_too_large"; and what
  // NextConfiguration refuses: it was not appended.
  Result<Proposed> ProposeMembership(const MembershipChange& change);
  // Asks for a read index under an id of the caller's; answered in Ready::read_states or
  // aborted_reads. On a follower the question travels to the leader and may be lost: the caller
  // sets a deadline. kUnavailable/"no_leader" or kResourceExhausted: nothing was asked. Ids must
  // not repeat, not even after a restart: a late answer would be taken for that to the new
  // question.
  Status ReadIndex(uint64_t id, ReadMode mode = ReadMode::kQuorum);
  // Forgets a read whose caller gave up: it will be neither answered nor aborted. Unknown ids are
  // no error.
  void CancelRead(uint64_t id);
  // Leader only: bring `target` up to date and let it campaign. Given up after an election timeout.
  // kUnavailable/"not_leader"; kInvalidArgument if the target is no voter or leads already.
  Status TransferLeadership(NodeId target);
  // Start an election now (pre-vote first, if configured), if able to lead, not leading and not
  // bound by a lease.
  void Campaign();
  // As if the leader had not been heard for long: votes are free again. For drivers that know that
  // it is dead. kPreconditionFailed/"is_leader" or "lease_reads".
  Status ForgetLeader();
  // Follower: the state machine is lost or wrong, start it over from a snapshot at or beyond the
  // end of the log. No entries are taken until it is here, once the log ends with one of this
  // leader's; asked again with every heartbeat.
  // kPreconditionFailed/"is_leader" or "snapshot_pending", kUnavailable/"no_leader".
  Status RequestSnapshot();
  // Leader: heartbeats to all now.
  void Ping();
  // Leader: news of commits up to `index` waits no longer for an append or a heartbeat to carry it
  // (Config::commit_news off), for one peer or for all.
  void TellCommit(NodeId peer, Index index);
  void TellCommit(Index index);

  // --- sleep (hibernation.h); only with Config::hibernate_after_ticks ---
  // While it is true nothing but Wake and the questions below may be called; not even Tick (CHECK).
  // The Ready that came with it must be carried out all the same, its completions included.
  bool asleep() const;
  // ticks_slept were due since the last Tick. leader_lives: the failure detector has seen the
  // leader's process alive all the time.
  void Wake(uint64_t ticks_slept, bool leader_lives);

  // --- settings ---
  const Config& config() const;  // in force now
  // New settings, for present and future peers alike. See ValidateChange.
  Status Reconfigure(const Config& config);
  // Limits for one peer until Reconfigure or the end of the leadership; messages_max 0: it is sent
  // no appends. kNotFound if this node does not lead or knows no such peer.
  Status SetPeerWindow(NodeId peer, size_t messages_max, size_t bytes_max);
  // Group commit: while not empty, an entry is committed when a quorum and, of those with a group
  // (> 0), voters of two groups hold it. Of this node alone: the same on all, or the next leader
  // commits otherwise.
  void SetCommitGroups(std::map<NodeId, uint64_t> groups);

  // --- completions ---
  // A mark or an index that no Ready has carried is a broken driver's, and stops the process
  // (CHECK).
  // Everything of the Ready that carried `mark`, and of all taken before, is durable.
  void OnPersisted(LogMark mark);
  // The state machine holds everything up to `index`.
  void OnApplied(Index index);
  // The driver could not deliver to `peer` lately: stop optimistic sending to it.
  void OnUnreachable(NodeId peer);
  // The snapshot bytes for `peer` were delivered and accepted, or not.
  void OnSnapshotSent(NodeId peer, bool delivered);
  // The sending was given up by the driver: as not delivered, and named in cancelled_snapshots.
  void CancelSnapshot(NodeId peer);
  // What LogReader::EntriesFor was fetching for `peer` can be had.
  void OnEntriesFetched(NodeId peer);

  // --- outputs ---
  bool HasReady() const;
  Ready TakeReady();
  // The same into a Ready whose old contents are not needed any more: the room in its vectors is
  // used again, so that a driver that keeps one or two allocates nothing in the long run.
  void TakeReady(Ready* ready);

  RaftStatus GetStatus() const;
  // The cheap parts of the above, for every step.
  Role role() const;
  NodeId leader() const;
  Term term() const;
  Memory memory() const;
  const ConfigState& membership() const;  // in force here; valid until the next input
  // The leader has committed an entry of its own term, so its commit index is current.
  bool has_committed_in_term() const;
  Index commit() const;
  // This node leads, and some peer has not been sent the newest commit index that it can use.
  bool has_untold_commit() const;
  // Those of the next Ready, for who must see them before it is made; valid until the next input.
  std::span<const Entry> entries_of_next_ready() const;
  // OK until the log reader reports kIo or kCorruption (or lost entries that are not applied): from
  // then on this node takes no part in anything, and the driver should stop the process.
  const Status& log_status() const;

 private:
  explicit Raft(std::unique_ptr<Core> core);

  std::unique_ptr<Core> core_;
  SoftState told_soft_;  // what the last Ready said
  HardState told_hard_;
};

}  // namespace baton::raft
