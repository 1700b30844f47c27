// File: long_poll.h
//
// A watch that answers once: with the first events after an index, or 204 when the wait is over.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/coord/event.h"
#include "pkg/http/api_call.h"
#include "pkg/http/delayed_calls.h"
#include "pkg/node/service.h"

namespace baton::http {

class LongPoll final : public node::WatchSink, public std::enable_shared_from_this<LongPoll> {
 public:
  // index: the client knows everything up to here. `timers` must not be owned by anything that a
  // timer owns, hence the weak pointer.
  LongPoll(Call call, Revision index, std::weak_ptr<DelayedCalls> timers)
      : call_(std::move(call)), index_(index), timers_(std::move(timers)) {}

  // Loop's thread. from 0: from now on.
  void Start(coord::EventFilter filter, Revision from, int64_t wait_ms);

  // Raft thread.
  bool OnEvents(const std::vector<node::SharedEvent>& events, Revision through) override;
  void OnEnd(Status why) override;

 private:
  void Answer(const std::vector<node::SharedEvent>& events, Revision through);
  void TimeOut();
  // True for the first one that wants to answer; ends the watch and the timer.
  bool Claim();

  const Call call_;
  std::atomic<bool> has_events_{false};  // nothing that comes later is needed

  // Loop's thread only.
  Revision index_;  // everything up to here has been looked at
  std::weak_ptr<DelayedCalls> timers_;
  uint64_t watch_ = 0;
  uint64_t timer_ = 0;
  bool answered_ = false;
};

}  // namespace baton::http
