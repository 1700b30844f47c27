// File: random_cluster.h
//
// What the parts of a random history (random_history.h) share: the dice, the cluster that they
// drew, and the time in it. For tests.
#pragma once

#include <cstdint>
#include <vector>

#include "pkg/base/random.h"
#include "pkg/raft/testing/cluster.h"

namespace baton::raft::testing {

struct RandomCluster {
  explicit RandomCluster(uint64_t seed);

  NodeId AnyNode();
  // Of those that believe to lead, one that was cut off included; anybody if there is none.
  NodeId AnyLeader();

  void Tick(NodeId id);
  void TickEach();
  // Wakes a node whose leader does not live, as the failure detector of a process does.
  void WakeIfWidowed(NodeId id);

  Random random;
  ClusterOptions options;
  Cluster cluster;
  bool changes = false;  // of membership, for which there are spare nodes
  std::vector<NodeId> ids;
};

}  // namespace baton::raft::testing
