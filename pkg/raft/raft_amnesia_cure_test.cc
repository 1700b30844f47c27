// How a node that lost its disk comes to count again (amnesia.h), and what must not cure it.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "pkg/raft/membership_codec.h"
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

// Three voters; 4 came later: as a learner, then as a voter.
class RaftAmnesiaCureTest : public ::testing::Test {
 protected:
  RaftAmnesiaCureTest() : cluster(OneEntryPerMessage()) {
    cluster.Elect(NodeId(1));
    cluster.AddNode(NodeId(4));
    cluster.Change(NodeId(1), OneChange(MemberChange::kAddLearner, 4));
    cluster.Change(NodeId(1), OneChange(MemberChange::kAddVoter, 4));
    cluster.Propose(NodeId(1), "a");
    cluster.Settle();
  }

  static ClusterOptions OneEntryPerMessage() {
    ClusterOptions options;
    options.config.append_bytes_max = 1;
    return options;
  }

  RaftStatus StatusOf(uint64_t id) { return cluster.raft(NodeId(id)).GetStatus(); }
  bool LeaderKnows(uint64_t id) { return StatusOf(1).peers.at(NodeId(id)).amnesia; }
  std::string Promote(uint64_t id) {
    return std::string(cluster.raft(NodeId(1))
                           .ProposeMembership(OneChange(MemberChange::kAddVoter, id))
                           .status()
                           .reason());
  }

  Cluster cluster;
};

TEST_F(RaftAmnesiaCureTest, DemotionAndPromotionMakeItCountAgain) {
  cluster.LoseDisk(NodeId(4));
  cluster.TickAll(2);
  ASSERT_TRUE(StatusOf(4).amnesia());
  cluster.Change(NodeId(1), OneChange(MemberChange::kAddLearner, 4));
  cluster.TickAll(2);
  EXPECT_FALSE(StatusOf(4).amnesia());
  EXPECT_FALSE(LeaderKnows(4));
  cluster.Change(NodeId(1), OneChange(MemberChange::kAddVoter, 4));
  cluster.Isolate(NodeId(3));
  cluster.Propose(NodeId(1), "b");
  cluster.Settle();
  EXPECT_EQ(cluster.Applied(NodeId(4)), "a b");
  EXPECT_EQ(cluster.Applied(NodeId(1)), "a b") << "by 1, 2 and 4";
}

// Its old configurations, in which it was no voter yet, say nothing of what it promised later.
TEST_F(RaftAmnesiaCureTest, ItsOwnPastDoesNotCureIt) {
  cluster.LoseDisk(NodeId(4));
  cluster.Tick(NodeId(1));
  for (int step = 0; step < 1000; ++step) {
    const bool moved = cluster.DeliverOne();
    for (uint64_t id = 1; id <= 4; ++id) {
      cluster.node(NodeId(id)).Persist();
      cluster.Pump(NodeId(id));
    }
    if (StatusOf(4).last_index >= Index(1)) {
      ASSERT_TRUE(StatusOf(4).amnesia()) << "with a log up to " << StatusOf(4).last_index;
    }
    if (!moved) break;
  }
  EXPECT_EQ(StatusOf(4).last_index, StatusOf(1).last_index);
  EXPECT_TRUE(StatusOf(4).amnesia());
}

// What follows if it did: 4 votes with half a log for a candidate that lacks what is committed.
TEST_F(RaftAmnesiaCureTest, HalfALogElectsNobody) {
  cluster.Isolate(NodeId(3));
  cluster.Propose(NodeId(1), "b");  // committed by 1, 2 and 4
  cluster.Settle();
  ASSERT_EQ(cluster.Applied(NodeId(2)), "a b");
  cluster.LoseDisk(NodeId(4));
  cluster.DropWhere([](const Message& message) {  // 4 gets the log up to the change that added it
    const auto* const append = std::get_if<AppendRequest>(&message.body);
    return append && message.to == NodeId(4) && !append->entries.empty() &&
           append->entries.back().index > Index(2);
  });
  cluster.TickAll(3);
  ASSERT_EQ(StatusOf(4).last_index, Index(2));
  cluster.Crash(NodeId(1));
  cluster.Heal();
  cluster.Isolate(NodeId(2));
  Config config = OneEntryPerMessage().config;
  config.id = NodeId(3);
  config.pre_vote = false;  // 3 asks for the vote itself
  ASSERT_TRUE(cluster.raft(NodeId(3)).Reconfigure(config).ok());
  for (int i = 0; i < 100; ++i) {
    cluster.TickAll(1);
    ASSERT_NE(StatusOf(3).role, Role::kLeader);
    ASSERT_EQ(StatusOf(4).vote, NodeId());
  }
}

TEST_F(RaftAmnesiaCureTest, ASnapshotOfItsPastDoesNotCureIt) {
  ConfigState before = Voters({1, 2, 3});
  before.learners = Ids({4});
  cluster.LoseDisk(NodeId(4), Memory::kLost);
  cluster.DropWhere([](const Message& message) { return message.to == NodeId(4); });
  const SnapshotRequest old{SnapshotMeta{Index(2), Term(1), before}, {}, false};
  cluster.Step(Message{NodeId(1), NodeId(4), Term(1), old});
  cluster.Settle();
  ASSERT_EQ(StatusOf(4).commit, Index(2));
  EXPECT_TRUE(StatusOf(4).amnesia());
}

TEST_F(RaftAmnesiaCureTest, ADemotionThatIsNotCommittedDoesNotCureIt) {
  cluster.LoseDisk(NodeId(4));
  cluster.TickAll(2);
  ASSERT_TRUE(StatusOf(4).amnesia());
  cluster.Cut(NodeId(1), NodeId(2));
  cluster.Cut(NodeId(1), NodeId(3));
  ASSERT_TRUE(
      cluster.raft(NodeId(1)).ProposeMembership(OneChange(MemberChange::kAddLearner, 4)).ok());
  cluster.TickAll(2);
  ASSERT_EQ(StatusOf(4).config.learners, Ids({4}));
  EXPECT_TRUE(StatusOf(4).amnesia()) << "another leader may take it back";
  cluster.Heal();
  cluster.TickAll(2);
  EXPECT_FALSE(StatusOf(4).amnesia());
}

// 1 leads on in its old term, does not know that 4 has become a voter since, and has committed all
// that it knows of.
TEST(RaftAmnesiaDeposedTest, ADeposedLeaderCuresNobody) {
  Cluster cluster(3);
  cluster.Elect(NodeId(1));
  cluster.AddNode(NodeId(4));
  cluster.Change(NodeId(1), OneChange(MemberChange::kAddLearner, 4));
  cluster.TickAll(2);
  cluster.Isolate(NodeId(1));
  for (int i = 0; i < 30; ++i) {
    for (const uint64_t id : {2, 3}) cluster.Tick(NodeId(id));
    cluster.Settle();
  }
  const NodeId second = cluster.Leader();
  ASSERT_TRUE(second == NodeId(2) || second == NodeId(3));
  cluster.Change(second, OneChange(MemberChange::kAddVoter, 4));
  cluster.Propose(second, "x");
  cluster.Settle();
  cluster.Heal();
  for (const uint64_t id : {2, 3}) {
    cluster.Cut(NodeId(id), NodeId(1));
    cluster.Cut(NodeId(id), NodeId(4));
  }
  cluster.LoseDisk(NodeId(4), Memory::kLost);
  ASSERT_EQ(cluster.raft(NodeId(1)).role(), Role::kLeader);
  for (int i = 0; i < 5; ++i) {
    cluster.Tick(NodeId(1));
    cluster.Settle();
  }
  const RaftStatus status = cluster.raft(NodeId(4)).GetStatus();
  EXPECT_EQ(status.leader, NodeId(1));
  EXPECT_EQ(status.config.learners, Ids({4})) << "as the deposed leader knows it";
  EXPECT_EQ(status.commit, status.last_index);
  EXPECT_TRUE(status.amnesia());
}

TEST_F(RaftAmnesiaCureTest, NobodyIsPromotedBeforeItIsCured) {
  cluster.LoseDisk(NodeId(4));
  cluster.TickAll(2);
  cluster.DropWhere([](const Message& message) { return message.to == NodeId(4); });
  cluster.Change(NodeId(1), OneChange(MemberChange::kAddLearner, 4));
  EXPECT_EQ(Promote(4), "learner_behind") << "it would be a voter that never counts";
  cluster.DropWhere(nullptr);
  cluster.TickAll(3);
  ASSERT_FALSE(LeaderKnows(4));
  EXPECT_EQ(Promote(4), "");
}

TEST_F(RaftAmnesiaCureTest, ItIsCuredAfterARestartInAnIdleCluster) {
  cluster.LoseDisk(NodeId(4));
  cluster.TickAll(2);
  cluster.DropWhere([](const Message& message) {  // the news of the commit gets lost
    return message.to == NodeId(4) && std::holds_alternative<Heartbeat>(message.body);
  });
  cluster.Change(NodeId(1), OneChange(MemberChange::kAddLearner, 4));
  ASSERT_TRUE(StatusOf(4).amnesia());
  cluster.Crash(NodeId(4));
  cluster.DropWhere(nullptr);
  cluster.Restart(NodeId(4));
  ASSERT_TRUE(StatusOf(4).amnesia());
  cluster.TickAll(3);
  EXPECT_FALSE(StatusOf(4).amnesia());
  EXPECT_FALSE(LeaderKnows(4));
}

TEST_F(RaftAmnesiaCureTest, ANewLeaderCuresItToo) {
  cluster.LoseDisk(NodeId(4));
  cluster.TickAll(2);
  cluster.DropWhere([](const Message& message) { return message.to == NodeId(4); });
  cluster.Change(NodeId(1), OneChange(MemberChange::kAddLearner, 4));
  ASSERT_TRUE(cluster.raft(NodeId(1)).TransferLeadership(NodeId(2)).ok());
  cluster.Settle();
  ASSERT_EQ(cluster.Leader(), NodeId(2));
  EXPECT_EQ(cluster.raft(NodeId(2))
                .ProposeMembership(OneChange(MemberChange::kAddVoter, 4))
                .status()
                .reason(),
            "learner_behind")
      << "this leader has not heard it yet";
  cluster.DropWhere(nullptr);
  cluster.TickAll(4);
  EXPECT_FALSE(StatusOf(4).amnesia());
  cluster.Change(NodeId(2), OneChange(MemberChange::kAddVoter, 4));
  EXPECT_EQ(StatusOf(4).config, Voters({1, 2, 3, 4}));
}

// A learner with a long way to go must not be sent everything again with each of its answers.
TEST_F(RaftAmnesiaCureTest, CatchingUpIsNotStartedOverWithEachAnswer) {
  cluster.LoseDisk(NodeId(4), Memory::kLost);
  cluster.DropWhere([](const Message& message) { return message.to == NodeId(4); });
  cluster.Change(NodeId(1), OneChange(MemberChange::kAddLearner, 4));
  for (int i = 0; i < 100; ++i) cluster.Propose(NodeId(1), "x");
  cluster.Settle();
  ASSERT_TRUE(cluster.raft(NodeId(1)).TransferLeadership(NodeId(2)).ok());
  cluster.Settle();
  cluster.DropWhere(nullptr);
  cluster.Record();
  cluster.TickAll(4);
  const std::string said = cluster.TakeTranscript();
  size_t appends = 0;
  for (size_t at = 0; (at = said.find("2->4 AppendRequest", at)) != std::string::npos; ++at) {
    ++appends;
  }
  EXPECT_FALSE(StatusOf(4).amnesia());
  EXPECT_LT(appends, 150u) << "of about 107 entries, one in each";
}

// A leader that heard voter 2 say that it has lost its memory, demoted it, and hears it whole
// again. Messages of 2 are played by the test, late ones, too.
class LateNewsOfMemoryTest : public ::testing::Test {
 protected:
  LateNewsOfMemoryTest() {
    Answer(Now(), true);
    Change(MemberChange::kAddLearner);
    leader.Tick();
  }

  // The stamp of a heartbeat of now; news of a commit has none.
  uint64_t Now() {
    leader.raft().Ping();
    uint64_t stamp = 0;
    for (const Message& message : leader.Sent()) {
      const auto* const beat = std::get_if<Heartbeat>(&message.body);
      if (beat != nullptr) stamp = std::max(stamp, beat->stamp);
    }
    return stamp;
  }
  void Answer(uint64_t stamp, bool amnesia) {
    EXPECT_TRUE(leader.Hear(2, 1, HeartbeatResponse{.stamp = stamp, .amnesia = amnesia}).ok());
  }
  void Change(MemberChange::Type type) {
    ASSERT_TRUE(leader.raft().ProposeMembership(OneChange(type, 2)).ok());
    ASSERT_TRUE(leader.Hear(3, 1, Acknowledge(leader.status().last_index.value())).ok());
  }
  PeerStatus Peer() { return leader.status().peers.at(NodeId(2)); }

  SoloLeader leader;
};

// Found by the simulator (seed 847, a new disk and late messages): 2 was demoted again for what it
// had said before its cure. Then another voter lost its disk, and the two left could elect nobody.
TEST_F(LateNewsOfMemoryTest, AnAnswerFromBeforeTheCureDemotesNobody) {
  const uint64_t before = Now();
  Answer(Now(), false);
  ASSERT_FALSE(Peer().amnesia);
  ASSERT_TRUE(leader.Hear(2, 1, Acknowledge(leader.status().last_index.value())).ok());
  Change(MemberChange::kAddVoter);
  Answer(before, true);
  EXPECT_FALSE(Peer().amnesia);
  leader.Tick();
  Answer(Now(), true);
  EXPECT_TRUE(Peer().amnesia) << "a loss after the promotion is believed";
  EXPECT_EQ(Peer().match, Index(0));
}

TEST_F(LateNewsOfMemoryTest, AnAnswerFromBeforeTheLossCuresNoLearner) {
  Answer(Now() - 1, false);
  EXPECT_TRUE(Peer().amnesia);
  Answer(Now(), false);
  EXPECT_FALSE(Peer().amnesia);
}

// Found by the simulator (seed 12459, two new disks for one node).
TEST_F(LateNewsOfMemoryTest, AnIllPeerMayLoseItsDiskAgain) {
  AppendResponse ill = Acknowledge(2);
  ill.amnesia = true;
  ASSERT_TRUE(leader.Hear(2, 1, ill).ok());
  ASSERT_EQ(Peer().match, Index(2));
  ASSERT_TRUE(
      leader
          .Hear(2, 1, AppendResponse{.rejected = true, .rejected_index = Index(2), .amnesia = true})
          .ok());
  EXPECT_EQ(Peer().match, Index(0));
}

TEST_F(LateNewsOfMemoryTest, WhatContradictsTheBeliefIsNotCounted) {
  ASSERT_TRUE(leader.Hear(2, 1, Acknowledge(1)).ok());
  EXPECT_EQ(Peer().match, Index(0)) << "from before the loss";
  Answer(Now(), false);
  AppendResponse ill = Acknowledge(1);
  ill.amnesia = true;
  ASSERT_TRUE(leader.Hear(2, 1, ill).ok());
  EXPECT_EQ(Peer().match, Index(0)) << "from before the cure";
  ASSERT_TRUE(leader.Hear(2, 1, Acknowledge(1)).ok());
  EXPECT_EQ(Peer().match, Index(1));
}

}  // namespace
}  // namespace baton::raft
