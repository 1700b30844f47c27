#include "pkg/node/keepalives.h"

#include <algorithm>
#include <utility>

#include "pkg/base/cruel.h"
#include "pkg/base/planted.h"
#include "pkg/coord/command.h"

namespace baton::node {

void Keepalives::Add(SessionId session, int64_t deadline_us, Callback done) {
  if (callers_count_ >= waiting_max_) {
    done(Status(Code::kUnavailable, "overloaded",
                "This node has as many unanswered keepalives as it takes; retry later"));
    return;
  }
  ++callers_count_;
  waiting_[session].push_back({deadline_us, std::move(done)});
}

void Keepalives::Start() {
  if (CRUEL("node.keepalives_late")) return;
  while (!waiting_.empty() && under_way_.size() < kBatchesMax &&
         (under_way_.empty() || waiting_.size() >= coord::kBatchItemsMax)) {
    SubmitBatch();
  }
}

void Keepalives::SubmitBatch() {
  const uint64_t batch = ++last_batch_;
  Callers& callers = under_way_[batch];
  coord::SessionRenew renew;
  int64_t deadline_us = 0;
  const size_t items_max = CRUEL("node.renewal_of_one") ? 1 : coord::kBatchItemsMax;
  while (!waiting_.empty() && renew.ids.size() < items_max) {
    auto first = waiting_.extract(waiting_.begin());
    renew.ids.push_back(first.key());
    for (const Caller& caller : first.mapped()) {
      deadline_us = std::max(deadline_us, caller.deadline_us);
    }
    callers.insert(std::move(first));
  }
  Submission submission;
  std::vector<SessionId> ids = renew.ids;
  submission.command = coord::EncodeCommand(coord::Command{"", "", std::move(renew)});
  submission.repeatable = true;
  submission.internal = true;  // the callers are bounded here
  submission.deadline_us = deadline_us;
  submission.done = [this, batch, ids = std::move(ids)](const Result<Answer>& answer) {
    OnAnswer(batch, ids, answer);
  };
  commands_->Submit(std::move(submission));
}

void Keepalives::OnAnswer(uint64_t batch, const std::vector<SessionId>& ids,
                          const Result<Answer>& answer) {
  Callers callers = std::move(under_way_.extract(batch).mapped());
  const coord::RenewReply* renewed = nullptr;
  if (answer.ok()) renewed = std::get_if<coord::RenewReply>(&answer->reply.body);
  for (size_t i = 0; i < ids.size(); ++i) {
    std::vector<Caller> waiting = std::move(callers[ids[i]]);
    if (!answer.ok() && PLANTED("node.keepalive_answered_unconfirmed")) {
      coord::SessionInfo renewed_perhaps;
      renewed_perhaps.id = ids[i];
      Resolve(std::move(waiting), renewed_perhaps);
    } else if (!answer.ok()) {
      Resolve(std::move(waiting), answer.status());
    } else if (renewed == nullptr || i >= renewed->sessions.size()) {
      Resolve(std::move(waiting),
              Status(Code::kInternal, "A renewal was answered without its sessions"));
    } else if (renewed->sessions[i].ttl_ms == 0) {
      Resolve(std::move(waiting), Status(Code::kNotFound, "session_not_found",
                                         "The session does not exist; it may have expired"));
    } else {
      Resolve(std::move(waiting), renewed->sessions[i]);
    }
  }
}

void Keepalives::Resolve(std::vector<Caller> callers, const Result<coord::SessionInfo>& result) {
  for (const Caller& caller : callers) {
    --callers_count_;
    caller.done(result);
  }
}

void Keepalives::OnTick() {
  DropLate(&waiting_, Outcome::kNotApplied);
  for (auto& [batch, callers] : under_way_) DropLate(&callers, Outcome::kUnknown);
}

void Keepalives::DropLate(Callers* callers, Outcome outcome) {
  std::vector<Caller> late;
  const auto in_time = [&](const Caller& caller) { return caller.deadline_us > time_->now_us; };
  for (auto it = callers->begin(); it != callers->end();) {
    std::vector<Caller>& of_session = it->second;
    const auto first_late = std::stable_partition(of_session.begin(), of_session.end(), in_time);
    std::move(first_late, of_session.end(), std::back_inserter(late));
    of_session.erase(first_late, of_session.end());
    it = of_session.empty() ? callers->erase(it) : std::next(it);
  }
  Resolve(std::move(late),
          Status(Code::kDeadlineExceeded, "The keepalive waited for too long").SetOutcome(outcome));
}

void Keepalives::Close(const Status& why) {
  Callers waiting;
  waiting.swap(waiting_);
  for (auto& [session, callers] : waiting) Resolve(std::move(callers), why);
}

}  // namespace baton::node
