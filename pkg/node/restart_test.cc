// Crashes at every point of the disk's work, snapshots, and what a node finds when it comes back.
#include <gtest/gtest.h>

#include <map>

#include "pkg/node/testing/commands.h"
#include "pkg/node/testing/sim_cluster.h"

namespace baton::node::testing {
namespace {

SimOptions SmallLog(uint64_t seed) {
  SimOptions options{.seed = seed};
  options.config.log_entries_max = 40;
  options.config.log_entries_kept = 5;
  options.snapshot_chunk_bytes = 512;
  return options;
}

void MustPut(SimCluster& cluster, NodeId at, const std::string& key) {
  const auto put = cluster.Submit(at, Put(key, "v"), 10'000);
  ASSERT_TRUE(cluster.RunUntil([&] { return put->done(); }, 12'000));
  ASSERT_TRUE(put->ok()) << put->result->status().ToString();
}

void PutMany(SimCluster& cluster, NodeId at, int count) {
  for (int i = 0; i < count; ++i) MustPut(cluster, at, "k" + std::to_string(i));
}

bool Has(SimCluster& cluster, NodeId at, const std::string& key) {
  return cluster.node(at).state().Get(key).has_value();
}

TEST(RestartTest, AWholeClusterThatLosesPowerKeepsEveryAcknowledgedWrite) {
  size_t acknowledged = 0;
  for (uint64_t seed = 1; seed <= 25; ++seed) {
    SCOPED_TRACE(seed);
    SimCluster cluster({.seed = seed});
    std::map<std::string, PendingPtr<coord::Reply>> puts;
    for (int round = 0; round < 4; ++round) {
      cluster.AwaitLeader();
      for (int i = 0; i < 25; ++i) {
        const std::string key = std::to_string(round) + "/" + std::to_string(i);
        puts[key] = cluster.Submit(NodeId(static_cast<uint64_t>(i % 3 + 1)), Put(key, "v"), 5'000);
        if (i % 5 == 0) cluster.RunFor(static_cast<int64_t>(seed % 4));
      }
      cluster.RunFor(static_cast<int64_t>(seed * 7 % 5));
      for (const NodeId id : cluster.ids()) cluster.Crash(id, SimCluster::CrashKind::kPowerLoss);
      for (const NodeId id : cluster.ids()) cluster.Restart(id);
    }
    const NodeId leader = cluster.AwaitLeader();
    ASSERT_TRUE(cluster.RunUntil(
        [&] { return cluster.Converged() && cluster.node(leader).raft().has_committed_in_term(); },
        10'000));
    for (const auto& [key, put] : puts) {
      if (!put->ok()) continue;
      ++acknowledged;
      EXPECT_TRUE(Has(cluster, leader, key)) << key;
    }
  }
  EXPECT_GT(acknowledged, 500U);
}

TEST(RestartTest, NodesThatDieOneAfterTheOtherCostNothing) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(seed);
    SimOptions options = SmallLog(seed);
    options.snapshot_chunk_bytes = 16'384;
    SimCluster cluster(options);
    std::map<std::string, PendingPtr<coord::Reply>> puts;
    for (int i = 0; i < 300; ++i) {
      const NodeId at(static_cast<uint64_t>(i % 3 + 1));
      const std::string key = "k" + std::to_string(i);
      if (!cluster.alive(at)) cluster.Restart(at);
      puts[key] = cluster.Submit(at, Put(key, "v", key), 8'000);
      cluster.RunFor(20);
      if (i % 60 == 59) {
        const NodeId victim(static_cast<uint64_t>(i / 60) % 3 + 1);
        cluster.Crash(victim, i % 120 == 59 ? SimCluster::CrashKind::kPowerLoss
                                            : SimCluster::CrashKind::kKill);
      }
    }
    for (const NodeId id : cluster.ids()) {
      if (!cluster.alive(id)) cluster.Restart(id);
    }
    cluster.RunFor(10'000);
    ASSERT_TRUE(cluster.RunUntil([&] { return cluster.Converged(); }, 10'000));
    for (const auto& [key, put] : puts) {
      EXPECT_TRUE(!put->ok() || Has(cluster, NodeId(1), key)) << key;
    }
  }
}

TEST(RestartTest, ANodeThatLagsBehindTheLogGetsASnapshotInPieces) {
  SimCluster cluster(SmallLog(2));
  const NodeId leader = cluster.AwaitLeader();
  const NodeId follower = cluster.AFollower();
  cluster.Isolate(follower);
  PutMany(cluster, leader, 200);
  EXPECT_GT(cluster.log(leader).FirstIndex(), cluster.log(follower).LastIndex() + 1);
  cluster.Heal();
  ASSERT_TRUE(cluster.RunUntil([&] { return cluster.Converged(); }, 20'000));
  EXPECT_EQ(cluster.metrics(follower).snapshots_installed.value(), 1U);
  EXPECT_TRUE(Has(cluster, follower, "k199"));
  PutMany(cluster, follower, 3);  // and takes part again
}

TEST(RestartTest, ASnapshotThatIsCutOffBeginsAnew) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    SimCluster cluster(SmallLog(seed));
    const NodeId leader = cluster.AwaitLeader();
    const NodeId follower = cluster.AFollower();
    cluster.Isolate(follower);
    PutMany(cluster, leader, 200);
    for (int cuts = 0; cuts < 5; ++cuts) {
      cluster.Heal();
      cluster.RunUntil([&] { return cluster.metrics(leader).snapshots_sent.value() > 0; }, 3'000);
      cluster.RunFor(static_cast<int64_t>(seed * 3 % 20));
      cluster.Isolate(follower);
      cluster.RunFor(300);
    }
    cluster.Heal();
    ASSERT_TRUE(cluster.RunUntil([&] { return cluster.Converged(); }, 30'000));
  }
}

// The state is replaced before the log: a crash in between leaves a state that is ahead of the log.
TEST(RestartTest, ACrashBetweenTheStatesInstallAndTheLogsResetIsRepaired) {
  SimCluster cluster(SmallLog(2));
  const NodeId leader = cluster.AwaitLeader();
  const NodeId follower = cluster.AFollower();
  cluster.Isolate(follower);
  PutMany(cluster, leader, 200);
  cluster.HoldDisk(follower);
  cluster.Heal();
  ASSERT_TRUE(cluster.RunUntil(
      [&] { return cluster.metrics(follower).snapshots_installed.value() > 0; }, 20'000));
  ASSERT_GT(cluster.node(follower).state().applied(), cluster.log(follower).LastIndex());
  cluster.Crash(follower, SimCluster::CrashKind::kPowerLoss);
  cluster.Restart(follower);
  EXPECT_EQ(cluster.log(follower).State().start.index, cluster.node(follower).state().applied());
  ASSERT_TRUE(cluster.RunUntil([&] { return cluster.Converged(); }, 20'000));
  PutMany(cluster, follower, 3);
}

TEST(RestartTest, TheLogStaysWithinItsBound) {
  SimCluster cluster(SmallLog(3));
  const NodeId leader = cluster.AwaitLeader();
  for (int i = 0; i < 500; ++i) {
    MustPut(cluster, leader, "k" + std::to_string(i % 7));
    for (const NodeId id : cluster.ids()) {
      const uint64_t entries = cluster.log(id).LastIndex() + 1 - cluster.log(id).FirstIndex();
      EXPECT_LE(entries, 50U) << "node " << id;
    }
  }
  for (const NodeId id : cluster.ids()) EXPECT_GE(cluster.log(id).compactions(), 5U);
}

TEST(RestartTest, ASlowFollowerIsSparedASnapshotWithinTheBound) {
  SimOptions options = SmallLog(4);
  options.config.log_entries_max = 200;
  options.config.log_entries_kept = 5;
  SimCluster cluster(options);
  const NodeId leader = cluster.AwaitLeader();
  PutMany(cluster, leader, 190);
  const NodeId follower = cluster.AFollower();
  cluster.Isolate(follower);
  PutMany(cluster, leader, 150);  // the log is compacted meanwhile, and keeps what it lacks
  EXPECT_GE(cluster.log(leader).compactions(), 1U);
  cluster.Heal();
  ASSERT_TRUE(cluster.RunUntil([&] { return cluster.Converged(); }, 20'000));
  EXPECT_EQ(cluster.metrics(follower).snapshots_installed.value(), 0U);
}

TEST(RestartTest, ALeaderWhoseDiskHangsIsReplacedAndItsWriteIsNotLostSilently) {
  SimCluster cluster({.seed = 5});
  const NodeId leader = cluster.AwaitLeader();
  cluster.RunFor(200);
  cluster.HoldDisk(leader);
  const auto put = cluster.Submit(leader, Put("k", "v"), 30'000);
  ASSERT_TRUE(
      cluster.RunUntil([&] { return cluster.Leader() && *cluster.Leader() != leader; }, 20'000));
  cluster.ReleaseDisk(leader);
  ASSERT_TRUE(cluster.RunUntil([&] { return put->done(); }, 10'000));
  EXPECT_TRUE(put->ok());
  ASSERT_TRUE(cluster.RunUntil([&] { return cluster.Converged(); }, 20'000));
  EXPECT_TRUE(Has(cluster, leader, "k"));
}

TEST(RestartTest, ANodeWhoseDiskFailsStopsAndTheOthersGoOn) {
  SimCluster cluster({.seed = 6});
  const NodeId leader = cluster.AwaitLeader();
  const NodeId follower = cluster.AFollower();
  cluster.RunFor(200);
  cluster.log(leader).FailWrites(Status(Code::kIo, "gone"));
  const auto put = cluster.Submit(follower, Put("k", "v", "key"), 20'000);
  ASSERT_TRUE(cluster.RunUntil([&] { return put->done(); }, 20'000));
  EXPECT_TRUE(put->ok());
  EXPECT_FALSE(cluster.alive(leader));
}

TEST(RestartTest, AFailedCommitOfTheStateIsFatal) {
  SimCluster cluster({.seed = 7});
  const NodeId leader = cluster.AwaitLeader();
  cluster.state(leader).FailCommits(Status(Code::kIo, "gone"));
  const auto put = cluster.Submit(leader, Put("k", "v"), 20'000);
  cluster.RunUntil([&] { return cluster.node(leader).failed(); }, 5'000);
  EXPECT_TRUE(cluster.node(leader).failed());
  EXPECT_FALSE(put->done());
}

// Else a follower whose disk fails would ask for the snapshot for ever.
TEST(RestartTest, AFailedWriteOfASnapshotIsFatal) {
  SimCluster cluster(SmallLog(8));
  const NodeId leader = cluster.AwaitLeader();
  const NodeId follower = cluster.AFollower();
  cluster.Isolate(follower);
  PutMany(cluster, leader, 60);
  cluster.state(follower).FailCommits(Status(Code::kIo, "gone"));
  cluster.Heal();
  cluster.RunUntil([&] { return cluster.node(follower).failed(); }, 10'000);
  EXPECT_TRUE(cluster.node(follower).failed());
}

TEST(RestartTest, ADrainingLeaderHandsOverAndNobodySeesAnError) {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(seed);
    SimCluster cluster({.seed = seed});
    const NodeId leader = cluster.AwaitLeader();
    cluster.RunFor(200);
    std::vector<PendingPtr<coord::Reply>> puts;
    const auto put_everywhere = [&] {
      for (const NodeId id : cluster.ids()) {
        if (cluster.alive(id)) puts.push_back(cluster.Submit(id, Put("k", "v"), 5'000));
      }
      cluster.RunFor(2);
    };
    for (int i = 0; i < 10; ++i) put_everywhere();
    cluster.With(leader, [](Node& node) { node.StartDrain(); });
    const int64_t began_ms = cluster.MonotonicMs();
    for (int i = 0; i < 60; ++i) put_everywhere();
    ASSERT_TRUE(cluster.RunUntil([&] { return cluster.node(leader).drained(); }, 5'000));
    // Two heartbeat intervals, in which it stays; and as long again where the network has cost the
    // successor the last entry: messages overtake each other here (seed 5).
    EXPECT_LE(cluster.MonotonicMs() - began_ms, 450);
    cluster.With(leader, [](Node& node) { node.Close(); });
    cluster.Crash(leader);
    for (int i = 0; i < 10; ++i) put_everywhere();
    cluster.RunFor(3'000);
    for (const auto& put : puts) {
      ASSERT_TRUE(put->done());
      EXPECT_TRUE(put->ok()) << put->result->status().ToString();
    }
  }
}

// What others sent before they knew of the new leader must find somebody who turns it away.
TEST(RestartTest, ADrainingLeaderStaysAWhileAfterItHandedOver) {
  SimCluster cluster({.seed = 1});
  const NodeId leader = cluster.AwaitLeader();
  cluster.RunFor(200);
  cluster.With(leader, [](Node& node) { node.StartDrain(); });
  const auto leads = [&] {
    return cluster.node(leader).MakeStatus().raft.role == raft::Role::kLeader;
  };
  ASSERT_TRUE(cluster.RunUntil([&] { return !leads(); }, 5'000));
  const int64_t stepped_down_ms = cluster.MonotonicMs();
  EXPECT_FALSE(cluster.node(leader).drained());
  ASSERT_TRUE(cluster.RunUntil([&] { return cluster.node(leader).drained(); }, 5'000));
  EXPECT_GE(cluster.MonotonicMs() - stepped_down_ms, 199) << "two heartbeat intervals";
}

TEST(RestartTest, ADrainingFollowerNeedNotStay) {
  SimCluster cluster({.seed = 1});
  const NodeId leader = cluster.AwaitLeader();
  cluster.RunFor(200);
  for (const NodeId id : cluster.ids()) {
    if (id == leader) continue;
    cluster.With(id, [](Node& node) { node.StartDrain(); });
    EXPECT_TRUE(cluster.node(id).drained());
  }
}

}  // namespace
}  // namespace baton::node::testing
