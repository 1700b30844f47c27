// File: random_cluster.h
//
// What the parts of a random history (random_history.h) share: the dice, the cluster that they
// drew, and the time in it. For tests.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "pkg/base/random.h"
#include "pkg/raft/testing/cluster.h"
#include "pkg/raft/testing/drifting_clocks.h"

namespace baton::raft::testing {

struct RandomCluster {
  explicit RandomCluster(uint64_t seed);

  NodeId AnyNode();
  // Of those that believe to lead, one that was cut off included; anybody if there is none.
  NodeId AnyLeader();
  bool Leads(NodeId id);

  // With leases: or of another, if `id` would run ahead of it further than is declared, or of
  // nobody.
  void Tick(NodeId id);
  void TickEach();
  // Wakes a node whose leader does not live, as the failure detector of a process does.
  void WakeIfWidowed(NodeId id);

  Random random;
  ClusterOptions options;
  Cluster cluster;
  bool changes = false;                  // of membership, for which there are spare nodes
  std::vector<NodeId> ids;               // ascending
  std::optional<DriftingClocks> clocks;  // with leases; else anything goes
  // With leases, what lets one show that is too long by a tick:
  uint64_t haste = 1;         // one tick in so many is left, so that an election fits between two
  bool slow_leaders = false;  // who leads has the clock that is behind
  bool impatient = false;     // somebody always wants to be elected, and only promises prevent it
};

}  // namespace baton::raft::testing
