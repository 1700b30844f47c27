#include "pkg/node/waits.h"

#include <algorithm>
#include <utility>

#include "pkg/base/cruel.h"

namespace baton::node {
namespace {

std::string NameOf(coord::QueueKind kind) {
  return kind == coord::QueueKind::kLock ? "lock" : "election";
}

Status GrantEnded(const coord::Acquire& acquire) {
  return Status(Code::kConflict, "grant_ended",
                "The " + NameOf(acquire.kind) +
                    " was granted, and was given back or lost before this answer; acquire again")
      .SetOutcome(Outcome::kApplied);
}

Status WaitEnded(const coord::Acquire& acquire, coord::WaitOutcome::Kind kind) {
  const std::string what = NameOf(acquire.kind);
  switch (kind) {
    case coord::WaitOutcome::Kind::kTimedOut:
      return Status(Code::kConflict, "wait_timed_out",
                    "The wait for the " + what + " was over before its turn came");
    case coord::WaitOutcome::Kind::kCancelled:
      return Status(Code::kUnavailable, "cancelled",
                    "The wait for the " + what + " was cancelled by another request");
    case coord::WaitOutcome::Kind::kSessionEnded:
      return Status(Code::kNotFound, "session_not_found",
                    "The session ended while it waited for the " + what);
    case coord::WaitOutcome::Kind::kGranted:
      break;
  }
  return Status(Code::kInternal, "A granted wait is no error");
}

// A try never makes a place, and one that stays is not left because a request ends.
bool CanLeave(const coord::Acquire& acquire) { return acquire.wait_ms > 0 && !acquire.stay_queued; }

}  // namespace

void Waits::Start(uint64_t id, coord::Acquire acquire, EncodedCommand encoded, int64_t timeout_us,
                  Service::AcquireCallback done) {
  if (waits_.size() >= waits_max_ || CRUEL("node.waits_overloaded")) {
    done(Status(Code::kUnavailable, "overloaded",
                "This node holds as many waiting requests as it takes; retry later"));
    return;
  }
  Wait& wait = waits_[id];
  wait.begun_us = time_->now_us;
  wait.patience_end_us = time_->now_us + acquire.wait_ms * 1000;
  wait.deadline_us = wait.patience_end_us + timeout_us;
  wait.acquire = std::move(acquire);
  wait.done = std::move(done);
  Submission submission;
  submission.command = std::move(encoded.bytes);
  submission.repeatable = encoded.repeatable;
  submission.deadline_us = time_->now_us + timeout_us;
  submission.done = [this, id](Result<Answer> answer) { OnAnswer(id, std::move(answer)); };
  commands_->Submit(std::move(submission));
}

void Waits::OnAnswer(uint64_t id, Result<Answer> answer) {
  const auto it = waits_.find(id);
  if (it == waits_.end()) return;
  Wait& wait = it->second;
  if (!answer.ok()) {
    Finish(id, answer.status());
    return;
  }
  wait.stage = Stage::kReplied;
  wait.reply = std::move(answer->reply);
  if (!wait.reply.status.ok()) {
    Refuse(id, wait, wait.reply.status);
    return;
  }
  wait.replied_index = answer->index;
  if (state_->applied() >= wait.replied_index) {
    OnReplied(id, wait);
  } else {
    replied_.emplace(wait.replied_index, id);
  }
}

void Waits::OnReplied(uint64_t id, Wait& wait) {
  const auto* body = std::get_if<coord::AcquireReply>(&wait.reply.body);
  if (body == nullptr) {
    Finish(id, Status(Code::kInternal, "An acquire was answered without a token or a ticket"));
  } else if (body->token) {
    Granted(id, wait, body->token);
  } else {
    wait.ticket = body->ticket;
    FindPlace(id, wait);
  }
}

void Waits::FindPlace(uint64_t id, Wait& wait) {
  const coord::TicketState place =
      state_->FindTicket(wait.acquire.kind, wait.acquire.name, wait.ticket);
  switch (place.kind) {
    case coord::TicketState::Kind::kHolding:
      Granted(id, wait, place.token);
      return;
    case coord::TicketState::Kind::kWaiting:
      if (wait.stage != Stage::kInLine) in_line_.emplace(wait.ticket, id);
      wait.stage = Stage::kInLine;
      if (wait.abandoned) {
        Abandon(id, wait);
      } else {
        CheckTimes(id, wait);
      }
      return;
    case coord::TicketState::Kind::kUnknown:
      break;
  }
  const auto outcome = outcomes_.find(wait.ticket);
  if (outcome != outcomes_.end()) {
    OnOutcome(id, wait, outcome->second);
  } else {
    Refuse(id, wait,
           Status(Code::kConflict, "wait_ended",
                  "The wait ended, and this node did not see how; acquire again")
               .SetOutcome(Outcome::kUnknown));  // it may have been a grant
  }
}

void Waits::OnOutcomes(const std::vector<coord::WaitOutcome>& outcomes) {
  for (const coord::WaitOutcome& outcome : outcomes) {
    if (outcomes_.insert_or_assign(outcome.ticket, outcome).second) {
      outcomes_order_.push_back(outcome.ticket);
    }
    if (outcomes_order_.size() > kOutcomesRemembered || CRUEL("node.wait_outcome_forgotten")) {
      outcomes_.erase(outcomes_order_.front());
      outcomes_order_.pop_front();
    }
    std::vector<uint64_t> holders;
    const auto [first, last] = in_line_.equal_range(outcome.ticket);
    for (auto it = first; it != last; ++it) holders.push_back(it->second);
    for (const uint64_t id : holders) OnOutcome(id, waits_.at(id), outcome);
  }
}

void Waits::OnOutcome(uint64_t id, Wait& wait, const coord::WaitOutcome& outcome) {
  if (outcome.kind == coord::WaitOutcome::Kind::kGranted) {
    Granted(id, wait, outcome.token);
  } else {
    Refuse(id, wait, WaitEnded(wait.acquire, outcome.kind));
  }
}

void Waits::OnApplied() {
  while (!replied_.empty() && replied_.begin()->first <= state_->applied()) {
    const uint64_t id = replied_.extract(replied_.begin()).mapped();
    OnReplied(id, waits_.at(id));
  }
}

void Waits::OnSnapshotInstalled() {
  std::vector<uint64_t> in_line;
  for (const auto& [ticket, id] : in_line_) in_line.push_back(id);
  for (const uint64_t id : in_line) FindPlace(id, waits_.at(id));
  OnApplied();
}

void Waits::Cancel(uint64_t id) {
  const auto it = waits_.find(id);
  if (it == waits_.end() || it->second.abandoned) return;
  Wait& wait = it->second;
  wait.abandoned = true;
  const Service::AcquireCallback done = std::move(wait.done);
  if (wait.stage == Stage::kInLine) Abandon(id, wait);
  done(Status(Code::kUnavailable, "cancelled", "The caller went away")
           .SetOutcome(Outcome::kUnknown));
}

bool Waits::KeepsPlace(const Wait& wait) const {
  if (!CanLeave(wait.acquire)) return true;
  const std::optional<coord::Waiter> waiter =
      state_->FindWaiter(wait.acquire.kind, wait.acquire.name, wait.ticket);
  const int64_t asked_until_ms = wait.reply.now_ms + wait.acquire.wait_ms;
  return waiter && (waiter->deadline_ms == 0 || waiter->deadline_ms > asked_until_ms);
}

void Waits::Abandon(uint64_t id, Wait& wait) {
  if (CanLeave(wait.acquire)) LeaveLine(wait);
  Finish(id, Status(Code::kUnavailable, "cancelled", "The caller went away"));
}

void Waits::LeaveLine(const Wait& wait) {
  coord::Command command;
  command.body =
      coord::CancelWait{wait.acquire.kind, wait.acquire.name, wait.ticket, wait.acquire.listener};
  Submission submission;
  submission.command = coord::EncodeCommand(command);
  submission.repeatable = true;
  submission.internal = true;
  submission.deadline_us = std::max(wait.deadline_us, time_->now_us);
  submission.done = [](const Result<Answer>&) {};  // if it fails, the wait ends by time
  commands_->Submit(std::move(submission));
}

void Waits::Granted(uint64_t id, Wait& wait, Token token) {
  if (!state_->Verify(wait.acquire.kind, wait.acquire.name, token).ok()) {
    Finish(id, GrantEnded(wait.acquire));
    return;
  }
  if (metrics_ != nullptr) {
    const bool lock = wait.acquire.kind == coord::QueueKind::kLock;
    (lock ? metrics_->lock_wait : metrics_->election_wait).ObserveUs(time_->now_us - wait.begun_us);
  }
  AcquireResult result = Describe(wait);
  result.token = token;
  Finish(id, std::move(result));
}

void Waits::StillQueued(uint64_t id, Wait& wait, uint64_t position) {
  AcquireResult result = Describe(wait);
  result.position = position;
  Finish(id, std::move(result));
}

void Waits::Refuse(uint64_t id, const Wait& wait, Status why) {
  AcquireResult result = Describe(wait);
  if (!wait.reply.status.ok()) {  // this node may not have applied it yet: the reply knows
    const auto* body = std::get_if<coord::AcquireReply>(&wait.reply.body);
    result.holder = body == nullptr ? std::nullopt : body->holder;
  }
  if (result.holder) result.holder_remaining_ms = RemainingMs(result.holder->session);
  result.refusal = std::move(why);
  Finish(id, std::move(result));
}

std::optional<int64_t> Waits::RemainingMs(SessionId session) const {
  const std::optional<coord::SessionInfo> info = state_->Session(session);
  if (!info) return std::nullopt;
  const int64_t now_ms = std::max(cluster_time_->NowMs(), state_->now_ms());
  return std::max<int64_t>(0, info->deadline_ms - now_ms);
}

AcquireResult Waits::Describe(const Wait& wait) const {
  AcquireResult result;
  result.ticket = wait.ticket;
  result.holder = state_->Queue(wait.acquire.kind, wait.acquire.name).holder;
  result.session_remaining_ms = RemainingMs(wait.acquire.session).value_or(0);
  result.revision = state_->revision();
  result.replayed = wait.reply.replayed;
  return result;
}

void Waits::OnTick() {
  std::vector<uint64_t> ids;
  ids.reserve(waits_.size());
  for (const auto& [id, wait] : waits_) ids.push_back(id);
  for (const uint64_t id : ids) {
    const auto it = waits_.find(id);
    if (it != waits_.end()) CheckTimes(id, it->second);
  }
}

void Waits::CheckTimes(uint64_t id, Wait& wait) {
  if (wait.stage == Stage::kInLine && time_->now_us >= wait.patience_end_us && KeepsPlace(wait)) {
    const coord::TicketState place =
        state_->FindTicket(wait.acquire.kind, wait.acquire.name, wait.ticket);
    StillQueued(id, wait, place.position);
  } else if (wait.stage != Stage::kSubmitted && time_->now_us >= wait.deadline_us) {
    Finish(id, Status(Code::kDeadlineExceeded, "The end of the wait was not seen in time")
                   .SetOutcome(Outcome::kUnknown));
  }
}

void Waits::Finish(uint64_t id, Result<AcquireResult> result) {
  auto taken = waits_.extract(id);
  CHECK(!taken.empty());
  const Wait& wait = taken.mapped();
  const auto drop = [id](auto* index, auto key) {
    const auto [first, last] = index->equal_range(key);
    const auto it = std::find_if(first, last, [id](const auto& item) { return item.second == id; });
    if (it != last) index->erase(it);
  };
  drop(&in_line_, wait.ticket);
  drop(&replied_, wait.replied_index);
  if (!wait.abandoned) wait.done(std::move(result));
}

void Waits::Close(const Status& why) {
  while (!waits_.empty()) {
    const auto first = waits_.begin();
    Status status = why;
    status.SetOutcome(Outcome::kUnknown);
    Finish(first->first, std::move(status));
  }
}

}  // namespace baton::node
