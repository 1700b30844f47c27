// The log stays within its bounds in bytes, in whole clusters, whoever is away or catches up.
#include <gtest/gtest.h>

#include <string>

#include "pkg/node/testing/commands.h"
#include "pkg/node/testing/sim_cluster.h"

namespace baton::node::testing {
namespace {

constexpr uint64_t kLogBytesMax = 40'000;
constexpr uint64_t kValueBytes = 1'000;
// A tenth for an absent follower, and what is written until the disk has compacted.
constexpr uint64_t kLogBytesBound = kLogBytesMax + kLogBytesMax / 10 + 5 * kValueBytes;

SimOptions SmallBytes(uint64_t seed) {
  SimOptions options{.seed = seed};
  options.config.log_bytes_max = kLogBytesMax;
  options.snapshot_chunk_bytes = 4096;
  return options;
}

class SizeBoundsTest : public ::testing::Test {
 protected:
  void MustPut(const std::string& key, uint64_t value_bytes) {
    const auto put = cluster_.Submit(leader_, Put(key, std::string(value_bytes, 'v')), 10'000);
    ASSERT_TRUE(cluster_.RunUntil([&] { return put->done(); }, 12'000));
    ASSERT_TRUE(put->ok()) << put->result->status().ToString();
  }

  // Looks at every log after every write.
  void PutMany(int count, uint64_t log_bytes_bound) {
    for (int i = 0; i < count; ++i) {
      MustPut("k" + std::to_string(i % 7), kValueBytes);
      for (const NodeId id : cluster_.ids()) {
        EXPECT_LE(cluster_.log(id).EntryBytes(), log_bytes_bound) << "node " << id;
      }
    }
  }

  SimCluster cluster_{SmallBytes(3)};
  const NodeId leader_ = cluster_.AwaitLeader();
};

TEST_F(SizeBoundsTest, EveryNodeCompactsFewLargeEntries) {
  PutMany(200, kLogBytesBound);
  for (const NodeId id : cluster_.ids()) {
    EXPECT_GE(cluster_.log(id).compactions(), 4U) << "node " << id;
    EXPECT_LE(cluster_.log(id).compactions(), 10U) << "a write for each is too many";
  }
}

TEST_F(SizeBoundsTest, AnEntryBeyondTheBoundGoesWhenEverybodyHasIt) {
  MustPut("huge", 3 * kLogBytesMax);
  MustPut("k", 1);
  cluster_.RunFor(2'000);
  for (const NodeId id : cluster_.ids()) {
    EXPECT_LE(cluster_.log(id).EntryBytes(), kLogBytesMax) << "node " << id;
    EXPECT_EQ(cluster_.metrics(id).snapshots_installed.value(), 0U) << "node " << id;
  }
}

TEST_F(SizeBoundsTest, WhoIsAwayDoesNotKeepMoreThanTheBoundAndReturnsBySnapshot) {
  const NodeId follower = cluster_.AFollower();
  PutMany(20, kLogBytesBound);
  cluster_.Isolate(follower);
  cluster_.RunFor(3'000);  // until the leader takes it for absent
  PutMany(100, kLogBytesBound);
  cluster_.Heal();
  ASSERT_TRUE(cluster_.RunUntil([&] { return cluster_.Converged(); }, 20'000));
  EXPECT_EQ(cluster_.metrics(follower).snapshots_installed.value(), 1U);
  PutMany(100, kLogBytesBound);
}

TEST_F(SizeBoundsTest, WhoIsAwayForLessIsSparedASnapshot) {
  const NodeId follower = cluster_.AFollower();
  PutMany(30, kLogBytesBound);
  cluster_.Isolate(follower);
  PutMany(25, kLogBytesBound);  // the log is compacted meanwhile, and keeps what it lacks
  EXPECT_GE(cluster_.log(leader_).compactions(), 1U);
  cluster_.Heal();
  ASSERT_TRUE(cluster_.RunUntil([&] { return cluster_.Converged(); }, 20'000));
  EXPECT_EQ(cluster_.metrics(follower).snapshots_installed.value(), 0U);
}

// Its disk is slow: it hears, and acknowledges nothing.
TEST_F(SizeBoundsTest, WhoCatchesUpIsWaitedForFourTimesAsLong) {
  const NodeId follower = cluster_.AFollower();
  cluster_.HoldDisk(follower);
  PutMany(100, 4 * kLogBytesMax);
  EXPECT_GT(cluster_.log(leader_).EntryBytes(), 2 * kLogBytesMax);
  cluster_.ReleaseDisk(follower);
  ASSERT_TRUE(cluster_.RunUntil([&] { return cluster_.Converged(); }, 20'000));
  EXPECT_EQ(cluster_.metrics(follower).snapshots_installed.value(), 0U);
  cluster_.RunFor(1'000);
  PutMany(1, kLogBytesBound);
}

}  // namespace
}  // namespace baton::node::testing
