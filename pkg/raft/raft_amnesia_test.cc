// A node that lost its disk (amnesia.h): it finds out by itself, says so, counts for nothing, and
// counts again only when that is safe.
#include <gtest/gtest.h>

#include <string>

#include "pkg/raft/testing/cluster.h"

namespace baton::raft {
namespace {

using testing::Acknowledge;
using testing::Append;
using testing::Cluster;
using testing::ClusterOptions;
using testing::EntriesOf;
using testing::Ids;
using testing::OneChange;
using testing::Solo;
using testing::SoloLeader;
using testing::Voters;

class RaftAmnesiaTest : public ::testing::Test {
 protected:
  RaftAmnesiaTest() : cluster(3) {
    cluster.Elect(NodeId(1));
    cluster.Propose(NodeId(1), "a");
    cluster.Settle();
  }

  RaftStatus StatusOf(uint64_t id) { return cluster.raft(NodeId(id)).GetStatus(); }
  bool LeaderKnows(uint64_t id) { return StatusOf(1).peers.at(NodeId(id)).amnesia; }

  Cluster cluster;
};

// --- finding out ---

TEST_F(RaftAmnesiaTest, ANodeFindsOutByTheNextHeartbeat) {
  cluster.LoseDisk(NodeId(3));
  EXPECT_FALSE(StatusOf(3).amnesia()) << "it cannot know yet";
  cluster.TickAll(1);
  EXPECT_TRUE(StatusOf(3).amnesia());
  EXPECT_EQ(StatusOf(3).counters.amnesia_found, 1u);
  EXPECT_TRUE(LeaderKnows(3));
  EXPECT_FALSE(LeaderKnows(2));
  cluster.TickAll(5);
  EXPECT_EQ(StatusOf(3).counters.amnesia_found, 1u) << "found once";
}

// etcd#10166, etcd#16220: "tocommit(..) is out of range [lastIndex(..)]" ended the process.
TEST(RaftAmnesiaSoloTest, ACommitIndexBeyondTheLogCrashesNobody) {
  for (const uint64_t commit : {1ull, 2ull, 1000ull, 1ull << 62}) {
    Solo voter;
    EXPECT_TRUE(voter.Hear(2, 1, Heartbeat{.commit = Index(commit), .stamp = 1}).ok());
    const std::string said = voter.Said();
    EXPECT_EQ(said.substr(0, said.find('=')), "1->2 ReadIndexRequest term") << "for its cure";
    EXPECT_EQ(said.substr(said.find('\n') + 1), "1->2 HeartbeatResponse term=1 commit=0 amnesia\n");
    EXPECT_TRUE(voter.Hear(2, 1, Append({5, 1}, commit)).ok());
    EXPECT_EQ(voter.Said(), "1->2 AppendResponse term=1 rejected=5 hint=0/0 commit=0 amnesia\n");
    EXPECT_TRUE(voter.Hear(2, 1, Append({0, 0}, commit, EntriesOf(1, {1}))).ok());
    EXPECT_EQ(voter.Said(), "1->2 AppendResponse term=1 match=1 commit=1 amnesia\n");
    EXPECT_EQ(voter.status().commit, Index(1)) << "what is here, and no more";
  }
}

TEST(RaftAmnesiaSoloTest, ALogThatReachesTheCommitIndexIsNoLoss) {
  Solo voter;
  ASSERT_TRUE(voter.Hear(2, 1, Append({0, 0}, 0, EntriesOf(1, {1, 1}))).ok());
  ASSERT_TRUE(voter.Hear(2, 1, Heartbeat{.commit = Index(2), .stamp = 1}).ok());
  EXPECT_FALSE(voter.status().amnesia()) << "at the limit";
  ASSERT_TRUE(voter.Hear(2, 1, Heartbeat{.commit = Index(3), .stamp = 1}).ok());
  EXPECT_TRUE(voter.status().amnesia()) << "beyond";
}

TEST(RaftAmnesiaSoloTest, ASnapshotUnderWayIsNoLoss) {
  Solo voter;
  ASSERT_TRUE(
      voter
          .Hear(2, 1,
                SnapshotRequest{SnapshotMeta{Index(5), Term(1), Voters({1, 2, 3})}, {}, false})
          .ok());
  ASSERT_TRUE(voter.Hear(2, 1, Heartbeat{.commit = Index(9), .stamp = 1}).ok());
  EXPECT_FALSE(voter.status().amnesia());
}

TEST_F(RaftAmnesiaTest, ALearnerStartsOverWithoutMoreAdo) {
  cluster.Change(NodeId(1), OneChange(MemberChange::kAddLearner, 3));
  cluster.Propose(NodeId(1), "b");
  cluster.Settle();
  cluster.LoseDisk(NodeId(3));
  cluster.TickAll(3);
  EXPECT_EQ(cluster.Applied(NodeId(3)), "a b");
  EXPECT_FALSE(StatusOf(3).amnesia());
  EXPECT_FALSE(LeaderKnows(3));
}

// --- it takes no part ---

class AmnesicVoterTest : public ::testing::Test {
 protected:
  AmnesicVoterTest() {
    voter.node().LoseDisk(Memory::kLost);
    voter.node().Restart();
  }

  Solo voter;
};

TEST_F(AmnesicVoterTest, ItNeverVotesUnderItsOldName) {
  EXPECT_TRUE(voter.status().amnesia()) << "its driver knew";
  ASSERT_TRUE(voter.Hear(3, 6, Heartbeat{.stamp = 1}).ok());
  voter.Tick(20);
  voter.Said();
  for (const VoteRequest& request :
       {VoteRequest{.pre_vote = true}, VoteRequest{}, VoteRequest{.leader_transfer = true},
        VoteRequest{.last_index = Index(100), .last_term = Term(6)}}) {
    ASSERT_TRUE(voter.Hear(2, 7, request).ok());
    const std::string said = voter.Said();
    EXPECT_NE(said.find("refused"), std::string::npos) << said;
    EXPECT_EQ(said.find("granted"), std::string::npos) << said;
  }
  EXPECT_EQ(voter.status().vote, NodeId());
}

TEST_F(AmnesicVoterTest, NorBeforeItKnowsAnyTerm) {
  ASSERT_TRUE(voter.Hear(2, 1, VoteRequest{.pre_vote = true}).ok());
  ASSERT_TRUE(voter.Hear(2, 1, VoteRequest{}).ok());
  EXPECT_EQ(voter.Said(),
            "1->2 PreVoteResponse term=0 refused\n1->2 VoteResponse term=0 refused\n");
}

TEST_F(AmnesicVoterTest, ItNeverStandsForElection) {
  voter.Tick(100);
  voter.raft().Campaign();
  EXPECT_EQ(voter.Said(), "");
  ASSERT_TRUE(voter.Hear(2, 1, Heartbeat{.stamp = 1}).ok());
  voter.Said();
  ASSERT_TRUE(voter.Hear(2, 1, TimeoutNow{}).ok());
  EXPECT_EQ(voter.Said(), "");
  EXPECT_EQ(voter.raft().role(), Role::kFollower);
}

TEST_F(AmnesicVoterTest, ARestartDoesNotForgetTheLoss) {
  ASSERT_TRUE(voter.Hear(2, 1, Append({0, 0}, 1, EntriesOf(1, {1, 1}))).ok());
  voter.Said();
  voter.node().Crash();
  voter.node().Restart();
  EXPECT_TRUE(voter.status().amnesia());
}

TEST(RaftAmnesiaSoloTest, FindingOutIsMadeDurable) {
  Solo voter;
  ASSERT_TRUE(voter.Hear(2, 1, Heartbeat{.stamp = 1}).ok());
  voter.Said();
  ASSERT_TRUE(voter.Hear(2, 1, Heartbeat{.commit = Index(1), .stamp = 1}).ok());
  const Ready ready = voter.raft().TakeReady();
  ASSERT_TRUE(ready.hard_state);
  EXPECT_TRUE(ready.hard_state->memory == Memory::kLost);
  EXPECT_TRUE(ready.must_sync);
}

TEST_F(RaftAmnesiaTest, ItCatchesUpButItsCopiesDoNotCount) {
  cluster.LoseDisk(NodeId(3));
  cluster.TickAll(3);
  EXPECT_EQ(cluster.Applied(NodeId(3)), "a");
  cluster.Isolate(NodeId(2));
  cluster.Propose(NodeId(1), "b");
  cluster.Settle();
  EXPECT_EQ(StatusOf(3).last_index, StatusOf(1).last_index) << "it holds the entry";
  EXPECT_EQ(cluster.Applied(NodeId(1)), "a") << "which is not committed by that";
  ASSERT_TRUE(cluster.Read(NodeId(1), 5).ok());
  cluster.Settle();
  EXPECT_TRUE(cluster.node(NodeId(1)).read_states().empty()) << "nor is a read confirmed";
  cluster.TickAll(10);
  EXPECT_EQ(StatusOf(1).role, Role::kFollower) << "nor does it keep the leader in office";
}

TEST(RaftAmnesiaSoloTest, ALateAnswerFromBeforeTheLossCuresNobody) {
  SoloLeader leader;
  ASSERT_TRUE(leader.Hear(2, 1, HeartbeatResponse{.stamp = 1, .amnesia = true}).ok());
  ASSERT_TRUE(leader.status().peers[NodeId(2)].amnesia);
  EXPECT_EQ(leader.status().peers[NodeId(2)].match, Index(0));
  ASSERT_TRUE(leader.Hear(2, 1, HeartbeatResponse{}).ok());
  ASSERT_TRUE(leader.Hear(2, 1, Acknowledge(1)).ok());
  EXPECT_TRUE(leader.status().peers[NodeId(2)].amnesia);
  leader.Propose("x");
  leader.Said();
  ASSERT_TRUE(leader.Hear(2, 1, Acknowledge(2)).ok());
  EXPECT_EQ(leader.status().commit, Index(1));
}

// The loss must not cost what was committed with the lost node's help.
TEST_F(RaftAmnesiaTest, WhatWasCommittedWithItsHelpIsNotLost) {
  cluster.Isolate(NodeId(2));
  cluster.Propose(NodeId(1), "b");
  cluster.Settle();
  ASSERT_EQ(cluster.Applied(NodeId(1)), "a b") << "by 1 and 3";
  cluster.LoseDisk(NodeId(3), Memory::kLost);
  cluster.Crash(NodeId(1));
  cluster.Heal();
  EXPECT_EQ(cluster.WaitForLeader(200), NodeId()) << "2 lacks it and must not lead";
  cluster.Restart(NodeId(1));
  EXPECT_EQ(cluster.WaitForLeader(200), NodeId(1));
  cluster.TickAll(3);
  EXPECT_EQ(cluster.Applied(NodeId(2)), "a b");
  EXPECT_EQ(cluster.Applied(NodeId(3)), "a b");
}

}  // namespace
}  // namespace baton::raft
