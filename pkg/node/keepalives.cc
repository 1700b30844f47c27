#include "pkg/node/keepalives.h"

#include <algorithm>
#include <utility>

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
  while (!waiting_.empty() && batches_ < kBatchesMax &&
         (batches_ == 0 || waiting_.size() >= coord::kBatchItemsMax)) {
    SubmitBatch();
  }
}

void Keepalives::SubmitBatch() {
  Callers callers;
  coord::SessionRenew renew;
  int64_t deadline_us = 0;
  while (!waiting_.empty() && renew.ids.size() < coord::kBatchItemsMax) {
    auto first = waiting_.extract(waiting_.begin());
    renew.ids.push_back(first.key());
    for (const Caller& caller : first.mapped()) {
      deadline_us = std::max(deadline_us, caller.deadline_us);
    }
    callers.insert(std::move(first));
  }
  ++batches_;
  Submission submission;
  std::vector<SessionId> ids = renew.ids;
  submission.command = coord::EncodeCommand(coord::Command{"", "", std::move(renew)});
  submission.repeatable = true;
  submission.internal = true;  // the callers are bounded here
  submission.deadline_us = deadline_us;
  submission.done = [this, ids = std::move(ids),
                     callers = std::move(callers)](const Result<Answer>& answer) mutable {
    OnAnswer(ids, std::move(callers), answer);
  };
  commands_->Submit(std::move(submission));
}

void Keepalives::OnAnswer(const std::vector<SessionId>& ids, Callers callers,
                          const Result<Answer>& answer) {
  --batches_;
  const coord::RenewReply* renewed = nullptr;
  if (answer.ok()) renewed = std::get_if<coord::RenewReply>(&answer->reply.body);
  for (size_t i = 0; i < ids.size(); ++i) {
    std::vector<Caller> waiting = std::move(callers[ids[i]]);
    if (!answer.ok()) {
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
  std::vector<Caller> late;
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    std::vector<Caller>& callers = it->second;
    const auto in_time = [&](const Caller& caller) { return caller.deadline_us > time_->now_us; };
    const auto first_late = std::stable_partition(callers.begin(), callers.end(), in_time);
    std::move(first_late, callers.end(), std::back_inserter(late));
    callers.erase(first_late, callers.end());
    it = callers.empty() ? waiting_.erase(it) : std::next(it);
  }
  Resolve(std::move(late), Status(Code::kDeadlineExceeded, "The keepalive waited for too long"));
}

void Keepalives::Close(const Status& why) {
  Callers waiting;
  waiting.swap(waiting_);
  for (auto& [session, callers] : waiting) Resolve(std::move(callers), why);
}

}  // namespace baton::node
