// The sending side of snapshots, in clusters of real nodes: who sends, and when it stops.
#include <gtest/gtest.h>

#include <algorithm>

#include "pkg/node/testing/commands.h"
#include "pkg/node/testing/sim_cluster.h"

namespace baton::node::testing {
namespace {

SimOptions SmallLog(uint64_t seed, bool delegate = true) {
  SimOptions options{.seed = seed};
  options.config.delegate_snapshots = delegate;
  options.config.log_entries_max = 40;
  options.config.log_entries_kept = 5;
  options.snapshot_chunk_bytes = 512;
  return options;
}

void PutMany(SimCluster& cluster, NodeId at, int count) {
  for (int i = 0; i < count; ++i) {
    const auto put = cluster.Submit(at, Put("k" + std::to_string(i), "v"), 10'000);
    ASSERT_TRUE(cluster.RunUntil([&] { return put->ok(); }, 12'000));
  }
}

uint64_t SnapshotsSent(SimCluster& cluster, NodeId id) {
  return cluster.metrics(id).snapshots_sent.value();
}

uint64_t SnapshotsSent(SimCluster& cluster) {
  uint64_t sent = 0;
  for (const NodeId id : cluster.ids()) sent += SnapshotsSent(cluster, id);
  return sent;
}

// Its disk was slow, and what it had received for long is acknowledged while the snapshot travels.
TEST(SnapshotSendingTest, StopsWhenTheReceiverFindsItsWayBackToTheLog) {
  SimOptions options = SmallLog(2, /*delegate=*/false);
  options.network_delay_max_us =
      options.network_delay_min_us;  // an append that is overtaken is
                                     // refused, with a way back to the log
  SimCluster cluster(options);
  const NodeId leader = cluster.AwaitLeader();
  const NodeId follower = cluster.AFollower();
  PutMany(cluster, leader, 1);
  cluster.RunFor(500);
  cluster.HoldDisk(follower);
  PutMany(cluster, leader, 220);
  ASSERT_GT(cluster.log(leader).FirstIndex(), cluster.log(follower).LastIndex() + 1);
  cluster.With(leader, [&](Node& node) { node.OnUnreachable(follower, {}); });
  ASSERT_TRUE(cluster.RunUntil([&] { return SnapshotsSent(cluster) == 1; }, 3'000));
  cluster.ReleaseDisk(follower);
  ASSERT_TRUE(cluster.RunUntil([&] { return cluster.Converged(); }, 20'000));
  cluster.RunFor(2'000);
  EXPECT_EQ(cluster.transport(leader).cancelled_snapshots(), 1U);
  EXPECT_EQ(cluster.metrics(follower).snapshots_installed.value(), 0U);
  EXPECT_EQ(SnapshotsSent(cluster), 1U);
}

// Nobody would take it in the name of a term that is over; the next leader sends its own.
TEST(SnapshotSendingTest, EndsWithTheTermInWhichItBegan) {
  SimCluster cluster(SmallLog(3, /*delegate=*/false));
  const NodeId leader = cluster.AwaitLeader();
  const NodeId follower = cluster.AFollower();
  cluster.Isolate(follower);
  PutMany(cluster, leader, 200);
  cluster.Heal();
  ASSERT_TRUE(cluster.RunUntil([&] { return SnapshotsSent(cluster) == 1; }, 3'000));
  const Term begun = cluster.node(leader).raft().term();
  cluster.Pause(leader, 5'000);  // the others elect another leader meanwhile
  ASSERT_TRUE(cluster.RunUntil([&] { return cluster.node(leader).raft().term() > begun; }, 9'000));
  ASSERT_TRUE(cluster.RunUntil([&] { return cluster.Converged(); }, 30'000));
  EXPECT_EQ(cluster.transport(leader).cancelled_snapshots(), 1U);
  EXPECT_EQ(cluster.metrics(follower).snapshots_installed.value(), 1U);
}

// One follower lacks what is compacted; the other one holds everything.
class DelegationTest : public ::testing::TestWithParam<uint64_t> {
 protected:
  DelegationTest() : cluster(SmallLog(GetParam())), leader(cluster.AwaitLeader()) {
    for (const NodeId id : cluster.ids()) {
      if (id != leader) (target ? source : target) = id;
    }
    cluster.Isolate(target);
    PutMany(cluster, leader, 200);
  }
  bool TargetCaughtUp() {
    return cluster.node(target).state().applied() == cluster.node(leader).state().applied();
  }

  SimCluster cluster;
  NodeId leader;
  NodeId source;
  NodeId target;
};

TEST_P(DelegationTest, AFollowerSendsItOnTheLeadersBehalf) {
  cluster.Heal();
  ASSERT_TRUE(cluster.RunUntil([&] { return cluster.Converged(); }, 20'000));
  EXPECT_EQ(SnapshotsSent(cluster, leader), 0U);
  EXPECT_EQ(SnapshotsSent(cluster, source), 1U);
  EXPECT_EQ(cluster.metrics(target).snapshots_installed.value(), 1U);
  EXPECT_EQ(cluster.node(leader).raft().GetStatus().counters.snapshots_sent, 0U);
}

TEST_P(DelegationTest, WhenItCannotReachTheOtherOneTheLeaderSends) {
  cluster.Heal();
  cluster.Cut(source, target);
  ASSERT_TRUE(cluster.RunUntil([&] { return cluster.Converged(); }, 20'000));
  EXPECT_EQ(SnapshotsSent(cluster, source), 1U);
  EXPECT_EQ(SnapshotsSent(cluster, leader), 1U);
}

TEST_P(DelegationTest, WhenItDiesTheLeaderSends) {
  cluster.Heal();
  ASSERT_TRUE(cluster.RunUntil([&] { return SnapshotsSent(cluster, source) == 1; }, 3'000));
  cluster.RunFor(3);
  cluster.Crash(source);
  ASSERT_TRUE(cluster.RunUntil([&] { return TargetCaughtUp(); }, 20'000));
  EXPECT_EQ(SnapshotsSent(cluster, leader), 1U);
}

TEST_P(DelegationTest, ANewLeaderSeesToItAnew) {
  cluster.Heal();
  ASSERT_TRUE(cluster.RunUntil([&] { return SnapshotsSent(cluster, source) == 1; }, 3'000));
  cluster.RunFor(3);
  cluster.Crash(leader);
  ASSERT_TRUE(cluster.RunUntil([&] { return cluster.Converged(); }, 30'000));
  EXPECT_EQ(cluster.metrics(target).snapshots_installed.value(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, DelegationTest, ::testing::Range(uint64_t{1}, uint64_t{6}));

TEST(SnapshotSendingTest, WithoutDelegationTheLeaderSends) {
  SimCluster cluster(SmallLog(1, /*delegate=*/false));
  const NodeId leader = cluster.AwaitLeader();
  cluster.Isolate(cluster.AFollower());
  PutMany(cluster, leader, 200);
  cluster.Heal();
  ASSERT_TRUE(cluster.RunUntil([&] { return cluster.Converged(); }, 20'000));
  EXPECT_EQ(SnapshotsSent(cluster, leader), 1U);
}

// Seven members, three of them behind; the bound is of each node.
TEST(SnapshotSendingTest, NoMoreAtOnceThanAreAllowed) {
  for (const size_t allowed : {1, 2, 5}) {
    SimOptions options = SmallLog(6, /*delegate=*/false);
    options.nodes = 7;
    options.config.snapshots_out_max = allowed;
    SimCluster cluster(options);
    const NodeId leader = cluster.AwaitLeader();
    size_t behind = 0;
    for (const NodeId id : cluster.ids()) {
      if (id != leader && ++behind <= 3) cluster.Isolate(id);
    }
    PutMany(cluster, leader, 200);
    cluster.Heal();
    ASSERT_TRUE(cluster.RunUntil([&] { return cluster.Converged(); }, 30'000));
    EXPECT_EQ(cluster.transport(leader).snapshots_at_once(), std::min<size_t>(allowed, 3));
  }
}

// Whatever the moment: the receiver starts unaided and catches up.
TEST(SnapshotReceivingTest, ACrashAtAnyMomentOfATransferIsRepaired) {
  int crashes_before_install = 0;
  int crashes_after_install = 0;
  for (uint64_t step = 0; step < 50; ++step) {
    SCOPED_TRACE(step);
    SimCluster cluster(SmallLog(step + 1));
    const NodeId leader = cluster.AwaitLeader();
    const NodeId follower = cluster.AFollower();
    cluster.Isolate(follower);
    PutMany(cluster, leader, 200);
    cluster.Heal();
    ASSERT_TRUE(cluster.RunUntil([&] { return SnapshotsSent(cluster) > 0; }, 3'000));
    cluster.RunFor(static_cast<int64_t>(2 * step));
    const bool installed = cluster.metrics(follower).snapshots_installed.value() > 0;
    ++(installed ? crashes_after_install : crashes_before_install);
    cluster.Crash(follower,
                  step % 2 == 0 ? SimCluster::CrashKind::kKill : SimCluster::CrashKind::kPowerLoss);
    cluster.RunFor(static_cast<int64_t>(step % 7 * 100));
    cluster.Restart(follower);
    ASSERT_TRUE(cluster.RunUntil([&] { return cluster.Converged(); }, 30'000));
    PutMany(cluster, follower, 2);
  }
  EXPECT_GT(crashes_before_install, 20);
  EXPECT_GT(crashes_after_install, 10);
}

}  // namespace
}  // namespace baton::node::testing
