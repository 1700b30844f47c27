// A node that has lost something comes to serve again by itself (repair.h).
#include <gtest/gtest.h>

#include <utility>
#include <variant>
#include <vector>

#include "pkg/node/testing/commands.h"
#include "pkg/node/testing/sim_cluster.h"

namespace baton::node::testing {
namespace {

class RepairTest : public ::testing::Test {
 protected:
  RepairTest() : cluster(SmallLog()) {
    cluster.AwaitLeader();
    PutMany(0, 150);
    cluster.RunFor(1'000);
    victim = cluster.AFollower();
  }

  static SimOptions SmallLog() {
    SimOptions options{.seed = 5};
    options.config.log_entries_max = 60;
    options.config.log_entries_kept = 20;
    return options;
  }

  void PutMany(int from, int to) {
    for (int i = from; i < to; ++i) {
      const auto put = cluster.Submit(NodeId(1), Put("k" + std::to_string(i), "v"), 10'000);
      ASSERT_TRUE(cluster.RunUntil([&] { return put->done(); }, 12'000));
      ASSERT_TRUE(put->ok()) << put->result->status().ToString();
    }
  }

  void Restart() {
    if (cluster.state(victim).discarded()) cluster.state(victim).StartOver();
    cluster.Restart(victim);
  }

  StatusView Status() { return cluster.node(victim).MakeStatus(); }
  // The node is as good as before: a voter that remembers, with all entries, in service.
  bool IsWell() {
    const StatusView view = Status();
    const auto& voters = view.raft.config.voters;
    return !view.rebuilding && view.raft.memory == raft::Memory::kWhole &&
           std::count(voters.begin(), voters.end(), victim) == 1 && cluster.Converged();
  }
  PendingPtr<std::string> ReadAt(Consistency consistency) {
    return cluster.Read(victim, consistency, Revision(), 5'000,
                        [](const coord::StateMachine& state) {
                          return state.Get("k149").has_value() ? "there" : "gone";
                        });
  }

  SimCluster cluster;
  NodeId victim;
};

class SnapshotReports final : public SimObserver {
 public:
  void OnSend(NodeId from, NodeId, const PeerMessage& message) override {
    const auto* const raft_message = std::get_if<raft::Message>(&message);
    if (raft_message == nullptr) return;
    const auto* const report = std::get_if<raft::SnapshotReport>(&raft_message->body);
    if (report != nullptr) reports.emplace_back(from, report->delivered);
  }

  std::vector<std::pair<NodeId, bool>> reports;
};

// Whatever an old state still says, it is not that of any entry: seed 19657 of test/sim.
TEST_F(RepairTest, WithoutAStateNoSnapshotIsSent) {
  const NodeId leader = cluster.AwaitLeader();
  cluster.Crash(victim);
  cluster.state(victim).StartOver();
  Restart();
  ASSERT_TRUE(Status().rebuilding);
  SnapshotReports observer;
  cluster.SetObserver(&observer);
  const uint64_t sent_before = cluster.metrics(victim).snapshots_sent.value();
  PeerEnvelope envelope;
  envelope.cluster_id = "0123456789abcdef";
  envelope.from = leader;
  envelope.to = victim;
  const Term term = cluster.node(leader).raft().term();
  envelope.messages.push_back(raft::Message{leader, victim, term, raft::Heartbeat{}});
  envelope.messages.push_back(raft::Message{
      leader, victim, term,
      raft::SnapshotOrder{.target = NodeId(6 - leader.value() - victim.value()), .at_least = {}}});
  cluster.With(victim, [&](Node& node) { ASSERT_TRUE(node.Receive(envelope).ok()); });
  ASSERT_EQ(observer.reports.size(), 1u);
  EXPECT_EQ(observer.reports[0], std::pair(victim, false));
  EXPECT_EQ(cluster.metrics(victim).snapshots_sent.value(), sent_before);
  cluster.SetObserver(nullptr);
}

TEST_F(RepairTest, ALostStateIsFetchedFromAPeer) {
  cluster.Crash(victim);
  cluster.state(victim).StartOver();
  Restart();
  EXPECT_TRUE(Status().rebuilding);
  const auto stale = ReadAt(Consistency::kStale);
  ASSERT_TRUE(stale->done());
  EXPECT_EQ(stale->result->status().reason(), "rebuilding") << "nothing is better than a lie";
  const auto fresh = ReadAt(Consistency::kLinearizable);
  ASSERT_TRUE(cluster.RunUntil([&] { return IsWell(); }, 30'000));
  ASSERT_TRUE(fresh->ok());
  EXPECT_EQ(**fresh->result, "there");
  EXPECT_EQ(cluster.metrics(victim).snapshots_installed.value(), 1u);
}

// Whoever of the two leads must not hand over to the other, which has no state to give either.
TEST_F(RepairTest, TwoLostStatesAreFetchedFromTheThird) {
  for (const NodeId whole : cluster.ids()) {
    for (const NodeId id : cluster.ids()) {
      if (id != whole) cluster.Crash(id);
    }
    for (const NodeId id : cluster.ids()) {
      if (id == whole) continue;
      cluster.state(id).StartOver();
      cluster.Restart(id);
    }
    const auto all_are_well = [&] {
      for (const NodeId id : cluster.ids()) {
        victim = id;
        if (!IsWell()) return false;
      }
      return true;
    };
    ASSERT_TRUE(cluster.RunUntil(all_are_well, 60'000)) << "only " << whole << " has a state";
  }
}

TEST_F(RepairTest, ALostTailIsSentAgain) {
  cluster.Crash(victim);
  MemoryLogStore& log = cluster.log(victim);
  log.Lose(raft::Memory::kLostEntries, Index(log.LastIndex().value() - 5));
  Restart();
  EXPECT_TRUE(Status().rebuilding);
  ASSERT_TRUE(cluster.RunUntil([&] { return IsWell(); }, 30'000));
}

TEST_F(RepairTest, ALostLogAndALostStateAreBothFetched) {
  cluster.Crash(victim);
  cluster.log(victim).Lose(raft::Memory::kLostEntries, cluster.log(victim).State().start.index);
  cluster.state(victim).StartOver();
  Restart();
  ASSERT_TRUE(cluster.RunUntil([&] { return IsWell(); }, 30'000));
}

TEST_F(RepairTest, AReplacedDiskNeedsNobody) {
  for (const raft::Memory memory : {raft::Memory::kNewborn, raft::Memory::kLost}) {
    cluster.Crash(victim);
    cluster.log(victim).Lose(memory);
    cluster.state(victim).StartOver();
    Restart();
    const auto lost = [&] { return Status().raft.memory == raft::Memory::kLost; };
    ASSERT_TRUE(cluster.RunUntil(lost, 5'000));
    ASSERT_TRUE(cluster.RunUntil([&] { return IsWell(); }, 60'000));
  }
}

TEST_F(RepairTest, NothingIsTakenFromAPeerThatLostItToo) {
  for (const NodeId id : cluster.ids()) {
    cluster.Crash(id);
    cluster.log(id).Lose(raft::Memory::kLostEntries, cluster.log(id).State().start.index);
  }
  for (const NodeId id : cluster.ids()) cluster.Restart(id);
  cluster.RunFor(20'000);
  EXPECT_FALSE(cluster.Leader()) << "nobody knows what was acknowledged";
  EXPECT_TRUE(Status().rebuilding);
}

TEST_F(RepairTest, AStateThatDiffersIsDiscardedAndFetched) {
  const NodeId leader = *cluster.Leader();
  const uint64_t before = cluster.metrics(leader).state_divergences.value();
  cluster.RunFor(2'000);
  EXPECT_EQ(cluster.metrics(leader).state_divergences.value(), before) << "all agree so far";
  PeerEnvelope envelope;  // the others have reported this entry
  envelope.cluster_id = cluster.node(leader).MakeStatus().cluster_id;
  envelope.from = victim;
  envelope.to = leader;
  envelope.messages = {StateCheckpoint{Index(128), 7}};
  cluster.With(leader, [&](Node& node) { ASSERT_TRUE(node.Receive(envelope).ok()); });
  ASSERT_TRUE(cluster.RunUntil([&] { return cluster.state(victim).discarded(); }, 5'000));
  EXPECT_TRUE(cluster.node(victim).failed()) << "out of service at once";
  EXPECT_EQ(cluster.metrics(leader).state_divergences.value(), before + 1);
  cluster.Crash(victim);
  Restart();
  ASSERT_TRUE(cluster.RunUntil([&] { return IsWell(); }, 30'000));
}

}  // namespace
}  // namespace baton::node::testing
