// Whom the operator of random histories stops, and whom not.
#include "pkg/raft/testing/played_operator.h"

#include <gtest/gtest.h>

#include <string>

namespace baton::raft::testing {
namespace {

class PlayedOperatorTest : public ::testing::Test {
 protected:
  PlayedOperatorTest() : operator_(cluster_, Voters({1, 2, 3})) {
    for (const uint64_t spare : {4, 5}) cluster_.AddNode(NodeId(spare));
    cluster_.Elect(NodeId(1));
  }

  // "1 2 3"
  std::string RunningAfterStopping() {
    operator_.StopRemoved();
    std::string running;
    for (const auto& [id, node] : cluster_.nodes()) {
      if (!node.running()) continue;
      running += (running.empty() ? "" : " ") + std::to_string(id.value());
    }
    return running;
  }

  // Node 1 proposes to add 4, and only 4 hears of it.
  void AddUnheard() {
    for (const uint64_t other : {2, 3}) cluster_.Cut(NodeId(1), NodeId(other));
    cluster_.Change(NodeId(1), OneChange(MemberChange::kAddLearner, 4));
    ASSERT_FALSE(cluster_.raft(NodeId(4)).GetStatus().config.voters.empty());
  }

  Cluster cluster_{3};
  PlayedOperator operator_;
};

TEST_F(PlayedOperatorTest, NobodyIsStoppedBeforeAnythingChanges) {
  EXPECT_EQ(RunningAfterStopping(), "1 2 3 4 5");
}

TEST_F(PlayedOperatorTest, WhoWasRemovedIsStoppedWithoutALeader) {
  cluster_.Isolate(NodeId(3));
  cluster_.Change(NodeId(1), OneChange(MemberChange::kRemove, 3));
  cluster_.Crash(NodeId(1));
  ASSERT_FALSE(cluster_.Leader());
  EXPECT_EQ(RunningAfterStopping(), "2 4 5");
}

TEST_F(PlayedOperatorTest, ARemovalThatIsNotCommittedStopsNobody) {
  cluster_.Isolate(NodeId(1));
  cluster_.Change(NodeId(1), OneChange(MemberChange::kRemove, 3));
  EXPECT_EQ(RunningAfterStopping(), "1 2 3 4 5");
}

TEST_F(PlayedOperatorTest, WhoAnOpenChangeMayBringInIsNotStopped) {
  AddUnheard();
  EXPECT_EQ(RunningAfterStopping(), "1 2 3 4 5");
  cluster_.Heal();
  cluster_.TickAll(5);
  EXPECT_EQ(cluster_.raft(NodeId(1)).GetStatus().config.learners, Ids({4}));
  EXPECT_EQ(RunningAfterStopping(), "1 2 3 4 5");
}

TEST_F(PlayedOperatorTest, WhoOnlyADeadChangeBroughtInIsStopped) {
  AddUnheard();
  cluster_.Crash(NodeId(1));
  cluster_.TickAll(25);  // 2 or 3 leads, and commits where the change would have been
  ASSERT_TRUE(cluster_.Leader());
  EXPECT_EQ(RunningAfterStopping(), "2 3 5");
}

// Node 1 wants a snapshot and leads nevertheless; only it has what was compacted before 2 saw it.
TEST(PlayedOperatorWishTest, ALeaderThatWaitsForItsOwnSnapshotIsRestarted) {
  ClusterOptions options;
  options.membership.witnesses = Ids({3});
  Cluster cluster(options);
  PlayedOperator played(cluster, options.membership);
  cluster.Elect(NodeId(2));
  cluster.Isolate(NodeId(2));
  ASSERT_TRUE(cluster.raft(NodeId(1)).RequestSnapshot().ok());
  for (int i = 0; i < 100 && cluster.Leader() != NodeId(1); ++i) cluster.TickAll();
  ASSERT_EQ(cluster.Leader(), NodeId(1));
  cluster.Propose(NodeId(1), "x");
  cluster.Settle();
  cluster.node(NodeId(1)).Compact(0);
  ASSERT_TRUE(cluster.raft(NodeId(1)).GetStatus().snapshot_wanted);
  EXPECT_TRUE(played.EndsVainWait(NodeId(1)));
  EXPECT_FALSE(cluster.raft(NodeId(1)).GetStatus().snapshot_wanted);
  cluster.Heal();
  cluster.TickAll(60);
  EXPECT_EQ(cluster.Applied(NodeId(2)), cluster.Applied(NodeId(1)));
  EXPECT_FALSE(played.EndsVainWait(cluster.Leader()));
}

}  // namespace
}  // namespace baton::raft::testing
