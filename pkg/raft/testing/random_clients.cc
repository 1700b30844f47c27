#include "pkg/raft/testing/random_clients.h"

#include <string>
#include <utility>

#include "pkg/base/check.h"
#include "pkg/raft/membership.h"

namespace baton::raft::testing {

void RandomClients::CallSomebody() {
  Call(world_.random.Chance(2, 3) ? world_.AnyLeader() : world_.AnyNode());
}

void RandomClients::Call(NodeId id) {
  Cluster& cluster = world_.cluster;
  Random& random = world_.random;
  if (!cluster.node(id).running()) return;
  cluster.Wake(id);
  Raft& raft = cluster.raft(id);
  ++calls_;
  switch (random.Below(13)) {
    case 0:
    case 1:
      (void)cluster.Read(id, calls_, AnyReadMode()).ok();
      break;
    case 2:
      if (random.Chance(1, 4)) (void)raft.TransferLeadership(world_.AnyNode()).ok();
      break;
    case 3:
      raft.CancelRead(random.Below(calls_));
      break;
    case 4:
      cluster.node(id).Compact(random.Below(4));
      break;
    case 5:
      if (random.Chance(1, 4)) Prefer(id);
      break;
    case 6:
      if (random.Chance(1, 8)) (void)raft.RequestSnapshot().ok();
      break;
    case 7:
      if (world_.changes) ProposeChange(id);
      break;
    default:
      (void)raft.Propose(Payload("c" + std::to_string(calls_))).ok();
  }
  if (random.Chance(1, 2)) cluster.Pump(id);  // else several calls share a Ready
}

ReadMode RandomClients::AnyReadMode() {
  const bool lease = world_.options.config.lease_reads && world_.random.Chance(3, 4);
  return lease ? ReadMode::kLease : ReadMode::kQuorum;
}

void RandomClients::Prefer(NodeId id) {
  Config config = world_.cluster.raft(id).config();
  config.priority = static_cast<uint32_t>(world_.random.Below(3));
  CHECK(world_.cluster.raft(id).Reconfigure(config).ok());
}

void RandomClients::ProposeChange(NodeId id) {
  MembershipChange change;
  change.transition = static_cast<JointTransition>(world_.random.Below(3));
  const ConfigState config = world_.cluster.raft(id).GetStatus().config;
  if (!config.joint() || world_.random.Chance(1, 4)) {
    change.changes = AnyMemberChanges();
    if (change.changes.empty()) return;
  }
  if (!world_.cluster.TryChange(id, change).ok()) return;
  for (const MemberChange& one : change.changes) {
    if (one.type == MemberChange::kAddWitness) witnesses_.insert(one.id);
  }
}

std::vector<MemberChange> RandomClients::AnyMemberChanges() {
  std::vector<MemberChange> changes;
  for (uint64_t i = world_.random.Between(1, 2); i > 0; --i) {
    const NodeId id = world_.AnyNode();
    const auto type = static_cast<MemberChange::Type>(world_.random.Below(4));
    // Who was a witness once has no data, and must not come back as anything else.
    const bool spoilt = witnesses_.contains(id) || IsWitness(world_.options.membership, id);
    if (spoilt && type != MemberChange::kRemove) continue;
    if (type == MemberChange::kAddWitness && id < NodeId(6)) continue;
    changes.push_back({type, id});
  }
  return changes;
}

void RandomClients::AskLeaders() {
  if (!world_.options.config.lease_reads) return;
  Cluster& cluster = world_.cluster;
  const NodeId newest = cluster.Leader();
  for (const NodeId id : world_.ids) {
    if (!world_.Leads(id)) continue;
    if (id == newest && !world_.random.Chance(1, 20)) continue;
    cluster.Wake(id);
    (void)cluster.Read(id, ++calls_, ReadMode::kLease).ok();
  }
}

void RandomClients::ElectSomebody() {
  const NodeId id = world_.AnyNode();
  if (!world_.cluster.node(id).running()) return;
  world_.cluster.Wake(id);
  world_.cluster.raft(id).Campaign();
  world_.cluster.Pump(id);
}

void RandomClients::TakeAnswers() {
  for (const NodeId id : world_.ids) {
    reads_answered_ += std::exchange(world_.cluster.node(id).read_states(), {}).size();
  }
}

bool RandomClients::ReadIsAnswered(NodeId id) {
  Cluster& cluster = world_.cluster;
  const uint64_t read = ++calls_;
  cluster.Wake(id);
  cluster.node(id).read_states().clear();
  if (!cluster.Read(id, read).ok()) return false;
  cluster.Pump(id);
  cluster.Settle();
  const auto& states = cluster.node(id).read_states();
  return !states.empty() && states.back().id == read;
}

}  // namespace baton::raft::testing
