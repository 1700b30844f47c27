#include "pkg/raft/tracing.h"

#include <utility>

namespace baton::raft {
namespace {

struct IsTraced {
  bool operator()(const VoteRequest& body) const { return !body.pre_vote; }
  bool operator()(const VoteResponse& body) const { return !body.pre_vote; }
  bool operator()(const AppendRequest&) const { return true; }
  bool operator()(const AppendResponse&) const { return true; }
  bool operator()(const Heartbeat&) const { return true; }
  bool operator()(const HeartbeatResponse&) const { return true; }
  bool operator()(const SnapshotRequest&) const { return true; }
  template <typename Other>
  bool operator()(const Other&) const {
    return false;
  }
};

TraceEvent& Add(Core& core, TraceEventKind kind) {
  TraceEvent event;
  event.kind = kind;
  event.node = core.id();
  event.term = core.term;
  event.vote = core.vote;
  event.commit = core.log.committed();
  event.applied = core.log.applied();
  event.last_index = core.log.last_index();
  event.role = core.role_kind();
  event.voters = core.membership().voters;
  event.voters_outgoing = core.membership().voters_outgoing;
  return core.out.Note().trace.emplace_back(std::move(event));
}

Message OwnAppend(const Core& core, Index last) {
  return Message{core.id(), core.id(), core.term, AppendResponse{.match_index = last}};
}

Message OwnVote(const Core& core) {
  return Message{core.id(), core.id(), core.term, VoteResponse{.granted = true}};
}

}  // namespace

namespace tracing_internal {

void Trace(Core& core, TraceEventKind kind) { Add(core, kind); }

void TraceMessage(Core& core, TraceEventKind kind, const Message& message) {
  if (std::visit(IsTraced(), message.body)) Add(core, kind).message = message;
}

void TraceOwnAppend(Core& core) {
  TraceSend(core, OwnAppend(core, core.log.last_index()));
  core.traced_own_appends.push_back(core.log.last_index());
}

void TraceOwnPersisted(Core& core) {
  if (std::exchange(core.traced_own_vote, false)) TraceReceive(core, OwnVote(core));
  if (!core.leading()) core.traced_own_appends.clear();
  while (!core.traced_own_appends.empty() &&
         core.traced_own_appends.front() <= core.log.persisted()) {
    TraceReceive(core, OwnAppend(core, core.traced_own_appends.front()));
    core.traced_own_appends.erase(core.traced_own_appends.begin());
  }
}

}  // namespace tracing_internal

void TraceChanges(Core& core, std::vector<TraceEvent::MemberChange> changes) {
  if (core.config.trace) Add(core, TraceEventKind::kChangeConf).changes = std::move(changes);
}

void TraceSend(Core& core, const Message& message) {
  if (!core.config.trace) return;
  tracing_internal::TraceMessage(core, TraceEventKind::kSendMessage, message);
}

void TraceOwnVote(Core& core) {
  if (!core.config.trace) return;
  TraceSend(core, OwnVote(core));
  core.traced_own_vote = true;
}

}  // namespace baton::raft
