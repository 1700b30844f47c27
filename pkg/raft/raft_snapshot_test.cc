// Snapshots: for followers that are behind the compacted log, and what can go wrong on the way.
#include <gtest/gtest.h>

#include "pkg/raft/testing/cluster.h"

namespace baton::raft {
namespace {

using testing::Acknowledge;
using testing::Append;
using testing::Cluster;
using testing::EntriesOf;
using testing::Ids;
using testing::Solo;
using testing::SoloLeader;
using testing::Voters;

SnapshotMeta Meta(uint64_t index, uint64_t term, ConfigState config = Voters({1, 2, 3})) {
  return SnapshotMeta{Index(index), Term(term), std::move(config)};
}

// --- as leader ---

// Has 11 entries, of which 1 to 10 are compacted; 2 has all of them, 3 is at 1.
class RaftSnapshotLeaderTest : public ::testing::Test {
 protected:
  RaftSnapshotLeaderTest() {
    for (int i = 0; i < 10; ++i) solo.Propose("x");
    solo.Said();
    EXPECT_TRUE(solo.Hear(2, 1, Acknowledge(11)).ok());
    solo.Said();
    solo.node().log().Compact(Index(10));
    solo.raft().OnUnreachable(NodeId(3));
  }

  ReplicationState StateOf3() { return solo.status().peers[NodeId(3)].state; }

  SoloLeader solo;
};

TEST_F(RaftSnapshotLeaderTest, APeerBehindTheLogIsSentASnapshot) {
  solo.node().log().OfferSnapshot(Meta(11, 1));
  solo.Propose("y");
  EXPECT_EQ(solo.Said(),
            "1->2 AppendRequest term=1 prev=11/1 commit=11 entries=[12/1]\n"
            "1->3 SnapshotRequest term=1 snapshot=11/1\n");
  EXPECT_EQ(StateOf3(), ReplicationState::kSnapshot);
  EXPECT_EQ(solo.status().counters.snapshots_sent, 1u);
  solo.Propose("z");
  solo.Tick();
  EXPECT_EQ(solo.Said(),
            "1->2 AppendRequest term=1 prev=12/1 commit=11 entries=[13/1]\n"
            "1->2 Heartbeat term=1 commit=11\n"
            "1->3 Heartbeat term=1 commit=1\n")
      << "heartbeats, but no appends";
}

TEST_F(RaftSnapshotLeaderTest, NoneToBeHadIsAskedForAgainLater) {
  solo.Propose("y");
  EXPECT_EQ(solo.Said().find("1->3"), std::string::npos);
  EXPECT_FALSE(solo.raft().HasReady()) << "without turning in circles";
  solo.node().log().OfferSnapshot(Meta(11, 1));
  ASSERT_TRUE(solo.Hear(3, 1, HeartbeatResponse{}).ok());
  EXPECT_EQ(solo.Said(), "1->3 SnapshotRequest term=1 snapshot=11/1\n");
}

TEST_F(RaftSnapshotLeaderTest, ADeadPeerIsSentNone) {
  for (int tick = 0; tick < 10; ++tick) {
    solo.Tick();
    ASSERT_TRUE(solo.Hear(2, 1, HeartbeatResponse{}).ok());
    solo.Said();
  }
  solo.node().log().OfferSnapshot(Meta(11, 1));
  solo.Propose("y");
  EXPECT_EQ(solo.Said().find("1->3"), std::string::npos);
  ASSERT_TRUE(solo.Hear(3, 1, HeartbeatResponse{}).ok());
  EXPECT_EQ(solo.Said(), "1->3 SnapshotRequest term=1 snapshot=11/1\n") << "it is back";
}

TEST_F(RaftSnapshotLeaderTest, AfterDeliveryTheLogGoesOnBehindIt) {
  solo.node().log().OfferSnapshot(Meta(11, 1));
  solo.Propose("y");
  solo.Said();
  solo.raft().OnSnapshotSent(NodeId(3), true);
  EXPECT_EQ(StateOf3(), ReplicationState::kProbe);
  EXPECT_EQ(solo.Said(), "") << "the acknowledgement is due";
  ASSERT_TRUE(solo.Hear(3, 1, Acknowledge(11)).ok());
  EXPECT_EQ(solo.Said(), "1->3 AppendRequest term=1 prev=11/1 commit=11 entries=[12/1]\n");
}

TEST_F(RaftSnapshotLeaderTest, TheAcknowledgementMayComeBeforeTheReport) {
  solo.node().log().OfferSnapshot(Meta(11, 1));
  solo.Propose("y");
  solo.Said();
  ASSERT_TRUE(solo.Hear(3, 1, Acknowledge(11)).ok());
  EXPECT_EQ(StateOf3(), ReplicationState::kReplicate);
  solo.Said();
  solo.raft().OnSnapshotSent(NodeId(3), true);
  EXPECT_EQ(StateOf3(), ReplicationState::kReplicate);
}

TEST_F(RaftSnapshotLeaderTest, ALostAcknowledgementIsFoundOutByProbing) {
  solo.node().log().OfferSnapshot(Meta(11, 1));
  ASSERT_TRUE(solo.Hear(3, 1, HeartbeatResponse{}).ok());
  solo.Said();
  solo.raft().OnSnapshotSent(NodeId(3), true);
  ASSERT_TRUE(solo.Hear(3, 1, HeartbeatResponse{}).ok());
  EXPECT_EQ(solo.Said(), "1->3 AppendRequest term=1 prev=11/1 commit=11\n")
      << "empty, for there is nothing new, but it tells whether 11 is there";
}

TEST_F(RaftSnapshotLeaderTest, AFailedDeliveryIsTriedAgainAfterASignOfLife) {
  solo.node().log().OfferSnapshot(Meta(11, 1));
  solo.Propose("y");
  solo.Said();
  solo.raft().OnSnapshotSent(NodeId(3), false);
  EXPECT_EQ(solo.Said(), "");
  ASSERT_TRUE(solo.Hear(3, 1, HeartbeatResponse{}).ok());
  EXPECT_EQ(solo.Said(), "1->3 SnapshotRequest term=1 snapshot=11/1\n");
}

TEST_F(RaftSnapshotLeaderTest, APeerThatFindsAnotherWayBackNeedsNoSnapshot) {
  solo.node().log().OfferSnapshot(Meta(11, 1));
  solo.Propose("y");
  solo.Said();
  ASSERT_TRUE(solo.Hear(3, 1, Acknowledge(10)).ok());  // a late one: 11 follows, and is in the log
  EXPECT_EQ(StateOf3(), ReplicationState::kReplicate);
  EXPECT_NE(solo.Said().find("1->3 AppendRequest term=1 prev=10/1"), std::string::npos);
}

// The window is full, what is in it is lost, and all of it is compacted meanwhile.
TEST(RaftSnapshotWindowTest, AWindowWhoseEndWasCompactedIsStartedOver) {
  Config config;
  config.inflight_messages_max = 1;
  SoloLeader solo(config);
  for (const char* command : {"x", "y", "z"}) {
    solo.Propose(command);
    solo.Said();
    ASSERT_TRUE(solo.Hear(2, 1, Acknowledge(solo.status().last_index.value())).ok());
    solo.Said();
  }
  EXPECT_EQ(solo.status().peers[NodeId(3)].next, Index(3)) << "only 2 was sent to it";
  solo.node().log().Compact(Index(4));
  solo.node().log().OfferSnapshot(Meta(4, 1));
  solo.Tick(2);
  solo.Said();
  ASSERT_TRUE(solo.Hear(3, 1, HeartbeatResponse{}).ok());
  EXPECT_EQ(solo.Said(), "1->3 SnapshotRequest term=1 snapshot=4/1\n");
}

// --- as follower ---

class RaftSnapshotFollowerTest : public ::testing::Test {
 protected:
  Solo solo;
};

TEST_F(RaftSnapshotFollowerTest, ASnapshotReplacesTheLogAndIsAcknowledgedWhenDurable) {
  solo.StartWith({1, 1, 2}, 2);
  const ConfigState config = Voters({1, 2, 3, 4});
  ASSERT_TRUE(solo.Hear(2, 4, SnapshotRequest{Meta(20, 3, config)}).ok());
  EXPECT_EQ(solo.SaidAtOnce(), "");
  ASSERT_EQ(solo.node().writes().size(), 1u);
  EXPECT_EQ(solo.node().writes()[0].snapshot, Meta(20, 3, config));
  EXPECT_TRUE(solo.node().writes()[0].must_sync);
  EXPECT_EQ(solo.Said(), "1->2 AppendResponse term=4 match=20 commit=20\n");
  const RaftStatus status = solo.status();
  EXPECT_EQ(status.first_index, Index(21));
  EXPECT_EQ(status.last_index, Index(20));
  EXPECT_EQ(status.applied, Index(20));
  EXPECT_EQ(status.config, config);
}

TEST_F(RaftSnapshotFollowerTest, TheLogGoesOnBehindItEvenBeforeItIsDurable) {
  ASSERT_TRUE(solo.Hear(2, 4, SnapshotRequest{Meta(20, 3)}).ok());
  ASSERT_TRUE(solo.Hear(2, 4, Append({20, 3}, 21, EntriesOf(21, {4}))).ok());
  const Ready ready = solo.raft().TakeReady();
  EXPECT_TRUE(ready.snapshot.has_value());
  EXPECT_EQ(ready.entries.size(), 1u);
  EXPECT_TRUE(ready.committed_entries.empty()) << "never together with a snapshot";
  EXPECT_FALSE(solo.raft().HasReady());
}

TEST_F(RaftSnapshotFollowerTest, AnOldSnapshotIsAnsweredWithTheCommitIndex) {
  ASSERT_TRUE(solo.Hear(2, 1, Append({0, 0}, 5, EntriesOf(1, {1, 1, 1, 1, 1, 1}))).ok());
  solo.Said();
  for (const uint64_t index : {3, 5}) {
    ASSERT_TRUE(solo.Hear(2, 1, SnapshotRequest{Meta(index, 1)}).ok());
    EXPECT_EQ(solo.Said(), "1->2 AppendResponse term=1 match=5 commit=5\n");
  }
  EXPECT_EQ(solo.status().last_index, Index(6));
  EXPECT_EQ(solo.status().counters.outdated_snapshots, 2u);
}

TEST_F(RaftSnapshotFollowerTest, ALogThatAlreadyMatchesIsKept) {
  ASSERT_TRUE(solo.Hear(2, 1, Append({0, 0}, 1, EntriesOf(1, {1, 1, 1, 1}))).ok());
  solo.Said();
  ASSERT_TRUE(solo.Hear(2, 1, SnapshotRequest{Meta(3, 1)}).ok());
  const Ready ready = solo.raft().TakeReady();
  EXPECT_FALSE(ready.snapshot.has_value());
  EXPECT_EQ(ready.committed_entries.size(), 2u);
  EXPECT_EQ(solo.status().last_index, Index(4));
  EXPECT_EQ(solo.status().commit, Index(3));
}

TEST_F(RaftSnapshotFollowerTest, ASecondSnapshotMayComeBeforeTheFirstIsDurable) {
  ASSERT_TRUE(solo.Hear(2, 4, SnapshotRequest{Meta(10, 3)}).ok());
  const LogMark first = solo.raft().TakeReady().mark;
  ASSERT_TRUE(solo.Hear(2, 4, SnapshotRequest{Meta(20, 3)}).ok());
  const Ready second = solo.raft().TakeReady();
  ASSERT_TRUE(second.snapshot.has_value());
  EXPECT_EQ(second.snapshot->index, Index(20));
  solo.raft().OnPersisted(first);
  EXPECT_LT(solo.status().persisted, Index(20));
  solo.raft().OnPersisted(second.mark);
  EXPECT_EQ(solo.status().persisted, Index(20));
}

TEST_F(RaftSnapshotFollowerTest, ACandidateAcceptsASnapshot) {
  solo.raft().Campaign();
  ASSERT_TRUE(solo.Hear(3, 4, SnapshotRequest{Meta(20, 3)}).ok());
  EXPECT_EQ(solo.raft().role(), Role::kFollower);
  EXPECT_EQ(solo.raft().leader(), NodeId(3));
}

TEST_F(RaftSnapshotFollowerTest, NobodyCampaignsWhileASnapshotIsInstalled) {
  ASSERT_TRUE(solo.Hear(2, 4, SnapshotRequest{Meta(20, 3)}).ok());
  solo.SaidAtOnce();
  solo.raft().Campaign();
  EXPECT_EQ(solo.raft().role(), Role::kFollower);
  solo.Said();
  solo.raft().Campaign();
  EXPECT_EQ(solo.raft().role(), Role::kPreCandidate);
}

TEST_F(RaftSnapshotFollowerTest, TheSnapshotsConfigurationCounts) {
  ConfigState config = Voters({2, 3});
  config.learners = Ids({1});
  ASSERT_TRUE(solo.Hear(2, 4, SnapshotRequest{Meta(20, 3, config)}).ok());
  solo.Said();
  solo.raft().Campaign();
  EXPECT_EQ(solo.raft().role(), Role::kFollower) << "it is a learner now";
}

TEST_F(RaftSnapshotFollowerTest, ASnapshotThatContradictsWhatIsSettledIsRefused) {
  ASSERT_TRUE(solo.Hear(2, 4, Append({0, 0}, 0, EntriesOf(1, {4, 4, 4}))).ok());
  solo.Said();
  EXPECT_EQ(solo.Hear(2, 4, SnapshotRequest{Meta(2, 3)}).code(), Code::kInvalidArgument)
      << "2 is of term 4, says the same leader";
  EXPECT_EQ(solo.status().last_index, Index(3));
}

// --- end to end ---

TEST(RaftSnapshotClusterTest, AFollowerThatWasAwayForLongComesBack) {
  Cluster cluster(3);
  cluster.Elect(NodeId(1));
  cluster.Isolate(NodeId(3));
  for (int i = 0; i < 20; ++i) cluster.Propose(NodeId(1), "x");
  cluster.TickAll(15);
  cluster.node(NodeId(1)).Compact(2);
  cluster.node(NodeId(2)).Compact(2);
  cluster.Propose(NodeId(1), "y");
  cluster.Settle();
  cluster.Heal();
  cluster.TickAll(5);
  EXPECT_EQ(cluster.node(NodeId(3)).applied(), Index(22));
  EXPECT_EQ(cluster.Applied(NodeId(3)), "y") << "the rest came as state";
  EXPECT_EQ(cluster.node(NodeId(3)).log().start().index, Index(21));
  cluster.Crash(NodeId(3));
  cluster.Restart(NodeId(3));
  cluster.TickAll(3);
  EXPECT_EQ(cluster.node(NodeId(3)).applied(), Index(22));
}

}  // namespace
}  // namespace baton::raft
