// Handing leadership over (thesis section 3.10).
#include <gtest/gtest.h>

#include "pkg/raft/testing/cluster.h"

namespace baton::raft {
namespace {

using testing::Acknowledge;
using testing::Cluster;
using testing::Ids;
using testing::Solo;
using testing::Voters;

class RaftTransferTest : public ::testing::Test {
 protected:
  void LeadInSync() {
    solo.Lead();
    solo.AcknowledgeAll();
  }

  Solo solo;
};

TEST_F(RaftTransferTest, ACaughtUpTargetIsToldAtOnce) {
  LeadInSync();
  ASSERT_TRUE(solo.raft().TransferLeadership(NodeId(3)).ok());
  EXPECT_EQ(solo.Said(), "1->3 TimeoutNow term=1\n");
  EXPECT_EQ(solo.status().transfer_target, NodeId(3));
}

TEST_F(RaftTransferTest, ATargetBehindIsBroughtUpFirst) {
  LeadInSync();
  solo.Propose("x");
  solo.Said();
  ASSERT_TRUE(solo.raft().TransferLeadership(NodeId(3)).ok());
  EXPECT_EQ(solo.Said(), "");
  ASSERT_TRUE(solo.Hear(2, 1, Acknowledge(2)).ok());
  solo.Said();
  ASSERT_TRUE(solo.Hear(3, 1, Acknowledge(2)).ok());
  EXPECT_EQ(solo.Said(),
            "1->3 TimeoutNow term=1\n"
            "1->3 Heartbeat term=1 commit=2\n");
}

TEST_F(RaftTransferTest, ProposalsAreRefusedMeanwhile) {
  LeadInSync();
  ASSERT_TRUE(solo.raft().TransferLeadership(NodeId(3)).ok());
  const Result<Proposed> proposed = solo.raft().Propose(Payload("x"));
  ASSERT_FALSE(proposed.ok());
  EXPECT_EQ(proposed.status().code(), Code::kUnavailable);
  EXPECT_EQ(proposed.status().reason(), "leader_transfer");
  EXPECT_EQ(proposed.status().outcome(), Outcome::kNotApplied);
  EXPECT_EQ(solo.status().last_index, Index(1));
}

TEST_F(RaftTransferTest, ItIsGivenUpAfterAnElectionTimeout) {
  LeadInSync();
  ASSERT_TRUE(solo.raft().TransferLeadership(NodeId(3)).ok());
  for (int tick = 0; tick < 9; ++tick) {
    solo.Tick();
    ASSERT_TRUE(solo.Hear(2, 1, HeartbeatResponse{}).ok());
  }
  EXPECT_EQ(solo.status().transfer_target, NodeId(3));
  solo.Tick();
  EXPECT_EQ(solo.status().transfer_target, NodeId());
  solo.Propose("x");
}

TEST_F(RaftTransferTest, WhoMayBeTheTarget) {
  ConfigState membership = Voters({1, 2, 3});
  membership.learners = Ids({4});
  Solo leader(membership);
  EXPECT_EQ(leader.raft().TransferLeadership(NodeId(2)).reason(), "not_leader");
  leader.Lead();
  const auto refused = [&](uint64_t id) {
    return leader.raft().TransferLeadership(NodeId(id)).code() == Code::kInvalidArgument;
  };
  EXPECT_TRUE(refused(0));
  EXPECT_TRUE(refused(1)) << "itself";
  EXPECT_TRUE(refused(4)) << "a learner";
  EXPECT_TRUE(refused(9)) << "a stranger";
  EXPECT_TRUE(leader.raft().TransferLeadership(NodeId(2)).ok());
  EXPECT_TRUE(leader.raft().TransferLeadership(NodeId(2)).ok()) << "again: as if asked once";
  EXPECT_TRUE(leader.raft().TransferLeadership(NodeId(3)).ok()) << "another target replaces it";
  EXPECT_EQ(leader.status().transfer_target, NodeId(3));
}

TEST_F(RaftTransferTest, TheTargetIsToldOnce) {
  LeadInSync();
  ASSERT_TRUE(solo.raft().TransferLeadership(NodeId(3)).ok());
  solo.Said();
  ASSERT_TRUE(solo.Hear(3, 1, Acknowledge(1)).ok());
  ASSERT_TRUE(solo.raft().TransferLeadership(NodeId(3)).ok());
  EXPECT_EQ(solo.Said(), "");
}

TEST_F(RaftTransferTest, TheTargetCampaignsAtOnceWithoutPreVote) {
  ASSERT_TRUE(solo.Hear(2, 1, Heartbeat{}).ok());
  solo.Said();
  ASSERT_TRUE(solo.Hear(2, 1, TimeoutNow{}).ok());
  EXPECT_EQ(solo.Said(),
            "1->2 VoteRequest term=2 last=0/0 transfer\n"
            "1->3 VoteRequest term=2 last=0/0 transfer\n");
}

TEST_F(RaftTransferTest, OnlyTheLeaderCanHandOver) {
  ASSERT_TRUE(solo.Hear(2, 1, Heartbeat{}).ok());
  solo.Said();
  ASSERT_TRUE(solo.Hear(3, 1, TimeoutNow{}).ok());
  EXPECT_EQ(solo.Said(), "");
  EXPECT_EQ(solo.raft().role(), Role::kFollower);
}

TEST_F(RaftTransferTest, ALearnerDoesNotTakeOver) {
  ConfigState membership = Voters({2, 3});
  membership.learners = Ids({1});
  Solo learner(membership);
  ASSERT_TRUE(learner.Hear(2, 1, Heartbeat{}).ok());
  learner.Said();
  ASSERT_TRUE(learner.Hear(2, 1, TimeoutNow{}).ok());
  EXPECT_EQ(learner.Said(), "");
}

TEST_F(RaftTransferTest, ItWorksWhileTheOldLeaderLives) {
  Cluster cluster(3);
  cluster.Elect(NodeId(1));
  cluster.Propose(NodeId(1), "x");
  ASSERT_TRUE(cluster.raft(NodeId(1)).TransferLeadership(NodeId(2)).ok());
  cluster.Settle();
  EXPECT_EQ(cluster.Leader(), NodeId(2));
  EXPECT_EQ(cluster.raft(NodeId(1)).role(), Role::kFollower);
  EXPECT_EQ(cluster.raft(NodeId(1)).leader(), NodeId(2));
  EXPECT_EQ(cluster.raft(NodeId(2)).term(), Term(2));
  cluster.Propose(NodeId(2), "y");
  cluster.Settle();
  EXPECT_EQ(cluster.Applied(NodeId(1)), "x y");
}

TEST_F(RaftTransferTest, ALostTimeoutNowCostsOneElectionTimeout) {
  Cluster cluster(3);
  cluster.Elect(NodeId(1));
  cluster.DropWhere(
      [](const Message& message) { return std::holds_alternative<TimeoutNow>(message.body); });
  ASSERT_TRUE(cluster.raft(NodeId(1)).TransferLeadership(NodeId(2)).ok());
  cluster.TickAll(10);
  EXPECT_EQ(cluster.Leader(), NodeId(1));
  cluster.Propose(NodeId(1), "x");
  cluster.Settle();
  EXPECT_EQ(cluster.Applied(NodeId(3)), "x");
}

TEST_F(RaftTransferTest, ADeadTargetCostsOneElectionTimeout) {
  Cluster cluster(3);
  cluster.Elect(NodeId(1));
  cluster.Isolate(NodeId(2));
  cluster.Propose(NodeId(1), "x");
  cluster.Settle();
  ASSERT_TRUE(cluster.raft(NodeId(1)).TransferLeadership(NodeId(2)).ok());
  cluster.TickAll(10);
  EXPECT_EQ(cluster.Leader(), NodeId(1));
  EXPECT_TRUE(cluster.raft(NodeId(1)).Propose(Payload("y")).ok());
}

}  // namespace
}  // namespace baton::raft
