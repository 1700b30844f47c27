// File: played_operator.h
//
// Who looks after a cluster once its troubles are over: ends a change that waits for it, stops who
// was removed, and demotes who lost its disk. For tests.
#pragma once

#include <vector>

#include "pkg/raft/testing/cluster.h"

namespace baton::raft::testing {

class PlayedOperator {
 public:
  // `cluster` must outlive this.
  explicit PlayedOperator(Cluster& cluster) : cluster_(cluster) {}

  // Does what there is to do by what the leader says. True if that was nothing.
  bool FindsAllInOrder(NodeId leader);

 private:
  Cluster& cluster_;
};

}  // namespace baton::raft::testing
