// File: expiry.h
//
// The leader's duty to end what is over: sessions whose TTL has passed, waits whose time is up, and
// history that is older or longer than the user wants. It only proposes; the state machine checks
// each item again when the entry is applied, so that a stale leader can end nothing. At most one
// proposal of each kind is under way.
//
// One thread.
#pragma once

#include <string>

#include "pkg/coord/state_machine.h"
#include "pkg/node/cluster_time.h"
#include "pkg/node/history_compaction.h"
#include "pkg/node/proposals.h"

namespace baton::node {

class Expiry {
 public:
  // All must outlive this object.
  Expiry(Proposals* proposals, const ClusterTime* cluster_time, const coord::StateMachine* state,
         const HistoryCompaction* history)
      : proposals_(proposals), cluster_time_(cluster_time), state_(state), history_(history) {}

  // Sessions and waits are looked for in the state, which costs more than a write does: once a
  // tick, and when a batch of them that may have been full was applied.
  void OnTick() { look_ = true; }
  // Proposes what is due, if this node leads and has committed in its term. Once a tick, and after
  // entries were applied.
  void Run(bool leads);
  // What was under way belonged to another term.
  void OnLeaderChange();

 private:
  struct Kind {
    bool under_way = false;
    uint64_t round = 0;  // of the proposal under way; older ones no longer count
  };

  // Of who does not lead: the state notes how far its scans have come, so that a new leader's first
  // one does not pass over all that was renewed since this node was started.
  void KeepPlace(int64_t now_ms) const;
  void Propose(Kind* kind, coord::CommandBody body);

  Proposals* proposals_;
  const ClusterTime* cluster_time_;
  const coord::StateMachine* state_;
  const HistoryCompaction* history_;
  Kind sessions_;
  Kind waits_;
  Kind compactions_;
  bool look_ = false;
};

}  // namespace baton::node
