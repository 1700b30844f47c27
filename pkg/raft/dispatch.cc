#include "pkg/raft/dispatch.h"

#include <optional>
#include <string>
#include <utility>

#include "pkg/raft/election.h"
#include "pkg/raft/follower.h"
#include "pkg/raft/hibernation.h"
#include "pkg/raft/leadership.h"
#include "pkg/raft/message_check.h"
#include "pkg/raft/reading.h"
#include "pkg/raft/replication.h"
#include "pkg/raft/tracing.h"

namespace baton::raft {
namespace {

Status Impossible(const Message& message, const char* what) {
  return Status(Code::kInvalidArgument,
                "node " + std::to_string(message.from.value()) + " " + what);
}

// Who leads in the message's term, if it says so.
NodeId LeaderOf(const Message& message) {
  const auto* const snapshot = std::get_if<SnapshotRequest>(&message.body);
  return snapshot && snapshot->leader ? snapshot->leader : message.from;
}

bool IsFromLeader(const MessageBody& body) {
  return std::holds_alternative<AppendRequest>(body) || std::holds_alternative<Heartbeat>(body) ||
         std::holds_alternative<SnapshotRequest>(body) || std::holds_alternative<Hibernate>(body);
}

// What a well-formed message of the current or a later term contradicts that this node knows for
// sure; null: nothing. Its sender is a broken peer, a node with somebody else's id or disk, and
// nothing must change by it.
const char* ContradictionIn(const Core& core, const Message& message) {
  const bool same_term = message.term == core.term;
  if (same_term && IsFromLeader(message.body) && core.leader && core.leader != LeaderOf(message)) {
    return "claims to lead in a term that another node leads";
  }
  if (const auto* const append = std::get_if<AppendRequest>(&message.body)) {
    if (core.log.Contradicts(message.term, append->prev_index, append->prev_term,
                             append->entries)) {
      return "sends entries that differ from what is settled";
    }
  }
  if (const auto* const snapshot = std::get_if<SnapshotRequest>(&message.body)) {
    if (core.log.Contradicts(message.term, snapshot->meta->index, snapshot->meta->term, {})) {
      return "sends a snapshot that differs from what is settled";
    }
  }
  const Leader* const lead = same_term ? core.leading() : nullptr;
  if (!lead) return nullptr;
  if (const auto* const response = std::get_if<AppendResponse>(&message.body)) {
    if (!response->rejected && response->match_index > core.log.last_index()) {
      return "acknowledges entries that were never written";
    }
  }
  if (const auto* const response = std::get_if<HeartbeatResponse>(&message.body)) {
    if (response->read_counter > lead->reads.counter()) {
      return "confirms a read round that was never started";
    }
    if (response->stamp > core.now + 1) return "returns a lease stamp that was never sent";
  }
  return nullptr;
}

// Handles what is meant for followers and for leaders, in the current term.
struct CurrentTerm {
  Core& core;
  NodeId from;

  void operator()(const Heartbeat& body) const { HandleHeartbeat(core, from, body); }
  void operator()(const SnapshotRequest& body) const { HandleSnapshot(core, from, body); }
  void operator()(const AppendResponse& body) const {
    if (Progress* const peer = Peer()) HandleAppendResponse(core, *core.leading(), *peer, body);
  }
  void operator()(const HeartbeatResponse& body) const {
    if (Progress* const peer = Peer()) HandleHeartbeatResponse(core, *core.leading(), *peer, body);
  }
  void operator()(const ReadIndexRequest& body) const {
    if (Peer()) HandleReadIndexRequest(core, *core.leading(), from, body);
  }
  void operator()(const ReadIndexResponse& body) const {
    if (from == core.leader) HandleReadIndexResponse(core, body);
  }
  void operator()(const TimeoutNow&) const { HandleTimeoutNow(core, from); }
  void operator()(const SnapshotWanted& body) const {
    if (Progress* const peer = Peer()) HandleSnapshotWanted(*core.leading(), *peer, body);
  }
  void operator()(const SnapshotOrder& body) const {
    if (from == core.leader) HandleSnapshotOrder(core, from, body);
  }
  void operator()(const SnapshotReport& body) const {
    if (Peer()) HandleSnapshotReport(*core.leading(), from, body);
  }
  void operator()(const Hibernate& body) const { HandleHibernate(core, from, body); }
  void operator()(const HibernateResponse& body) const {
    if (Peer()) HandleHibernateResponse(core, *core.leading(), from, body);
  }
  // What is refused is lost: its sender asked for no answer.
  void operator()(ProposeRequest& body) const {
    if (!Peer() || !core.config.forward_proposals) return;
    (void)ProposeCommand(core, std::move(body.data), std::nullopt).ok();
  }
  // Handled before: votes have terms of their own, and appends may meet an error of the disk.
  void operator()(const VoteRequest&) const {}
  void operator()(const VoteResponse&) const {}
  void operator()(const AppendRequest&) const {}

  // For what only a leader heeds; nothing if this node does not lead. A stranger is counted: it was
  // removed lately, or took this node for another.
  Progress* Peer() const {
    Leader* const lead = core.leading();
    if (!lead) return nullptr;
    Progress* const peer = lead->peer(from);
    if (!peer) ++core.counters.messages_of_strangers;
    return peer;
  }
};

// A granted pre-vote names the term that would be campaigned in; nobody is in it yet.
bool IsGrantedPreVote(const MessageBody& body) {
  const auto* const vote = std::get_if<VoteResponse>(&body);
  return vote && vote->pre_vote && vote->granted;
}

}  // namespace

Status Dispatch(Core& core, Message&& message) {
  BATON_RETURN_IF_ERROR(CheckMessage(message, core.id()));
  TraceReceive(core, message);
  if (const auto* const request = std::get_if<VoteRequest>(&message.body)) {
    HandleVoteRequest(core, message, *request);
    return Status::Ok();
  }
  if (message.term < core.term) {
    if (IsFromLeader(message.body)) RefuseStaleLeader(core, message);
    return Status::Ok();
  }
  if (const char* const what = ContradictionIn(core, message)) return Impossible(message, what);
  if (message.term > core.term && !IsGrantedPreVote(message.body)) {
    core.FollowTerm(message.term);
  }
  if (const auto* const response = std::get_if<VoteResponse>(&message.body)) {
    HandleVoteResponse(core, message, *response);
    return Status::Ok();
  }
  if (auto* const append = std::get_if<AppendRequest>(&message.body)) {
    return HandleAppend(core, message.from, std::move(*append));
  }
  std::visit(CurrentTerm{core, message.from}, message.body);
  return Status::Ok();
}

}  // namespace baton::raft
