#include "pkg/raft/follower.h"

#include <algorithm>
#include <utility>

#include "pkg/base/cruel.h"
#include "pkg/base/planted.h"
#include "pkg/raft/amnesia.h"
#include "pkg/raft/tracing.h"

namespace baton::raft {
namespace {

// Answers are sent when the disk holds what they say. Of several that wait for the same write only
// the last is needed: it covers the others.
void Acknowledge(Core& core, NodeId to, Index match) {
  const AppendResponse response{
      .match_index = match, .commit = core.log.committed(), .amnesia = core.amnesia()};
  if (PLANTED("raft.ack_before_disk")) return core.Send(to, response);
  auto& queue = core.out.messages_after_persist;
  const bool same = !queue.empty() && queue.back().to == to && queue.back().term == core.term;
  if (same) {
    AppendResponse* const last = std::get_if<AppendResponse>(&queue.back().body);
    if (last && last->match_index <= match) {
      *last = response;
      return;
    }
  }
  core.SendAfterPersist(to, response);
}

void Reject(Core& core, NodeId to, const AppendRequest& request) {
  // Committed entries are in every later leader's log, so the search can stop there.
  const Index high = std::min(request.prev_index, core.log.last_index());
  Index hint = core.log.NewestWithTermAtMost(request.prev_term, core.log.committed(), high);
  if (CRUEL("raft.hint_one_back")) hint = std::max(std::min(request.prev_index - 1, high), hint);
  const Result<Term> hint_term = core.log.TermAt(hint);
  core.Send(to, AppendResponse{.rejected = true,
                               .rejected_index = request.prev_index,
                               .hint_index = hint,
                               .hint_term = hint_term.ok() ? *hint_term : Term(),
                               .commit = core.log.committed(),
                               .amnesia = core.amnesia()});
}

// How far this log is known to agree with the leader's. While this term's leader was the last to
// write it, all of it does.
Index ValidatedIndex(const Core& core) {
  return core.log.accepted_term() == core.term ? core.log.last_index() : core.validated;
}

// A snapshot that was asked for must not be behind what is here, so nothing is added to the log
// until it comes; once the log ends with an entry of this leader. Before, its end may be a deposed
// leader's, which no snapshot might ever reach, or lack what the leader needs to commit anything
// and to make the snapshot: it gives way to the leader's entries, or to any snapshot if these are
// compacted. All of the log is the leader's then, so it is acknowledged to its end.
bool WaitsForSnapshot(const Core& core) {
  return core.snapshot_wanted && core.log.last_term() == core.term;
}

}  // namespace

Status HandleAppend(Core& core, NodeId from, AppendRequest&& request) {
  core.HearLeader(from);
  CheckForPast(core, request.prev_index, request.entries);
  if (WaitsForSnapshot(core)) {
    core.log.CommitTo(std::min(request.commit, core.log.last_index()));
    Acknowledge(core, from, core.log.last_index());
    return Status::Ok();
  }
  const bool fits =
      request.prev_index <= core.log.committed() ||
      core.log.Matches(request.prev_index, request.prev_term) ||
      (PLANTED("raft.prev_term_unchecked") && request.prev_index <= core.log.last_index());
  if (!fits) {
    Reject(core, from, request);
    return Status::Ok();
  }
  const Index proven = request.prev_index + request.entries.size();
  const Index config_index = core.log.membership_index();
  BATON_RETURN_IF_ERROR(core.log.Accept(core.term, request.prev_term, std::move(request.entries)));
  if (core.log.membership_index() != config_index) Trace(core, TraceEventKind::kApplyConfChange);
  // Never further than this request proves: what lies behind it may be another leader's.
  core.validated = std::max(core.validated, proven);
  const Index sure = PLANTED("raft.commit_beyond_validated") ? core.log.last_index() : proven;
  core.log.CommitTo(std::min(request.commit, sure));
  SeekCure(core);
  if (core.snapshot_wanted) core.snapshot_wanted = std::max(core.log.last_index(), Index(1));
  Acknowledge(core, from, PLANTED("raft.ack_beyond_sent") ? core.log.last_index() : proven);
  return Status::Ok();
}

void HandleHeartbeat(Core& core, NodeId from, const Heartbeat& heartbeat) {
  core.HearLeader(from);
  // A leader only names what it believes this log to hold. If the disk was lost since, it is wrong.
  core.log.CommitTo(std::min(heartbeat.commit, ValidatedIndex(core)));
  CheckForAmnesia(core, heartbeat.commit);
  SeekCure(core);
  if (heartbeat.stamp == 0) return;  // news, which wants no answer
  core.Send(from, HeartbeatResponse{.read_counter = heartbeat.read_counter,
                                    .commit = core.log.committed(),
                                    .stamp = heartbeat.stamp,
                                    .amnesia = core.amnesia()});
  if (core.snapshot_wanted) core.Send(from, SnapshotWanted{core.snapshot_wanted});
}

void HandleSnapshot(Core& core, NodeId from, const SnapshotRequest& request) {
  // From a peer on the leader's behalf: proves nothing about the leader's life, and the answer is
  // for the leader.
  const NodeId leader = request.leader ? request.leader : from;
  if (!request.leader) core.HearLeader(from);
  const SnapshotMeta& meta = *request.meta;
  CheckForPast(core, meta.index, {});
  const bool wanted = core.snapshot_wanted && meta.index >= core.snapshot_wanted;
  if (!wanted && (meta.index <= core.log.committed() || WaitsForSnapshot(core))) {
    ++core.counters.outdated_snapshots;  // everything in it is here already
    Acknowledge(core, leader, core.log.committed());
    return;
  }
  if (!wanted && core.log.Matches(meta.index, meta.term)) {
    core.log.CommitTo(meta.index);
  } else {
    core.log.Restore(core.term, meta);
    core.snapshot_wanted = Index();
  }
  core.validated = std::max(core.validated, meta.index);
  Acknowledge(core, leader, meta.index);
}

Status RequestSnapshot(Core& core) {
  if (core.leading()) {
    return Status(Code::kPreconditionFailed, "is_leader", "A leader has nobody to ask.");
  }
  if (!core.leader) return Status(Code::kUnavailable, "no_leader", "No leader is known.");
  if (core.log.snapshot_pending()) {
    return Status(Code::kPreconditionFailed, "snapshot_pending", "A snapshot is being installed.");
  }
  core.snapshot_wanted = std::max(core.log.last_index(), Index(1));
  core.Send(core.leader, SnapshotWanted{core.snapshot_wanted});
  return Status::Ok();
}

void HandleSnapshotOrder(Core& core, NodeId leader, const SnapshotOrder& order) {
  if (core.snapshot_orders.contains(order.target)) return;  // repeated; the end will be reported
  const Result<SnapshotMeta> meta = core.log.Snapshot();
  const bool can = core.config.delegate_snapshots && meta.ok() && meta->index >= order.at_least &&
                   !core.snapshot_wanted && !core.log.snapshot_pending() && !core.amnesia();
  if (!can) {
    core.Send(leader, SnapshotReport{.target = order.target, .delivered = false});
    return;
  }
  core.snapshot_orders.insert(order.target);
  core.Send(order.target, SnapshotRequest{.meta = *meta, .leader = leader});
}

bool ReportSnapshotOrder(Core& core, NodeId target, bool delivered) {
  if (core.snapshot_orders.erase(target) == 0) return false;
  if (core.leader && !core.leading()) {
    core.Send(core.leader, SnapshotReport{.target = target, .delivered = delivered});
  }
  return true;
}

void RefuseStaleLeader(Core& core, const Message& message) {
  if (PLANTED("raft.stale_leader_not_told")) return;
  if (std::holds_alternative<Heartbeat>(message.body)) {
    core.Send(message.from, HeartbeatResponse{.commit = core.log.committed()});
    return;
  }
  const AppendRequest* const request = std::get_if<AppendRequest>(&message.body);
  core.Send(message.from, AppendResponse{.rejected = true,
                                         .rejected_index = request ? request->prev_index : Index(),
                                         .commit = core.log.committed()});
}

}  // namespace baton::raft
