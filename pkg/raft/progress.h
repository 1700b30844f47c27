// File: progress.h
//
// What a leader knows about one peer's log, and how it sends to it:
//
//            probe  ---- accepted ---->  replicate
//      one append at a time,             a window of appends, sent before
//      until one fits                    the older ones are acknowledged
//              ^  ^----- rejected, unreachable -----'      |
//              |                                           |
//     reported or reconnected                 entries compacted (either)
//              '------------  snapshot  <------------------'
//                     no appends until it is there
//
// Invariant: match < next. match only grows: what a peer has once acknowledged it keeps, and no
// late rejection takes it back.
#pragma once

#include <algorithm>
#include <cstdint>

#include "pkg/base/ids.h"
#include "pkg/raft/config.h"
#include "pkg/raft/inflights.h"
#include "pkg/raft/raft_status.h"

namespace baton::raft {

class Progress {
 public:
  // A peer of whom nothing is known yet: probed at `next`. `now` is in ticks, as everywhere here.
  Progress(NodeId id, Index next, const Config& config, uint64_t now);

  NodeId id() const { return id_; }
  Index match() const { return match_; }
  Index next() const { return next_; }
  ReplicationState state() const { return state_; }
  Index pending_snapshot() const { return pending_snapshot_; }
  // The newest commit index that was sent in a form the peer can use; so none is sent twice.
  Index commit_sent() const { return commit_sent_; }
  // News of commits up to here waits for nothing.
  Index commit_wanted() const { return commit_wanted_; }
  uint64_t read_counter() const { return read_counter_; }
  uint64_t stamp() const { return stamp_; }
  // Its disk lost what it had acknowledged: it counts for nothing (amnesia.h).
  bool amnesia() const { return amnesia_; }
  // Answers to heartbeats with stamps up to this one say nothing about the peer's memory.
  uint64_t memory_stamp() const { return memory_stamp_; }
  // It asked for a snapshot at or beyond this index; 0: it did not.
  Index snapshot_wanted() const { return snapshot_wanted_; }
  // kSnapshot only: the follower that was told to send it; 0: this node itself.
  NodeId snapshot_source() const { return snapshot_source_; }
  // A snapshot from a follower did not arrive: this node sends the next one itself.
  bool source_failed() const { return source_failed_; }
  uint64_t active_at() const { return active_at_; }
  uint64_t quiet_since() const { return quiet_since_; }
  size_t inflight_messages() const { return inflights_.count(); }

  // An append may be sent now.
  bool CanAppend() const {
    return state_ != ReplicationState::kSnapshot && !probe_sent_ && !inflights_.Full() &&
           !fetching_;
  }
  // Limits of its own from now on; messages_max 0: it is sent no appends.
  void SetWindow(size_t messages_max, size_t bytes_max) {
    inflights_.SetLimits(messages_max, bytes_max);
  }
  // Probing at a place that is not known to match: worth a message even without entries.
  bool NeedsProbe() const { return state_ == ReplicationState::kProbe && match_ + 1 < next_; }
  // Entries are on their way and none was acknowledged for `ticks`: they may be lost.
  bool Stalled(uint64_t now, uint64_t ticks) const;

  // --- what was sent ---
  // An append that ends at `last` (next - 1 if it has no entries) and carries `commit`.
  void OnAppendSent(Index last, size_t bytes, Index commit, uint64_t now);
  void OnCommitSent(Index commit) { commit_sent_ = std::max(commit_sent_, commit); }
  void OnSnapshotStarted(Index index, NodeId source);
  // The entries it needs are being fetched from the disk: nothing is sent until that is done.
  void OnFetching() { fetching_ = true; }
  // An empty append was sent to find out whether the window was lost, or a follower was told to
  // send the snapshot.
  void OnAsked(uint64_t now) { quiet_since_ = now; }

  // --- what came back ---
  void OnActive(uint64_t now) { active_at_ = now; }
  void OnReadCounter(uint64_t counter);
  void OnCommitWanted(Index index) { commit_wanted_ = std::max(commit_wanted_, index); }
  void OnStamp(uint64_t stamp);
  void OnFetched() { fetching_ = false; }
  void OnSnapshotWanted(Index at_least) { snapshot_wanted_ = at_least; }
  // Nothing is known of it any more, but that it is there; until EndAmnesia it does not count.
  void Forget(Index next, uint64_t now);
  void EndAmnesia() { amnesia_ = false; }
  void OnMadeVoter(uint64_t now) { memory_stamp_ = now + 1; }
  // The peer's log matches up to `index`. first_index: of the leader's log, to tell whether a peer
  // in kSnapshot has reconnected; any value in other states. True if the peer moved: match, window
  // or state changed.
  bool OnAccepted(Index index, Index first_index, uint64_t now);
  // The peer's log differs at `rejected`; the newest place that may match is `candidate`. False if
  // the rejection is stale or teaches nothing.
  bool OnRejected(Index rejected, Index candidate);
  // The peer answers: a probe that went unanswered may be sent again. True if that frees it.
  bool OnHeartbeatAnswered();
  void OnUnreachable();
  void OnSnapshotReport(bool delivered);

 private:
  void Probe(Index next);
  void Replicate();

  NodeId id_;
  Index match_;
  Index next_;
  ReplicationState state_ = ReplicationState::kProbe;
  bool probe_sent_ = false;  // kProbe only: wait for an answer
  Index pending_snapshot_;   // kSnapshot only
  Inflights inflights_;      // kReplicate only
  Index commit_sent_;
  Index commit_wanted_;
  uint64_t read_counter_ = 0;  // the newest read round that the peer confirmed
  uint64_t stamp_ = 0;         // the newest of this leader's that the peer returned
  bool amnesia_ = false;
  uint64_t memory_stamp_ = 0;
  bool fetching_ = false;
  Index snapshot_wanted_;
  bool snapshot_asked_for_ = false;  // kSnapshot only: by the peer
  NodeId snapshot_source_;
  bool source_failed_ = false;
  uint64_t active_at_;    // when the peer was last heard
  uint64_t quiet_since_;  // when the window last moved, or OnAsked
};

}  // namespace baton::raft
