#include "pkg/raft/progress.h"

#include <gtest/gtest.h>

namespace baton::raft {
namespace {

Config WithWindow(size_t messages, size_t bytes = 1000) {
  Config config;
  config.id = NodeId(1);
  config.inflight_messages_max = messages;
  config.inflight_bytes_max = bytes;
  return config;
}

// --- Inflights ---

TEST(InflightsTest, IsFullAtTheLimitOfMessages) {
  Inflights inflights(2, 1000);
  inflights.Add(Index(5), 10);
  EXPECT_FALSE(inflights.Full());
  inflights.Add(Index(6), 10);
  EXPECT_TRUE(inflights.Full());
  inflights.FreeThrough(Index(4));
  EXPECT_TRUE(inflights.Full());
  inflights.FreeThrough(Index(5));
  EXPECT_FALSE(inflights.Full());
  EXPECT_EQ(inflights.count(), 1u);
  EXPECT_EQ(inflights.bytes(), 10u);
}

TEST(InflightsTest, IsFullAtTheLimitOfBytesButAlwaysTakesOne) {
  Inflights inflights(100, 30);
  inflights.Add(Index(1), 5000);
  EXPECT_TRUE(inflights.Full());
  inflights.FreeThrough(Index(1));
  inflights.Add(Index(2), 29);
  EXPECT_FALSE(inflights.Full());
  inflights.Add(Index(3), 1);
  EXPECT_TRUE(inflights.Full());
}

TEST(InflightsTest, OneAcknowledgementFreesAllBefore) {
  Inflights inflights(100, 1000);
  for (uint64_t i = 1; i <= 9; ++i) inflights.Add(Index(i), 1);
  inflights.FreeThrough(Index(7));
  EXPECT_EQ(inflights.count(), 2u);
  inflights.FreeThrough(Index(99));
  EXPECT_EQ(inflights.count(), 0u);
  EXPECT_EQ(inflights.bytes(), 0u);
}

TEST(InflightsTest, KeepsOrderWhileTheRingTurnsAndGrows) {
  Inflights inflights(64, 1 << 20);
  uint64_t sent = 0;
  uint64_t freed = 0;
  for (int round = 1; round <= 200; ++round) {
    for (int i = 0; i < round % 7 && !inflights.Full(); ++i) inflights.Add(Index(++sent), 3);
    for (int i = 0; i < round % 5 && freed < sent; ++i) inflights.FreeThrough(Index(++freed));
    ASSERT_EQ(inflights.count(), sent - freed);
    ASSERT_EQ(inflights.bytes(), 3 * (sent - freed));
  }
  EXPECT_GT(sent, 64u);
}

TEST(InflightsDeathTest, RefusesWhatIsOutOfOrderOrTooMuch) {
  Inflights inflights(1, 1000);
  inflights.Add(Index(5), 1);
  EXPECT_DEATH(inflights.Add(Index(6), 1), "Full");
  Inflights wide(2, 1000);
  wide.Add(Index(5), 1);
  EXPECT_DEATH(wide.Add(Index(5), 1), "out of order");
}

// --- Progress ---

class ProgressTest : public ::testing::Test {
 protected:
  Progress peer{NodeId(2), Index(11), WithWindow(3), 0};

  // As if the peer had confirmed everything up to 10.
  void BecomeReplicating() { ASSERT_TRUE(peer.OnAccepted(Index(10), Index(1), 0)); }
};

TEST_F(ProgressTest, ProbesWithOneAppendAtATime) {
  EXPECT_EQ(peer.state(), ReplicationState::kProbe);
  EXPECT_TRUE(peer.CanAppend());
  peer.OnAppendSent(Index(12), 50, Index(5), 0);
  EXPECT_FALSE(peer.CanAppend());
  EXPECT_EQ(peer.next(), Index(11)) << "only an answer moves a probe";
}

TEST_F(ProgressTest, AnUnansweredProbeIsRepeatedAfterASignOfLife) {
  peer.OnAppendSent(Index(12), 50, Index(5), 0);
  EXPECT_TRUE(peer.OnHeartbeatAnswered());
  EXPECT_TRUE(peer.CanAppend());
  EXPECT_FALSE(peer.OnHeartbeatAnswered());
}

TEST_F(ProgressTest, AnAcceptedProbeOpensTheWindow) {
  peer.OnAppendSent(Index(12), 50, Index(5), 0);
  EXPECT_TRUE(peer.OnAccepted(Index(12), Index(1), 1));
  EXPECT_EQ(peer.state(), ReplicationState::kReplicate);
  EXPECT_EQ(peer.match(), Index(12));
  EXPECT_EQ(peer.next(), Index(13));
}

TEST_F(ProgressTest, TheWindowIsSentAheadUntilItIsFull) {
  BecomeReplicating();
  peer.OnAppendSent(Index(11), 10, Index(5), 0);
  peer.OnAppendSent(Index(12), 10, Index(5), 0);
  EXPECT_EQ(peer.next(), Index(13));
  EXPECT_TRUE(peer.CanAppend());
  peer.OnAppendSent(Index(13), 10, Index(5), 0);
  EXPECT_FALSE(peer.CanAppend());
  EXPECT_TRUE(peer.OnAccepted(Index(12), Index(1), 1));
  EXPECT_TRUE(peer.CanAppend());
  EXPECT_EQ(peer.inflight_messages(), 1u);
}

TEST_F(ProgressTest, AnEmptyAppendTakesNoRoomInTheWindow) {
  BecomeReplicating();
  peer.OnAppendSent(Index(10), 0, Index(5), 0);
  EXPECT_EQ(peer.inflight_messages(), 0u);
  EXPECT_EQ(peer.next(), Index(11));
}

TEST_F(ProgressTest, ARepeatedAcknowledgementChangesNothing) {
  BecomeReplicating();
  peer.OnAppendSent(Index(13), 10, Index(5), 0);
  EXPECT_FALSE(peer.OnAccepted(Index(10), Index(1), 1));
  EXPECT_FALSE(peer.OnAccepted(Index(3), Index(1), 1));
  EXPECT_EQ(peer.match(), Index(10));
  EXPECT_EQ(peer.inflight_messages(), 1u);
}

TEST_F(ProgressTest, ARejectionInTheWindowGoesBackToProbing) {
  BecomeReplicating();
  peer.OnAppendSent(Index(13), 10, Index(5), 0);
  EXPECT_TRUE(peer.OnRejected(Index(13), Index(12)));
  EXPECT_EQ(peer.state(), ReplicationState::kProbe);
  EXPECT_EQ(peer.next(), Index(13));
  EXPECT_TRUE(peer.CanAppend());
}

TEST_F(ProgressTest, ALateRejectionTakesNothingBack) {
  BecomeReplicating();
  peer.OnAppendSent(Index(13), 10, Index(5), 0);
  EXPECT_FALSE(peer.OnRejected(Index(10), Index(2)));
  EXPECT_FALSE(peer.OnRejected(Index(4), Index(2)));
  EXPECT_EQ(peer.state(), ReplicationState::kReplicate);
  EXPECT_EQ(peer.match(), Index(10));
}

TEST_F(ProgressTest, ProbingGoesToTheHintButNeverBelowMatch) {
  EXPECT_TRUE(peer.OnRejected(Index(10), Index(4)));
  EXPECT_EQ(peer.next(), Index(5));
  EXPECT_TRUE(peer.OnAccepted(Index(4), Index(1), 0));
  peer.OnAppendSent(Index(9), 10, Index(), 0);
  EXPECT_TRUE(peer.OnRejected(Index(9), Index(1)));
  EXPECT_EQ(peer.next(), Index(5)) << "4 is acknowledged";
}

TEST_F(ProgressTest, AProbeRejectionMustBeAboutTheProbe) {
  EXPECT_FALSE(peer.OnRejected(Index(7), Index(3)));
  EXPECT_EQ(peer.next(), Index(11));
}

TEST_F(ProgressTest, EveryRejectionOfAProbeComesNearer) {
  // A hint that is no better than the rejected place must not keep the search where it is.
  EXPECT_TRUE(peer.OnRejected(Index(10), Index(10)));
  EXPECT_EQ(peer.next(), Index(10));
  EXPECT_TRUE(peer.OnRejected(Index(9), Index(200)));
  EXPECT_EQ(peer.next(), Index(9));
}

TEST_F(ProgressTest, APeerThatLostItsDiskIsAskedOnlyAsOftenAsItGivesASign) {
  BecomeReplicating();
  peer.OnUnreachable();
  peer.OnAppendSent(Index(12), 10, Index(), 0);
  EXPECT_FALSE(peer.OnRejected(Index(10), Index(0))) << "it has acknowledged 10 before";
  EXPECT_FALSE(peer.CanAppend());
  EXPECT_TRUE(peer.OnHeartbeatAnswered());
  EXPECT_TRUE(peer.CanAppend());
}

TEST_F(ProgressTest, UnreachableStopsSendingAhead) {
  BecomeReplicating();
  peer.OnAppendSent(Index(13), 10, Index(), 0);
  peer.OnUnreachable();
  EXPECT_EQ(peer.state(), ReplicationState::kProbe);
  EXPECT_EQ(peer.next(), Index(11));
  EXPECT_EQ(peer.inflight_messages(), 0u);
}

TEST_F(ProgressTest, StallsWhenNothingIsAcknowledgedForLong) {
  BecomeReplicating();
  EXPECT_FALSE(peer.Stalled(100, 2)) << "nothing is on its way";
  peer.OnAppendSent(Index(11), 10, Index(), 100);
  EXPECT_FALSE(peer.Stalled(101, 2));
  EXPECT_TRUE(peer.Stalled(102, 2));
  peer.OnAsked(102);
  EXPECT_FALSE(peer.Stalled(103, 2));
  peer.OnAppendSent(Index(12), 10, Index(), 103);
  EXPECT_TRUE(peer.Stalled(104, 2)) << "sending more is no sign that anything arrives";
  EXPECT_TRUE(peer.OnAccepted(Index(11), Index(1), 104));
  EXPECT_FALSE(peer.Stalled(105, 2));
}

TEST_F(ProgressTest, NothingIsAppendedWhileASnapshotTravels) {
  peer.OnSnapshotStarted(Index(20), NodeId());
  EXPECT_EQ(peer.state(), ReplicationState::kSnapshot);
  EXPECT_EQ(peer.pending_snapshot(), Index(20));
  EXPECT_FALSE(peer.CanAppend());
  EXPECT_FALSE(peer.OnHeartbeatAnswered());
  EXPECT_FALSE(peer.OnRejected(Index(10), Index(3)));
  EXPECT_FALSE(peer.CanAppend());
}

TEST_F(ProgressTest, ADeliveredSnapshotIsFollowedByAProbeBehindIt) {
  peer.OnSnapshotStarted(Index(20), NodeId());
  peer.OnSnapshotReport(true);
  EXPECT_EQ(peer.state(), ReplicationState::kProbe);
  EXPECT_EQ(peer.next(), Index(21));
  EXPECT_FALSE(peer.CanAppend()) << "its acknowledgement is due";
  EXPECT_TRUE(peer.NeedsProbe());
  EXPECT_TRUE(peer.OnHeartbeatAnswered());
  EXPECT_TRUE(peer.CanAppend());
}

TEST_F(ProgressTest, ALateAcknowledgementOfAnOlderSnapshotDoesNotCallForAnother) {
  peer.OnSnapshotStarted(Index(20), NodeId());
  peer.OnSnapshotReport(true);
  EXPECT_TRUE(peer.OnAccepted(Index(15), Index(21), 0)) << "match moved";
  EXPECT_EQ(peer.match(), Index(15));
  EXPECT_EQ(peer.state(), ReplicationState::kProbe);
  EXPECT_EQ(peer.next(), Index(21)) << "16 is compacted: it would be another snapshot";
  EXPECT_TRUE(peer.OnAccepted(Index(20), Index(21), 0));
  EXPECT_EQ(peer.state(), ReplicationState::kReplicate);
  EXPECT_EQ(peer.next(), Index(21));
}

TEST_F(ProgressTest, AFailedSnapshotIsTriedAgainOnlyAfterASignOfLife) {
  ASSERT_TRUE(peer.OnAccepted(Index(3), Index(1), 0));
  peer.OnSnapshotStarted(Index(20), NodeId());
  peer.OnSnapshotReport(false);
  EXPECT_EQ(peer.next(), Index(4));
  EXPECT_FALSE(peer.CanAppend());
  EXPECT_TRUE(peer.OnHeartbeatAnswered());
}

TEST_F(ProgressTest, AnyWayBackToTheLogEndsTheSnapshotState) {
  peer.OnSnapshotStarted(Index(20), NodeId());
  EXPECT_TRUE(peer.OnAccepted(Index(9), Index(15), 0)) << "match moved";
  EXPECT_EQ(peer.state(), ReplicationState::kSnapshot) << "10 is compacted";
  EXPECT_TRUE(peer.OnAccepted(Index(14), Index(15), 0));
  EXPECT_EQ(peer.state(), ReplicationState::kReplicate) << "15 is there";
  EXPECT_EQ(peer.next(), Index(15));
}

TEST_F(ProgressTest, TheSnapshotItselfEndsItEvenIfTheLogWasCompactedFurther) {
  peer.OnSnapshotStarted(Index(20), NodeId());
  EXPECT_TRUE(peer.OnAccepted(Index(20), Index(40), 0));
  EXPECT_EQ(peer.state(), ReplicationState::kReplicate);
  EXPECT_EQ(peer.next(), Index(21));
}

TEST_F(ProgressTest, AReportWithoutASnapshotIsIgnored) {
  BecomeReplicating();
  peer.OnSnapshotReport(true);
  peer.OnSnapshotReport(false);
  EXPECT_EQ(peer.state(), ReplicationState::kReplicate);
}

TEST_F(ProgressTest, RemembersWhichCommitThePeerCanKnow) {
  BecomeReplicating();
  peer.OnAppendSent(Index(12), 10, Index(99), 0);
  EXPECT_EQ(peer.commit_sent(), Index(12)) << "no further than the append reaches";
  peer.OnCommitSent(Index(5));
  EXPECT_EQ(peer.commit_sent(), Index(12));
  peer.OnUnreachable();
  EXPECT_EQ(peer.commit_sent(), Index(10)) << "what is beyond match may be lost";
}

TEST_F(ProgressTest, ReadCountersOnlyGrow) {
  peer.OnReadCounter(7);
  peer.OnReadCounter(3);
  EXPECT_EQ(peer.read_counter(), 7u);
}

}  // namespace
}  // namespace baton::raft
