// Starting from what is on disk, and disks that lie.
#include <gtest/gtest.h>

#include "pkg/raft/raft.h"
#include "pkg/raft/testing/cluster.h"

namespace baton::raft {
namespace {

using testing::Append;
using testing::Cluster;
using testing::EntriesOf;
using testing::Ids;
using testing::MemoryLog;
using testing::Solo;
using testing::Voters;

class RaftCreateTest : public ::testing::Test {
 protected:
  RaftCreateTest() {
    config.id = NodeId(1);
    log.Write(std::nullopt, std::nullopt, EntriesOf(1, {1, 1, 2}), true);
    initial.hard_state = HardState{Term(2), NodeId(3), Index(2)};
    initial.config = Voters({1, 2, 3});
    initial.applied = Index(1);
  }

  Status Created() {
    const Result<std::unique_ptr<Raft>> raft = Raft::Create(config, initial, &log);
    return raft.ok() ? Status::Ok() : raft.status();
  }

  Config config;
  InitialState initial;
  MemoryLog log{Voters({1, 2, 3})};
};

TEST_F(RaftCreateTest, StartsWhereItStopped) {
  const Result<std::unique_ptr<Raft>> created = Raft::Create(config, initial, &log);
  ASSERT_TRUE(created.ok()) << created.status().ToString();
  Raft& raft = **created;
  const RaftStatus status = raft.GetStatus();
  EXPECT_EQ(status.role, Role::kFollower);
  EXPECT_EQ(status.term, Term(2));
  EXPECT_EQ(status.vote, NodeId(3));
  EXPECT_EQ(status.commit, Index(2));
  EXPECT_EQ(status.applied, Index(1));
  EXPECT_EQ(status.last_index, Index(3));
  ASSERT_TRUE(raft.HasReady());
  const Ready ready = raft.TakeReady();
  EXPECT_FALSE(ready.NeedsPersist()) << "all of it is on disk";
  EXPECT_FALSE(ready.soft_state.has_value());
  ASSERT_EQ(ready.committed_entries.size(), 1u);
  EXPECT_EQ(ready.committed_entries[0].index, Index(2)) << "behind what the state machine holds";
  EXPECT_FALSE(raft.HasReady());
}

TEST_F(RaftCreateTest, BadSettingsAreRefusedByName) {
  config.id = NodeId();
  EXPECT_EQ(Created().code(), Code::kInvalidArgument);
  config.id = NodeId(1);
  initial.config.voters = Ids({2, 1});
  EXPECT_EQ(Created().code(), Code::kInvalidArgument);
  EXPECT_EQ(Created().message().substr(0, 7), "voters:");
}

TEST_F(RaftCreateTest, AStateThatContradictsTheLogIsRefused) {
  initial.hard_state.commit = Index(4);
  EXPECT_EQ(Created().code(), Code::kCorruption);
  initial.hard_state.commit = Index(3);
  EXPECT_TRUE(Created().ok());
  initial.applied = Index(4);
  EXPECT_EQ(Created().code(), Code::kCorruption);
  initial.applied = Index(1);
  log.Compact(Index(2));
  EXPECT_EQ(Created().code(), Code::kCorruption) << "2 was compacted but not applied";
  initial.applied = Index(2);
  EXPECT_TRUE(Created().ok());
  initial.hard_state.term = Term(1);
  EXPECT_EQ(Created().code(), Code::kCorruption) << "the last entry is of term 2";
}

TEST_F(RaftCreateTest, AReaderThatFailsIsReported) {
  log.FailReads(Status(Code::kIo, "unplugged"));
  EXPECT_EQ(Created().code(), Code::kIo);
}

TEST_F(RaftCreateTest, AnEmptyNodeStartsEmpty) {
  log.Wipe();
  initial = InitialState{};
  EXPECT_TRUE(Created().ok()) << "it waits for a snapshot that tells it who takes part";
}

TEST_F(RaftCreateTest, AppliedMayBeAheadOfTheCommitOnDisk) {
  initial.hard_state.commit = Index();
  initial.applied = Index(3);
  const Result<std::unique_ptr<Raft>> created = Raft::Create(config, initial, &log);
  ASSERT_TRUE(created.ok());
  EXPECT_EQ((*created)->GetStatus().commit, Index(3));
  EXPECT_FALSE((*created)->HasReady());
}

// --- after crashes ---

TEST(RaftRestartTest, WhatWasAcknowledgedSurvivesACrashOfAll) {
  Cluster cluster(3);
  cluster.Elect(NodeId(1));
  for (const char* command : {"a", "b", "c"}) cluster.Propose(NodeId(1), command);
  cluster.Settle();
  for (const uint64_t id : {1, 2, 3}) cluster.Crash(NodeId(id));
  for (const uint64_t id : {1, 2, 3}) cluster.Restart(NodeId(id));
  ASSERT_TRUE(cluster.WaitForLeader(100));
  cluster.TickAll(3);
  for (const uint64_t id : {1, 2, 3}) EXPECT_EQ(cluster.Applied(NodeId(id)), "a b c");
}

TEST(RaftRestartTest, WhatOnlyMemoryHeldIsGoneAndNobodyMissesIt) {
  Cluster cluster(3);
  cluster.Elect(NodeId(1));
  cluster.Isolate(NodeId(1));
  cluster.HoldDisk(NodeId(1));
  cluster.Propose(NodeId(1), "lost");
  cluster.Settle();
  cluster.Crash(NodeId(1));
  cluster.Heal();
  cluster.Restart(NodeId(1));
  ASSERT_TRUE(cluster.WaitForLeader(100));
  cluster.Propose(cluster.Leader(), "kept");
  cluster.TickAll(3);
  for (const uint64_t id : {1, 2, 3}) EXPECT_EQ(cluster.Applied(NodeId(id)), "kept");
}

TEST(RaftRestartTest, AFollowerRestartedInTheSameTermStillLearnsTheCommit) {
  // It has validated nothing in this life, but the last entry on its disk is of this term.
  Cluster cluster(3);
  cluster.Elect(NodeId(1));
  cluster.DropWhere([](const Message& message) {
    return message.to == NodeId(3) && std::holds_alternative<Heartbeat>(message.body);
  });
  cluster.Propose(NodeId(1), "x");
  cluster.Settle();
  EXPECT_EQ(cluster.Applied(NodeId(3)), "");
  cluster.Crash(NodeId(3));
  cluster.DropWhere(nullptr);
  cluster.Restart(NodeId(3));
  cluster.TickAll(1);
  EXPECT_EQ(cluster.Applied(NodeId(3)), "x");
}

// --- a disk that lies ---

TEST(RaftDiskFailureTest, ANodeWhoseLogCannotBeReadTakesNoPartAnyMore) {
  Solo broken;
  ASSERT_TRUE(broken.Hear(2, 1, Append({0, 0}, 0, EntriesOf(1, {1, 1}))).ok());
  broken.Said();
  broken.node().Crash();
  broken.node().Restart();
  broken.node().log().FailReads(Status(Code::kCorruption, "checksum of entry 1"));
  ASSERT_TRUE(broken.Hear(2, 1, Heartbeat{Index(2), 0}).ok());
  broken.Said();
  EXPECT_EQ(broken.node().applied(), Index(0));
  EXPECT_EQ(broken.raft().log_status().code(), Code::kCorruption);
  EXPECT_EQ(broken.Hear(2, 1, Heartbeat{}).code(), Code::kCorruption);
  EXPECT_EQ(broken.raft().ReadIndex(1).code(), Code::kCorruption);
  broken.raft().Campaign();
  broken.Tick(100);
  EXPECT_EQ(broken.raft().role(), Role::kFollower);
  EXPECT_EQ(broken.Said(), "");
}

TEST(RaftDiskFailureTest, ALeaderWhoseLogCannotBeReadLeadsNoMore) {
  Solo leader;
  leader.StartWith({1, 1, 1}, 1);
  leader.Lead();
  leader.node().log().FailReads(Status(Code::kIo, "unplugged"));
  ASSERT_TRUE(leader.Hear(2, 2, AppendResponse{.rejected = true, .rejected_index = Index(3)}).ok());
  leader.Said();
  EXPECT_EQ(leader.raft().log_status().code(), Code::kIo);
  EXPECT_EQ(leader.raft().Propose(Payload("x")).status().code(), Code::kIo);
  leader.Tick();
  EXPECT_EQ(leader.raft().role(), Role::kFollower);
  EXPECT_EQ(leader.Said(), "");
}

}  // namespace
}  // namespace baton::raft
