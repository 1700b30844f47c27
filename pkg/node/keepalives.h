// File: keepalives.h
//
// Keepalives share log entries: all that arrive while a renewal is under way go together into the
// next one. A keepalive is answered when its entry was applied, which proves that the answering
// leader still led, and that no later leader can have forgotten the renewal.
//
// Renewing is repeatable, so a renewal whose fate is unknown is tried again, until the callers'
// deadlines.
//
// One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/coord/reply.h"
#include "pkg/node/commands.h"
#include "pkg/node/step_time.h"

namespace baton::node {

class Keepalives {
 public:
  // Renewals under way at once; more than one only when one is full (coord::kBatchItemsMax).
  static constexpr size_t kBatchesMax = 8;

  using Callback = std::function<void(Result<coord::SessionInfo>)>;

  // waiting_max: callers beyond are refused with kUnavailable/"overloaded".
  Keepalives(size_t waiting_max, const StepTime* time, Commands* commands)
      : waiting_max_(waiting_max), time_(time), commands_(commands) {}

  void Add(SessionId session, int64_t deadline_us, Callback done);
  // Submits what can go now.
  void Start();
  void OnTick();  // deadlines
  void Close(const Status& why);

  size_t pending() const { return callers_count_; }

 private:
  struct Caller {
    int64_t deadline_us = 0;
    Callback done;
  };
  using Callers = std::map<SessionId, std::vector<Caller>>;

  void SubmitBatch();
  void OnAnswer(uint64_t batch, const std::vector<SessionId>& ids, const Result<Answer>& answer);
  void Resolve(std::vector<Caller> callers, const Result<coord::SessionInfo>& result);
  // Answers those of `callers` whose deadline has passed.
  void DropLate(Callers* callers, Outcome outcome);

  size_t waiting_max_;
  const StepTime* time_;
  Commands* commands_;
  Callers waiting_;
  std::map<uint64_t, Callers> under_way_;  // by batch
  uint64_t last_batch_ = 0;
  size_t callers_count_ = 0;  // waiting and under way
};

}  // namespace baton::node
