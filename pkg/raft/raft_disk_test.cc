// What waits for the disk and what does not; what late, reordered and missing completions can do.
#include <gtest/gtest.h>

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
using testing::TestNode;
using testing::Voters;

class RaftDiskTest : public ::testing::Test {
 protected:
  // Writes and reports everything that was handed out.
  void Persist() { solo.node().Persist(); }

  Solo solo;
};

// --- what must be durable before it is said ---

TEST_F(RaftDiskTest, AGrantedVoteLeavesAfterItIsDurable) {
  ASSERT_TRUE(solo.Hear(2, 3, VoteRequest{}).ok());
  EXPECT_EQ(solo.SaidAtOnce(), "");
  ASSERT_EQ(solo.node().writes().size(), 1u);
  const testing::PendingWrite& write = solo.node().writes().front();
  EXPECT_EQ(write.hard_state, (HardState{Term(3), NodeId(2), Index()}));
  EXPECT_TRUE(write.must_sync);
  EXPECT_EQ(solo.Said(), "1->2 VoteResponse term=3 granted\n");
}

TEST_F(RaftDiskTest, APreVoteWaitsForTheDiskToo) {
  // It promises nothing, but a node whose disk hangs could not keep the vote that follows.
  ASSERT_TRUE(solo.Hear(2, 3, VoteRequest{.pre_vote = true}).ok());
  EXPECT_EQ(solo.SaidAtOnce(), "");
  EXPECT_EQ(solo.Said(), "1->2 PreVoteResponse term=3 granted\n");
  EXPECT_EQ(solo.raft().term(), Term(0));
}

TEST_F(RaftDiskTest, RefusalsWaitForNothing) {
  solo.StartWith({2}, 2);
  ASSERT_TRUE(solo.Hear(2, 3, VoteRequest{}).ok());
  ASSERT_TRUE(solo.Hear(3, 3, Append({5, 3}, 0)).ok());
  EXPECT_EQ(solo.SaidAtOnce(),
            "1->2 VoteResponse term=3 refused\n"
            "1->3 AppendResponse term=3 rejected=5 hint=1/2 commit=0\n");
}

TEST_F(RaftDiskTest, HeartbeatsAreAnsweredWhileTheDiskHangs) {
  ASSERT_TRUE(solo.Hear(2, 1, Append({0, 0}, 0, EntriesOf(1, {1}))).ok());
  ASSERT_TRUE(solo.Hear(2, 1, Heartbeat{Index(), 4, 1}).ok());
  EXPECT_EQ(solo.SaidAtOnce(), "1->2 HeartbeatResponse term=1 commit=0 read=4\n");
}

TEST_F(RaftDiskTest, EntriesAreAcknowledgedAfterTheyAreDurable) {
  ASSERT_TRUE(solo.Hear(2, 1, Append({0, 0}, 0, EntriesOf(1, {1, 1}))).ok());
  EXPECT_EQ(solo.SaidAtOnce(), "");
  EXPECT_EQ(solo.Said(), "1->2 AppendResponse term=1 match=2 commit=0\n");
  EXPECT_EQ(solo.node().log().LastIndex(), Index(2));
}

TEST_F(RaftDiskTest, OneAcknowledgementCoversAllAppendsOfAWrite) {
  ASSERT_TRUE(solo.Hear(2, 1, Append({0, 0}, 0, EntriesOf(1, {1}))).ok());
  ASSERT_TRUE(solo.Hear(2, 1, Append({1, 1}, 1, EntriesOf(2, {1}))).ok());
  ASSERT_TRUE(solo.Hear(2, 1, Append({2, 1}, 1, EntriesOf(3, {1}))).ok());
  EXPECT_EQ(solo.Said(), "1->2 AppendResponse term=1 match=3 commit=1\n");
}

TEST_F(RaftDiskTest, AskingForVotesWaitsForTheWholeLog) {
  ASSERT_TRUE(solo.Hear(2, 1, Append({0, 0}, 0, EntriesOf(1, {1, 1}))).ok());
  solo.SaidAtOnce();  // handed out, not written
  solo.raft().Campaign();
  EXPECT_EQ(solo.SaidAtOnce(), "");
  solo.node().WriteOne();
  ASSERT_EQ(solo.node().log().LastIndex(), Index(2));
  EXPECT_EQ(solo.Said(),
            "1->2 AppendResponse term=1 match=2 commit=0\n"
            "1->2 PreVoteRequest term=2 last=2/1\n"
            "1->3 PreVoteRequest term=2 last=2/1\n");
}

TEST_F(RaftDiskTest, OnlyACommitIndexNeedsNoSync) {
  ASSERT_TRUE(solo.Hear(2, 1, Append({0, 0}, 0, EntriesOf(1, {1}))).ok());
  Ready ready = solo.raft().TakeReady();
  EXPECT_TRUE(ready.must_sync);
  ASSERT_TRUE(solo.Hear(2, 1, Heartbeat{Index(1), 0}).ok());
  ready = solo.raft().TakeReady();
  ASSERT_TRUE(ready.hard_state.has_value());
  EXPECT_EQ(ready.hard_state->commit, Index(1));
  EXPECT_FALSE(ready.must_sync);
  EXPECT_FALSE(solo.raft().HasReady());
}

// --- who counts ---

TEST_F(RaftDiskTest, ALeaderCountsItselfOnlyForWhatItsDiskHas) {
  solo.Lead();
  solo.AcknowledgeAll();
  solo.Propose("x");
  solo.SaidAtOnce();
  ASSERT_TRUE(solo.Hear(2, 1, Acknowledge(2)).ok());
  EXPECT_EQ(solo.status().commit, Index(1)) << "one of three disks has it";
  Persist();
  EXPECT_EQ(solo.status().commit, Index(2));
}

TEST_F(RaftDiskTest, OthersCanCommitWithoutTheLeadersDiskButItAppliesOnlyWhatItHas) {
  solo.Lead();
  solo.AcknowledgeAll();
  solo.Propose("x");
  solo.SaidAtOnce();
  ASSERT_TRUE(solo.Hear(2, 1, Acknowledge(2)).ok());
  ASSERT_TRUE(solo.Hear(3, 1, Acknowledge(2)).ok());
  EXPECT_EQ(solo.status().commit, Index(2));
  solo.SaidAtOnce();
  EXPECT_EQ(solo.node().applied(), Index(1));
  solo.Said();
  EXPECT_EQ(solo.node().applied(), Index(2));
}

TEST_F(RaftDiskTest, AFollowerAppliesOnlyWhatItsOwnDiskHas) {
  ASSERT_TRUE(solo.Hear(2, 1, Append({0, 0}, 2, EntriesOf(1, {1, 1}))).ok());
  solo.SaidAtOnce();
  EXPECT_EQ(solo.status().commit, Index(2));
  EXPECT_EQ(solo.node().applied(), Index(0));
  solo.Said();
  EXPECT_EQ(solo.node().applied(), Index(2));
}

TEST_F(RaftDiskTest, ASingleVoterCommitsNothingBeforeItsDiskHasIt) {
  Solo alone(Voters({1}));
  alone.raft().Campaign();
  alone.Propose("x");
  alone.SaidAtOnce();
  EXPECT_EQ(alone.raft().role(), Role::kLeader);
  EXPECT_EQ(alone.status().commit, Index(0));
  EXPECT_EQ(alone.node().applied(), Index(0));
  alone.Said();
  EXPECT_EQ(alone.node().applied(), Index(2));
}

TEST_F(RaftDiskTest, ALeaderByItsOwnVoteAloneIsSilentUntilThatVoteIsDurable) {
  ConfigState membership = Voters({1});
  membership.learners = Ids({2});
  Solo alone(membership);
  alone.raft().Campaign();
  alone.Tick();
  EXPECT_EQ(alone.SaidAtOnce(), "") << "after a crash now it would lead this very term again";
  alone.node().Crash();
  alone.node().Restart();
  EXPECT_EQ(alone.raft().term(), Term(0));
  alone.raft().Campaign();
  EXPECT_EQ(alone.Said(), "1->2 AppendRequest term=1 prev=0/0 commit=0 entries=[1/1]\n");
  ASSERT_TRUE(alone.Hear(2, 1, Acknowledge(1)).ok());
  alone.Propose("x");
  EXPECT_EQ(alone.SaidAtOnce(), "1->2 AppendRequest term=1 prev=1/1 commit=1 entries=[2/1]\n")
      << "from then on entries travel while the disk writes";
}

// --- completions ---

TEST_F(RaftDiskTest, ManyReadysMayBeTakenBeforeTheFirstIsDurable) {
  solo.Lead();
  solo.AcknowledgeAll();
  for (const char* command : {"a", "b", "c"}) {
    solo.Propose(command);
    solo.SaidAtOnce();
  }
  EXPECT_EQ(solo.node().writes().size(), 3u);
  ASSERT_TRUE(solo.Hear(2, 1, Acknowledge(4)).ok());
  solo.node().WriteOne();
  solo.node().ReportWrites();
  EXPECT_EQ(solo.status().commit, Index(2));
  solo.node().WriteOne();
  solo.node().WriteOne();
  solo.node().ReportLastWrite();
  EXPECT_EQ(solo.status().commit, Index(4)) << "one report stands for all before";
}

TEST_F(RaftDiskTest, ReportsInTheWrongOrderLoseNothing) {
  Solo alone(Voters({1}));
  alone.Lead();
  alone.Propose("a");
  alone.raft().TakeReady();
  const LogMark first = alone.raft().TakeReady().mark;
  alone.Propose("b");
  const LogMark second = alone.raft().TakeReady().mark;
  alone.raft().OnPersisted(second);
  EXPECT_EQ(alone.status().commit, Index(3));
  alone.raft().OnPersisted(first);
  EXPECT_EQ(alone.status().commit, Index(3));
}

// The leader's own entries 2 and 3 are being written when it is deposed; the new leader replaces
// them; then it leads again. The old write's report must not count for the new entries.
TEST_F(RaftDiskTest, AReportFromAnEarlierLeadershipDoesNotCountForRewrittenEntries) {
  solo.Lead();
  solo.AcknowledgeAll();
  solo.Propose("a");
  solo.Propose("b");
  solo.SaidAtOnce();
  const LogMark old_mark = solo.node().writes().back().mark;
  ASSERT_TRUE(solo.Hear(2, 2, Append({1, 1}, 1, EntriesOf(2, {2, 2}))).ok());
  solo.SaidAtOnce();
  EXPECT_EQ(solo.status().persisted, Index(1));
  solo.raft().OnPersisted(old_mark);
  EXPECT_EQ(solo.status().persisted, Index(1));
  Persist();
  EXPECT_EQ(solo.status().persisted, Index(3));
}

// --- a disk that hangs ---

TEST_F(RaftDiskTest, ALeaderWhoseWriteHangsForTwoElectionTimeoutsStepsDown) {
  ClusterOptions options;
  Cluster cluster(options);
  cluster.Elect(NodeId(1));
  cluster.HoldDisk(NodeId(1));
  cluster.Propose(NodeId(1), "x");
  cluster.TickAll(2 * options.config.election_timeout_ticks - 1);
  EXPECT_EQ(cluster.raft(NodeId(1)).role(), Role::kLeader);
  cluster.TickAll(2);
  EXPECT_EQ(cluster.raft(NodeId(1)).role(), Role::kFollower);
  EXPECT_EQ(cluster.raft(NodeId(1)).GetStatus().counters.step_downs_for_slow_disk, 1u);
  const NodeId leader = cluster.WaitForLeader(100);
  EXPECT_TRUE(leader);
  EXPECT_NE(leader, NodeId(1));
  EXPECT_EQ(cluster.Applied(leader), "x") << "two of three disks had it all the time";
}

TEST_F(RaftDiskTest, ANodeWhoseDiskHangsDoesNotStandForElection) {
  ASSERT_TRUE(solo.Hear(2, 1, Append({0, 0}, 0, EntriesOf(1, {1}))).ok());
  solo.SaidAtOnce();
  solo.Tick(19);
  ASSERT_TRUE(solo.Hear(2, 1, Heartbeat{}).ok());
  solo.SaidAtOnce();
  solo.Tick(40);
  EXPECT_EQ(solo.raft().role(), Role::kFollower);
  EXPECT_EQ(solo.raft().leader(), NodeId()) << "but it knows that the leader is gone";
  Persist();
  solo.Tick(20);
  EXPECT_EQ(solo.raft().role(), Role::kPreCandidate);
}

TEST_F(RaftDiskTest, AnIdleLeaderIsNotTakenForOneWithASlowDisk) {
  solo.Lead();
  solo.AcknowledgeAll();
  for (int round = 0; round < 100; ++round) {
    solo.Tick();
    ASSERT_TRUE(solo.Hear(2, 1, HeartbeatResponse{}).ok());
    solo.Said();
  }
  EXPECT_EQ(solo.raft().role(), Role::kLeader);
}

}  // namespace
}  // namespace baton::raft
