#include "pkg/raft/testing/random_cluster.h"

#include "pkg/raft/testing/random_options.h"

namespace baton::raft::testing {

RandomCluster::RandomCluster(uint64_t seed)
    : random(seed), options(RandomOptions(seed, random)), cluster(options) {
  changes = random.Chance(1, 2);
  if (changes) {
    for (const uint64_t spare : {6, 7, 8}) cluster.AddNode(NodeId(spare));
  }
  for (const auto& [id, node] : cluster.nodes()) ids.push_back(id);
}

NodeId RandomCluster::AnyNode() { return ids[random.Below(ids.size())]; }

NodeId RandomCluster::AnyLeader() {
  std::vector<NodeId> leaders;
  for (const auto& [id, node] : cluster.nodes()) {
    if (node.running() && node.raft().role() == Role::kLeader) leaders.push_back(id);
  }
  return leaders.empty() ? AnyNode() : leaders[random.Below(leaders.size())];
}

void RandomCluster::Tick(NodeId id) {
  WakeIfWidowed(id);
  cluster.Tick(id);
}

void RandomCluster::TickEach() {
  for (const NodeId id : ids) Tick(id);
}

void RandomCluster::WakeIfWidowed(NodeId id) {
  if (!cluster.node(id).running() || !cluster.raft(id).asleep()) return;
  const NodeId leader = cluster.raft(id).leader();
  const bool lives = leader && cluster.node(leader).running() && cluster.Connected(leader, id) &&
                     cluster.raft(leader).role() == Role::kLeader;
  if (!lives) cluster.Wake(id);
}

}  // namespace baton::raft::testing
