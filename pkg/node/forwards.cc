#include "pkg/node/forwards.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "pkg/base/cruel.h"
#include "pkg/base/planted.h"
#include "pkg/coord/command.h"
#include "pkg/node/membership_plan.h"

namespace baton::node {
namespace {

// Checked again: what one node lets into the log, every node must apply. (A change of membership is
// checked when it is planned.)
Status CheckCommand(std::string_view bytes) {
  if (IsMembershipRequest(bytes)) return Status::Ok();
  const Result<coord::Command> command = coord::DecodeCommand(bytes);
  if (!command.ok()) return command.status();
  return coord::Validate(*command);
}

}  // namespace

bool SeenForwards::Insert(NodeId from, uint64_t incarnation, uint64_t id) {
  std::deque<Incarnation>& known = peers_[from];
  auto it = std::find_if(known.begin(), known.end(),
                         [&](const Incarnation& i) { return i.number == incarnation; });
  if (it == known.end()) {
    if (known.size() == kIncarnationsRemembered) known.pop_front();
    known.push_back({incarnation, 0, {}});
    it = std::prev(known.end());
  }
  if (id <= it->floor || !it->ids.insert(id).second) return false;
  const size_t remembered = CRUEL("node.forwards_forgotten") ? 1 : kRequestsRemembered;
  while (it->ids.size() > remembered) {
    it->floor = *it->ids.begin();
    it->ids.erase(it->ids.begin());
  }
  // Requests arrive nearly in order: raise the floor over the gapless start, so that the set stays
  // small.
  while (!it->ids.empty() && *it->ids.begin() == it->floor + 1) {
    ++it->floor;
    it->ids.erase(it->ids.begin());
  }
  return true;
}

void Forwards::OnLeading(Term term) {
  leaderships_.insert(term);
  if (leaderships_.size() > kLeadershipsRemembered) leaderships_.erase(leaderships_.begin());
}

void Forwards::OnRequest(NodeId from, ForwardRequest request) {
  const Key key{from, request.incarnation, request.id};
  if (pending_.contains(key)) return;  // going to be answered
  if (!seen_.Insert(from, request.incarnation, request.id) &&
      !PLANTED("node.forward_not_deduplicated")) {
    Refuse(from, request,
           Status(Code::kUnavailable, "answered", "The leader's answer to the command was lost")
               .SetOutcome(Outcome::kUnknown));
  } else if (!leaderships_.contains(request.term) && !PLANTED("node.forward_taken_after_restart")) {
    Refuse(from, request,
           Status(Code::kUnavailable, "restarted", "The asked leader was started again")
               .SetOutcome(Outcome::kUnknown));
  } else if (pending() >= pending_max_ || CRUEL("node.forwards_overloaded")) {
    Refuse(from, request,
           Status(Code::kUnavailable, "overloaded", "The leader has as many commands as it takes"));
  } else {
    pending_.insert(key);
    waiting_.push_back({from, std::move(request)});
  }
}

void Forwards::Route() {
  std::deque<Waiting> waiting;
  waiting.swap(waiting_);
  for (const Waiting& item : waiting) {
    Status proposed = Propose(item);
    if (!proposed.ok()) Refuse(item.from, item.request, std::move(proposed));
  }
}

Status Forwards::Propose(const Waiting& waiting) {
  BATON_RETURN_IF_ERROR(CheckCommand(waiting.request.command));
  ForwardReply reply;
  reply.id = waiting.request.id;
  reply.incarnation = waiting.request.incarnation;
  Status proposed = proposals_->Propose(
      waiting.request.command, [this, to = waiting.from, reply](const ProposalResult& result) {
        OnResult(to, reply, result);
      });
  if (proposed.code() == Code::kResourceExhausted) {
    return Status(Code::kUnavailable, "overloaded", proposed.message());
  }
  return proposed;
}

void Forwards::OnResult(NodeId to, ForwardReply reply, const ProposalResult& result) {
  switch (result.fate) {
    case Fate::kApplied:
      reply.index = result.index;
      reply.reply = coord::EncodeReply(*result.reply);
      // Its node answers when it has applied the entry itself (waits.h).
      if (std::holds_alternative<coord::AcquireReply>(result.reply->body)) {
        raft_->TellCommit(to, result.index);
      }
      break;
    case Fate::kLost:
      reply.status = Status(Code::kUnavailable, "leadership_lost",
                            "Another leader's entry took the command's place");
      break;
    case Fate::kUnknown:
      reply.status =
          Status(Code::kUnavailable, "leader_lost", "A snapshot hides the command's fate")
              .SetOutcome(Outcome::kUnknown);
      break;
  }
  Reply(to, std::move(reply));
}

void Forwards::Refuse(NodeId to, const ForwardRequest& request, Status why) {
  ForwardReply reply;
  reply.id = request.id;
  reply.incarnation = request.incarnation;
  reply.status = std::move(why);
  Reply(to, std::move(reply));
}

void Forwards::Reply(NodeId to, ForwardReply reply) {
  pending_.erase({to, reply.incarnation, reply.id});
  if (CRUEL("node.forward_reply_lost")) return;
  metrics_->peer_messages_sent.Add();
  transport_->Send(to, std::move(reply));
}

}  // namespace baton::node
