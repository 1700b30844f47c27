#include "pkg/raft/testing/random_faults.h"

#include <algorithm>
#include <cstddef>
#include <variant>

#include "pkg/raft/membership.h"

namespace baton::raft::testing {

RandomFaults::RandomFaults(RandomCluster& world) : world_(world) {
  const ConfigState& config = world_.options.membership;
  // One disk, where all others together are still a quorum of every kind.
  disks_to_lose_ = !world_.changes && !config.joint() && config.witnesses.empty() &&
                   config.voters.size() >= 3 && world_.random.Chance(1, 2);
  per_mille_ = world_.random.Between(1, 30);
}

void RandomFaults::Strike() {
  Cluster& cluster = world_.cluster;
  const NodeId id = world_.random.Chance(1, 3) ? world_.AnyLeader() : world_.AnyNode();
  const bool running = cluster.node(id).running();
  if (world_.random.Chance(1, 6)) return EndAll();
  if (running) cluster.Wake(id);
  switch (world_.random.Below(13)) {
    case 0:
    case 1:
      if (running) cluster.Crash(id);
      if (!running || world_.random.Chance(1, 3)) cluster.Restart(id);
      return;
    case 2:
      return cluster.Isolate(id);
    case 3:
      return cluster.Cut(id, world_.AnyNode());
    case 4:
      return cluster.CutOneWay(id, world_.AnyNode());
    case 5:
      return cluster.DiskHeld(id) ? cluster.ReleaseDisk(id) : cluster.HoldDisk(id);
    case 6:
      if (running) cluster.raft(id).Campaign();
      return;
    case 7:
      if (disks_to_lose_ == 0 || !IsVoter(world_.options.membership, id)) return;
      --disks_to_lose_;
      ++disks_lost_;
      return LoseDisk(id);
    case 8:
      return Deafen(id);
    case 9:
      return Mute(id);
    case 10:
      return HandOverAndDeafen(id);
    case 11:
      if (lagging_.erase(id) == 0) lagging_.insert(id);
      return;
    default:
      if (running) cluster.raft(id).OnUnreachable(world_.AnyNode());
  }
}

void RandomFaults::LoseDisk(NodeId id) {
  Cluster& cluster = world_.cluster;
  TestNode& node = cluster.node(id);
  switch (world_.random.Below(3)) {
    case 0: {
      const Index low = std::max(node.durable_applied(), node.log().start().index);
      return cluster.LoseTail(
          id, Index(world_.random.Between(low.value(), node.log().LastIndex().value() + 1)));
    }
    case 1:
      if (OthersHaveLogs(id)) return cluster.LoseDisk(id, Memory::kNewborn);
      [[fallthrough]];
    default:
      return cluster.LoseDisk(id, Memory::kLost);
  }
}

// What amnesia.h says that no newborn can find by itself is not asked of it.
bool RandomFaults::OthersHaveLogs(NodeId id) const {
  for (const auto& [other, node] : world_.cluster.nodes()) {
    if (other != id && IsVoter(world_.options.membership, other) && !node.log().LastIndex()) {
      return false;
    }
  }
  return true;
}

// Who hands over and does not hear what comes of it.
void RandomFaults::HandOverAndDeafen(NodeId id) {
  if (!world_.cluster.node(id).running()) return;
  (void)world_.cluster.raft(id).TransferLeadership(world_.AnyNode()).ok();
  world_.cluster.Pump(id);
  Deafen(id);
}

void RandomFaults::Mute(NodeId id) {
  for (const NodeId other : world_.ids) {
    if (other != id) world_.cluster.CutOneWay(id, other);
  }
  if (world_.random.Chance(1, 2)) lagging_.insert(id);  // the last answers to it are on their way
}

void RandomFaults::Deafen(NodeId id) {
  for (const NodeId other : world_.ids) {
    if (other != id) world_.cluster.CutOneWay(other, id);
  }
}

void RandomFaults::EndAll() {
  lagging_.clear();
  world_.cluster.Heal();
  for (const NodeId id : world_.ids) {
    world_.cluster.ReleaseDisk(id);
    if (!world_.cluster.node(id).running()) world_.cluster.Restart(id);
  }
}

void RandomFaults::DeliverSome() {
  Random& random = world_.random;
  auto& on_the_way = world_.cluster.on_the_way();
  for (uint64_t i = random.Between(1, 6); i > 0 && !on_the_way.empty(); --i) {
    const bool reorder = random.Chance(per_mille_, 200);
    const size_t place = reorder ? random.Below(on_the_way.size()) : NextToDeliver();
    if (place == on_the_way.size()) return;
    const bool is_snapshot = std::holds_alternative<SnapshotRequest>(on_the_way[place].body);
    if (random.Chance(per_mille_, 400)) {
      on_the_way.push_back(on_the_way[place]);
    } else if (random.Chance(per_mille_, 400) && !is_snapshot) {  // a lost one would be reported
      on_the_way.erase(on_the_way.begin() + static_cast<std::ptrdiff_t>(place));
      continue;
    }
    world_.cluster.DeliverOne(place);
  }
}

// The oldest, but for those that wait before a node that lags. As many as there are: none.
size_t RandomFaults::NextToDeliver() {
  const auto& on_the_way = world_.cluster.on_the_way();
  const auto next = std::ranges::find_if(
      on_the_way, [this](const Message& message) { return !lagging_.contains(message.to); });
  if (lagging_.empty() || world_.random.Chance(1, 24 * world_.haste)) return 0;
  return static_cast<size_t>(next - on_the_way.begin());
}

void RandomFaults::UseDisk(NodeId id) {
  TestNode& node = world_.cluster.node(id);
  if (!node.running() || world_.cluster.DiskHeld(id)) return;
  switch (world_.random.Below(4)) {
    case 0:
      if (!node.writes().empty()) node.WriteOne();
      break;
    case 1:
      node.ReportWrites();
      break;
    case 2:
      node.ReportLastWrite();
      break;
    default:
      node.Persist();
  }
  world_.cluster.Pump(id);
}

}  // namespace baton::raft::testing
