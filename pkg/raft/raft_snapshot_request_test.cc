// Snapshots that a follower asks for, because its state machine is lost or wrong; snapshots that
// are cancelled; and any way back to the log that makes one needless.
#include <gtest/gtest.h>

#include <string>

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

SnapshotRequest SnapshotAt(uint64_t index, uint64_t term = 1) {
  return SnapshotRequest{SnapshotMeta{Index(index), Term(term), Voters({1, 2, 3})}, {}, false};
}

// --- the follower ---

// Follows 2 in term 1 and holds three entries of it, all committed.
class SnapshotAskerTest : public ::testing::Test {
 protected:
  SnapshotAskerTest() {
    EXPECT_TRUE(follower.Hear(2, 1, Append({0, 0}, 3, EntriesOf(1, {1, 1, 1}))).ok());
    follower.Said();
  }
  void Ask() {
    ASSERT_TRUE(follower.raft().RequestSnapshot().ok());
    ASSERT_EQ(follower.Said(), "1->2 SnapshotWanted term=1 at_least=3\n");
  }

  Solo follower;
};

TEST_F(SnapshotAskerTest, OnlyAFollowerWithALeaderAndNoSnapshotUnderWayCanAsk) {
  SoloLeader leader;
  EXPECT_EQ(leader.raft().RequestSnapshot().reason(), "is_leader");
  Solo alone;
  EXPECT_EQ(alone.raft().RequestSnapshot().reason(), "no_leader");
  ASSERT_TRUE(follower.Hear(2, 1, SnapshotAt(9)).ok());
  EXPECT_EQ(follower.raft().RequestSnapshot().reason(), "snapshot_pending");
  follower.Said();
  EXPECT_TRUE(follower.raft().RequestSnapshot().ok());
}

TEST_F(SnapshotAskerTest, AnEmptyLogAsksForAnySnapshot) {
  Solo empty;
  ASSERT_TRUE(empty.Hear(2, 1, Heartbeat{.stamp = 1}).ok());
  empty.Said();
  ASSERT_TRUE(empty.raft().RequestSnapshot().ok());
  EXPECT_EQ(empty.Said(), "1->2 SnapshotWanted term=1 at_least=1\n");
}

TEST_F(SnapshotAskerTest, ItTakesNoAppendsMeanwhileAndAsksWithEveryHeartbeat) {
  Ask();
  ASSERT_TRUE(follower.Hear(2, 1, Append({3, 1}, 4, EntriesOf(4, {1}))).ok());
  EXPECT_EQ(follower.Said(), "1->2 AppendResponse term=1 match=3 commit=3\n");
  EXPECT_EQ(follower.status().last_index, Index(3));
  ASSERT_TRUE(follower.Hear(2, 1, Heartbeat{.stamp = 1}).ok());
  EXPECT_EQ(follower.Said(),
            "1->2 HeartbeatResponse term=1 commit=3\n"
            "1->2 SnapshotWanted term=1 at_least=3\n");
}

TEST_F(SnapshotAskerTest, OneThatIsBehindTheLogIsNotTaken) {
  Ask();
  ASSERT_TRUE(follower.Hear(2, 1, SnapshotAt(2)).ok());
  EXPECT_EQ(follower.Said(), "1->2 AppendResponse term=1 match=3 commit=3\n");
  ASSERT_TRUE(follower.Hear(2, 1, Heartbeat{.stamp = 1}).ok());
  EXPECT_NE(follower.Said().find("SnapshotWanted"), std::string::npos) << "still wanted";
}

TEST_F(SnapshotAskerTest, OneAtTheEndOfTheLogIsTakenAlthoughTheLogHoldsItAll) {
  Ask();
  ASSERT_TRUE(follower.Hear(2, 1, SnapshotAt(3)).ok());
  const Ready ready = follower.raft().TakeReady();
  ASSERT_TRUE(ready.snapshot);
  EXPECT_EQ(ready.snapshot->index, Index(3));
  follower.raft().OnPersisted(ready.mark);
  ASSERT_TRUE(follower.Hear(2, 1, Append({3, 1}, 4, EntriesOf(4, {1}))).ok());
  EXPECT_EQ(follower.status().last_index, Index(4)) << "the log goes on";
}

// Its mark in the log is that of the last write, which must not confirm it.
TEST_F(SnapshotAskerTest, AWriteThatWasUnderWayDoesNotConfirmIt) {
  ASSERT_TRUE(follower.Hear(2, 1, Append({3, 1}, 4, EntriesOf(4, {1}))).ok());
  const Ready write = follower.raft().TakeReady();
  ASSERT_TRUE(follower.raft().RequestSnapshot().ok());
  ASSERT_TRUE(follower.Hear(2, 1, SnapshotAt(4)).ok());
  const Ready snapshot = follower.raft().TakeReady();
  ASSERT_TRUE(snapshot.snapshot);
  follower.raft().OnPersisted(write.mark);
  EXPECT_EQ(follower.raft().RequestSnapshot().reason(), "snapshot_pending");
  ASSERT_TRUE(follower.Hear(2, 1, Append({4, 1}, 5, EntriesOf(5, {1}))).ok());
  EXPECT_TRUE(follower.raft().TakeReady().committed_entries.empty()) << "it is not there yet";
  follower.raft().OnPersisted(snapshot.mark);
  EXPECT_TRUE(follower.raft().RequestSnapshot().ok());
}

TEST_F(SnapshotAskerTest, ItDoesNotStandForElectionMeanwhileButVotes) {
  Ask();
  follower.Tick(39);
  follower.raft().Campaign();
  EXPECT_EQ(follower.Said(), "");
  ASSERT_TRUE(follower.Hear(3, 2, VoteRequest{.last_index = Index(3), .last_term = Term(1)}).ok());
  EXPECT_EQ(follower.Said(), "1->3 VoteResponse term=2 granted\n");
}

// Nobody else could lead, so it did for a while.
TEST_F(SnapshotAskerTest, ItAsksForWhatItHasAddedAsLeaderToo) {
  Ask();
  follower.Tick(40);
  follower.Lead();
  follower.AcknowledgeAll();
  ASSERT_EQ(follower.status().commit, Index(4));
  ASSERT_TRUE(follower.Hear(3, 3, Heartbeat{.stamp = 1}).ok());
  EXPECT_EQ(follower.Said(),
            "1->3 HeartbeatResponse term=3 commit=4\n"
            "1->3 SnapshotWanted term=3 at_least=4\n");
  ASSERT_TRUE(follower.Hear(3, 3, SnapshotAt(3)).ok());
  EXPECT_EQ(follower.Said(), "1->3 AppendResponse term=3 match=4 commit=4\n") << "behind the log";
}

// Its state is lost or wrong: it must not become that of others.
TEST_F(SnapshotAskerTest, ItSendsNoneOfItsOwnWhileItLeads) {
  follower.node().Compact(0);
  Ask();
  follower.Tick(40);
  follower.Lead();
  const AppendResponse lacks_all{.rejected = true, .rejected_index = Index(3)};
  ASSERT_TRUE(follower.Hear(3, 2, lacks_all).ok());
  ASSERT_TRUE(follower.Hear(3, 2, HeartbeatResponse{}).ok());
  EXPECT_EQ(follower.Said().find("SnapshotRequest"), std::string::npos);
}

TEST_F(SnapshotAskerTest, ANewLeaderIsAskedToo) {
  Ask();
  ASSERT_TRUE(follower.Hear(3, 2, Heartbeat{.stamp = 1}).ok());
  EXPECT_NE(follower.Said().find("1->3 SnapshotWanted term=2 at_least=3"), std::string::npos);
}

// The end of the log is a deposed leader's: a snapshot that reaches it may never be made.
TEST_F(SnapshotAskerTest, AnEndOfTheLogThatTheLeaderDoesNotHaveGoesFirst) {
  ASSERT_TRUE(follower.Hear(2, 1, Append({3, 1}, 3, EntriesOf(4, {1, 1, 1, 1, 1, 1}))).ok());
  follower.Said();
  ASSERT_TRUE(follower.raft().RequestSnapshot().ok());
  EXPECT_EQ(follower.Said(), "1->2 SnapshotWanted term=1 at_least=9\n");
  ASSERT_TRUE(follower.Hear(3, 2, Append({4, 2}, 3)).ok());
  EXPECT_EQ(follower.Said(), "1->3 AppendResponse term=2 rejected=4 hint=4/1 commit=3\n");
  ASSERT_TRUE(follower.Hear(3, 2, Append({3, 1}, 3, EntriesOf(4, {2}))).ok());
  EXPECT_EQ(follower.Said(), "1->3 AppendResponse term=2 match=4 commit=3\n");
  ASSERT_TRUE(follower.Hear(3, 2, Append({4, 2}, 5, EntriesOf(5, {2}))).ok());
  EXPECT_EQ(follower.Said(), "1->3 AppendResponse term=2 match=4 commit=4\n")
      << "from here on the log is the leader's";
  ASSERT_TRUE(follower.Hear(3, 2, Heartbeat{.stamp = 1}).ok());
  EXPECT_NE(follower.Said().find("SnapshotWanted term=2 at_least=4"), std::string::npos);
}

// The entries that would replace it may be compacted.
TEST_F(SnapshotAskerTest, AnEndOfTheLogThatTheLeaderDoesNotHaveGivesWayToAnySnapshot) {
  ASSERT_TRUE(follower.Hear(2, 1, Append({3, 1}, 3, EntriesOf(4, {1, 1, 1, 1, 1, 1}))).ok());
  follower.Said();
  ASSERT_TRUE(follower.raft().RequestSnapshot().ok());
  EXPECT_EQ(follower.Said(), "1->2 SnapshotWanted term=1 at_least=9\n");
  ASSERT_TRUE(follower.Hear(3, 2, SnapshotAt(5, 2)).ok());
  EXPECT_EQ(follower.Said(), "1->3 AppendResponse term=2 match=5 commit=5\n");
  EXPECT_EQ(follower.status().last_index, Index(5));
  ASSERT_TRUE(follower.Hear(3, 2, Heartbeat{.stamp = 1}).ok());
  EXPECT_EQ(follower.Said().find("SnapshotWanted"), std::string::npos) << "it has started over";
}

// The leader can make no snapshot that reaches the end of the log before the asker has said what it
// holds: its word is needed to commit that.
// Nobody else could win: the log of the asker is the longest.
TEST(SnapshotRequestClusterTest, AnAskerThatOthersNeedStandsInTheEndAndHandsOver) {
  Cluster cluster(2);
  cluster.Elect(NodeId(1));
  cluster.DropWhere(
      [](const Message& message) { return std::holds_alternative<AppendRequest>(message.body); });
  ASSERT_TRUE(cluster.raft(NodeId(1)).TransferLeadership(NodeId(2)).ok());
  cluster.Settle();
  ASSERT_EQ(cluster.Leader(), NodeId(2));
  for (int i = 0; i < 5; ++i) cluster.Propose(NodeId(2), "x");
  cluster.Settle();  // on the disk of 2 only
  ASSERT_TRUE(
      cluster.raft(NodeId(1)).Step(Message{NodeId(2), NodeId(1), Term(2), Heartbeat{}}).ok());
  cluster.Crash(NodeId(2));
  cluster.Restart(NodeId(2));
  ASSERT_TRUE(
      cluster.raft(NodeId(2)).Step(Message{NodeId(1), NodeId(2), Term(3), Heartbeat{}}).ok());
  ASSERT_TRUE(cluster.raft(NodeId(2)).RequestSnapshot().ok());
  cluster.on_the_way().clear();
  cluster.DropWhere(nullptr);
  cluster.TickAll(39);
  EXPECT_EQ(cluster.Leader(), NodeId());
  cluster.TickAll(41);
  EXPECT_EQ(cluster.Leader(), NodeId(1)) << "which has got what it lacked";
  cluster.node(NodeId(1)).Compact(100);
  cluster.TickAll(5);
  EXPECT_GT(cluster.node(NodeId(2)).log().start().index, Index(6)) << "by a snapshot";
}

TEST(SnapshotRequestClusterTest, AnAskerWhoseWordIsNeededGivesIt) {
  Cluster cluster(2);
  cluster.Elect(NodeId(1));
  cluster.DropWhere(
      [](const Message& message) { return std::holds_alternative<AppendResponse>(message.body); });
  for (int i = 0; i < 5; ++i) cluster.Propose(NodeId(1), "x");
  cluster.Settle();
  ASSERT_TRUE(cluster.raft(NodeId(2)).RequestSnapshot().ok());
  cluster.DropWhere(nullptr);
  cluster.TickAll(5);
  ASSERT_EQ(cluster.raft(NodeId(1)).GetStatus().commit, Index(6));
  cluster.node(NodeId(1)).Compact(100);
  cluster.TickAll(5);
  EXPECT_EQ(cluster.node(NodeId(2)).log().start().index, Index(6)) << "by a snapshot";
}

TEST(SnapshotRequestClusterTest, AnAskerWithADeposedLeadersEntriesGetsItsSnapshot) {
  Cluster cluster(5);
  cluster.Elect(NodeId(1));
  for (const uint64_t id : {2, 4, 5}) {
    cluster.Cut(NodeId(1), NodeId(id));
    cluster.Cut(NodeId(3), NodeId(id));
  }
  for (int i = 0; i < 5; ++i) cluster.Propose(NodeId(1), "lost");
  cluster.Settle();
  ASSERT_EQ(cluster.raft(NodeId(3)).GetStatus().last_index, Index(6));
  ASSERT_TRUE(cluster.raft(NodeId(3)).RequestSnapshot().ok());
  cluster.Crash(NodeId(1));
  const NodeId leader = cluster.WaitForLeader(100);
  ASSERT_NE(leader, NodeId());
  cluster.node(leader).Compact(100);  // at 2, and nothing more is proposed
  cluster.Heal();
  cluster.TickAll(10);
  EXPECT_EQ(cluster.node(NodeId(3)).log().start().index, Index(2)) << "by a snapshot";
  EXPECT_EQ(cluster.raft(NodeId(3)).GetStatus().last_index, Index(2));
}

// --- the leader ---

class SnapshotLeaderTest : public ::testing::Test {
 protected:
  // Index 6 is committed and applied; all but `behind` hold it.
  void Advance(uint64_t behind) {
    for (int i = 0; i < 5; ++i) leader.Propose("x");
    leader.Said();
    for (const uint64_t id : {2, 3}) {
      if (id == behind) continue;
      EXPECT_TRUE(leader.Hear(id, 1, Acknowledge(6)).ok());
    }
    leader.Said();
  }
  PeerStatus Peer(uint64_t id) { return leader.status().peers.at(NodeId(id)); }
  std::vector<NodeId> Cancelled() {
    leader.Said();
    return std::exchange(leader.node().cancelled_snapshots(), {});
  }
  // Peer 3 is in need of a snapshot, and one is on its way.
  void SendOne() {
    Advance(3);
    leader.node().Compact(0);
    leader.raft().OnUnreachable(NodeId(3));
    ASSERT_TRUE(leader.Hear(3, 1, HeartbeatResponse{}).ok());
    ASSERT_EQ(leader.Said(), "1->3 SnapshotRequest term=1 snapshot=6/1\n");
  }

  SoloLeader leader;
};

TEST_F(SnapshotLeaderTest, OneThatIsWantedIsSentAlthoughTheLogWouldDo) {
  Advance(0);
  leader.node().Compact(100);
  ASSERT_TRUE(leader.Hear(3, 1, SnapshotWanted{Index(6)}).ok());
  EXPECT_EQ(leader.Said(), "1->3 SnapshotRequest term=1 snapshot=6/1\n");
  ASSERT_TRUE(leader.Hear(3, 1, SnapshotWanted{Index(6)}).ok());
  EXPECT_EQ(leader.Said(), "") << "one is on its way";
  leader.raft().OnSnapshotSent(NodeId(3), true);
  ASSERT_TRUE(leader.Hear(3, 1, Acknowledge(6)).ok());
  leader.Said();
  leader.Propose("y");
  EXPECT_NE(leader.Said().find("1->3 AppendRequest"), std::string::npos);
}

// Under load there is always an acknowledgement under way: the asker would never get its snapshot.
TEST_F(SnapshotLeaderTest, AnAcknowledgementFromBeforeTheQuestionDoesNotEndOneThatIsWanted) {
  Advance(3);
  leader.node().Compact(100);
  ASSERT_TRUE(leader.Hear(3, 1, Acknowledge(5)).ok());
  leader.Said();
  ASSERT_TRUE(leader.Hear(3, 1, SnapshotWanted{Index(6)}).ok());
  ASSERT_EQ(leader.Said(), "1->3 SnapshotRequest term=1 snapshot=6/1\n");
  ASSERT_TRUE(leader.Hear(3, 1, Acknowledge(6)).ok());
  EXPECT_EQ(Cancelled(), Ids({}));
  EXPECT_EQ(Peer(3).state, ReplicationState::kSnapshot);
  EXPECT_EQ(Peer(3).match, Index(6)) << "it counts all the same";
  leader.raft().OnSnapshotSent(NodeId(3), true);
  ASSERT_TRUE(leader.Hear(3, 1, Acknowledge(6)).ok());
  EXPECT_EQ(Peer(3).state, ReplicationState::kReplicate);
}

TEST_F(SnapshotLeaderTest, OneThatIsOlderThanWantedIsNotSent) {
  Advance(0);
  leader.node().Compact(100);  // offers 6
  ASSERT_TRUE(leader.Hear(3, 1, SnapshotWanted{Index(7)}).ok());
  EXPECT_EQ(leader.Said(), "");
  leader.Propose("y");
  leader.Said();
  ASSERT_TRUE(leader.Hear(2, 1, Acknowledge(7)).ok());
  leader.Said();
  leader.node().Compact(100);
  ASSERT_TRUE(leader.Hear(3, 1, HeartbeatResponse{}).ok());
  EXPECT_NE(leader.Said().find("1->3 SnapshotRequest term=1 snapshot=7/1"), std::string::npos);
}

// The request may be forgotten by then, and nothing be committed without the peer.
TEST_F(SnapshotLeaderTest, OneThatIsOlderThanWantedIsSentIfTheLogWillNotDo) {
  Advance(3);
  ASSERT_TRUE(leader.Hear(3, 1, SnapshotWanted{Index(9)}).ok());
  leader.node().Compact(0);  // offers 6
  leader.raft().OnUnreachable(NodeId(3));
  ASSERT_TRUE(leader.Hear(3, 1, HeartbeatResponse{}).ok());
  EXPECT_EQ(leader.Said(), "1->3 SnapshotRequest term=1 snapshot=6/1\n");
}

TEST_F(SnapshotLeaderTest, OneThatIsCancelledIsNamedAndTriedAgainAfterASignOfLife) {
  SendOne();
  leader.raft().CancelSnapshot(NodeId(3));
  EXPECT_EQ(Cancelled(), Ids({3}));
  EXPECT_NE(Peer(3).state, ReplicationState::kSnapshot);
  ASSERT_TRUE(leader.Hear(3, 1, HeartbeatResponse{}).ok());
  EXPECT_EQ(leader.Said(), "1->3 SnapshotRequest term=1 snapshot=6/1\n");
}

TEST_F(SnapshotLeaderTest, LeadershipThatEndsCancelsWhatIsOnItsWay) {
  SendOne();
  ASSERT_TRUE(leader.Hear(2, 2, Heartbeat{.stamp = 1}).ok());
  EXPECT_EQ(Cancelled(), Ids({3}));
}

TEST_F(SnapshotLeaderTest, NothingIsCancelledThatIsNotOnItsWay) {
  Advance(0);
  ASSERT_TRUE(leader.Hear(2, 2, Heartbeat{.stamp = 1}).ok());
  EXPECT_EQ(Cancelled(), Ids({}));
}

TEST_F(SnapshotLeaderTest, AReceiverThatFindsAnotherWayBackNeedsItNoMore) {
  Advance(3);
  leader.node().Compact(3);  // the log begins at 4
  leader.raft().OnUnreachable(NodeId(3));
  ASSERT_TRUE(leader.Hear(3, 1, HeartbeatResponse{}).ok());
  ASSERT_EQ(leader.Said(), "1->3 SnapshotRequest term=1 snapshot=6/1\n");
  ASSERT_TRUE(leader.Hear(3, 1, Acknowledge(2)).ok());
  EXPECT_EQ(Peer(3).state, ReplicationState::kSnapshot) << "the log does not reach there";
  EXPECT_EQ(Cancelled(), Ids({}));
  ASSERT_TRUE(leader.Hear(3, 1, Acknowledge(3)).ok());
  EXPECT_EQ(Peer(3).state, ReplicationState::kReplicate);
  EXPECT_EQ(Cancelled(), Ids({3})) << "the driver need not go on sending";
}

TEST_F(SnapshotLeaderTest, OneThatArrivedIsNotCancelled) {
  SendOne();
  ASSERT_TRUE(leader.Hear(3, 1, Acknowledge(6)).ok());
  EXPECT_EQ(Peer(3).state, ReplicationState::kReplicate);
  EXPECT_EQ(Cancelled(), Ids({}));
}

}  // namespace
}  // namespace baton::raft
