#include "pkg/raft/testing/random_history.h"

#include <vector>

#include "pkg/base/check.h"
#include "pkg/raft/describe.h"
#include "pkg/raft/membership.h"

namespace baton::raft::testing {
namespace {

constexpr int kSteps = 4000;
constexpr uint64_t kHealTicksMax = 400;

}  // namespace

RandomHistory::RandomHistory(uint64_t seed)
    : world_(seed),
      faults_(world_),
      clients_(world_),
      operator_(world_.cluster, world_.options.membership) {}

void RandomHistory::RunSafetyPhase() {
  for (int step = 0; step < kSteps; ++step) {
    OneStep();
    clients_.AskLeaders();
    for (const auto& [id, node] : world_.cluster.nodes()) {
      steps_asleep_ += node.running() && node.raft().asleep();
    }
    clients_.TakeAnswers();
  }
}

void RandomHistory::OneStep() {
  if (faults_.IsDue()) return faults_.Strike();
  if (world_.impatient && world_.random.Chance(1, 10)) return clients_.ElectSomebody();
  const uint64_t dice = world_.random.Below(100);
  if (dice < 45) return faults_.DeliverSome();
  if (dice < 68) return faults_.UseDisk(world_.AnyNode());
  if (dice < 80) return world_.Tick(world_.AnyNode());
  if (dice < 82) return world_.TickEach();
  if (dice < 92) return clients_.CallSomebody();
  world_.cluster.Pump(world_.AnyNode());
}

Status RandomHistory::RunLivenessPhase() {
  faults_.EndAll();
  world_.cluster.Settle();
  uint64_t ticks = 0;
  while (!TryToConverge()) {
    if (++ticks == kHealTicksMax) return Status(Code::kDeadlineExceeded, DescribeAll());
    for (const NodeId id : world_.ids) world_.WakeIfWidowed(id);
    world_.cluster.TickAll();
  }
  if (!ReadsAreAnswered()) {
    return Status(Code::kDeadlineExceeded, "a read is not answered\n" + DescribeAll());
  }
  return Status::Ok();
}

// A leader, and everybody has applied what it has, a fresh command included.
bool RandomHistory::TryToConverge() {
  Cluster& cluster = world_.cluster;
  operator_.StopRemoved();
  const NodeId leader = cluster.Leader();
  if (!leader || operator_.EndsVainWait(leader)) return false;
  if (!cluster.raft(leader).has_committed_in_term()) return false;
  cluster.Wake(leader);
  cluster.node(leader).Compact(8);  // as a driver does that is asked for a snapshot
  if (!operator_.FindsAllInOrder(leader)) return false;
  if (!cluster.raft(leader).Propose(Payload("last")).ok()) return false;
  cluster.Settle();
  if (!world_.options.config.commit_news) cluster.TickAll();  // the next heartbeat tells
  const RaftStatus status = cluster.raft(leader).GetStatus();
  for (const NodeId id : Members(status.config)) {
    CHECK(cluster.node(id).running()) << "node " << id << " was stopped and is a member";
    if (cluster.node(id).applied() != status.last_index) return false;
    if (cluster.raft(id).leader() != leader) return false;
  }
  return true;
}

bool RandomHistory::ReadsAreAnswered() {
  const RaftStatus status = world_.cluster.raft(world_.cluster.Leader()).GetStatus();
  for (const NodeId id : Members(status.config)) {
    if (!clients_.ReadIsAnswered(id)) return false;
  }
  return true;
}

std::string RandomHistory::TakeTranscript() {
  std::string text = world_.cluster.TakeTranscript();
  for (const auto& [id, node] : world_.cluster.nodes()) {
    if (node.running()) text += raft::Describe(node.raft().GetStatus()) + "\n";
    text += world_.cluster.Applied(id) + "\n";
  }
  return text;
}

std::string RandomHistory::DescribeAll() {
  std::string text;
  for (const auto& [id, node] : world_.cluster.nodes()) {
    if (!node.running()) continue;
    const RaftStatus status = node.raft().GetStatus();
    text += "node " + std::to_string(id.value()) + " " + raft::Describe(status) +
            (node.raft().asleep() ? " asleep" : "") + " " + raft::Describe(status.config) + "\n";
    for (const auto& [peer, progress] : status.peers) {
      text += "  " + std::to_string(peer.value()) + ": " + raft::Describe(progress) + "\n";
    }
  }
  Record();
  world_.cluster.TickAll(2);
  return text + world_.cluster.TakeTranscript();
}

void RandomHistory::AddTo(HistoryTotals& totals) const {
  const Checker& checker = world_.cluster.checker();
  ++totals.histories;
  totals.committed += checker.last_committed().value();
  totals.reads += clients_.reads_answered();
  totals.disks_lost += faults_.disks_lost();
  totals.steps_asleep += steps_asleep_;
  for (const auto& [index, entry] : checker.committed()) {
    totals.changes += entry.type == EntryType::kConfigChange;
  }
  for (const auto& [id, node] : world_.cluster.nodes()) {
    if (!node.running()) continue;
    const Counters counters = node.raft().GetStatus().counters;
    totals.lease_reads += counters.lease_reads;
    totals.elections += counters.elections_started;
    totals.rejections += counters.append_rejections;
    totals.snapshots += counters.snapshots_sent;
    totals.without_quorum += counters.step_downs_without_quorum;
    totals.slow_disks += counters.step_downs_for_slow_disk;
    totals.priority_refusals += counters.priority_refusals;
  }
}

}  // namespace baton::raft::testing
