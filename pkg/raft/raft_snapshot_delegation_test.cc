// Snapshots that a follower sends on the leader's behalf. Orders, reports and snapshots may all be
// lost; whoever needs a snapshot gets one in the end, if need be from the leader.
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
using testing::Solo;
using testing::SoloLeader;
using testing::Voters;

Config Delegating() {
  Config config;
  config.delegate_snapshots = true;
  return config;
}

// --- the leader ---

// Peer 3 lacks what is compacted; peer 2 holds everything.
class DelegatingLeaderTest : public ::testing::Test {
 protected:
  DelegatingLeaderTest() {
    for (int i = 0; i < 5; ++i) leader.Propose("x");
    leader.Said();
    EXPECT_TRUE(leader.Hear(2, 1, Acknowledge(6)).ok());
    leader.Said();
    leader.node().Compact(0);
    leader.raft().OnUnreachable(NodeId(3));
  }
  std::string Beat(uint64_t peer) {
    EXPECT_TRUE(leader.Hear(peer, 1, HeartbeatResponse{}).ok());
    return leader.Said();
  }
  ReplicationState StateOf3() { return leader.status().peers.at(NodeId(3)).state; }
  void Order() { ASSERT_EQ(Beat(3), "1->2 SnapshotOrder term=1 target=3 at_least=6\n"); }
  // Ticks in which all are heard; what was said but heartbeats.
  std::string Pass(uint64_t ticks, bool hear_source = true) {
    std::string said;
    for (uint64_t i = 0; i < ticks; ++i) {
      leader.Tick();
      said += leader.Said();
      said += Beat(3);
      if (hear_source) said += Beat(2);
    }
    return said;
  }

  SoloLeader leader{Delegating()};
};

TEST_F(DelegatingLeaderTest, AFollowerThatHoldsEverythingIsTold) {
  Order();
  EXPECT_EQ(StateOf3(), ReplicationState::kSnapshot);
  EXPECT_EQ(leader.status().counters.snapshots_sent, 0u);
}

TEST_F(DelegatingLeaderTest, WithoutDelegationItSendsItself) {
  Config config;
  config.id = NodeId(1);
  ASSERT_TRUE(leader.raft().Reconfigure(config).ok());
  EXPECT_EQ(Beat(3), "1->3 SnapshotRequest term=1 snapshot=6/1\n");
}

TEST(DelegatingLeaderSilenceTest, ASourceThatIsNotHeardIsNotTold) {
  for (const uint64_t silent_ticks : {9, 10}) {
    SoloLeader leader(Delegating());
    leader.Propose("x");
    leader.Said();
    ASSERT_TRUE(leader.Hear(2, 1, Acknowledge(2)).ok());
    leader.Tick(9);
    ASSERT_TRUE(leader.Hear(3, 1, HeartbeatResponse{}).ok());
    leader.Tick(silent_ticks - 9);
    leader.Said();
    leader.node().Compact(0);
    leader.raft().OnUnreachable(NodeId(3));
    ASSERT_TRUE(leader.Hear(3, 1, HeartbeatResponse{}).ok());
    EXPECT_EQ(leader.Said(), silent_ticks == 9 ? "1->2 SnapshotOrder term=1 target=3 at_least=2\n"
                                               : "1->3 SnapshotRequest term=1 snapshot=2/1\n");
  }
}

TEST_F(DelegatingLeaderTest, TheTargetsAcknowledgementEndsIt) {
  Order();
  ASSERT_TRUE(leader.Hear(3, 1, Acknowledge(6)).ok());
  EXPECT_EQ(StateOf3(), ReplicationState::kReplicate);
  leader.Said();
  EXPECT_TRUE(leader.node().cancelled_snapshots().empty()) << "this node sent nothing";
}

TEST_F(DelegatingLeaderTest, AReportOfDeliveryIsFollowedByAProbeBehindIt) {
  Order();
  ASSERT_TRUE(leader.Hear(2, 1, SnapshotReport{NodeId(3), true}).ok());
  EXPECT_EQ(StateOf3(), ReplicationState::kProbe);
  EXPECT_EQ(leader.status().peers.at(NodeId(3)).next, Index(7));
}

TEST_F(DelegatingLeaderTest, AfterAReportOfFailureItSendsItself) {
  Order();
  ASSERT_TRUE(leader.Hear(2, 1, SnapshotReport{NodeId(3), false}).ok());
  EXPECT_EQ(Beat(3), "1->3 SnapshotRequest term=1 snapshot=6/1\n");
}

TEST_F(DelegatingLeaderTest, ReportsOfOthersAreIgnored) {
  Order();
  ASSERT_TRUE(leader.Hear(3, 1, SnapshotReport{NodeId(3), true}).ok());
  ASSERT_TRUE(leader.Hear(2, 1, SnapshotReport{NodeId(9), true}).ok());
  ASSERT_TRUE(leader.Hear(2, 1, SnapshotReport{NodeId(2), false}).ok());
  EXPECT_EQ(StateOf3(), ReplicationState::kSnapshot);
}

TEST_F(DelegatingLeaderTest, ASourceThatFallsSilentIsGivenUp) {
  Order();
  const std::string said = Pass(11, /*hear_source=*/false);
  EXPECT_NE(said.find("1->3 SnapshotRequest term=1 snapshot=6/1"), std::string::npos) << said;
}

// The order, or the report of how it went, may be lost while the source is well.
TEST_F(DelegatingLeaderTest, TheOrderIsRepeatedAfterAnElectionTimeout) {
  Order();
  EXPECT_EQ(Pass(9).find("SnapshotOrder"), std::string::npos);
  const std::string said = Pass(1);
  EXPECT_NE(said.find("1->2 SnapshotOrder term=1 target=3 at_least=6"), std::string::npos) << said;
  EXPECT_EQ(Pass(9).find("SnapshotOrder"), std::string::npos);
}

// --- the source ---

// Follows 2 in term 1, has applied six entries and offers their snapshot.
class SnapshotSourceTest : public ::testing::Test {
 protected:
  SnapshotSourceTest() {
    EXPECT_TRUE(source.Hear(2, 1, Append({0, 0}, 6, EntriesOf(1, {1, 1, 1, 1, 1, 1}))).ok());
    source.Said();
    source.node().Compact(0);
  }
  std::string Order(uint64_t at_least, uint64_t term = 1, uint64_t leader = 2) {
    EXPECT_TRUE(source.Hear(leader, term, SnapshotOrder{NodeId(3), Index(at_least)}).ok());
    return source.Said();
  }

  Solo source{Voters({1, 2, 3}), Delegating()};
};

TEST_F(SnapshotSourceTest, ItSendsItsOwnInTheLeadersNameAndReports) {
  EXPECT_EQ(Order(6), "1->3 SnapshotRequest term=1 snapshot=6/1 for=2\n");
  source.raft().OnSnapshotSent(NodeId(3), true);
  EXPECT_EQ(source.Said(), "1->2 SnapshotReport term=1 target=3 delivered\n");
  EXPECT_EQ(Order(6), "1->3 SnapshotRequest term=1 snapshot=6/1 for=2\n");
  source.raft().OnSnapshotSent(NodeId(3), false);
  EXPECT_EQ(source.Said(), "1->2 SnapshotReport term=1 target=3 failed\n");
  source.raft().OnSnapshotSent(NodeId(3), false);
  EXPECT_EQ(source.Said(), "") << "there was no such order";
}

TEST_F(SnapshotSourceTest, WhatItCannotDoItSaysAtOnce) {
  const std::string failed = "1->2 SnapshotReport term=1 target=3 failed\n";
  EXPECT_EQ(Order(7), failed) << "its snapshot is older";
  source.node().log().OfferSnapshot(std::nullopt);
  EXPECT_EQ(Order(1), failed) << "it has none";
  Solo unwilling;
  ASSERT_TRUE(unwilling.Hear(2, 1, Append({0, 0}, 1, EntriesOf(1, {1}))).ok());
  unwilling.Said();
  ASSERT_TRUE(unwilling.Hear(2, 1, SnapshotOrder{NodeId(3), Index(1)}).ok());
  EXPECT_EQ(unwilling.Said(), failed) << "delegation is off here";
}

TEST_F(SnapshotSourceTest, OnlyTheLeaderCanOrder) {
  ASSERT_TRUE(source.Hear(3, 1, SnapshotOrder{NodeId(3), Index(6)}).ok());
  EXPECT_EQ(source.Said(), "");
}

TEST_F(SnapshotSourceTest, ARepeatedOrderStartsNothingAnew) {
  Order(6);
  EXPECT_EQ(Order(6), "");
  source.raft().OnSnapshotSent(NodeId(3), true);
  EXPECT_EQ(source.Said(), "1->2 SnapshotReport term=1 target=3 delivered\n");
}

// A leader that was only out of hearing for a while waits for the report.
TEST_F(SnapshotSourceTest, AnOrderOutlivesAPauseOfTheLeader) {
  Order(6);
  source.Tick(20);  // campaigns in vain
  source.Said();
  ASSERT_EQ(source.raft().leader(), NodeId());
  ASSERT_TRUE(source.Hear(2, 1, Heartbeat{}).ok());
  source.Said();
  source.raft().OnSnapshotSent(NodeId(3), false);
  EXPECT_EQ(source.Said(), "1->2 SnapshotReport term=1 target=3 failed\n");
}

TEST_F(SnapshotSourceTest, ANewLeadersOrderForTheSameTargetWaitsForTheOldSending) {
  Order(6);
  ASSERT_TRUE(source.Hear(3, 2, Heartbeat{}).ok());
  source.Said();
  source.raft().OnSnapshotSent(NodeId(3), false);
  EXPECT_EQ(source.Said(), "1->3 SnapshotReport term=2 target=3 failed\n") << "whoever leads now";
}

TEST_F(SnapshotSourceTest, WhoCameToLeadRemembersNoOrderForLater) {
  Order(6);
  source.Tick(10);
  source.Lead();
  source.AcknowledgeAll();
  source.raft().OnSnapshotSent(NodeId(3), false);
  EXPECT_EQ(source.Said(), "") << "it would tell itself";
  ASSERT_TRUE(source.Hear(2, 9, Heartbeat{}).ok());
  source.Said();
  EXPECT_EQ(Order(6, 9), "1->3 SnapshotRequest term=9 snapshot=6/1 for=2\n");
}

// --- the target ---

TEST(SnapshotTargetTest, ItAnswersTheLeaderWhoeverBroughtIt) {
  Solo target;
  ASSERT_TRUE(target.Hear(2, 1, Heartbeat{}).ok());
  target.Said();
  const SnapshotMeta meta{Index(6), Term(1), Voters({1, 2, 3})};
  ASSERT_TRUE(target.Hear(3, 1, SnapshotRequest{meta, NodeId(2), false}).ok());
  EXPECT_EQ(target.Said(), "1->2 AppendResponse term=1 match=6 commit=6\n");
  EXPECT_EQ(target.raft().leader(), NodeId(2));
}

TEST(SnapshotTargetTest, ItProvesNothingOfTheLeadersLife) {
  Solo target;
  ASSERT_TRUE(target.Hear(2, 1, Heartbeat{}).ok());
  target.Tick(10);
  const SnapshotMeta meta{Index(6), Term(1), Voters({1, 2, 3})};
  ASSERT_TRUE(target.Hear(3, 1, SnapshotRequest{meta, NodeId(2), false}).ok());
  target.Said();
  ASSERT_TRUE(target.Hear(3, 2, VoteRequest{.last_index = Index(6), .last_term = Term(1)}).ok());
  EXPECT_NE(target.Said().find("granted"), std::string::npos);
}

TEST(SnapshotTargetTest, OneInTheNameOfASecondLeaderIsRefused) {
  Solo target;
  ASSERT_TRUE(target.Hear(2, 1, Heartbeat{}).ok());
  target.Said();
  const SnapshotMeta meta{Index(6), Term(1), Voters({1, 2, 3})};
  EXPECT_EQ(target.Hear(2, 1, SnapshotRequest{meta, NodeId(3), false}).code(),
            Code::kInvalidArgument);
  EXPECT_EQ(target.Hear(2, 1, SnapshotRequest{meta, NodeId(1), false}).code(),
            Code::kInvalidArgument);
}

// --- end to end ---

class DelegationClusterTest : public ::testing::Test {
 protected:
  DelegationClusterTest() : cluster(Options()) {
    cluster.Elect(NodeId(1));
    cluster.Isolate(NodeId(3));
    for (int i = 0; i < 5; ++i) cluster.Propose(NodeId(1), "x");
    cluster.TickAll(2);
    for (uint64_t id = 1; id <= 2; ++id) cluster.node(NodeId(id)).Compact(0);
    cluster.Heal();
  }
  static ClusterOptions Options() {
    ClusterOptions options;
    options.config = Delegating();
    return options;
  }
  bool CaughtUp() { return cluster.node(NodeId(3)).applied() == cluster.node(NodeId(1)).applied(); }

  Cluster cluster;
};

TEST_F(DelegationClusterTest, TheLeaderSendsNoBytes) {
  cluster.TickAll(5);
  EXPECT_TRUE(CaughtUp());
  EXPECT_EQ(cluster.raft(NodeId(1)).GetStatus().counters.snapshots_sent, 0u);
}

TEST_F(DelegationClusterTest, ALostOrderOrReportOrSnapshotCostsTimeOnly) {
  for (int lost = 0; lost < 3; ++lost) {
    cluster.DropWhere([lost](const Message& message) {
      const size_t kinds[] = {MessageBody(SnapshotOrder{}).index(),
                              MessageBody(SnapshotReport{}).index(),
                              MessageBody(SnapshotRequest{}).index()};
      return message.body.index() == kinds[lost];
    });
    cluster.TickAll(3);
    cluster.DropWhere(nullptr);
    cluster.TickAll(25);
    ASSERT_TRUE(CaughtUp()) << lost;
    cluster.Isolate(NodeId(3));
    cluster.Propose(NodeId(1), "y");
    cluster.TickAll(2);
    for (uint64_t id = 1; id <= 2; ++id) cluster.node(NodeId(id)).Compact(0);
    cluster.Heal();
    cluster.raft(NodeId(1)).OnUnreachable(NodeId(3));
  }
}

}  // namespace
}  // namespace baton::raft
