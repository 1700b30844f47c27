// Witnesses: voters that hold the log without its data. They vote and acknowledge, never stand for
// election, and what is committed with their help is never lost.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "pkg/raft/membership.h"
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

ConfigState WithWitnesses(const std::vector<uint64_t>& voters,
                          const std::vector<uint64_t>& witnesses) {
  ConfigState config = Voters(voters);
  config.witnesses = Ids(witnesses);
  return config;
}

ClusterOptions Options(const std::vector<uint64_t>& voters,
                       const std::vector<uint64_t>& witnesses) {
  ClusterOptions options;
  options.membership = WithWitnesses(voters, witnesses);
  return options;
}

// --- what the witness does ---

class WitnessTest : public ::testing::Test {
 protected:
  Solo witness{WithWitnesses({1, 2, 3}, {1})};
};

TEST_F(WitnessTest, ItVotes) {
  ASSERT_TRUE(witness.Hear(2, 1, VoteRequest{.pre_vote = true}).ok());
  ASSERT_TRUE(witness.Hear(2, 1, VoteRequest{}).ok());
  EXPECT_EQ(witness.Said(),
            "1->2 PreVoteResponse term=1 granted\n"
            "1->2 VoteResponse term=1 granted\n");
}

TEST_F(WitnessTest, ItVotesForNoLogOlderThanItsOwn) {
  ASSERT_TRUE(witness.Hear(2, 1, Append({0, 0}, 0, EntriesOf(1, {1, 1}))).ok());
  witness.Said();
  witness.Tick(10);
  ASSERT_TRUE(witness.Hear(3, 2, VoteRequest{.last_index = Index(1), .last_term = Term(1)}).ok());
  EXPECT_NE(witness.Said().find("refused"), std::string::npos);
}

TEST_F(WitnessTest, ItAcknowledgesWhatItsDiskHas) {
  ASSERT_TRUE(witness.Hear(2, 1, Append({0, 0}, 1, EntriesOf(1, {1, 1}))).ok());
  EXPECT_EQ(witness.SaidAtOnce(), "");
  EXPECT_EQ(witness.Said(), "1->2 AppendResponse term=1 match=2 commit=1\n");
}

TEST_F(WitnessTest, ItNeverStandsForElection) {
  witness.Tick(100);
  witness.raft().Campaign();
  ASSERT_TRUE(witness.Hear(2, 1, Heartbeat{.stamp = 1}).ok());
  ASSERT_TRUE(witness.Hear(2, 1, TimeoutNow{}).ok());
  EXPECT_EQ(witness.Said(), "1->2 HeartbeatResponse term=1 commit=0\n");
  EXPECT_EQ(witness.raft().role(), Role::kFollower);
}

TEST(WitnessLeaderTest, LeadershipIsNotHandedToIt) {
  SoloLeader leader({}, WithWitnesses({1, 2, 3}, {3}));
  EXPECT_EQ(leader.raft().TransferLeadership(NodeId(3)).code(), Code::kInvalidArgument);
  EXPECT_TRUE(leader.raft().TransferLeadership(NodeId(2)).ok());
}

TEST(WitnessLeaderTest, ALeaderOnItsWayOutDoesNotTellIt) {
  SoloLeader leader({}, WithWitnesses({1, 2, 3}, {2}));
  ASSERT_TRUE(leader.raft().ProposeMembership(OneChange(MemberChange::kRemove, 1)).ok());
  leader.AcknowledgeAll();
  ASSERT_EQ(leader.raft().role(), Role::kFollower);
}

// --- what it is sent ---

TEST(WitnessLeaderTest, EntriesGoToItWithoutTheirData) {
  SoloLeader leader({}, WithWitnesses({1, 2, 3}, {3}));
  leader.Propose("some data");
  for (const Message& message : leader.Sent()) {
    const auto* const append = std::get_if<AppendRequest>(&message.body);
    if (!append) continue;
    ASSERT_EQ(append->entries.size(), 1u);
    EXPECT_EQ(append->entries[0].data.view(), message.to == NodeId(3) ? "" : "some data");
    EXPECT_EQ(append->entries[0].index, Index(2));
  }
  EXPECT_EQ(leader.node().log().entries()[1].data.view(), "some data") << "its own is untouched";
}

// An entry that only a witness held would keep everybody else from being elected, for ever.
TEST(WitnessLeaderTest, ItIsSentOnlyWhatAVoterWithItsDataHolds) {
  SoloLeader leader({}, WithWitnesses({1, 2, 3}, {3}));
  leader.Propose("x");
  EXPECT_EQ(leader.SaidAtOnce(), "1->2 AppendRequest term=1 prev=1/1 commit=1 entries=[2/1]\n");
  leader.Propose("y");
  EXPECT_EQ(leader.SaidAtOnce(), "1->2 AppendRequest term=1 prev=2/1 commit=1 entries=[3/1]\n");
  ASSERT_TRUE(leader.Hear(2, 1, Acknowledge(2)).ok());
  EXPECT_EQ(leader.SaidAtOnce(), "1->3 AppendRequest term=1 prev=1/1 commit=1 entries=[2/1]\n");
  EXPECT_NE(leader.Said().find("1->3 AppendRequest term=1 prev=2/1 commit=2 entries=[3/1]"),
            std::string::npos)
      << "the leader's own disk";
}

TEST(WitnessLeaderTest, ACrashBeforeTheOwnDiskHasItLeavesTheWitnessAbleToVote) {
  Cluster cluster(Options({1, 2}, {2}));
  cluster.Elect(NodeId(1));
  cluster.HoldDisk(NodeId(1));
  cluster.Propose(NodeId(1), "x");
  cluster.Settle();
  cluster.Crash(NodeId(1));
  cluster.Restart(NodeId(1));
  EXPECT_EQ(cluster.WaitForLeader(100), NodeId(1));
}

TEST(WitnessLeaderTest, ConfigurationsGoToItWhole) {
  Cluster cluster(Options({1, 2, 3}, {3}));
  cluster.Elect(NodeId(1));
  cluster.Change(NodeId(1), OneChange(MemberChange::kAddLearner, 4));
  EXPECT_EQ(cluster.raft(NodeId(3)).GetStatus().config.learners, Ids({4}));
}

TEST(WitnessLeaderTest, ASnapshotGoesToItWithoutItsBytesAndFromTheLeader) {
  Config config;
  config.delegate_snapshots = true;
  SoloLeader leader(config, WithWitnesses({1, 2, 3}, {3}));
  for (int i = 0; i < 5; ++i) leader.Propose("x");
  leader.Said();
  ASSERT_TRUE(leader.Hear(2, 1, Acknowledge(6)).ok());
  leader.Said();
  leader.node().Compact(0);
  leader.raft().OnUnreachable(NodeId(3));
  ASSERT_TRUE(leader.Hear(3, 1, HeartbeatResponse{}).ok());
  EXPECT_EQ(leader.Said(), "1->3 SnapshotRequest term=1 snapshot=6/1 without_data\n");
}

TEST(WitnessLeaderTest, ItSendsNoSnapshotToOthers) {
  Config config;
  config.delegate_snapshots = true;
  ConfigState membership = WithWitnesses({1, 2, 3}, {2});
  SoloLeader leader(config, membership);
  for (int i = 0; i < 5; ++i) leader.Propose("x");
  leader.Said();
  ASSERT_TRUE(leader.Hear(2, 1, Acknowledge(6)).ok());
  leader.Said();
  leader.node().Compact(0);
  leader.raft().OnUnreachable(NodeId(3));
  ASSERT_TRUE(leader.Hear(3, 1, HeartbeatResponse{}).ok());
  EXPECT_EQ(leader.Said(), "1->3 SnapshotRequest term=1 snapshot=6/1\n") << "it has no data";
}

// --- commits ---

TEST(WitnessCommitTest, ItMakesAMajorityWithOneOther) {
  Cluster cluster(Options({1, 2, 3}, {3}));
  cluster.Elect(NodeId(1));
  cluster.Isolate(NodeId(2));
  cluster.Propose(NodeId(1), "a");
  cluster.Settle();
  EXPECT_EQ(cluster.Applied(NodeId(1)), "a");
  EXPECT_EQ(cluster.Applied(NodeId(3)), "") << "an entry, and no data";
  EXPECT_EQ(cluster.node(NodeId(3)).applied(), cluster.node(NodeId(1)).applied());
}

TEST(WitnessCommitTest, WhatWasCommittedWithItOutlivesTheOther) {
  Cluster cluster(Options({1, 2, 3}, {3}));
  cluster.Elect(NodeId(1));
  cluster.Isolate(NodeId(2));
  cluster.Propose(NodeId(1), "a");
  cluster.Settle();
  cluster.Crash(NodeId(1));
  cluster.Heal();
  EXPECT_EQ(cluster.WaitForLeader(200), NodeId()) << "2 lacks it, 3 has no data";
  cluster.Restart(NodeId(1));
  EXPECT_EQ(cluster.WaitForLeader(200), NodeId(1));
  cluster.TickAll(2);
  EXPECT_EQ(cluster.Applied(NodeId(2)), "a");
}

// A majority of witnesses has the order of things and none of the data.
TEST(WitnessCommitTest, WitnessesAloneCommitNothing) {
  SoloLeader leader({}, WithWitnesses({1, 2, 3}, {2, 3}));
  leader.Propose("a");
  leader.SaidAtOnce();  // its own disk has not written it
  ASSERT_TRUE(leader.Hear(2, 1, Acknowledge(2)).ok());
  ASSERT_TRUE(leader.Hear(3, 1, Acknowledge(2)).ok());
  EXPECT_EQ(leader.status().commit, Index(1));
  leader.node().Persist();
  EXPECT_EQ(leader.status().commit, Index(2));
}

TEST(WitnessCommitTest, ThatHoldsForACommitQuorumOfOneToo) {
  ConfigState membership = WithWitnesses({1, 2, 3}, {3});
  membership.commit_quorum = 1;
  SoloLeader leader({}, membership);
  leader.Propose("a");
  leader.SaidAtOnce();
  ASSERT_TRUE(leader.Hear(3, 1, Acknowledge(2)).ok());
  EXPECT_EQ(leader.status().commit, Index(1));
  ASSERT_TRUE(leader.Hear(2, 1, Acknowledge(2)).ok());
  EXPECT_EQ(leader.status().commit, Index(2)) << "2 has the data";
}

TEST(WitnessCommitTest, AndInEachHalfOfAJointConfiguration) {
  ConfigState joint = Voters({1, 2});
  joint.voters_outgoing = Ids({3, 4, 5});
  joint.witnesses = Ids({4, 5});
  SoloLeader leader({}, joint);
  leader.Propose("a");
  leader.Said();
  for (const uint64_t id : {2, 4, 5}) ASSERT_TRUE(leader.Hear(id, 1, Acknowledge(2)).ok());
  EXPECT_EQ(leader.status().commit, Index(1));
  ASSERT_TRUE(leader.Hear(3, 1, Acknowledge(2)).ok());
  EXPECT_EQ(leader.status().commit, Index(2));
}

// --- membership ---

TEST(WitnessMembershipTest, OneIsAddedAndCounts) {
  Cluster cluster(2);
  cluster.Elect(NodeId(1));
  cluster.Propose(NodeId(1), "a");
  cluster.AddNode(NodeId(3));
  cluster.Change(NodeId(1), OneChange(MemberChange::kAddWitness, 3));
  cluster.Crash(NodeId(2));
  cluster.Propose(NodeId(1), "b");
  cluster.Settle();
  EXPECT_EQ(cluster.Applied(NodeId(1)), "a b");
  EXPECT_EQ(cluster.Applied(NodeId(3)), "") << "what came before it came without data, too";
}

// Its log passes for that of a voter: with it, it would be elected and hand on empty entries.
TEST(WitnessMembershipTest, ARemovedOneIsRefusedAsAVoterByWhoeverLeads) {
  Cluster cluster(Options({1, 2, 3}, {3}));
  cluster.Elect(NodeId(1));
  cluster.Propose(NodeId(1), "a");
  cluster.Change(NodeId(1), OneChange(MemberChange::kRemove, 3));
  cluster.node(NodeId(2)).Compact(0);
  cluster.Crash(NodeId(2));
  cluster.Restart(NodeId(2));
  cluster.TickAll(2);
  ASSERT_TRUE(cluster.raft(NodeId(1)).TransferLeadership(NodeId(2)).ok());
  cluster.Settle();
  Raft& leader = cluster.raft(NodeId(2));
  EXPECT_EQ(leader.ProposeMembership(OneChange(MemberChange::kAddVoter, 3)).status().reason(),
            "witness_has_no_data");
  EXPECT_EQ(leader.ProposeMembership(OneChange(MemberChange::kAddLearner, 3)).status().reason(),
            "witness_has_no_data");
  cluster.Change(NodeId(2), OneChange(MemberChange::kAddWitness, 3));
  cluster.Crash(NodeId(1));
  cluster.Propose(NodeId(2), "b");
  cluster.Settle();
  EXPECT_EQ(cluster.Applied(NodeId(2)), "b") << "it votes and counts again";
}

TEST(WitnessMembershipTest, AWitnessBehindTheLogIsBroughtUpByASnapshot) {
  Cluster cluster(Options({1, 2, 3}, {3}));
  cluster.Elect(NodeId(1));
  cluster.Isolate(NodeId(3));
  for (int i = 0; i < 5; ++i) cluster.Propose(NodeId(1), "x");
  cluster.Settle();
  cluster.node(NodeId(1)).Compact(0);
  cluster.Heal();
  cluster.TickAll(4);
  EXPECT_EQ(cluster.node(NodeId(3)).applied(), cluster.node(NodeId(1)).applied());
  cluster.Isolate(NodeId(2));
  cluster.Propose(NodeId(1), "y");
  cluster.Settle();
  EXPECT_EQ(cluster.Applied(NodeId(1)).back(), 'y');
}

}  // namespace
}  // namespace baton::raft
