// A backup of a node: as fresh as a read, and of exactly one entry.
#include <gtest/gtest.h>

#include "pkg/node/testing/commands.h"
#include "pkg/node/testing/sim_cluster.h"

namespace baton::node::testing {
namespace {

struct PendingBackup {
  std::optional<Result<Backup>> result;
};

std::shared_ptr<PendingBackup> OpenBackup(SimCluster& cluster, NodeId at, Consistency consistency,
                                          int64_t timeout_ms) {
  auto pending = std::make_shared<PendingBackup>();
  cluster.With(at, [&](Node& node) {
    node.OpenBackup(consistency, Revision(), timeout_ms,
                    [pending](Result<Backup> backup) { pending->result = std::move(backup); });
  });
  return pending;
}

Revision MustPut(SimCluster& cluster, NodeId at, const std::string& key) {
  const auto put = cluster.Submit(at, Put(key, "value"), 5'000);
  CHECK(cluster.RunUntil([&] { return put->done(); }, 5'000));
  CHECK(put->ok()) << put->result->status().ToString();
  return (*put->result)->revision;
}

std::string AllPieces(SnapshotReader* pieces) {
  std::string all;
  while (true) {
    const Result<std::string> piece = pieces->NextChunk(100);
    CHECK(piece.ok());
    if (piece->empty()) return all;
    all += *piece;
  }
}

TEST(BackupTest, AFollowerGivesWhatWasAcknowledgedAnywhereBefore) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    SimCluster cluster({.seed = seed});
    const NodeId leader = cluster.AwaitLeader();
    const Revision revision = MustPut(cluster, leader, "k");
    const NodeId follower = cluster.AFollower();
    const auto backup = OpenBackup(cluster, follower, Consistency::kLinearizable, 5'000);
    ASSERT_TRUE(cluster.RunUntil([&] { return backup->result.has_value(); }, 5'000));
    ASSERT_TRUE(backup->result->ok()) << backup->result->status().ToString();
    const BackupHeader& header = (*backup->result)->header;
    EXPECT_GE(header.revision, revision);
    EXPECT_EQ(header.node, follower);
    EXPECT_EQ(header.members.voters.size(), 3u);
    EXPECT_EQ(header.index, cluster.node(follower).state().applied());
  }
}

TEST(BackupTest, WritesGoOnAndAreNotInIt) {
  SimCluster cluster({.seed = 1});
  const NodeId leader = cluster.AwaitLeader();
  MustPut(cluster, leader, "before");
  const auto backup = OpenBackup(cluster, leader, Consistency::kLinearizable, 5'000);
  ASSERT_TRUE(cluster.RunUntil([&] { return backup->result.has_value(); }, 5'000));
  MustPut(cluster, leader, "after");
  const std::string pieces = AllPieces((*backup->result)->pieces.get());
  EXPECT_NE(pieces.find("before"), std::string::npos);
  EXPECT_EQ(pieces.find("after"), std::string::npos);
}

TEST(BackupTest, WithoutALeaderOnlyAStaleOneIsGiven) {
  SimCluster cluster({.seed = 2});
  const NodeId leader = cluster.AwaitLeader();
  MustPut(cluster, leader, "k");
  cluster.RunFor(200);
  const NodeId follower = cluster.AFollower();
  cluster.Isolate(follower);
  const auto fresh = OpenBackup(cluster, follower, Consistency::kLinearizable, 500);
  const auto stale = OpenBackup(cluster, follower, Consistency::kStale, 500);
  ASSERT_TRUE(stale->result.has_value());
  EXPECT_TRUE(stale->result->ok());
  ASSERT_TRUE(cluster.RunUntil([&] { return fresh->result.has_value(); }, 2'000));
  EXPECT_EQ(fresh->result->status().code(), Code::kDeadlineExceeded);
}

}  // namespace
}  // namespace baton::node::testing
