#include "pkg/raft/testing/cluster.h"

#include <algorithm>

#include "pkg/base/check.h"
#include "pkg/raft/membership.h"

namespace baton::raft::testing {
namespace {

// A cluster that has not come to rest by then never will.
constexpr int kSettleStepsMax = 1'000'000;

}  // namespace

Cluster::Cluster(uint64_t voters)
    : Cluster([voters] {
        ClusterOptions options;
        options.membership.voters.clear();
        for (uint64_t id = 1; id <= voters; ++id) {
          options.membership.voters.push_back(NodeId(id));
        }
        return options;
      }()) {}

Cluster::Cluster(ClusterOptions options) : config_(options.config) {
  for (const NodeId id : Members(options.membership)) Make(id, options.membership);
}

void Cluster::Make(NodeId id, const ConfigState& membership) {
  config_.id = id;
  TestNode& made = nodes_.try_emplace(id, config_, membership).first->second;
  made.OnWrite(
      [this](const TestNode& node, const PendingWrite& write) { checker_.OnWrite(node, write); });
}

void Cluster::AddNode(NodeId id) { Make(id, ConfigState()); }

Result<Proposed> Cluster::TryChange(NodeId leader, const MembershipChange& change) {
  Wake(leader);
  Result<Proposed> proposed = raft(leader).ProposeMembership(change);
  if (proposed.ok()) checker_.OnChange(node(leader));
  return proposed;
}

Proposed Cluster::Change(NodeId leader, const MembershipChange& change) {
  const Result<Proposed> proposed = TryChange(leader, change);
  CHECK(proposed.ok()) << proposed.status().ToString();
  Settle();
  return *proposed;
}

void Cluster::Pump(NodeId id) {
  TestNode& pumped = node(id);
  if (!pumped.running()) return;
  pumped.TakeReadys([this](TestNode& at, const Ready& ready) {
    checker_.OnReady(at, ready);
    trace_.insert(trace_.end(), ready.trace.begin(), ready.trace.end());
  });
  for (Message& message : std::exchange(pumped.outbox(), {})) {
    if (recording_) transcript_ += Describe(message) + "\n";
    on_the_way_.push_back(std::move(message));
  }
  checker_.Check(pumped);
}

bool Cluster::Lost(const Message& message) const {
  const auto to = nodes_.find(message.to);
  return to == nodes_.end() || !to->second.running() || !Connected(message.from, message.to) ||
         (drop_ && drop_(message));
}

bool Cluster::DeliverOne(size_t place) {
  if (place >= on_the_way_.size()) return false;
  const Message message = std::move(on_the_way_[place]);
  on_the_way_.erase(on_the_way_.begin() + static_cast<std::ptrdiff_t>(place));
  const bool lost = Lost(message);
  const bool is_snapshot = std::holds_alternative<SnapshotRequest>(message.body);
  const NodeId from = message.from;
  const NodeId to = message.to;
  if (!lost) Step(message);
  if (is_snapshot && node(from).running()) {
    Wake(from);
    raft(from).OnSnapshotSent(to, !lost);
    Pump(from);
  }
  return true;
}

void Cluster::Step(const Message& message) {
  Wake(message.to);
  const Status status = raft(message.to).Step(Message(message));
  const bool silenced = !raft(message.to).log_status().ok();
  CHECK(status.ok() || silenced) << Describe(message) << ": " << status.ToString();
  Pump(message.to);
}

void Cluster::Settle() {
  for (int step = 0; step < kSettleStepsMax; ++step) {
    bool moved = DeliverOne();
    for (auto& [id, settled] : nodes_) {
      if (!settled.running()) continue;
      Pump(id);
      if (DiskHeld(id) || (settled.writes().empty() && settled.unreported().empty())) continue;
      settled.Persist();
      Pump(id);
      moved = true;
    }
    if (!moved && on_the_way_.empty()) return;
  }
  CHECK(false) << "the cluster never comes to rest";
}

void Cluster::Tick(NodeId id) {
  if (!node(id).running()) return;
  if (raft(id).asleep()) {
    ++slept_[id];
    return;
  }
  raft(id).Tick();
  Pump(id);
}

void Cluster::TickAll(uint64_t ticks) {
  for (uint64_t i = 0; i < ticks; ++i) {
    for (auto& [id, ticked] : nodes_) Tick(id);
    Settle();
  }
}

void Cluster::Cut(NodeId a, NodeId b) {
  CutOneWay(a, b);
  CutOneWay(b, a);
}

void Cluster::Isolate(NodeId id) {
  for (auto& [other, unused] : nodes_) {
    if (other != id) Cut(id, other);
  }
}

void Cluster::Crash(NodeId id) {
  node(id).Crash();
  slept_.erase(id);
  ReleaseDisk(id);
}

void Cluster::Wake(NodeId id) {
  if (!raft(id).asleep()) return;
  const auto leader = nodes_.find(raft(id).leader());
  raft(id).Wake(std::exchange(slept_[id], 0), leader != nodes_.end() && leader->second.running());
}

void Cluster::Restart(NodeId id) {
  checker_.OnRestart(id);
  node(id).Restart();
  Pump(id);
}

void Cluster::LoseDisk(NodeId id, Memory memory) {
  checker_.OnDiskLost(id);
  node(id).LoseDisk(memory);
  slept_.erase(id);
  ReleaseDisk(id);
  Restart(id);
}

void Cluster::LoseTail(NodeId id, Index last) {
  checker_.OnDiskLost(id);
  node(id).LoseTail(last);
  slept_.erase(id);
  ReleaseDisk(id);
  Restart(id);
}

void Cluster::Elect(NodeId id) {
  raft(id).Campaign();
  Settle();
  CHECK(raft(id).role() == Role::kLeader) << "node " << id << " was not elected";
}

NodeId Cluster::WaitForLeader(uint64_t ticks_max) {
  for (uint64_t i = 0; i <= ticks_max; ++i) {
    const NodeId leader = Leader();
    if (leader && raft(leader).has_committed_in_term()) return leader;
    TickAll();
  }
  return NodeId();
}

NodeId Cluster::Leader() const {
  NodeId leader;
  Term term;
  for (const auto& [id, candidate] : nodes_) {
    if (!candidate.running() || candidate.raft().role() != Role::kLeader) continue;
    if (candidate.raft().term() > term) {
      leader = id;
      term = candidate.raft().term();
    }
  }
  return leader;
}

Proposed Cluster::Propose(NodeId leader, const std::string& command) {
  const Result<Proposed> proposed = raft(leader).Propose(Payload(command));
  CHECK(proposed.ok()) << proposed.status().ToString();
  return *proposed;
}

Status Cluster::Read(NodeId id, uint64_t read, ReadMode mode) {
  checker_.OnRead(read);
  return raft(id).ReadIndex(read, mode);
}

std::string Cluster::Applied(NodeId id) const {
  std::string commands;
  for (const Entry& entry : nodes_.at(id).applied_entries()) {
    if (entry.data.empty() || entry.type != EntryType::kNormal) continue;
    if (!commands.empty()) commands += " ";
    commands += entry.data.view();
  }
  return commands;
}

std::string Cluster::TakeTranscript() { return std::exchange(transcript_, std::string()); }

}  // namespace baton::raft::testing
