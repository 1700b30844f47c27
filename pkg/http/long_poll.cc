#include "pkg/http/long_poll.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "pkg/http/event_text.h"
#include "pkg/http/json.h"

namespace baton::http {

void LongPoll::Start(coord::EventFilter filter, Revision from, int64_t wait_ms) {
  // The watch comes first: its answers are posted, so they find the timer set.
  watch_ = call_.service().Watch(std::move(filter), from, shared_from_this());
  if (const auto timers = timers_.lock()) {
    timer_ = timers->After(wait_ms, [self = shared_from_this()] {
      self->call_.exchange->Post([self] { self->TimeOut(); });
    });
  }
  call_.exchange->OnClientGone([self = shared_from_this()] { self->Claim(); });
}

bool LongPoll::OnEvents(const std::vector<node::SharedEvent>& events, Revision through) {
  if (has_events_.load()) return true;
  has_events_.store(!events.empty());
  call_.exchange->Post([self = shared_from_this(), events, through] {
    if (!events.empty()) return self->Answer(events, through);
    self->index_ = std::max(self->index_, through);
  });
  return true;
}

void LongPoll::OnEnd(Status why) {
  call_.exchange->Post([self = shared_from_this(), why = std::move(why)] {
    if (!self->Claim()) return;
    nlohmann::json members = nlohmann::json::object();
    if (why.code() == Code::kGone) {
      members["compact_revision"] = self->call_.service().GetStatus()->compact_revision.value();
    }
    self->call_.Fail(why, members);
  });
}

bool LongPoll::Claim() {
  if (answered_) return false;
  answered_ = true;
  call_.service().CancelWatch(watch_);
  if (const auto timers = timers_.lock()) timers->Cancel(timer_);
  return true;
}

void LongPoll::Answer(const std::vector<node::SharedEvent>& events, Revision through) {
  if (!Claim()) return;
  nlohmann::json list = nlohmann::json::array();
  for (const node::SharedEvent& shared : events) list.push_back(EventJson(shared->event));
  call_.Answer(JsonAnswer(
      200, {{"events", std::move(list)}, {"index", through.value()}, {"revision", through.value()}},
      through));
}

void LongPoll::TimeOut() {
  if (!Claim()) return;
  Response response;
  response.status = 204;
  response.headers.emplace_back("X-Revision", std::to_string(index_.value()));
  call_.Answer(std::move(response));
}

}  // namespace baton::http
