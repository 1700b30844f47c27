// Clusters of which some disks are full.
#include "pkg/node/full_disk.h"

#include <gtest/gtest.h>

#include "pkg/node/testing/commands.h"
#include "pkg/node/testing/sim_cluster.h"

namespace baton::node::testing {
namespace {

coord::Command Delete(std::string key) {
  coord::KvDelete body;
  body.key = std::move(key);
  return {"", "", std::move(body)};
}

// Small logs, so that a follower that was full for long needs a snapshot.
SimOptions SmallLog(uint64_t seed) {
  SimOptions options{.seed = seed};
  options.config.log_entries_max = 40;
  options.config.log_entries_kept = 5;
  options.snapshot_chunk_bytes = 512;
  return options;
}

class FullDiskTest : public ::testing::TestWithParam<uint64_t> {
 protected:
  FullDiskTest() : cluster(SmallLog(GetParam())), leader(cluster.AwaitLeader()) {}

  // What a command came to: "ok", or its reason.
  std::string Ask(NodeId at, const coord::Command& command) {
    const auto answer = cluster.Submit(at, command, 10'000);
    EXPECT_TRUE(cluster.RunUntil([&] { return answer->done(); }, 12'000));
    if (answer->ok())
      return (*answer->result)->status.ok() ? "ok" : (*answer->result)->status.reason();
    EXPECT_EQ(answer->result->status().outcome(), Outcome::kNotApplied);
    return answer->result->status().reason();
  }
  void SetAll(DiskLevel level) {
    for (const NodeId id : cluster.ids()) cluster.SetDiskLevel(id, level);
    cluster.RunFor(500);
  }
  std::string ReadAt(NodeId at) {
    const auto read = cluster.Read(at, Consistency::kLinearizable, Revision(), 5'000, ValueOf("a"));
    EXPECT_TRUE(cluster.RunUntil([&] { return read->done(); }, 6'000));
    return read->ok() ? read->result->value() : read->result->status().reason();
  }

  SimCluster cluster;
  NodeId leader;
};

INSTANTIATE_TEST_SUITE_P(Seeds, FullDiskTest, ::testing::Range<uint64_t>(1, 6));

TEST_P(FullDiskTest, ALeaderWithoutRoomHandsOver) {
  ASSERT_EQ(Ask(leader, Put("a", "1")), "ok");
  cluster.SetDiskLevel(leader, DiskLevel::kLow);
  ASSERT_TRUE(
      cluster.RunUntil([&] { return cluster.Leader() && cluster.Leader() != leader; }, 3'000));
  const NodeId next = *cluster.Leader();
  EXPECT_EQ(Ask(leader, Put("a", "2")), "ok") << "through the one that has room";
  cluster.RunFor(10'000);
  EXPECT_EQ(cluster.Leader(), next) << "and stays there";
  EXPECT_TRUE(cluster.Converged()) << "who is low still follows";
}

TEST_P(FullDiskTest, WithAllLowOnlyWhatEndsOrRenewsPasses) {
  ASSERT_EQ(Ask(leader, Put("a", "1")), "ok");
  ASSERT_EQ(Ask(leader, CreateSession(7, 60'000)), "ok");
  const auto lock = cluster.Acquire(leader, Lock("l", 7, 0), 5'000);
  ASSERT_TRUE(cluster.RunUntil([&] { return lock->ok(); }, 5'000));
  SetAll(DiskLevel::kLow);
  leader = cluster.AwaitLeader();
  cluster.RunFor(5'000);
  EXPECT_EQ(cluster.AwaitLeader(), leader) << "with nobody better it stays";
  for (const NodeId id : cluster.ids()) {
    EXPECT_EQ(Ask(id, Put("a", "2")), "storage_full");
    EXPECT_EQ(Ask(id, CreateSession(8, 60'000)), "storage_full");
    EXPECT_EQ(ReadAt(id), "1");
  }
  const auto kept = cluster.KeepAlive(cluster.AFollower(), SessionId(7), 5'000);
  ASSERT_TRUE(cluster.RunUntil([&] { return kept->done(); }, 5'000));
  EXPECT_TRUE(kept->ok());
  EXPECT_EQ(Ask(leader, Unlock("l", 7, (*lock->result)->token)), "ok");
  EXPECT_EQ(Ask(leader, Delete("a")), "ok");
  EXPECT_EQ(ReadAt(cluster.AFollower()), "-");
  SetAll(DiskLevel::kAmple);
  EXPECT_EQ(Ask(leader, Put("a", "3")), "ok") << "by itself";
}

TEST_P(FullDiskTest, WithAllExhaustedNothingIsWritten) {
  ASSERT_EQ(Ask(leader, Put("a", "1")), "ok");
  SetAll(DiskLevel::kExhausted);
  leader = cluster.AwaitLeader();
  const Index last = cluster.log(leader).LastIndex();
  EXPECT_EQ(Ask(leader, Delete("a")), "storage_full");
  EXPECT_EQ(ReadAt(leader), "1");
  cluster.RunFor(5'000);
  EXPECT_EQ(cluster.log(leader).LastIndex(), last);
  SetAll(DiskLevel::kAmple);
  EXPECT_EQ(Ask(cluster.AwaitLeader(), Put("a", "2")), "ok");
}

TEST_P(FullDiskTest, AFollowerWithoutRoomHoldsNobodyUpAndComesBack) {
  const NodeId full = cluster.AFollower();
  ASSERT_EQ(Ask(leader, Put("a", "1")), "ok");
  cluster.SetDiskLevel(full, DiskLevel::kExhausted);
  cluster.RunFor(300);
  const Index last = cluster.log(full).LastIndex();
  for (int i = 0; i < 250; ++i) ASSERT_EQ(Ask(leader, Put("k" + std::to_string(i), "v")), "ok");
  cluster.RunFor(5'000);
  EXPECT_EQ(cluster.log(full).LastIndex(), last);
  EXPECT_GT(cluster.metrics(full).appends_without_room.value(), 0U);
  EXPECT_EQ(cluster.metrics(full).snapshot_pieces_received.value(), 0U);
  EXPECT_EQ(cluster.AwaitLeader(), leader);
  EXPECT_EQ(ReadAt(full), "deadline_exceeded") << "it cannot reach that state";
  EXPECT_TRUE(cluster.node(full).MakeStatus().without_room);
  cluster.SetDiskLevel(full, DiskLevel::kAmple);
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.Converged(); }, 30'000));
  EXPECT_GT(cluster.metrics(full).snapshots_installed.value(), 0U);
}

// Nothing could be committed: it must be said, and what is under way must come to an end.
TEST_P(FullDiskTest, ALeaderWhoseFollowersAreExhaustedSaysSo) {
  ASSERT_EQ(Ask(leader, Put("a", "1")), "ok");
  for (const NodeId id : cluster.ids()) {
    if (id != leader) cluster.SetDiskLevel(id, DiskLevel::kExhausted);
  }
  cluster.RunFor(500);
  EXPECT_EQ(cluster.AwaitLeader(), leader);
  EXPECT_EQ(Ask(leader, Put("a", "2")), "storage_full");
  EXPECT_EQ(Ask(cluster.AFollower(), Delete("a")), "storage_full");
  for (const NodeId id : cluster.ids()) EXPECT_EQ(ReadAt(id), "1");
  cluster.SetDiskLevel(cluster.AFollower(), DiskLevel::kAmple);
  cluster.RunFor(500);
  EXPECT_EQ(Ask(leader, Put("a", "3")), "ok") << "two of three are enough";
}

TEST_P(FullDiskTest, WhoHasAReserveLeadsThoseThatHaveNone) {
  ASSERT_EQ(Ask(leader, Put("a", "1")), "ok");
  SetAll(DiskLevel::kLow);
  leader = cluster.AwaitLeader();
  cluster.SetDiskLevel(leader, DiskLevel::kExhausted);
  ASSERT_TRUE(
      cluster.RunUntil([&] { return cluster.Leader() && cluster.Leader() != leader; }, 15'000));
  EXPECT_EQ(Ask(leader, Delete("a")), "ok");
}

TEST_P(FullDiskTest, WhatAddsNothingPasses) {
  ASSERT_EQ(Ask(leader, Put("a", "1", "key-1")), "ok");
  ASSERT_EQ(Ask(leader, CreateSession(7, 60'000)), "ok");
  const auto lock = cluster.Acquire(leader, Lock("l", 7, 0), 5'000);
  ASSERT_TRUE(cluster.RunUntil([&] { return lock->ok(); }, 5'000));
  SetAll(DiskLevel::kLow);
  EXPECT_EQ(Ask(cluster.AFollower(), Put("a", "1", "key-1")), "ok") << "the answer was lost";
  EXPECT_EQ(Ask(leader, Put("a", "1", "key-2")), "storage_full");
  const auto again = cluster.Acquire(leader, Lock("l", 7, 0), 5'000);
  ASSERT_TRUE(cluster.RunUntil([&] { return again->done(); }, 5'000));
  EXPECT_TRUE(again->ok()) << "it holds it already";
}

// The only one with room has a disk that hangs: handing over to it again and again would refuse all
// that the others could do.
TEST_P(FullDiskTest, ASuccessorThatCannotTakeOverDoesNotStopTheRest) {
  ASSERT_EQ(Ask(leader, Put("a", "1")), "ok");
  const NodeId hung = cluster.AFollower();
  cluster.HoldDisk(hung);
  for (const NodeId id : cluster.ids()) {
    if (id != hung) cluster.SetDiskLevel(id, DiskLevel::kLow);
  }
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Ask(leader, Delete("k" + std::to_string(i))), "ok") << i;
  cluster.ReleaseDisk(hung);
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.Leader() == hung; }, 30'000));
}

TEST_P(FullDiskTest, APartOfASnapshotIsDroppedWhenThereIsNoRoomForTheRest) {
  cluster.SetSnapshotChunkBytes(64);
  const NodeId away = cluster.AFollower();
  cluster.Isolate(away);
  for (int i = 0; i < 250; ++i) ASSERT_EQ(Ask(leader, Put("k" + std::to_string(i), "v")), "ok");
  cluster.Heal();
  const NodeMetrics& metrics = cluster.metrics(away);
  ASSERT_TRUE(
      cluster.RunUntil([&] { return metrics.snapshot_pieces_received.value() > 3; }, 9'000));
  cluster.SetDiskLevel(away, DiskLevel::kLow);
  cluster.RunFor(1'000);
  EXPECT_GT(metrics.snapshots_given_up.value(), 0U);
  EXPECT_EQ(cluster.node(away).MakeStatus().snapshot_in, std::nullopt);
  EXPECT_EQ(metrics.snapshots_installed.value(), 0U);
  cluster.SetDiskLevel(away, DiskLevel::kAmple);
  EXPECT_TRUE(cluster.RunUntil([&] { return cluster.Converged(); }, 30'000));
}

TEST(AdmitTest, EveryCommandIsOnOneSide) {
  class Room final : public DiskSpace {
   public:
    DiskRoom Look() const override { return {.level = level}; }
    DiskLevel level = DiskLevel::kAmple;
  } room;
  NullLogger logger;
  bool adds_nothing = false;
  FullDisk disk(&room, &logger, [&](std::string_view) { return adds_nothing; });
  const std::vector<std::pair<coord::CommandBody, bool>> commands = {
      {coord::AdvanceTime(), true},    {coord::KvPut(), false},
      {coord::KvDelete(), true},       {coord::SessionCreate(), false},
      {coord::SessionRenew(), true},   {coord::SessionDestroy(), true},
      {coord::SessionExpire(), true},  {coord::Acquire(), false},
      {coord::Release(), true},        {coord::CancelWait(), true},
      {coord::WaitExpire(), true},     {coord::Proclaim(), false},
      {coord::CompactHistory(), true}, {coord::RaiseVersion(), true}};
  EXPECT_EQ(commands.size(), std::variant_size_v<coord::CommandBody>);
  for (const auto& [body, passes] : commands) {
    const std::string command = coord::EncodeCommand({"", "", body});
    room.level = DiskLevel::kAmple;
    disk.OnTick();
    EXPECT_TRUE(disk.Admit(command).ok());
    room.level = DiskLevel::kLow;
    disk.OnTick();
    EXPECT_EQ(disk.Admit(command).ok(), passes) << body.index();
    adds_nothing = true;
    EXPECT_TRUE(disk.Admit(command).ok());
    adds_nothing = false;
    room.level = DiskLevel::kExhausted;
    disk.OnTick();
    EXPECT_FALSE(disk.Admit(command).ok());
  }
  room.level = DiskLevel::kLow;
  disk.OnTick();
  EXPECT_FALSE(disk.Admit("").ok());
  EXPECT_FALSE(disk.Admit("\xff").ok());
}

}  // namespace
}  // namespace baton::node::testing
