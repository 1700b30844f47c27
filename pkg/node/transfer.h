// File: transfer.h
//
// Handing leadership over: for whoever asks, and by itself while the node drains.
//
// One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <set>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/node/service.h"
#include "pkg/node/step_time.h"
#include "pkg/raft/raft.h"

namespace baton::node {

// The voter that lags least, of those heard from lately that could lead; 0: there is none.
NodeId BestSuccessor(const raft::RaftStatus& status);
// The same, but none of the `unfit`, and only one that can lead at once: it remembers what it has
// acknowledged, follows, and lacks kHandOverLagMax entries at most.
NodeId ReadySuccessor(const raft::RaftStatus& status, const std::set<NodeId>& unfit);
inline constexpr uint64_t kHandOverLagMax = 1000;

class Transfer {
 public:
  // wait_us: when to give a transfer up. linger_us: how long a node that handed over while draining
  // stays to turn away what was sent to it before the senders knew.
  Transfer(int64_t wait_us, int64_t linger_us, const StepTime* time, raft::Raft* raft)
      : wait_us_(wait_us), linger_us_(linger_us), time_(time), raft_(raft) {}

  // target 0: the best successor. `done`: kUnavailable/"not_leader", kUnavailable/"no_successor",
  // kConflict/"transfer_under_way", kInvalidArgument, kDeadlineExceeded; OK when another node is
  // known to lead.
  void Start(NodeId target, Service::StatusCallback done);
  // Hands over if this node leads and somebody could take it; once a tick while draining.
  void Drain();
  // To a ready successor, while this node should not lead; once a tick. When that did not come to
  // pass it is not tried again at once: commands are refused meanwhile.
  void HandOver(const std::set<NodeId>& unfit);
  void OnLeaderChange();
  void OnTick();
  void Close(const Status& why);

  // While draining: this node does not lead, and has not for linger_us, or nobody could take it. A
  // command that is forwarded to a node that is gone is lost without a trace, its outcome unknown;
  // one that is turned away goes to the new leader.
  bool drained() const;

 private:
  struct Request {
    int64_t deadline_us = 0;
    Service::StatusCallback done;
  };

  void Finish(const Status& status);

  int64_t wait_us_;
  int64_t linger_us_;
  const StepTime* time_;
  raft::Raft* raft_;
  std::optional<Request> request_;
  int64_t next_hand_over_us_ = 0;
  bool leads_ = false;
  std::optional<int64_t> stepped_down_us_;
};

}  // namespace baton::node
