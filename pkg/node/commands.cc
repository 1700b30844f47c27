#include "pkg/node/commands.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "pkg/base/cruel.h"
#include "pkg/base/planted.h"
#include "pkg/node/membership_plan.h"

namespace baton::node {
namespace {

Status Overloaded() {
  return Status(Code::kUnavailable, "overloaded",
                "This node has as many unfinished commands as it takes; retry later");
}

Status NoLeader() {
  return Status(Code::kUnavailable, "no_leader", "No leader was found to take the command");
}

}  // namespace

Result<EncodedCommand> Encode(const coord::Command& command) {
  BATON_RETURN_IF_ERROR(coord::Validate(command));
  return EncodedCommand{coord::EncodeCommand(command), !command.idempotency_key.empty()};
}

void Commands::Submit(Submission submission) {
  if (!closed_.ok()) {
    submission.done(closed_);
    return;
  }
  const size_t bytes = submission.command.size();
  const bool full = client_commands_ >= options_.pending_max ||
                    client_bytes_ + bytes > options_.pending_bytes_max;
  if (!submission.internal && (full || CRUEL("node.commands_overloaded"))) {
    metrics_->proposals_failed.Add();
    submission.done(Overloaded());
    return;
  }
  if (!submission.internal) {
    ++client_commands_;
    client_bytes_ += bytes;
  }
  const uint64_t id = ++last_id_;
  Command& command = commands_[id];
  command.submission = std::move(submission);
  command.parked_since_us = time_->now_us;
  ready_.insert(id);
}

void Commands::Route() {
  std::set<uint64_t> ready;
  ready.swap(ready_);
  for (const uint64_t id : ready) RouteOne(id);
}

void Commands::RouteOne(uint64_t id) {
  const auto it = commands_.find(id);
  if (it == commands_.end() || it->second.stage != Stage::kParked) return;
  if (CRUEL("node.command_waits_a_tick")) return;
  if (proposals_->CanPropose()) {
    Propose(id, it->second);
  } else if (raft_->leader() && raft_->leader() != options_.self) {
    Forward(id, it->second);
  } else {  // stays parked until the next tick or the next leader
    it->second.waits_for = Status();
  }
}

void Commands::Propose(uint64_t id, Command& command) {
  const Status proposed = proposals_->Propose(
      command.submission.command,
      [this, id](const ProposalResult& result) { OnProposalResult(id, result); });
  if (proposed.ok()) {
    command.stage = Stage::kProposed;
  } else if (proposed.code() == Code::kResourceExhausted) {
    Refuse(id, command, Overloaded());
  } else if (proposed.code() != Code::kUnavailable) {
    Refuse(id, command, proposed);
  } else {  // leadership is being handed over, or the leader says what it waits for
    command.waits_for = PassesSoon(proposed) ? proposed : Status();
  }
}

void Commands::Forward(uint64_t id, Command& command) {
  command.stage = Stage::kForwarded;
  command.attempt = ++last_attempt_;
  command.copies = 0;
  command.asked = raft_->leader();
  command.asked_term = raft_->term();
  command.unreachable = false;
  command.abandon_us = 0;
  attempts_[command.attempt] = id;
  if (!Ask(command)) Refuse(id, command, Overloaded());
}

bool Commands::Ask(Command& command) {
  command.ask_again_us = time_->now_us + options_.answer_wait_us;
  ForwardRequest request;
  request.id = command.attempt;
  request.incarnation = options_.incarnation;
  request.term = command.asked_term;
  const int64_t left_us = command.submission.deadline_us - time_->now_us;
  request.timeout_ms = std::max<int64_t>(0, left_us / 1000);
  request.command = command.submission.command;
  if (CRUEL("node.forward_without_room")) return false;
  if (CRUEL("node.forward_sent_twice")) {
    transport_->Send(command.asked, request);
    ++command.copies;
  }
  metrics_->peer_messages_sent.Add();
  ++command.copies;
  return transport_->Send(command.asked, std::move(request));
}

void Commands::Park(uint64_t id, Command& command, bool route_at_once) {
  attempts_.erase(command.attempt);
  command.attempt = 0;
  command.abandon_us = 0;
  command.stage = Stage::kParked;
  command.parked_since_us = time_->now_us;
  if (route_at_once) ready_.insert(id);
}

bool Commands::AskedStillLeads(const Command& command) const {
  return raft_->leader() == command.asked && raft_->term() == command.asked_term;
}

void Commands::OnProposalResult(uint64_t id, const ProposalResult& result) {
  const auto it = commands_.find(id);
  if (it == commands_.end()) return;  // its deadline was earlier
  switch (result.fate) {
    case Fate::kApplied:
      metrics_->commit.ObserveUs(time_->now_us - result.proposed_us);
      Finish(id, Answer{result.index, *result.reply});
      return;
    case Fate::kLost:
      Park(id, it->second, true);
      return;
    case Fate::kUnknown:
      OnFateUnknown(id, it->second);
      return;
  }
}

void Commands::OnForwardReply(NodeId from, const ForwardReply& reply) {
  if (reply.incarnation != options_.incarnation) return;
  const auto attempt = attempts_.find(reply.id);
  if (attempt == attempts_.end()) return;  // answered before, or given up
  const uint64_t id = attempt->second;
  Command& command = commands_.at(id);
  if (command.asked != from) return;
  if (!reply.status.ok()) {
    OnAttemptRefused(id, command, reply.status);
    return;
  }
  Result<coord::Reply> decoded = coord::DecodeReply(reply.reply);
  if (decoded.ok()) {
    Finish(id, Answer{reply.index, std::move(decoded).value()});
  } else {
    GiveUp(id, command, Status(Code::kInternal, "The leader's answer could not be read"));
  }
}

void Commands::OnAttemptRefused(uint64_t id, Command& command, const Status& why) {
  if (why.outcome() != Outcome::kNotApplied) {
    OnFateUnknown(id, command);
  } else if (why.code() == Code::kUnavailable && why.reason() != "overloaded") {
    // It does not lead, or not yet with all it must know. Asking it again at once would go round in
    // circles.
    command.waits_for = PassesSoon(why) ? why : Status();
    Park(id, command, /*route_at_once=*/!AskedStillLeads(command));
  } else {
    Refuse(id, command, why);
  }
}

void Commands::OnFateUnknown(uint64_t id, Command& command) {
  if (command.submission.repeatable || PLANTED("node.unknown_tried_again")) {
    command.maybe_applied = true;
    const bool circle = command.stage == Stage::kForwarded && AskedStillLeads(command);
    Park(id, command, /*route_at_once=*/!circle);
  } else {
    GiveUp(id, command,
           Status(Code::kUnavailable, "leader_lost",
                  "The leader was lost after it was asked and before it answered"));
  }
}

void Commands::OnLeaderChange() {
  std::vector<uint64_t> unknown;
  for (auto& [id, command] : commands_) {
    if (command.stage == Stage::kParked) ready_.insert(id);
    if (command.stage != Stage::kForwarded || command.abandon_us != 0) continue;
    if (AskedStillLeads(command)) continue;
    // A leader that handed over can still answer; a repeatable command need not wait for that.
    command.abandon_us = time_->now_us + options_.answer_wait_us;
    if (command.submission.repeatable || command.unreachable) {
      unknown.push_back(id);
    } else {
      // Only to learn whether it is gone; not before what it has answered had time to arrive.
      command.ask_again_us = time_->now_us + options_.answer_wait_us / 10;
    }
  }
  for (const uint64_t id : unknown) OnFateUnknown(id, commands_.at(id));
}

// The peer has not heard of the command, so it or another leader can be asked at no risk.
void Commands::OnUndelivered(NodeId peer, uint64_t attempt) {
  const auto found = attempts_.find(attempt);
  if (found == attempts_.end()) return;
  const uint64_t id = found->second;
  Command& command = commands_.at(id);
  if (command.asked != peer || command.copies > 1) return;  // another copy may have arrived
  command.waits_for = Status();
  Park(id, command, /*route_at_once=*/!AskedStillLeads(command));
}

void Commands::OnUnreachable(NodeId peer, const std::vector<uint64_t>& undelivered_forwards) {
  for (const uint64_t attempt : undelivered_forwards) OnUndelivered(peer, attempt);
  std::vector<uint64_t> unknown;
  for (auto& [id, command] : commands_) {
    if (command.stage != Stage::kForwarded || command.asked != peer) continue;
    command.unreachable = true;
    if (command.submission.repeatable || !AskedStillLeads(command)) unknown.push_back(id);
  }
  for (const uint64_t id : unknown) OnFateUnknown(id, commands_.at(id));
}

void Commands::OnTick() {
  std::vector<uint64_t> ids;
  ids.reserve(commands_.size());
  for (const auto& [id, command] : commands_) ids.push_back(id);
  for (const uint64_t id : ids) {
    const auto it = commands_.find(id);
    if (it != commands_.end()) CheckTimes(id, it->second);
  }
}

Status Commands::TimeRanOut(const Command& command) {
  std::string what = "The time allowed for the command ran out";
  if (command.stage == Stage::kParked && !command.waits_for.ok()) {
    what += " before the leader could take it: " + command.waits_for.message();
  }
  return Status(Code::kDeadlineExceeded, what);
}

void Commands::CheckTimes(uint64_t id, Command& command) {
  if (time_->now_us >= command.submission.deadline_us) {
    GiveUp(id, command, TimeRanOut(command));
  } else if (command.stage == Stage::kForwarded) {
    if (command.abandon_us != 0 && time_->now_us >= command.abandon_us) {
      OnFateUnknown(id, command);
    } else if (time_->now_us >= command.ask_again_us || CRUEL("node.forward_asked_again")) {
      (void)Ask(command);  // without room: later
    }
  } else if (command.stage == Stage::kParked) {
    const bool waits = time_->now_us < command.parked_since_us + options_.leader_wait_us;
    if (waits) {
      ready_.insert(id);
    } else {
      GiveUp(id, command, command.waits_for.ok() ? NoLeader() : command.waits_for);
    }
  }
}

void Commands::Refuse(uint64_t id, Command& command, Status why) {
  why.SetOutcome(command.maybe_applied ? Outcome::kUnknown : Outcome::kNotApplied);
  Finish(id, std::move(why));
}

void Commands::GiveUp(uint64_t id, Command& command, Status why) {
  const bool certain = (command.stage == Stage::kParked && !command.maybe_applied) ||
                       PLANTED("node.outcome_says_not_applied");
  why.SetOutcome(certain ? Outcome::kNotApplied : Outcome::kUnknown);
  Finish(id, std::move(why));
}

void Commands::Finish(uint64_t id, Result<Answer> answer) {
  auto taken = commands_.extract(id);
  CHECK(!taken.empty());
  const Command& command = taken.mapped();
  attempts_.erase(command.attempt);
  ready_.erase(id);
  if (!command.submission.internal) {
    --client_commands_;
    client_bytes_ -= command.submission.command.size();
  }
  (answer.ok() ? metrics_->proposals_committed : metrics_->proposals_failed).Add();
  command.submission.done(std::move(answer));
}

void Commands::Close(const Status& why) {
  closed_ = why;
  while (!commands_.empty()) {
    const auto first = commands_.begin();
    GiveUp(first->first, first->second, why);
  }
}

}  // namespace baton::node
