#include "pkg/raft/follower.h"

#include <algorithm>
#include <utility>

namespace baton::raft {
namespace {

// Answers are sent when the disk holds what they say. Of several that wait for the same write only
// the last is needed: it covers the others.
void Acknowledge(Core& core, NodeId to, Index match) {
  const AppendResponse response{.match_index = match, .commit = core.log.committed()};
  auto& queue = core.out.messages_after_persist;
  if (!queue.empty() && queue.back().to == to && queue.back().term == core.term) {
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
  const Index hint = core.log.NewestWithTermAtMost(request.prev_term, core.log.committed(), high);
  const Result<Term> hint_term = core.log.TermAt(hint);
  core.Send(to, AppendResponse{.rejected = true,
                               .rejected_index = request.prev_index,
                               .hint_index = hint,
                               .hint_term = hint_term.ok() ? *hint_term : Term(),
                               .commit = core.log.committed()});
}

// How far this log is known to agree with the leader's. While this term's leader was the last to
// write it, all of it does.
Index ValidatedIndex(const Core& core) {
  return core.log.accepted_term() == core.term ? core.log.last_index() : core.validated;
}

}  // namespace

Status HandleAppend(Core& core, NodeId from, AppendRequest request) {
  core.HearLeader(from);
  const bool fits = request.prev_index <= core.log.committed() ||
                    core.log.Matches(request.prev_index, request.prev_term);
  if (!fits) {
    Reject(core, from, request);
    return Status::Ok();
  }
  const Index proven = request.prev_index + request.entries.size();
  BATON_RETURN_IF_ERROR(core.log.Accept(core.term, request.prev_term, std::move(request.entries)));
  // Never further than this request proves: what lies behind it may be another leader's.
  core.validated = std::max(core.validated, proven);
  core.log.CommitTo(std::min(request.commit, proven));
  Acknowledge(core, from, proven);
  return Status::Ok();
}

void HandleHeartbeat(Core& core, NodeId from, const Heartbeat& heartbeat) {
  core.HearLeader(from);
  // A leader only names what it believes this log to hold. If the disk was lost since, it is wrong.
  core.log.CommitTo(std::min(heartbeat.commit, ValidatedIndex(core)));
  core.Send(from, HeartbeatResponse{.read_counter = heartbeat.read_counter,
                                    .commit = core.log.committed()});
}

void HandleSnapshot(Core& core, NodeId from, const SnapshotRequest& request) {
  core.HearLeader(from);
  const SnapshotMeta& meta = request.meta;
  if (meta.index <= core.log.committed()) {
    Acknowledge(core, from, core.log.committed());  // old news; everything in it is here already
    return;
  }
  if (core.log.Matches(meta.index, meta.term)) {
    core.log.CommitTo(meta.index);
  } else {
    core.log.Restore(core.term, meta);
  }
  core.validated = std::max(core.validated, meta.index);
  Acknowledge(core, from, meta.index);
}

void RefuseStaleLeader(Core& core, const Message& message) {
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
