// Commits that need more, or fewer, than a majority: groups (zones, racks), of which two must hold
// an entry, and commit quorums of the operator's choice (H. Howard, D. Malkhi, A. Spiegelman,
// "Flexible Paxos", 2016) with the election quorums that meet them.
#include <gtest/gtest.h>

#include <vector>

#include "pkg/raft/testing/cluster.h"

namespace baton::raft {
namespace {

using testing::Acknowledge;
using testing::Cluster;
using testing::ClusterOptions;
using testing::Ids;
using testing::Solo;
using testing::SoloLeader;
using testing::Voters;

using Groups = std::map<NodeId, uint64_t>;

// --- groups ---

class GroupCommitTest : public ::testing::Test {
 protected:
  // Entry 2 is on the leader's disk.
  static void ProposeOne(SoloLeader& at) {
    at.Propose("x");
    at.Said();
  }
  static bool Committed(SoloLeader& at) { return at.status().commit == Index(2); }
  static void Hold(SoloLeader& at, uint64_t id) {
    ASSERT_TRUE(at.Hear(id, 1, Acknowledge(2)).ok());
  }

  SoloLeader leader;
};

TEST_F(GroupCommitTest, VotersOfTwoGroupsMustHoldAnEntry) {
  leader.raft().SetCommitGroups(Groups{{NodeId(1), 1}, {NodeId(2), 1}, {NodeId(3), 2}});
  ProposeOne(leader);
  Hold(leader, 2);
  EXPECT_FALSE(Committed(leader)) << "a majority, all in one group";
  Hold(leader, 3);
  EXPECT_TRUE(Committed(leader));
}

TEST_F(GroupCommitTest, TwoGroupsAreNotEnoughWithoutAQuorum) {
  SoloLeader five({}, Voters({1, 2, 3, 4, 5}));
  five.raft().SetCommitGroups(Groups{{NodeId(1), 1}, {NodeId(2), 2}});
  ProposeOne(five);
  Hold(five, 2);
  EXPECT_FALSE(Committed(five));
  Hold(five, 3);
  EXPECT_TRUE(Committed(five)) << "3 is in no group and counts for the quorum";
}

TEST_F(GroupCommitTest, WhereThereAreNoTwoGroupsNothingIsHeldUp) {
  for (const Groups& groups :
       {Groups{}, Groups{{NodeId(1), 7}}, Groups{{NodeId(1), 7}, {NodeId(2), 7}, {NodeId(3), 7}},
        Groups{{NodeId(1), 0}, {NodeId(2), 0}, {NodeId(3), 0}},
        Groups{{NodeId(1), 1}, {NodeId(9), 2}}}) {
    SoloLeader one;
    one.raft().SetCommitGroups(groups);
    ProposeOne(one);
    Hold(one, 2);
    EXPECT_TRUE(Committed(one)) << groups.size();
  }
}

TEST_F(GroupCommitTest, WhoTakesTheGroupsBackCommitsWhatWaited) {
  leader.raft().SetCommitGroups(Groups{{NodeId(1), 1}, {NodeId(2), 1}, {NodeId(3), 2}});
  ProposeOne(leader);
  Hold(leader, 2);
  ASSERT_FALSE(Committed(leader));
  leader.raft().SetCommitGroups({});
  EXPECT_TRUE(Committed(leader));
  EXPECT_TRUE(leader.raft().HasReady());
}

TEST_F(GroupCommitTest, BothHalvesOfAJointConfigurationNeedTwoGroups) {
  ConfigState joint = Voters({1, 2, 3});
  joint.voters_outgoing = Ids({1, 4, 5});
  SoloLeader both({}, joint);
  both.raft().SetCommitGroups(
      Groups{{NodeId(1), 1}, {NodeId(2), 2}, {NodeId(4), 1}, {NodeId(5), 2}});
  ProposeOne(both);
  Hold(both, 2);
  Hold(both, 4);
  EXPECT_FALSE(Committed(both)) << "1 and 4 are of one group";
  Hold(both, 5);
  EXPECT_TRUE(Committed(both));
}

TEST_F(GroupCommitTest, ACopyThatWasLostCountsForNoGroup) {
  leader.raft().SetCommitGroups(Groups{{NodeId(1), 1}, {NodeId(2), 1}, {NodeId(3), 2}});
  ASSERT_TRUE(leader.Hear(3, 1, HeartbeatResponse{.stamp = 1, .amnesia = true}).ok());
  ProposeOne(leader);
  Hold(leader, 2);
  Hold(leader, 3);
  EXPECT_FALSE(Committed(leader));
}

TEST_F(GroupCommitTest, ReadsNeedAMajorityOnly) {
  leader.raft().SetCommitGroups(Groups{{NodeId(1), 1}, {NodeId(2), 1}, {NodeId(3), 2}});
  ASSERT_TRUE(leader.raft().ReadIndex(7).ok());
  leader.Said();
  ASSERT_TRUE(leader.Hear(2, 1, HeartbeatResponse{.read_counter = 1}).ok());
  leader.Said();
  EXPECT_EQ(leader.node().read_states().size(), 1u);
}

TEST_F(GroupCommitTest, AfterAChangeOfLeadersTheNewOnesGroupsCount) {
  const Groups groups{{NodeId(1), 1}, {NodeId(2), 1}, {NodeId(3), 2}};
  Cluster cluster(3);
  for (uint64_t id = 1; id <= 3; ++id) cluster.raft(NodeId(id)).SetCommitGroups(groups);
  cluster.Elect(NodeId(1));
  ASSERT_TRUE(cluster.raft(NodeId(1)).TransferLeadership(NodeId(2)).ok());
  cluster.Settle();
  ASSERT_EQ(cluster.Leader(), NodeId(2));
  cluster.Isolate(NodeId(3));
  cluster.Propose(NodeId(2), "x");
  cluster.Settle();
  EXPECT_EQ(cluster.Applied(NodeId(2)), "");
  cluster.Heal();
  cluster.TickAll(3);
  EXPECT_EQ(cluster.Applied(NodeId(2)), "x");
}

// --- quorums ---

ConfigState FiveWith(uint32_t commit_quorum) {
  ConfigState config = Voters({1, 2, 3, 4, 5});
  config.commit_quorum = commit_quorum;
  return config;
}

TEST(CommitQuorumTest, SoManyMustHoldAnEntry) {
  for (const uint32_t quorum : {1u, 2u, 3u, 4u, 5u}) {
    SoloLeader leader({}, FiveWith(quorum));
    leader.Propose("x");
    leader.Said();
    for (uint32_t held = 1; held < 5; ++held) {
      EXPECT_EQ(leader.status().commit == Index(2), held >= quorum) << held << " of " << quorum;
      ASSERT_TRUE(leader.Hear(held + 1, 1, Acknowledge(2)).ok());
    }
    EXPECT_EQ(leader.status().commit, Index(2));
  }
}

TEST(CommitQuorumTest, ElectionsMeetEveryCommitQuorumAndEachOther) {
  Config config;
  config.pre_vote = false;
  const std::vector<uint32_t> needed = {3, 5, 4, 3, 3, 3};  // for the commit quorums 0 to 5
  for (uint32_t quorum = 0; quorum <= 5; ++quorum) {
    Solo candidate(FiveWith(quorum), config);
    candidate.raft().Campaign();
    candidate.Said();
    for (uint32_t votes = 1; votes < 5; ++votes) {
      EXPECT_EQ(candidate.raft().role() == Role::kLeader, votes >= needed[quorum])
          << votes << " votes, commit quorum " << quorum;
      ASSERT_TRUE(candidate.Hear(votes + 1, 1, VoteResponse{.granted = true}).ok());
    }
    EXPECT_EQ(candidate.raft().role(), Role::kLeader);
  }
}

TEST(CommitQuorumTest, AnElectionIsLostAsSoonAsItCannotBeWon) {
  Config config;
  config.pre_vote = false;
  Solo candidate(FiveWith(2), config);  // needs four
  candidate.raft().Campaign();
  candidate.Said();
  ASSERT_TRUE(candidate.Hear(2, 1, VoteResponse{}).ok());
  EXPECT_EQ(candidate.raft().role(), Role::kCandidate);
  ASSERT_TRUE(candidate.Hear(3, 1, VoteResponse{}).ok());
  EXPECT_EQ(candidate.raft().role(), Role::kFollower);
}

TEST(CommitQuorumTest, WhatTwoOfFiveCommittedOutlivesEitherOfThem) {
  for (const uint64_t lost : {1, 2}) {
    ClusterOptions options;
    options.membership = FiveWith(2);
    Cluster cluster(options);
    cluster.Elect(NodeId(1));
    for (uint64_t id = 3; id <= 5; ++id) cluster.Cut(NodeId(1), NodeId(id));
    cluster.Propose(NodeId(1), "x");
    cluster.Settle();
    ASSERT_EQ(cluster.Applied(NodeId(1)), "x");
    cluster.Crash(NodeId(lost));
    cluster.Heal();
    ASSERT_NE(cluster.WaitForLeader(300), NodeId());
    cluster.TickAll(3);
    for (uint64_t id = 1; id <= 5; ++id) {
      if (id == lost) continue;
      EXPECT_EQ(cluster.Applied(NodeId(id)), "x") << id;
    }
  }
}

TEST(CommitQuorumTest, ACommitQuorumConfirmsReads) {
  SoloLeader leader({}, FiveWith(2));
  ASSERT_TRUE(leader.raft().ReadIndex(7).ok());
  leader.Said();
  ASSERT_TRUE(leader.Hear(4, 1, HeartbeatResponse{.read_counter = 1}).ok());
  leader.Said();
  EXPECT_EQ(leader.node().read_states().size(), 1u) << "every election needs 1 or 4";
}

TEST(CommitQuorumTest, ItIsChangedThroughAJointConfiguration) {
  Cluster cluster(5);
  cluster.Elect(NodeId(1));
  MembershipChange change;
  change.commit_quorum = 2;
  change.transition = JointTransition::kExplicit;
  cluster.Change(NodeId(1), change);
  const ConfigState joint = cluster.raft(NodeId(2)).GetStatus().config;
  EXPECT_TRUE(joint.joint());
  EXPECT_EQ(joint.commit_quorum, 2u);
  EXPECT_EQ(joint.commit_quorum_outgoing, 0u);
  for (uint64_t id = 3; id <= 5; ++id) cluster.Isolate(NodeId(id));
  cluster.Propose(NodeId(1), "x");
  cluster.Settle();
  EXPECT_EQ(cluster.Applied(NodeId(1)), "") << "the old half still asks for three";
  cluster.Heal();
  cluster.TickAll(3);
  cluster.Change(NodeId(1), MembershipChange());
  EXPECT_EQ(cluster.raft(NodeId(2)).GetStatus().config, FiveWith(2));
  for (uint64_t id = 3; id <= 5; ++id) cluster.Isolate(NodeId(id));
  cluster.Propose(NodeId(1), "y");
  cluster.Settle();
  EXPECT_EQ(cluster.Applied(NodeId(1)), "x y");
}

}  // namespace
}  // namespace baton::raft
