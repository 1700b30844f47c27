// File: played_operator.h
//
// Who looks after a cluster once its troubles are over: stops who was removed, ends a change that
// waits for it, demotes who lost its disk, and ends a wait for what cannot come. For tests.
#pragma once

#include <set>
#include <utility>

#include "pkg/raft/testing/cluster.h"

namespace baton::raft::testing {

class PlayedOperator {
 public:
  // `cluster`, which began with the members of `first`, must outlive this.
  PlayedOperator(Cluster& cluster, ConfigState first)
      : cluster_(cluster), first_(std::move(first)) {}

  // Stops whoever knows of a cluster that is done with it. No leader is needed, nor asked: a
  // removed node without pre-vote may be the reason why there is none. Requires that nothing is
  // queued for a disk or on the way.
  void StopRemoved();
  // Restarts a leader that waits for a snapshot that nobody else can give it: it has its state, and
  // forgets what it wished for. True if it did.
  bool EndsVainWait(NodeId leader);
  // Does what else there is to do by what the leader says. True if that was nothing.
  bool FindsAllInOrder(NodeId leader);

 private:
  std::set<NodeId> MayTakePart() const;

  Cluster& cluster_;
  ConfigState first_;
};

}  // namespace baton::raft::testing
