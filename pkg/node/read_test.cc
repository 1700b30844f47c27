// Reads: linearizable on every node, never stale under a partition; cheap because they share.
#include <gtest/gtest.h>

#include "pkg/node/testing/commands.h"
#include "pkg/node/testing/sim_cluster.h"

namespace baton::node::testing {
namespace {

Revision MustPut(SimCluster& cluster, NodeId at, const std::string& key, const std::string& value) {
  const auto put = cluster.Submit(at, Put(key, value), 5'000);
  CHECK(cluster.RunUntil([&] { return put->done(); }, 5'000));
  CHECK(put->ok()) << put->result->status().ToString();
  return (*put->result)->revision;
}

PendingPtr<std::string> Linearizable(SimCluster& cluster, NodeId at, int64_t timeout_ms) {
  return cluster.Read(at, Consistency::kLinearizable, Revision(), timeout_ms, ValueOf("k"));
}

TEST(ReadTest, AReadSeesEveryWriteThatWasAcknowledgedBefore) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    SimCluster cluster({.seed = seed});
    cluster.AwaitLeader();
    cluster.RunFor(200);
    for (int i = 0; i < 12; ++i) {
      MustPut(cluster, NodeId(static_cast<uint64_t>(i % 3 + 1)), "k", std::to_string(i));
      const auto read =
          Linearizable(cluster, NodeId(static_cast<uint64_t>((i + 1) % 3 + 1)), 5'000);
      ASSERT_TRUE(cluster.RunUntil([&] { return read->done(); }, 1'000));
      EXPECT_EQ(**read->result, std::to_string(i));
    }
  }
}

TEST(ReadTest, ALeaderThatWasCutOffAnswersNothingStale) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    SimCluster cluster({.seed = seed});
    const NodeId old_leader = cluster.AwaitLeader();
    MustPut(cluster, old_leader, "k", "old");
    cluster.RunFor(200);
    cluster.Isolate(old_leader);
    std::vector<PendingPtr<std::string>> reads;
    reads.push_back(Linearizable(cluster, old_leader, 15'000));
    ASSERT_TRUE(cluster.RunUntil(
        [&] { return cluster.Leader() && *cluster.Leader() != old_leader; }, 10'000));
    reads.push_back(Linearizable(cluster, old_leader, 15'000));
    MustPut(cluster, *cluster.Leader(), "k", "new");
    reads.push_back(Linearizable(cluster, old_leader, 15'000));
    const auto stale =
        cluster.Read(old_leader, Consistency::kStale, Revision(), 1'000, ValueOf("k"));
    ASSERT_TRUE(stale->done());
    EXPECT_EQ(**stale->result, "old");
    cluster.RunFor(500);
    cluster.Heal();
    cluster.RunFor(16'000);
    for (const auto& read : reads) {
      ASSERT_TRUE(read->done());
      EXPECT_TRUE(!read->ok() || **read->result == "new");
    }
  }
}

TEST(ReadTest, AFollowerInAMinorityDoesNotAnswer) {
  SimCluster cluster({.seed = 4});
  const NodeId follower = cluster.AFollower();
  cluster.RunFor(200);
  cluster.Isolate(follower);
  const auto read = Linearizable(cluster, follower, 60'000);
  ASSERT_TRUE(cluster.RunUntil([&] { return read->done(); }, 6'000));
  ASSERT_FALSE(read->ok());
  EXPECT_EQ(read->result->status().reason(), "no_leader");
  const auto late = Linearizable(cluster, follower, 300);
  ASSERT_TRUE(cluster.RunUntil([&] { return late->done(); }, 500));
  EXPECT_EQ(late->result->status().code(), Code::kDeadlineExceeded);
}

TEST(ReadTest, AReadGoesOnOverAChangeOfLeaders) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    SimCluster cluster({.seed = seed});
    const NodeId leader = cluster.AwaitLeader();
    MustPut(cluster, leader, "k", "v");
    cluster.RunFor(200);
    const NodeId follower = cluster.AFollower();
    const auto read = Linearizable(cluster, follower, 20'000);
    cluster.Crash(leader);
    ASSERT_TRUE(cluster.RunUntil([&] { return read->done(); }, 10'000));
    ASSERT_TRUE(read->ok()) << read->result->status().ToString();
    EXPECT_EQ(**read->result, "v");
  }
}

TEST(ReadTest, LostQuestionsAreAskedAgain) {
  SimCluster cluster({.seed = 7, .loss_percent = 30});
  cluster.AwaitLeader();
  for (int i = 0; i < 20; ++i) {
    const auto read = Linearizable(cluster, NodeId(static_cast<uint64_t>(i % 3 + 1)), 30'000);
    ASSERT_TRUE(cluster.RunUntil([&] { return read->done(); }, 30'000));
    EXPECT_TRUE(read->ok());
  }
}

TEST(ReadTest, ReadsThatArriveTogetherShareOneQuestion) {
  SimCluster cluster({.seed = 2});
  cluster.AwaitLeader();
  const NodeId follower = cluster.AFollower();
  cluster.RunFor(200);
  const uint64_t before = cluster.metrics(follower).peer_messages_sent.value();
  int answered = 0;
  cluster.With(follower, [&](Node& node) {
    for (int i = 0; i < 500; ++i) {
      node.Read(Consistency::kLinearizable, Revision(), 5'000,
                [&](const Result<ReadView>& view) { answered += view.ok() ? 1 : 0; });
    }
  });
  ASSERT_TRUE(cluster.RunUntil([&] { return answered == 500; }, 1'000));
  // The question, and the answers to the leader's round of heartbeats.
  EXPECT_LE(cluster.metrics(follower).peer_messages_sent.value() - before, 5U);
}

TEST(ReadTest, AReadWaitsForItsRevision) {
  SimCluster cluster({.seed = 2});
  const NodeId leader = cluster.AwaitLeader();
  const NodeId follower = cluster.AFollower();
  MustPut(cluster, leader, "k", "1");
  cluster.RunFor(200);
  cluster.Isolate(follower);
  const Revision revision = MustPut(cluster, leader, "k", "2");
  const auto read = cluster.Read(follower, Consistency::kStale, revision, 10'000, ValueOf("k"));
  const auto hopeless =
      cluster.Read(follower, Consistency::kStale, revision + 1, 1'000, ValueOf("k"));
  cluster.RunFor(500);
  EXPECT_FALSE(read->done());
  cluster.Heal();
  ASSERT_TRUE(cluster.RunUntil([&] { return read->done(); }, 5'000));
  EXPECT_EQ(**read->result, "2");
  ASSERT_TRUE(cluster.RunUntil([&] { return hopeless->done(); }, 2'000));
  EXPECT_EQ(hopeless->result->status().code(), Code::kDeadlineExceeded);
}

TEST(ReadTest, ReadsBeyondTheBoundAreRefused) {
  SimOptions options{.seed = 2};
  options.config.pending_proposals_max = 10;
  SimCluster cluster(options);
  const NodeId follower = cluster.AFollower();
  cluster.Isolate(follower);
  std::vector<PendingPtr<std::string>> reads;
  for (int i = 0; i < 12; ++i) reads.push_back(Linearizable(cluster, follower, 1'000));
  EXPECT_FALSE(reads[9]->done());
  for (const size_t i : {10, 11}) {
    ASSERT_TRUE(reads[i]->done());
    EXPECT_EQ(reads[i]->result->status().reason(), "overloaded");
  }
  cluster.RunFor(1'200);  // and there is room again
  EXPECT_FALSE(Linearizable(cluster, follower, 1'000)->done());
}

}  // namespace
}  // namespace baton::node::testing
