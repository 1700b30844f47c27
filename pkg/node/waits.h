// File: waits.h
//
// Acquires, from the request to the end of the wait. The command goes through the log like any
// other; its answer may be a place in the line (a ticket). From then on the wait is decided by what
// this node applies:
//
//   submitted --> applied_here --> in_line --> granted, timed out, cancelled, session ended
//
// The answer of a leader elsewhere may come before or after this node has applied the same entry,
// and before or after the ticket's end. So a wait first lets this node reach the answer's index,
// then looks where the ticket stands, and only then listens. A repeated acquire (same idempotency
// key) gets its first ticket again, and listens to it as well: any number of requests may hold one
// ticket. So does another acquire of a session that waits already; when its time is over before
// the place's, it is answered with the place. When a caller goes away, its request stops listening;
// whether that leaves the line is decided where all who listen are known, in the state machine.
//
// One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/coord/command.h"
#include "pkg/coord/event.h"
#include "pkg/coord/state_machine.h"
#include "pkg/node/cluster_time.h"
#include "pkg/node/commands.h"
#include "pkg/node/service.h"
#include "pkg/node/status_view.h"
#include "pkg/node/step_time.h"

namespace baton::node {

class Waits {
 public:
  // How wait ends are remembered, for answers that arrive after the end.
  static constexpr size_t kOutcomesRemembered = 4096;

  // waits_max: acquires beyond are refused with kUnavailable/"overloaded". `metrics` may be null.
  Waits(size_t waits_max, const StepTime* time, const ClusterTime* cluster_time, Commands* commands,
        const coord::StateMachine* state, NodeMetrics* metrics = nullptr)
      : waits_max_(waits_max),
        time_(time),
        cluster_time_(cluster_time),
        commands_(commands),
        state_(state),
        metrics_(metrics) {}

  // `encoded` is `acquire` as a command, with a listener of its own. `id` is the caller's, for
  // Cancel.
  void Start(uint64_t id, coord::Acquire acquire, EncodedCommand encoded, int64_t timeout_us,
             Service::AcquireCallback done);
  void Cancel(uint64_t id);

  void OnOutcomes(const std::vector<coord::WaitOutcome>& outcomes);
  // The state machine has moved on: looks after the answers that came too early.
  void OnApplied();
  // A snapshot replaced the state: some ends were never seen here.
  void OnSnapshotInstalled();
  void OnTick();
  void Close(const Status& why);

  size_t pending() const { return waits_.size(); }

 private:
  enum class Stage { kSubmitted, kReplied, kInLine };

  struct Wait {
    Stage stage = Stage::kSubmitted;
    coord::Acquire acquire;
    int64_t begun_us = 0;
    int64_t patience_end_us = 0;  // KeepsPlace: answer with the place in line
    int64_t deadline_us = 0;      // the end of this wait, whatever happens
    Index replied_index;
    coord::Reply reply;
    Ticket ticket;
    bool abandoned = false;  // cancelled and answered; only the place in line is left to give up
    Service::AcquireCallback done;
  };

  void OnAnswer(uint64_t id, Result<Answer> answer);
  void OnReplied(uint64_t id, Wait& wait);
  void FindPlace(uint64_t id, Wait& wait);
  void OnOutcome(uint64_t id, Wait& wait, const coord::WaitOutcome& outcome);
  // The place is there when the request's time is over: it stays, or another request of the same
  // session made it for longer. Of a wait in line.
  bool KeepsPlace(const Wait& wait) const;
  void Abandon(uint64_t id, Wait& wait);
  void LeaveLine(const Wait& wait);  // if nobody else listens
  // With a token that was given once: answered only if it is still the live one here.
  void Granted(uint64_t id, Wait& wait, Token token);
  void StillQueued(uint64_t id, Wait& wait, uint64_t position);
  void Refuse(uint64_t id, const Wait& wait, Status why);
  AcquireResult Describe(const Wait& wait) const;
  std::optional<int64_t> RemainingMs(SessionId session) const;
  void Finish(uint64_t id, Result<AcquireResult> result);
  void CheckTimes(uint64_t id, Wait& wait);

  size_t waits_max_;
  const StepTime* time_;
  const ClusterTime* cluster_time_;
  Commands* commands_;
  const coord::StateMachine* state_;
  NodeMetrics* metrics_;

  std::map<uint64_t, Wait> waits_;
  std::multimap<Index, uint64_t> replied_;  // until this node has applied the index
  std::multimap<Ticket, uint64_t> in_line_;
  std::map<Ticket, coord::WaitOutcome> outcomes_;
  std::deque<Ticket> outcomes_order_;  // oldest first
};

}  // namespace baton::node
