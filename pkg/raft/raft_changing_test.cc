// Membership changes (paper section 6, thesis chapter 4), as the leader makes them and as the
// others follow.
#include <gtest/gtest.h>

#include <string>

#include "pkg/raft/membership.h"
#include "pkg/raft/testing/cluster.h"

namespace baton::raft {
namespace {

using testing::Cluster;
using testing::ClusterOptions;
using testing::Ids;
using testing::Solo;
using testing::SoloLeader;
using testing::Voters;

MembershipChange Changes(std::vector<MemberChange> changes,
                         JointTransition transition = JointTransition::kAuto) {
  MembershipChange change;
  change.changes = std::move(changes);
  change.transition = transition;
  return change;
}
MemberChange Add(uint64_t id) { return {MemberChange::kAddVoter, NodeId(id)}; }
MemberChange AddLearner(uint64_t id) { return {MemberChange::kAddLearner, NodeId(id)}; }
MemberChange Remove(uint64_t id) { return {MemberChange::kRemove, NodeId(id)}; }

ConfigState ConfigOf(Cluster& cluster, uint64_t id) {
  return cluster.raft(NodeId(id)).GetStatus().config;
}

class RaftChangingTest : public ::testing::Test {
 protected:
  RaftChangingTest() : cluster(3) {
    cluster.Elect(NodeId(1));
    cluster.Settle();
  }

  Cluster cluster;
};

TEST_F(RaftChangingTest, ANewVoterCatchesUpAndCounts) {
  cluster.Propose(NodeId(1), "a");
  cluster.AddNode(NodeId(4));
  cluster.Change(NodeId(1), Changes({Add(4)}));
  for (uint64_t id = 1; id <= 4; ++id) EXPECT_EQ(ConfigOf(cluster, id), Voters({1, 2, 3, 4})) << id;
  cluster.Isolate(NodeId(2));
  cluster.Propose(NodeId(1), "b");
  cluster.Settle();
  EXPECT_EQ(cluster.Applied(NodeId(4)), "a b");
  cluster.Isolate(NodeId(3));
  cluster.Propose(NodeId(1), "c");
  cluster.Settle();
  EXPECT_EQ(cluster.Applied(NodeId(4)), "a b") << "two of four are no majority";
}

TEST_F(RaftChangingTest, AChangeIsInForceWhereItStandsInTheLog) {
  cluster.Isolate(NodeId(1));
  ASSERT_TRUE(cluster.raft(NodeId(1)).ProposeMembership(Changes({Remove(3)})).ok());
  cluster.Settle();
  EXPECT_EQ(ConfigOf(cluster, 1), Voters({1, 2})) << "uncommitted, but in its log";
  EXPECT_EQ(ConfigOf(cluster, 2), Voters({1, 2, 3}));
}

TEST_F(RaftChangingTest, ARewrittenChangeIsTakenBack) {
  cluster.Isolate(NodeId(1));
  ASSERT_TRUE(cluster.raft(NodeId(1)).ProposeMembership(Changes({Remove(3)})).ok());
  cluster.Settle();
  cluster.TickAll(15);  // 1 finds that it has no quorum
  const NodeId leader = cluster.WaitForLeader(100);
  ASSERT_NE(leader, NodeId());
  cluster.Propose(leader, "x");
  cluster.Settle();
  cluster.Heal();
  cluster.TickAll(3);
  EXPECT_EQ(ConfigOf(cluster, 1), Voters({1, 2, 3}));
  EXPECT_EQ(cluster.Applied(NodeId(1)), "x");
}

TEST_F(RaftChangingTest, OneChangeAtATime) {
  cluster.Isolate(NodeId(1));
  ASSERT_TRUE(cluster.raft(NodeId(1)).ProposeMembership(Changes({Remove(3)})).ok());
  const Result<Proposed> second = cluster.raft(NodeId(1)).ProposeMembership(Changes({Add(4)}));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().reason(), "change_in_progress");
}

TEST(RaftChangingMomentTest, NotBeforeTheFirstCommitOfTheTerm) {
  Solo solo;
  solo.Lead();
  const Result<Proposed> early = solo.raft().ProposeMembership(Changes({Remove(3)}));
  ASSERT_FALSE(early.ok());
  EXPECT_EQ(early.status().reason(), "term_not_committed");
  solo.AcknowledgeAll();
  EXPECT_TRUE(solo.raft().ProposeMembership(Changes({Remove(3)})).ok());
}

TEST(RaftChangingMomentTest, OnlyTheLeaderAndNotWhileItHandsOver) {
  Solo follower;
  EXPECT_EQ(follower.raft().ProposeMembership(Changes({Remove(3)})).status().reason(),
            "not_leader");
  SoloLeader leader;
  ASSERT_TRUE(leader.raft().TransferLeadership(NodeId(2)).ok());
  EXPECT_EQ(leader.raft().ProposeMembership(Changes({Remove(3)})).status().reason(),
            "leader_transfer");
}

TEST_F(RaftChangingTest, TheExpectedConfigurationIsCompared) {
  const Proposed first = cluster.Change(NodeId(1), Changes({Remove(3)}));
  MembershipChange change = Changes({Add(3)});
  change.expected_config_index = first.index - 1;
  EXPECT_EQ(cluster.raft(NodeId(1)).ProposeMembership(change).status().reason(), "config_changed");
  change.expected_config_index = first.index;
  EXPECT_TRUE(cluster.raft(NodeId(1)).ProposeMembership(change).ok());
}

TEST_F(RaftChangingTest, TheContextOfAChangeIsBounded) {
  MembershipChange change = Changes({Remove(3)});
  change.context.assign(64 * 1024 + 1, 'x');
  EXPECT_EQ(cluster.raft(NodeId(1)).ProposeMembership(change).status().reason(),
            "context_too_large");
  change.context.pop_back();
  EXPECT_TRUE(cluster.raft(NodeId(1)).ProposeMembership(change).ok());
}

TEST_F(RaftChangingTest, AJointStateEndsByItself) {
  cluster.AddNode(NodeId(4));
  cluster.Change(NodeId(1), Changes({Add(4), Remove(3)}));
  for (const uint64_t id : {1, 2, 4}) {
    EXPECT_EQ(ConfigOf(cluster, id), Voters({1, 2, 4})) << id;
  }
}

TEST_F(RaftChangingTest, AnExplicitJointStateStaysUntilItIsLeft) {
  cluster.AddNode(NodeId(4));
  cluster.Change(NodeId(1), Changes({Add(4), Remove(3)}, JointTransition::kExplicit));
  cluster.TickAll(30);
  EXPECT_TRUE(ConfigOf(cluster, 2).joint());
  cluster.Change(NodeId(1), MembershipChange());
  EXPECT_EQ(ConfigOf(cluster, 2), Voters({1, 2, 4}));
}

TEST_F(RaftChangingTest, AJointStateNeedsBothHalves) {
  cluster.AddNode(NodeId(4));
  cluster.AddNode(NodeId(5));
  cluster.Change(NodeId(1), Changes({Add(4), Add(5), Remove(3)}, JointTransition::kExplicit));
  cluster.Isolate(NodeId(2));
  cluster.Isolate(NodeId(3));
  cluster.Propose(NodeId(1), "x");
  cluster.Settle();
  EXPECT_EQ(cluster.Applied(NodeId(1)), "") << "1, 4 and 5 are a majority of the new half only";
  cluster.Heal();
  cluster.TickAll(2);
  EXPECT_EQ(cluster.Applied(NodeId(1)), "x");
}

// etcd#12136, etcd#14538: the leader dies between entering and leaving.
TEST_F(RaftChangingTest, ANewLeaderEndsTheJointStateOfTheOldOne) {
  cluster.AddNode(NodeId(4));
  cluster.DropWhere([](const Message& message) {
    const auto* const append = std::get_if<AppendRequest>(&message.body);
    return append && !append->entries.empty() &&
           append->entries.back().type == EntryType::kConfigChange &&
           append->entries.back().index > Index(2);
  });
  cluster.Change(NodeId(1), Changes({Add(4), Remove(3)}));
  EXPECT_TRUE(ConfigOf(cluster, 2).joint());
  cluster.Crash(NodeId(1));
  cluster.DropWhere(nullptr);
  ASSERT_NE(cluster.WaitForLeader(100), NodeId());
  cluster.TickAll(3);
  EXPECT_EQ(ConfigOf(cluster, 2), Voters({1, 2, 4}));
  EXPECT_EQ(ConfigOf(cluster, 4), Voters({1, 2, 4}));
}

TEST_F(RaftChangingTest, ALeaderThatIsRemovedHandsOverAndStops) {
  cluster.Change(NodeId(1), Changes({Remove(1)}));
  EXPECT_NE(cluster.raft(NodeId(1)).role(), Role::kLeader);
  EXPECT_EQ(cluster.raft(NodeId(2)).role(), Role::kLeader) << "a caught-up voter was told";
  cluster.TickAll(50);
  EXPECT_EQ(cluster.raft(NodeId(1)).role(), Role::kFollower) << "and does not campaign";
}

// The other lacks the change, so it needs the vote of the one that is left out, whose log is
// longer.
TEST(RaftChangingMomentTest, WhoIsLeftOutByAChangeThatOnlyItHoldsStands) {
  for (const bool demoted : {false, true}) {
    Cluster two(2);
    two.Elect(NodeId(1));
    two.Isolate(NodeId(1));
    ASSERT_TRUE(
        two.raft(NodeId(1)).ProposeMembership(Changes({demoted ? AddLearner(1) : Remove(1)})).ok());
    two.Settle();
    two.Crash(NodeId(1));
    two.Heal();
    two.Restart(NodeId(1));
    ASSERT_NE(two.WaitForLeader(100), NodeId());
    two.TickAll(30);
    EXPECT_EQ(two.Leader(), NodeId(2)) << "after the change is committed";
    EXPECT_EQ(ConfigOf(two, 2).voters, Ids({2}));
    EXPECT_EQ(two.raft(NodeId(1)).role(), Role::kFollower);
  }
}

TEST(RaftChangingMomentTest, ALeaderOnItsWayOutTakesNoProposals) {
  SoloLeader leader;
  ASSERT_TRUE(leader.raft().ProposeMembership(Changes({Remove(1)})).ok());
  EXPECT_EQ(leader.raft().Propose(Payload("x")).status().reason(), "leader_removed");
  leader.Said();
  ASSERT_TRUE(leader.Hear(2, 1, testing::Acknowledge(2)).ok());
  EXPECT_EQ(leader.raft().role(), Role::kLeader) << "it does not count itself";
  ASSERT_TRUE(leader.Hear(3, 1, testing::Acknowledge(2)).ok());
  EXPECT_EQ(leader.Said(),
            "1->2 Heartbeat term=1 commit=2\n"
            "1->3 Heartbeat term=1 commit=2\n"
            "1->2 TimeoutNow term=1\n");
  EXPECT_EQ(leader.raft().role(), Role::kFollower);
}

TEST_F(RaftChangingTest, ADemotedLeaderStopsToo) {
  cluster.Change(NodeId(1), Changes({AddLearner(1)}));
  EXPECT_EQ(cluster.raft(NodeId(1)).role(), Role::kFollower);
  EXPECT_EQ(ConfigOf(cluster, 1).voters, Ids({2, 3}));
  EXPECT_EQ(ConfigOf(cluster, 1).learners, Ids({1}));
  const NodeId leader = cluster.WaitForLeader(100);
  cluster.Propose(leader, "x");
  cluster.Settle();
  EXPECT_EQ(cluster.Applied(NodeId(1)), "x");
}

TEST(RaftPromotionTest, ALearnerIsPromotedWhenItHasCaughtUp) {
  Config config;
  config.promotion_lag_entries_max = 1;
  ConfigState membership = Voters({1, 2});
  membership.learners = Ids({3});
  SoloLeader leader(config, membership);
  leader.Propose("a");
  leader.Propose("b");
  leader.Said();
  const Result<Proposed> early = leader.raft().ProposeMembership(Changes({Add(3)}));
  ASSERT_FALSE(early.ok());
  EXPECT_EQ(early.status().reason(), "learner_behind");
  EXPECT_NE(early.status().message().find("2 entries behind"), std::string::npos);
  ASSERT_TRUE(leader.Hear(3, 1, testing::Acknowledge(2)).ok());
  EXPECT_TRUE(leader.raft().ProposeMembership(Changes({Add(3)})).ok());
}

// openraft#112, openraft#808: nothing is kept up for who is gone.
TEST_F(RaftChangingTest, TheSnapshotOfARemovedNodeIsCancelled) {
  cluster.Isolate(NodeId(3));
  for (int i = 0; i < 5; ++i) cluster.Propose(NodeId(1), "x");
  cluster.Settle();
  cluster.node(NodeId(1)).Compact(0);
  cluster.Heal();
  cluster.raft(NodeId(1)).OnUnreachable(NodeId(3));
  cluster.raft(NodeId(1)).Ping();
  cluster.Pump(NodeId(1));
  ASSERT_EQ(cluster.raft(NodeId(1)).GetStatus().peers.at(NodeId(3)).state,
            ReplicationState::kSnapshot);
  ASSERT_TRUE(cluster.raft(NodeId(1)).ProposeMembership(Changes({Remove(3)})).ok());
  EXPECT_EQ(cluster.raft(NodeId(1)).TakeReady().cancelled_snapshots, Ids({3}));
}

TEST_F(RaftChangingTest, AnUncommittedRemovalIsKnownAfterARestart) {
  cluster.DropWhere(
      [](const Message& message) { return std::holds_alternative<AppendResponse>(message.body); });
  ASSERT_TRUE(cluster.raft(NodeId(1)).ProposeMembership(Changes({Remove(3)})).ok());
  cluster.Settle();
  cluster.Crash(NodeId(2));
  cluster.Restart(NodeId(2));
  EXPECT_EQ(ConfigOf(cluster, 2), Voters({1, 2})) << "read from its log";
}

}  // namespace
}  // namespace baton::raft
