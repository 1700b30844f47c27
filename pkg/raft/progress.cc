#include "pkg/raft/progress.h"

#include <algorithm>

#include "pkg/base/check.h"

namespace baton::raft {

Progress::Progress(NodeId id, Index next, const Config& config, uint64_t now)
    : id_(id),
      next_(next),
      inflights_(config.inflight_messages_max, config.inflight_bytes_max),
      active_at_(now),
      quiet_since_(now) {
  CHECK_GT(next, Index(0));
}

bool Progress::Stalled(uint64_t now, uint64_t ticks) const {
  return state_ == ReplicationState::kReplicate && match_ + 1 < next_ &&
         now - quiet_since_ >= ticks;
}

void Progress::OnAppendSent(Index last, size_t bytes, Index commit, uint64_t now) {
  CHECK(CanAppend());
  CHECK_GE(last + 1, next_);
  OnCommitSent(std::min(commit, last));
  if (state_ == ReplicationState::kProbe) {
    probe_sent_ = true;  // next stays: it moves when the peer confirms
    return;
  }
  if (last + 1 == next_) return;
  if (match_ + 1 == next_) quiet_since_ = now;  // nothing was outstanding before
  inflights_.Add(last, bytes);
  next_ = last + 1;
}

void Progress::OnSnapshotStarted(Index index, NodeId source) {
  state_ = ReplicationState::kSnapshot;
  pending_snapshot_ = index;
  snapshot_asked_for_ = snapshot_wanted_ > Index();
  snapshot_wanted_ = Index();
  snapshot_source_ = source;
  fetching_ = false;
  inflights_.Clear();
}

void Progress::OnReadCounter(uint64_t counter) { read_counter_ = std::max(read_counter_, counter); }

void Progress::OnStamp(uint64_t stamp) { stamp_ = std::max(stamp_, stamp); }

void Progress::Forget(Index next, uint64_t now) {
  match_ = Index();
  read_counter_ = 0;
  stamp_ = 0;
  amnesia_ = true;
  memory_stamp_ = now + 1;
  Probe(next);
}

bool Progress::OnAccepted(Index index, Index first_index, uint64_t now) {
  const bool advanced = index > match_;
  if (advanced) {
    match_ = index;
    next_ = std::max(next_, match_ + 1);
    quiet_since_ = now;
  }
  switch (state_) {
    case ReplicationState::kProbe:
      // A late answer to something older, such as a snapshot before the last one, does not say that
      // the place being probed matches: going on from there would send again what is on its way.
      if (index + 1 < next_) return advanced;
      Replicate();
      return true;
    case ReplicationState::kReplicate:
      if (advanced) inflights_.FreeThrough(match_);
      return advanced;
    case ReplicationState::kSnapshot:
      // What it acknowledges may be from before it asked. Only the report ends this one.
      if (snapshot_asked_for_) return advanced;
      // Any way back to the log will do, not only the snapshot that was sent. If the log was
      // compacted beyond the snapshot meanwhile, the next append finds that out.
      if (match_ + 1 < first_index && match_ < pending_snapshot_) return advanced;
      Replicate();
      return true;
  }
  return false;
}

bool Progress::OnRejected(Index rejected, Index candidate) {
  if (state_ == ReplicationState::kSnapshot || rejected <= match_) {
    // Below match it is late, or the peer lost its disk; asking again at once would not end.
    return false;
  }
  if (state_ == ReplicationState::kProbe && rejected + 1 != next_) return false;
  Probe(std::max(std::min(rejected, candidate + 1), match_ + 1));
  return true;
}

bool Progress::OnHeartbeatAnswered() {
  const bool waited = (state_ == ReplicationState::kProbe && probe_sent_) || fetching_;
  probe_sent_ = false;
  fetching_ = false;  // the end of a fetch may have been lost; asked again
  return waited;
}

void Progress::OnUnreachable() {
  if (state_ == ReplicationState::kReplicate) Probe(match_ + 1);
}

void Progress::OnSnapshotReport(bool delivered) {
  if (state_ != ReplicationState::kSnapshot) return;
  source_failed_ = !delivered && snapshot_source_;
  Probe(delivered ? std::max(match_, pending_snapshot_) + 1 : match_ + 1);
  // Delivered: its acknowledgement is due. Not delivered: no use in trying again at once. Either
  // way the next heartbeat answer goes on.
  probe_sent_ = true;
}

void Progress::Probe(Index next) {
  state_ = ReplicationState::kProbe;
  next_ = next;
  probe_sent_ = false;
  fetching_ = false;
  pending_snapshot_ = Index();
  snapshot_source_ = NodeId();
  commit_sent_ = std::min(commit_sent_, match_);
  inflights_.Clear();
}

void Progress::Replicate() {
  state_ = ReplicationState::kReplicate;
  next_ = match_ + 1;
  probe_sent_ = false;
  fetching_ = false;
  pending_snapshot_ = Index();
  snapshot_source_ = NodeId();
  source_failed_ = false;
  inflights_.Clear();
}

}  // namespace baton::raft
