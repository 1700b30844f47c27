// What can be set while a core runs, and the smaller calls of raft.h: Reconfigure, SetPeerWindow,
// an expected term, forwarding, commit news, ForgetLeader, Ping.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "pkg/raft/testing/cluster.h"

namespace baton::raft {
namespace {

using testing::Acknowledge;
using testing::Append;
using testing::Cluster;
using testing::EntriesOf;
using testing::OneChange;
using testing::Solo;
using testing::SoloLeader;
using testing::Voters;

Config Base() {
  Config config;
  config.id = NodeId(1);
  config.append_bytes_max = 1;  // one entry per message
  return config;
}

class RaftSettingsTest : public ::testing::Test {
 protected:
  // How many appends go to `peer` when so many entries are proposed.
  int AppendsTo(uint64_t peer, int entries) {
    for (int i = 0; i < entries; ++i) leader.Propose("x");
    return static_cast<int>(std::ranges::count_if(leader.Sent(), [peer](const Message& message) {
      return message.to == NodeId(peer) && std::holds_alternative<AppendRequest>(message.body);
    }));
  }

  SoloLeader leader{Base()};
};

// --- Reconfigure ---

TEST_F(RaftSettingsTest, WhatOthersRelyOnCannotChange) {
  const auto refused = [&](const Config& config, const std::string& field) {
    const Status status = leader.raft().Reconfigure(config);
    return status.code() == Code::kInvalidArgument &&
           status.message().find(field) != std::string::npos;
  };
  Config config = Base();
  config.id = NodeId(2);
  EXPECT_TRUE(refused(config, "id"));
  config = Base();
  config.seed = 5;
  EXPECT_TRUE(refused(config, "seed"));
  config = Base();
  config.election_timeout_ticks = 11;
  EXPECT_TRUE(refused(config, "election_timeout_ticks"));
  config = Base();
  config.lease_reads = true;
  EXPECT_TRUE(refused(config, "lease_reads"));
  config = Base();
  config.clock_drift_ticks = 2;
  EXPECT_TRUE(refused(config, "clock_drift_ticks"));
  config = Base();
  config.inflight_messages_max = 0;
  EXPECT_TRUE(refused(config, "inflight_messages_max")) << "nor to what is never allowed";
  EXPECT_TRUE(leader.raft().Reconfigure(Base()).ok());
}

TEST_F(RaftSettingsTest, ARefusedChangeChangesNothing) {
  Config config = Base();
  config.inflight_messages_max = 2;
  config.seed = 5;
  ASSERT_FALSE(leader.raft().Reconfigure(config).ok());
  EXPECT_EQ(AppendsTo(2, 5), 5);
}

TEST_F(RaftSettingsTest, ANewWindowHoldsForThePeersOfNow) {
  Config config = Base();
  config.inflight_messages_max = 2;
  ASSERT_TRUE(leader.raft().Reconfigure(config).ok());
  EXPECT_EQ(AppendsTo(2, 5), 2);
  config.inflight_messages_max = 4;
  ASSERT_TRUE(leader.raft().Reconfigure(config).ok());
  EXPECT_EQ(AppendsTo(2, 0), 2) << "what waited goes at once";
  config.inflight_messages_max = 1;
  ASSERT_TRUE(leader.raft().Reconfigure(config).ok());
  ASSERT_TRUE(leader.Hear(2, 1, Acknowledge(4)).ok());
  EXPECT_EQ(AppendsTo(2, 0), 0) << "one is still under way";
  ASSERT_TRUE(leader.Hear(2, 1, Acknowledge(5)).ok());
  EXPECT_EQ(AppendsTo(2, 0), 1);
}

TEST_F(RaftSettingsTest, AByteWindowTooAndAlwaysOneMessage) {
  Config config = Base();
  config.inflight_bytes_max = 1;
  ASSERT_TRUE(leader.raft().Reconfigure(config).ok());
  EXPECT_EQ(AppendsTo(2, 5), 1);
}

// raft-rs#582: new peers kept the old limit.
TEST_F(RaftSettingsTest, ANewWindowHoldsForFuturePeersToo) {
  Config config = Base();
  config.inflight_messages_max = 2;
  ASSERT_TRUE(leader.raft().Reconfigure(config).ok());
  ASSERT_TRUE(leader.raft().ProposeMembership(OneChange(MemberChange::kAddLearner, 4)).ok());
  leader.Said();
  ASSERT_TRUE(leader.Hear(4, 1, Acknowledge(2)).ok());
  leader.Said();
  EXPECT_EQ(AppendsTo(4, 5), 2);
}

TEST_F(RaftSettingsTest, ALimitOfProposalsCountsAtOnce) {
  leader.Propose("12345");
  Config config = Base();
  config.uncommitted_bytes_max = 9 + 2 * Entry::kOverheadBytes;
  ASSERT_TRUE(leader.raft().Reconfigure(config).ok());
  EXPECT_EQ(leader.raft().Propose(Payload("12345")).status().code(), Code::kResourceExhausted);
  config.uncommitted_bytes_max = 10 + 2 * Entry::kOverheadBytes;
  ASSERT_TRUE(leader.raft().Reconfigure(config).ok());
  EXPECT_TRUE(leader.raft().Propose(Payload("12345")).ok());
}

// --- SetPeerWindow ---

TEST_F(RaftSettingsTest, OnePeerMayHaveAWindowOfItsOwn) {
  ASSERT_TRUE(leader.raft().SetPeerWindow(NodeId(2), 3, 1 << 20).ok());
  EXPECT_EQ(AppendsTo(2, 5), 3);
  EXPECT_EQ(AppendsTo(3, 0), 0) << "3 had got them all";
  EXPECT_EQ(leader.status().peers.at(NodeId(3)).inflight_messages, 5u);
}

TEST_F(RaftSettingsTest, AWindowOfNothingStopsItUntilReconfigure) {
  ASSERT_TRUE(leader.raft().SetPeerWindow(NodeId(2), 0, 1 << 20).ok());
  EXPECT_EQ(AppendsTo(2, 5), 0);
  leader.Tick();
  EXPECT_NE(leader.Said().find("1->2 Heartbeat"), std::string::npos) << "heartbeats go on";
  ASSERT_TRUE(leader.Hear(2, 1, HeartbeatResponse{}).ok());
  EXPECT_EQ(AppendsTo(2, 0), 0);
  ASSERT_TRUE(leader.raft().Reconfigure(Base()).ok());
  EXPECT_EQ(AppendsTo(2, 0), 5);
}

TEST_F(RaftSettingsTest, AWindowLastsNoLongerThanTheLeadership) {
  ASSERT_TRUE(leader.raft().SetPeerWindow(NodeId(2), 0, 1 << 20).ok());
  ASSERT_TRUE(leader.Hear(3, 2, Heartbeat{}).ok());
  leader.Tick(20);
  leader.Lead();
  leader.AcknowledgeAll();
  EXPECT_EQ(AppendsTo(2, 5), 5);
}

TEST_F(RaftSettingsTest, OnlyALeadersPeersHaveOne) {
  EXPECT_EQ(leader.raft().SetPeerWindow(NodeId(1), 1, 1).code(), Code::kNotFound);
  EXPECT_EQ(leader.raft().SetPeerWindow(NodeId(9), 1, 1).code(), Code::kNotFound);
  Solo follower;
  EXPECT_EQ(follower.raft().SetPeerWindow(NodeId(2), 1, 1).code(), Code::kNotFound);
}

// --- proposals ---

TEST_F(RaftSettingsTest, AProposalMayNameTheTermItIsMeantFor) {
  EXPECT_TRUE(leader.raft().Propose(Payload("x"), Term(1)).ok());
  for (const uint64_t other : {0, 2, 1000}) {
    const Result<Proposed> refused = leader.raft().Propose(Payload("x"), Term(other));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.status().code(), Code::kPreconditionFailed);
    EXPECT_EQ(refused.status().reason(), "term_changed");
    EXPECT_EQ(refused.status().outcome(), Outcome::kNotApplied);
  }
  EXPECT_EQ(leader.status().last_index, Index(2));
}

TEST(RaftForwardTest, AFollowersCommandTravelsToTheLeader) {
  Cluster cluster(3);
  cluster.Elect(NodeId(1));
  ASSERT_TRUE(cluster.raft(NodeId(3)).Forward(Payload("x")).ok());
  ASSERT_TRUE(cluster.raft(NodeId(1)).Forward(Payload("y")).ok());
  cluster.Pump(NodeId(3));
  cluster.Settle();
  EXPECT_EQ(cluster.Applied(NodeId(2)), "y x");
}

TEST(RaftForwardTest, WithoutALeaderThereIsNobodyToForwardTo) {
  Solo follower;
  EXPECT_EQ(follower.raft().Forward(Payload("x")).reason(), "no_leader");
}

TEST(RaftForwardTest, ItCanBeSwitchedOffOnEitherSide) {
  Config off = Base();
  off.forward_proposals = false;
  Solo follower(Voters({1, 2, 3}), off);
  ASSERT_TRUE(follower.Hear(2, 1, Heartbeat{}).ok());
  follower.Said();
  EXPECT_EQ(follower.raft().Forward(Payload("x")).reason(), "forwarding_off");
  EXPECT_EQ(follower.Said(), "");

  SoloLeader leader(off);
  ASSERT_TRUE(leader.Hear(2, 1, ProposeRequest{Payload("x")}).ok());
  EXPECT_EQ(leader.status().last_index, Index(1));
  EXPECT_TRUE(leader.raft().Forward(Payload("y")).ok()) << "its own are not forwarded";
}

TEST(RaftForwardTest, OnlyMembersMayForwardAndOnlyToTheLeader) {
  SoloLeader leader;
  ASSERT_TRUE(leader.Hear(9, 1, ProposeRequest{Payload("x")}).ok());
  EXPECT_EQ(leader.status().last_index, Index(1));
  ASSERT_TRUE(leader.Hear(2, 1, ProposeRequest{Payload("x")}).ok());
  EXPECT_EQ(leader.status().last_index, Index(2));
  Solo follower;
  ASSERT_TRUE(follower.Hear(2, 1, ProposeRequest{Payload("x")}).ok());
  EXPECT_EQ(follower.status().last_index, Index(0));
}

// --- commit news ---

Config Silent() {
  Config config = Base();
  config.commit_news = false;
  return config;
}

TEST(RaftCommitNewsTest, WithoutThemOnlyAppendsAndHeartbeatsTell) {
  SoloLeader leader(Silent());
  leader.Tick();
  leader.Said();
  leader.Propose("x");
  leader.Said();
  ASSERT_TRUE(leader.Hear(2, 1, Acknowledge(2)).ok());
  EXPECT_EQ(leader.status().commit, Index(2));
  EXPECT_EQ(leader.Said(), "");
  leader.Propose("y");
  EXPECT_NE(leader.Said().find("1->2 AppendRequest term=1 prev=2/1 commit=2"), std::string::npos);
  leader.Tick();
  EXPECT_NE(leader.Said().find("1->2 Heartbeat term=1 commit=2"), std::string::npos);
}

TEST(RaftCommitNewsTest, SwitchedOnAgainTheyGoAtOnce) {
  SoloLeader leader(Silent());
  leader.Propose("x");
  leader.Said();
  ASSERT_TRUE(leader.Hear(2, 1, Acknowledge(2)).ok());
  leader.Said();
  ASSERT_TRUE(leader.raft().Reconfigure(Base()).ok());
  EXPECT_NE(leader.Said().find("1->2 Heartbeat term=1 commit=2"), std::string::npos);
}

TEST(RaftCommitNewsTest, WithoutThemTheDriverSaysWhenItWaitsNoLonger) {
  SoloLeader leader(Silent());
  leader.Propose("x");
  leader.Said();
  EXPECT_FALSE(leader.raft().has_untold_commit()) << "nothing is committed";
  ASSERT_TRUE(leader.Hear(2, 1, Acknowledge(2)).ok());
  EXPECT_TRUE(leader.raft().has_untold_commit());
  leader.raft().TellCommit(NodeId(2), Index(1));
  EXPECT_EQ(leader.Said(), "") << "it was told of that one";
  leader.raft().TellCommit(NodeId(9), Index(2));
  EXPECT_EQ(leader.Said(), "") << "a stranger";
  leader.raft().TellCommit(Index(2));
  EXPECT_NE(leader.Said().find("1->2 Heartbeat term=1 commit=2"), std::string::npos);
  EXPECT_FALSE(leader.raft().has_untold_commit());
  ASSERT_TRUE(leader.Hear(3, 1, Acknowledge(2)).ok());
  EXPECT_NE(leader.Said().find("1->3 Heartbeat term=1 commit=2"), std::string::npos)
      << "it can use it only now, and was to be told";
  leader.Propose("y");
  leader.Said();
  ASSERT_TRUE(leader.Hear(2, 1, Acknowledge(3)).ok());
  EXPECT_EQ(leader.Said(), "") << "the next commit waits again";
  Solo follower;
  follower.raft().TellCommit(Index(1));
  EXPECT_FALSE(follower.raft().has_untold_commit());
  EXPECT_EQ(follower.Said(), "");
}

// --- ForgetLeader and Ping ---

class RaftForgetTest : public ::testing::Test {
 protected:
  RaftForgetTest() {
    EXPECT_TRUE(follower.Hear(2, 1, Append({0, 0}, 0, EntriesOf(1, {1}))).ok());
    follower.Said();
  }
  bool Grants() {
    EXPECT_TRUE(
        follower.Hear(3, 2, VoteRequest{.last_index = Index(1), .last_term = Term(1)}).ok());
    return follower.Said().find("granted") != std::string::npos;
  }

  Solo follower;
};

TEST_F(RaftForgetTest, VotesAreFreeAgain) {
  EXPECT_FALSE(Grants()) << "a live leader is protected";
  ASSERT_TRUE(follower.raft().ForgetLeader().ok());
  EXPECT_EQ(follower.raft().leader(), NodeId());
  EXPECT_EQ(follower.raft().role(), Role::kFollower);
  EXPECT_EQ(follower.raft().term(), Term(1));
  EXPECT_TRUE(Grants());
}

TEST_F(RaftForgetTest, ALeaderThatLivesIsKnownAgainAtItsNextWord) {
  ASSERT_TRUE(follower.raft().ForgetLeader().ok());
  ASSERT_TRUE(follower.Hear(2, 1, Heartbeat{}).ok());
  EXPECT_EQ(follower.raft().leader(), NodeId(2));
  EXPECT_FALSE(Grants());
}

TEST_F(RaftForgetTest, ReadsThatItWasAskedAreAborted) {
  ASSERT_TRUE(follower.raft().ReadIndex(7).ok());
  ASSERT_TRUE(follower.raft().ForgetLeader().ok());
  follower.Said();
  EXPECT_EQ(follower.node().aborted_reads(), std::vector<uint64_t>{7});
}

TEST_F(RaftForgetTest, TwiceIsAsGoodAsOnceAndALeaderCannot) {
  ASSERT_TRUE(follower.raft().ForgetLeader().ok());
  EXPECT_TRUE(follower.raft().ForgetLeader().ok());
  SoloLeader leader;
  EXPECT_EQ(leader.raft().ForgetLeader().reason(), "is_leader");
}

TEST(RaftPingTest, AllAreSentAHeartbeatNow) {
  SoloLeader leader;
  leader.raft().Ping();
  leader.raft().Ping();
  EXPECT_EQ(leader.Said(),
            "1->2 Heartbeat term=1 commit=1\n"
            "1->3 Heartbeat term=1 commit=1\n");
  EXPECT_EQ(leader.Said(), "");
}

TEST(RaftPingTest, AFollowerSendsNone) {
  Solo follower;
  follower.raft().Ping();
  EXPECT_FALSE(follower.raft().HasReady());
}

}  // namespace
}  // namespace baton::raft
