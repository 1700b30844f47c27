// The history stays within the bounds that the user set, the same on every node, whoever leads.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "pkg/node/testing/commands.h"
#include "pkg/node/testing/sim_cluster.h"

namespace baton::node::testing {
namespace {

constexpr int64_t kAgeMs = 6'400;
constexpr uint64_t kRevisionsMax = 100;

class HistoryBoundsTest : public ::testing::TestWithParam<uint64_t> {
 protected:
  SimOptions Options() const {
    SimOptions options{.seed = GetParam()};
    options.config.history_age_max_ms = kAgeMs;
    options.config.history_revisions_max = kRevisionsMax;
    options.config.log_bytes_max = 20'000;
    options.snapshot_chunk_bytes = 4096;
    return options;
  }

  void MustPut() {
    const NodeId at = cluster_.AwaitLeader();
    const auto put = cluster_.Submit(at, Put("k", std::string(500, 'v'), NextKey()), 20'000);
    ASSERT_TRUE(cluster_.RunUntil([&] { return put->done(); }, 22'000));
    ASSERT_TRUE(put->ok()) << put->result->status().ToString();
    const coord::Reply& reply = put->result->value();
    made_ms_[reply.revision] = reply.now_ms;
    Look();
  }
  std::string NextKey() { return std::to_string(++last_key_); }

  void PutMany(int count, int64_t pause_ms) {
    for (int i = 0; i < count; ++i) {
      MustPut();
      cluster_.RunFor(pause_ms);
      Look();
    }
  }

  // Nothing is forgotten before its time, or the bound of revisions asks for it.
  void Look() {
    for (const NodeId id : cluster_.ids()) {
      if (!cluster_.alive(id)) continue;
      const coord::StateMachine& state = cluster_.node(id).state();
      const Revision compact = state.compact_revision();
      const auto made = made_ms_.find(compact);
      const bool too_many = state.revision() - compact >= kRevisionsMax;
      if (made != made_ms_.end() && !too_many) {
        EXPECT_GE(state.now_ms(), made->second + kAgeMs) << "early, at node " << id;
      }
    }
  }

  // Of whoever has the newest state.
  Revision Newest() {
    Revision newest;
    for (const NodeId id : cluster_.ids()) {
      if (cluster_.alive(id)) newest = std::max(newest, cluster_.node(id).state().revision());
    }
    return newest;
  }
  bool AllForgotten() {
    const auto ids = cluster_.ids();
    return std::all_of(ids.begin(), ids.end(), [&](NodeId id) {
      return cluster_.alive(id) && cluster_.node(id).state().compact_revision() == Newest();
    });
  }
  // Age, one mark, and an election or a snapshot's way.
  bool ForgetsInTime() {
    return cluster_.RunUntil([&] { return AllForgotten(); }, kAgeMs + kAgeMs / 64 + 3'000);
  }

  SimCluster cluster_{Options()};
  std::map<Revision, int64_t> made_ms_;
  int last_key_ = 0;
};

TEST_P(HistoryBoundsTest, AgesAwayOnAllNodesAtTheSameRevision) {
  PutMany(40, 300);  // twelve seconds: the first are forgotten on the way
  EXPECT_GT(cluster_.node(cluster_.AwaitLeader()).state().compact_revision(), Revision(5));
  EXPECT_TRUE(ForgetsInTime());
  EXPECT_TRUE(cluster_.RunUntil([&] { return cluster_.Converged(); }, 5'000));
}

TEST_P(HistoryBoundsTest, ALeaderThatSawItComeForgetsInTime) {
  PutMany(20, 100);
  for (int i = 0; i < 3; ++i) {
    const NodeId leader = cluster_.AwaitLeader();
    cluster_.Crash(leader);
    ASSERT_TRUE(cluster_.RunUntil([&] { return cluster_.Leader().has_value(); }, 20'000));
    cluster_.Restart(leader);
    PutMany(5, 100);
  }
  EXPECT_TRUE(ForgetsInTime());
}

TEST_P(HistoryBoundsTest, AClusterThatWasStartedAnewCountsFromItsState) {
  PutMany(20, 100);
  for (const NodeId id : cluster_.ids()) cluster_.Crash(id);
  for (const NodeId id : cluster_.ids()) cluster_.Restart(id);
  cluster_.AwaitLeader();
  Look();
  PutMany(10, 500);
  EXPECT_TRUE(ForgetsInTime());
}

TEST_P(HistoryBoundsTest, RevisionsAreBoundedToo) {
  for (int i = 0; i < 300; ++i) {
    MustPut();
    const auto& state = cluster_.node(cluster_.AwaitLeader()).state();
    ASSERT_LE(state.revision() - state.compact_revision(), kRevisionsMax + kRevisionsMax / 10 + 2);
  }
}

// Everything at once: the sizes stay bounded while a follower is away, it returns by snapshot, and
// forgets what the others forget, also as their leader.
TEST_P(HistoryBoundsTest, WhoReturnsBySnapshotForgetsTheSame) {
  PutMany(10, 100);
  const NodeId follower = cluster_.AFollower();
  cluster_.Isolate(follower);
  cluster_.RunFor(3'000);
  for (int i = 0; i < 150; ++i) {
    MustPut();
    const NodeId leader = cluster_.AwaitLeader();
    ASSERT_LE(cluster_.log(leader).EntryBytes(), 20'000U + 2'000U + 10'000U);
  }
  cluster_.Heal();
  ASSERT_TRUE(cluster_.RunUntil([&] { return cluster_.Converged(); }, 20'000));
  EXPECT_GE(cluster_.metrics(follower).snapshots_installed.value(), 1U);
  PutMany(5, 100);
  const NodeId leader = cluster_.AwaitLeader();
  cluster_.With(leader,
                [&](Node& node) { node.TransferLeadership(follower, [](const Status&) {}); });
  ASSERT_TRUE(cluster_.RunUntil([&] { return cluster_.Leader() == follower; }, 10'000));
  PutMany(5, 100);
  EXPECT_TRUE(ForgetsInTime());
}

INSTANTIATE_TEST_SUITE_P(Seeds, HistoryBoundsTest, ::testing::Range<uint64_t>(1, 5));

}  // namespace
}  // namespace baton::node::testing
