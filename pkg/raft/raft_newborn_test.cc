// A node whose disk was empty (Memory::kNewborn, amnesia.h): it may begin a cluster, but not vote
// in one that has a past, which it may have been part of.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "pkg/raft/testing/cluster.h"

namespace baton::raft {
namespace {

using testing::Append;
using testing::At;
using testing::Cluster;
using testing::EntriesOf;
using testing::OneChange;
using testing::Solo;
using testing::Voters;

class NewbornVoterTest : public ::testing::Test {
 protected:
  NewbornVoterTest() {
    voter.node().LoseDisk(Memory::kNewborn);
    voter.node().Restart();
  }

  bool Votes(uint64_t term, const VoteRequest& request) {
    CHECK(voter.Hear(3, term, request).ok());
    return voter.Said().find("granted") != std::string::npos;
  }

  Solo voter;
};

TEST_F(NewbornVoterTest, ItVotesForWhoBeginsACluster) {
  EXPECT_TRUE(Votes(1, {.pre_vote = true}));
  EXPECT_TRUE(Votes(1, {}));
  EXPECT_EQ(voter.status().memory, Memory::kNewborn) << "a vote proves nothing";
}

TEST_F(NewbornVoterTest, ItDoesNotVoteWhereThereIsAPast) {
  const VoteRequest with_log{.last_index = Index(1), .last_term = Term(1)};
  EXPECT_FALSE(Votes(2, with_log));
  VoteRequest pre = with_log;
  pre.pre_vote = true;
  EXPECT_FALSE(Votes(2, pre));
  VoteRequest transfer = with_log;
  transfer.leader_transfer = true;
  EXPECT_FALSE(Votes(2, transfer));
}

TEST_F(NewbornVoterTest, ItIsWholeWhenTheLogBeganInThisTerm) {
  ASSERT_TRUE(voter.Hear(2, 4, Heartbeat{}).ok());
  ASSERT_TRUE(voter.Hear(2, 4, Append({0, 0}, 0)).ok());
  EXPECT_EQ(voter.status().memory, Memory::kNewborn) << "nothing is known yet";
  ASSERT_TRUE(voter.Hear(2, 4, Append({0, 0}, 0, EntriesOf(1, {4}))).ok());
  EXPECT_EQ(voter.status().memory, Memory::kWhole);
  const Ready ready = voter.raft().TakeReady();
  ASSERT_TRUE(ready.hard_state);
  EXPECT_EQ(ready.hard_state->memory, Memory::kWhole);
}

TEST_F(NewbornVoterTest, AnEarlierTermAtTheStartIsAPast) {
  ASSERT_TRUE(voter.Hear(2, 4, Append({0, 0}, 0, EntriesOf(1, {3, 4}))).ok());
  EXPECT_TRUE(voter.status().amnesia());
  EXPECT_EQ(voter.status().counters.amnesia_found, 1u);
}

TEST_F(NewbornVoterTest, ALogThatGoesOnIsAPast) {
  ASSERT_TRUE(voter.Hear(2, 4, Append({7, 4}, 0)).ok());
  EXPECT_TRUE(voter.status().amnesia());
}

TEST_F(NewbornVoterTest, ASnapshotIsAPast) {
  const SnapshotRequest snapshot{SnapshotMeta{Index(2), Term(1), Voters({1, 2, 3})}, {}, false};
  ASSERT_TRUE(voter.Hear(2, 4, snapshot).ok());
  EXPECT_TRUE(voter.status().amnesia());
}

TEST_F(NewbornVoterTest, ARestartMakesItNoOlder) {
  ASSERT_TRUE(Votes(1, {}));
  voter.node().Crash();
  voter.node().Restart();
  EXPECT_EQ(voter.status().memory, Memory::kNewborn);
}

TEST(RaftNewbornTest, NewbornsBeginAClusterAndAreWholeThen) {
  Cluster cluster(3);
  for (const uint64_t id : {1, 2, 3}) cluster.LoseDisk(NodeId(id), Memory::kNewborn);
  ASSERT_TRUE(cluster.WaitForLeader(100));
  cluster.TickAll(3);
  for (const uint64_t id : {1, 2, 3}) {
    EXPECT_EQ(cluster.raft(NodeId(id)).GetStatus().memory, Memory::kWhole) << id;
  }
}

// Committed by 1 and 3; the disk of 3 is replaced, and 1 is away: 2 must not be elected.
TEST(RaftNewbornTest, WhatWasCommittedWithAReplacedDiskIsNotLost) {
  Cluster cluster(3);
  cluster.Elect(NodeId(1));
  cluster.Propose(NodeId(1), "a");
  cluster.Settle();
  cluster.Isolate(NodeId(2));
  cluster.Propose(NodeId(1), "b");
  cluster.Settle();
  ASSERT_EQ(cluster.Applied(NodeId(1)), "a b");
  cluster.Crash(NodeId(1));
  cluster.LoseDisk(NodeId(3), Memory::kNewborn);
  cluster.Heal();
  EXPECT_EQ(cluster.WaitForLeader(200), NodeId()) << "2 lacks it and must not lead";
  cluster.Restart(NodeId(1));
  EXPECT_EQ(cluster.WaitForLeader(200), NodeId(1));
  cluster.TickAll(5);
  EXPECT_EQ(cluster.Applied(NodeId(2)), "a b");
  EXPECT_TRUE(cluster.raft(NodeId(3)).GetStatus().amnesia());
}

// A new node that joins as a learner meets a past, is cured by itself, and can be promoted.
TEST(RaftNewbornTest, ANewMemberIsCuredAsALearner) {
  Cluster cluster(3);
  cluster.Elect(NodeId(1));
  cluster.Propose(NodeId(1), "a");
  cluster.AddNode(NodeId(4));
  cluster.LoseDisk(NodeId(4), Memory::kNewborn);
  cluster.Change(NodeId(1), OneChange(MemberChange::kAddLearner, 4));
  cluster.TickAll(4);
  EXPECT_EQ(cluster.raft(NodeId(4)).GetStatus().memory, Memory::kWhole);
  cluster.Change(NodeId(1), OneChange(MemberChange::kAddVoter, 4));
  EXPECT_EQ(cluster.raft(NodeId(1)).GetStatus().config, Voters({1, 2, 3, 4}));
}

}  // namespace
}  // namespace baton::raft
