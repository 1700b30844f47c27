#include "pkg/raft/testing/random_cluster.h"

#include <algorithm>

#include "pkg/raft/testing/random_options.h"

namespace baton::raft::testing {

RandomCluster::RandomCluster(uint64_t seed)
    : random(seed), options(RandomOptions(seed, random)), cluster(options) {
  changes = random.Chance(1, 2);
  if (changes) {
    for (const uint64_t spare : {6, 7, 8}) cluster.AddNode(NodeId(spare));
  }
  for (const auto& [id, node] : cluster.nodes()) ids.push_back(id);
  const Config& config = options.config;
  if (config.lease_reads) {
    clocks.emplace(ids.size(), config.election_timeout_ticks, config.clock_drift_ticks);
    if (random.Chance(1, 2)) haste = random.Between(2, 6);
    slow_leaders = random.Chance(1, 2);
    impatient = random.Chance(1, 2);
  }
}

NodeId RandomCluster::AnyNode() { return ids[random.Below(ids.size())]; }

NodeId RandomCluster::AnyLeader() {
  std::vector<NodeId> leaders;
  for (const auto& [id, node] : cluster.nodes()) {
    if (node.running() && node.raft().role() == Role::kLeader) leaders.push_back(id);
  }
  return leaders.empty() ? AnyNode() : leaders[random.Below(leaders.size())];
}

bool RandomCluster::Leads(NodeId id) {
  return cluster.node(id).running() && cluster.raft(id).role() == Role::kLeader;
}

void RandomCluster::Tick(NodeId id) {
  if (clocks) {
    if (!random.Chance(1, haste)) return;
    if (slow_leaders && Leads(id) && random.Chance(3, 4)) id = AnyNode();
    const auto place = std::ranges::find(ids, id) - ids.begin();
    id = ids[clocks->Tick(static_cast<size_t>(place))];
  }
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
