// What is handed out for applying: before the own disk has it, page by page, and entries that are
// fetched from the disk in the background for slow peers.
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "pkg/raft/testing/cluster.h"

namespace baton::raft {
namespace {

using testing::Acknowledge;
using testing::Append;
using testing::Cluster;
using testing::ClusterOptions;
using testing::EntriesOf;
using testing::Solo;
using testing::SoloLeader;
using testing::Voters;

// --- before the own disk has it ---

Config ApplyingEarly(uint64_t entries_max) {
  Config config;
  config.apply_unpersisted_entries_max = entries_max;
  return config;
}

// Index 6 is committed by the others; index 1 is on the own disk.
Index AppliedEarly(uint64_t entries_max) {
  SoloLeader leader(ApplyingEarly(entries_max));
  for (int i = 0; i < 5; ++i) leader.Propose("x");
  leader.SaidAtOnce();
  EXPECT_TRUE(leader.Hear(2, 1, Acknowledge(6)).ok());
  EXPECT_TRUE(leader.Hear(3, 1, Acknowledge(6)).ok());
  leader.SaidAtOnce();
  EXPECT_EQ(leader.status().persisted, Index(1));
  const Index early = leader.node().applied();
  leader.Said();
  EXPECT_EQ(leader.node().applied(), Index(6)) << "the rest when the disk has it";
  return early;
}

TEST(RaftEarlyApplyTest, SoManyEntriesMayBeAheadOfTheDisk) {
  EXPECT_EQ(AppliedEarly(0), Index(1));
  EXPECT_EQ(AppliedEarly(1), Index(2));
  EXPECT_EQ(AppliedEarly(4), Index(5));
  EXPECT_EQ(AppliedEarly(5), Index(6));
  EXPECT_EQ(AppliedEarly(6), Index(6));
  EXPECT_EQ(AppliedEarly(std::numeric_limits<uint64_t>::max()), Index(6)) << "without a limit";
}

TEST(RaftEarlyApplyTest, AFollowerDoesItToo) {
  Solo follower(Voters({1, 2, 3}), ApplyingEarly(2));
  ASSERT_TRUE(follower.Hear(2, 1, Append({0, 0}, 4, EntriesOf(1, {1, 1, 1, 1}))).ok());
  EXPECT_EQ(follower.SaidAtOnce(), "") << "it acknowledges only what its disk has";
  EXPECT_EQ(follower.node().applied(), Index(2));
  EXPECT_EQ(follower.Said(), "1->2 AppendResponse term=1 match=4 commit=4\n");
  EXPECT_EQ(follower.node().applied(), Index(4));
}

TEST(RaftEarlyApplyTest, NothingThatIsNotCommittedIsEverApplied) {
  SoloLeader leader(ApplyingEarly(100));
  leader.Propose("x");
  leader.SaidAtOnce();
  ASSERT_TRUE(leader.Hear(2, 1, Acknowledge(2)).ok());
  leader.SaidAtOnce();
  EXPECT_EQ(leader.node().applied(), Index(1)) << "one copy of three, and none of its own";
}

TEST(RaftEarlyApplyTest, ASingleVoterAppliesNothingEarly) {
  Solo single(Voters({1}), ApplyingEarly(100));
  single.Lead();
  single.Propose("x");
  single.SaidAtOnce();
  EXPECT_EQ(single.node().applied(), Index(1));
}

TEST(RaftEarlyApplyTest, ReconfigureSetsTheLimitBothWays) {
  SoloLeader leader(ApplyingEarly(0));
  for (int i = 0; i < 5; ++i) leader.Propose("x");
  leader.SaidAtOnce();
  for (const uint64_t id : {2, 3}) ASSERT_TRUE(leader.Hear(id, 1, Acknowledge(6)).ok());
  leader.SaidAtOnce();
  Config config = ApplyingEarly(3);
  config.id = NodeId(1);
  ASSERT_TRUE(leader.raft().Reconfigure(config).ok());
  leader.SaidAtOnce();
  EXPECT_EQ(leader.node().applied(), Index(4));
  config.apply_unpersisted_entries_max = 1;
  ASSERT_TRUE(leader.raft().Reconfigure(config).ok());
  leader.SaidAtOnce();
  EXPECT_EQ(leader.node().applied(), Index(4)) << "what is out is out";
  leader.Said();
  EXPECT_EQ(leader.node().applied(), Index(6));
}

// The checker sees that the same entries come again.
TEST(RaftEarlyApplyTest, ACrashTakesWhatWasAheadOfTheDiskAndItComesBack) {
  ClusterOptions options;
  options.config = ApplyingEarly(100);
  Cluster cluster(options);
  cluster.Elect(NodeId(1));
  cluster.HoldDisk(NodeId(1));
  cluster.Propose(NodeId(1), "a");
  cluster.Propose(NodeId(1), "b");
  cluster.Settle();
  ASSERT_EQ(cluster.Applied(NodeId(1)), "a b");
  cluster.Crash(NodeId(1));
  cluster.Restart(NodeId(1));
  EXPECT_EQ(cluster.raft(NodeId(1)).GetStatus().last_index, Index(1));
  ASSERT_NE(cluster.WaitForLeader(100), NodeId());
  cluster.TickAll(3);
  EXPECT_EQ(cluster.Applied(NodeId(1)), "a b");
}

// --- page by page ---

// Entries of 25 bytes each; six are committed, and none is reported applied but the first.
class RaftPagingTest : public ::testing::Test {
 protected:
  static Config PageOf(size_t bytes) {
    Config config;
    config.committed_bytes_max = bytes;
    return config;
  }
  explicit RaftPagingTest(size_t bytes = 60) : leader(PageOf(bytes)) {
    for (int i = 0; i < 5; ++i) leader.Propose("x");
    leader.Said();
    EXPECT_TRUE(leader.Hear(2, 1, Acknowledge(6)).ok());
  }
  // How many entries the next Ready hands out.
  size_t Next() { return leader.raft().TakeReady().committed_entries.size(); }

  SoloLeader leader;
};

TEST_F(RaftPagingTest, WhatIsHandedOutAndNotAppliedIsBounded) {
  EXPECT_EQ(Next(), 2u) << "50 of 60 bytes";
  EXPECT_EQ(Next(), 1u) << "there is room, so at least one";
  EXPECT_EQ(Next(), 0u) << "75 bytes wait";
  EXPECT_FALSE(leader.raft().HasReady());
  leader.raft().OnApplied(Index(2));
  EXPECT_EQ(Next(), 0u) << "the first page is not done";
  leader.raft().OnApplied(Index(3));
  EXPECT_EQ(Next(), 1u) << "25 bytes wait, 35 are free";
  leader.raft().OnApplied(Index(5));
  EXPECT_EQ(Next(), 1u);
  EXPECT_EQ(Next(), 0u) << "all six are out";
}

TEST_F(RaftPagingTest, AReportStandsForAllPagesBefore) {
  while (Next() > 0) {
  }
  leader.raft().OnApplied(Index(4));
  EXPECT_EQ(Next(), 2u);
}

TEST_F(RaftPagingTest, ALargerLimitCountsAtOnce) {
  while (Next() > 0) {
  }
  Config config = PageOf(1000);
  config.id = NodeId(1);
  ASSERT_TRUE(leader.raft().Reconfigure(config).ok());
  EXPECT_EQ(Next(), 2u);
}

TEST_F(RaftPagingTest, ASmallerLimitWaitsForWhatIsOut) {
  EXPECT_EQ(Next(), 2u);
  Config config = PageOf(1);
  config.id = NodeId(1);
  ASSERT_TRUE(leader.raft().Reconfigure(config).ok());
  EXPECT_EQ(Next(), 0u);
  leader.raft().OnApplied(Index(3));
  EXPECT_EQ(Next(), 1u) << "always one";
  EXPECT_EQ(Next(), 0u);
}

// --- entries for peers, fetched from the disk in the background ---

// Peer 3 lacks 2 to 4, which are on the disk only.
class RaftFetchTest : public ::testing::Test {
 protected:
  RaftFetchTest() {
    for (int i = 0; i < 3; ++i) leader.Propose("x");
    leader.Said();
    EXPECT_TRUE(leader.Hear(2, 1, Acknowledge(4)).ok());
    leader.Said();
    leader.node().log().FetchLater();
    leader.raft().OnUnreachable(NodeId(3));
    EXPECT_TRUE(leader.Hear(3, 1, HeartbeatResponse{}).ok());
    said = leader.Said();
  }
  int fetches() { return leader.node().log().fetches(); }

  SoloLeader leader;
  std::string said;
};

TEST_F(RaftFetchTest, NothingIsSentUntilTheyAreThere) {
  EXPECT_EQ(said, "");
  EXPECT_EQ(fetches(), 1);
  leader.node().log().EntriesFetched(NodeId(3));
  leader.raft().OnEntriesFetched(NodeId(3));
  EXPECT_EQ(leader.Said(), "1->3 AppendRequest term=1 prev=1/1 commit=4 entries=[2/1 3/1 4/1]\n");
}

TEST_F(RaftFetchTest, OthersAreServedMeanwhileAndItIsNotFetchedTwice) {
  leader.Propose("y");
  EXPECT_EQ(leader.Said(), "1->2 AppendRequest term=1 prev=4/1 commit=4 entries=[5/1]\n");
  leader.Propose("z");
  leader.Said();
  EXPECT_EQ(fetches(), 1);
}

TEST_F(RaftFetchTest, ALostEndOfAFetchIsAskedForAgain) {
  ASSERT_TRUE(leader.Hear(3, 1, HeartbeatResponse{}).ok());
  leader.Said();
  EXPECT_EQ(fetches(), 2);
}

TEST_F(RaftFetchTest, ItEndsInASnapshotIfTheyAreCompactedMeanwhile) {
  leader.node().Compact(0);
  leader.raft().OnEntriesFetched(NodeId(3));
  EXPECT_EQ(leader.Said(), "1->3 SnapshotRequest term=1 snapshot=4/1\n");
}

TEST_F(RaftFetchTest, ReportsThatNobodyWaitsForAreHarmless) {
  leader.raft().OnEntriesFetched(NodeId(2));
  leader.raft().OnEntriesFetched(NodeId(9));
  EXPECT_EQ(leader.Said(), "");
  ASSERT_TRUE(leader.Hear(2, 2, Heartbeat{}).ok());
  leader.Said();
  leader.raft().OnEntriesFetched(NodeId(3));
  EXPECT_EQ(leader.Said(), "") << "leads no more";
}

TEST_F(RaftFetchTest, AnErrorOfTheDiskSilencesTheNode) {
  leader.node().log().EntriesFetched(NodeId(3));
  leader.node().log().FailReads(Status(Code::kIo, "broken"));
  leader.raft().OnEntriesFetched(NodeId(3));
  leader.raft().TakeReady();
  EXPECT_FALSE(leader.raft().log_status().ok());
}

}  // namespace
}  // namespace baton::raft
