// The names and the order of the fields are those of etcd's state_trace.go.
#include <sstream>
#include <string_view>

#include "pkg/raft/trace_event.h"

namespace baton::raft {
namespace {

// A message as the specification sees it: every kind has every field.
struct WireMessage {
  std::string_view type;
  std::string_view event;  // the name without Send or Receive
  uint64_t entries = 0;
  Term log_term{};
  Index index{};
  Index commit{};
  bool reject = false;
  Index reject_hint{};
};

struct Translate {
  WireMessage operator()(const VoteRequest& body) const {
    return {.type = body.pre_vote ? "MsgPreVote" : "MsgVote",
            .event = "RequestVoteRequest",
            .log_term = body.last_term,
            .index = body.last_index};
  }
  WireMessage operator()(const VoteResponse& body) const {
    return {.type = body.pre_vote ? "MsgPreVoteResp" : "MsgVoteResp",
            .event = "RequestVoteResponse",
            .reject = !body.granted};
  }
  WireMessage operator()(const AppendRequest& body) const {
    return {.type = "MsgApp",
            .event = "AppendEntriesRequest",
            .entries = body.entries.size(),
            .log_term = body.prev_term,
            .index = body.prev_index,
            .commit = body.commit};
  }
  WireMessage operator()(const AppendResponse& body) const {
    return {.type = "MsgAppResp",
            .event = "AppendEntriesResponse",
            .log_term = body.hint_term,
            .index = body.rejected ? body.rejected_index : body.match_index,
            .reject = body.rejected,
            .reject_hint = body.hint_index};
  }
  WireMessage operator()(const Heartbeat& body) const {
    return {.type = "MsgHeartbeat", .event = "AppendEntriesRequest", .commit = body.commit};
  }
  WireMessage operator()(const HeartbeatResponse&) const {
    return {.type = "MsgHeartbeatResp", .event = "AppendEntriesResponse"};
  }
  // There a snapshot is an append of the whole log before it.
  WireMessage operator()(const SnapshotRequest& body) const {
    return {
        .type = "MsgSnap", .event = "AppendEntriesRequest", .entries = body.meta->index.value()};
  }
  template <typename Other>
  WireMessage operator()(const Other&) const {
    return {};  // never traced
  }
};

std::string_view NameOf(TraceEventKind kind) {
  switch (kind) {
    case TraceEventKind::kInitState:
      return "InitState";
    case TraceEventKind::kBecomeFollower:
      return "BecomeFollower";
    case TraceEventKind::kBecomeCandidate:
      return "BecomeCandidate";
    case TraceEventKind::kBecomeLeader:
      return "BecomeLeader";
    case TraceEventKind::kReplicate:
      return "Replicate";
    case TraceEventKind::kChangeConf:
      return "ChangeConf";
    case TraceEventKind::kApplyConfChange:
      return "ApplyConfChange";
    case TraceEventKind::kCommit:
      return "Commit";
    case TraceEventKind::kReady:
      return "Ready";
    case TraceEventKind::kSendMessage:
      return "Send";
    case TraceEventKind::kReceiveMessage:
      return "Receive";
  }
  return "";
}

std::string_view NameOf(Role role) {
  switch (role) {
    case Role::kFollower:
      return "StateFollower";
    case Role::kPreCandidate:
      return "StatePreCandidate";
    case Role::kCandidate:
      return "StateCandidate";
    case Role::kLeader:
      return "StateLeader";
  }
  return "";
}

std::string_view NameOf(TraceEvent::Change change) {
  switch (change) {
    case TraceEvent::Change::kAddNewServer:
      return "AddNewServer";
    case TraceEvent::Change::kAddLearner:
      return "AddLearner";
    case TraceEvent::Change::kRemoveServer:
      return "RemoveServer";
  }
  return "";
}

void WriteIds(const std::vector<NodeId>& ids, std::ostream& out) {
  out << "[";
  std::string_view separator;
  for (const NodeId id : ids) {
    out << separator << '"' << id << '"';
    separator = ",";
  }
  out << "]";
}

void WriteMessage(const Message& message, const WireMessage& wire, std::ostream& out) {
  out << R"(,"msg":{"type":")" << wire.type << R"(","term":)" << message.term << R"(,"from":")"
      << message.from << R"(","to":")" << message.to << R"(","entries":)" << wire.entries
      << R"(,"logTerm":)" << wire.log_term << R"(,"index":)" << wire.index << R"(,"commit":)"
      << wire.commit << R"(,"vote":"0","reject":)" << (wire.reject ? "true" : "false")
      << R"(,"rejectHint":)" << wire.reject_hint << "}";
}

void WriteChanges(const std::vector<TraceEvent::MemberChange>& changes, std::ostream& out) {
  out << R"(,"prop":{"cc":{"changes":[)";
  std::string_view separator;
  for (const TraceEvent::MemberChange& change : changes) {
    out << separator << R"({"nid":")" << change.node << R"(","action":")" << NameOf(change.change)
        << R"("})";
    separator = ",";
  }
  out << "]}}";
}

}  // namespace

std::string ToJsonLine(const TraceEvent& event) {
  std::ostringstream out;
  out << R"({"tag":"trace","event":{"name":")" << NameOf(event.kind);
  const WireMessage wire =
      event.message ? std::visit(Translate(), event.message->body) : WireMessage();
  out << wire.event << R"(","nid":")" << event.node << R"(","state":{"term":)" << event.term
      << R"(,"vote":")" << event.vote << R"(","commit":)" << event.commit << R"(},"role":")"
      << NameOf(event.role) << R"(","log":)" << event.last_index << R"(,"applied":)"
      << event.applied << R"(,"conf":[)";
  WriteIds(event.voters, out);
  out << ",";
  WriteIds(event.voters_outgoing, out);
  out << "]";
  if (event.message) WriteMessage(*event.message, wire, out);
  if (event.kind == TraceEventKind::kChangeConf) WriteChanges(event.changes, out);
  if (event.kind == TraceEventKind::kApplyConfChange) {
    out << R"(,"prop":{"cc":{"newconf":)";
    WriteIds(event.voters, out);
    out << "}}";
  }
  out << "}}";
  return std::move(out).str();
}

}  // namespace baton::raft
