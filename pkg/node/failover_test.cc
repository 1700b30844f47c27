// What writers see when leaders come and go: a delay, or an honest outcome; never a lost or doubled
// write.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "pkg/node/testing/commands.h"
#include "pkg/node/testing/sim_cluster.h"

namespace baton::node::testing {
namespace {

std::vector<uint64_t> Seeds(uint64_t count) {
  std::vector<uint64_t> seeds;
  for (uint64_t seed = 1; seed <= count; ++seed) seeds.push_back(seed);
  return seeds;
}

std::string ReadKey(SimCluster& cluster, NodeId at, const std::string& key) {
  const auto read = cluster.Read(at, Consistency::kLinearizable, Revision(), 10'000, ValueOf(key));
  CHECK(cluster.RunUntil([&] { return read->done(); }, 15'000));
  return read->ok() ? **read->result : read->result->status().ToString();
}

uint64_t VersionOf(SimCluster& cluster, NodeId at, const std::string& key) {
  const auto found = cluster.node(at).state().Get(key);
  return found ? found->version : 0;
}

Index LastIndex(SimCluster& cluster, NodeId at) {
  return cluster.node(at).raft().GetStatus().last_index;
}

// A follower that was just asked for a write, and has passed it on.
struct AskedThroughAFollower {
  AskedThroughAFollower(uint64_t seed, const coord::Command& command, int64_t timeout_ms,
                        int64_t quiet_ms = 50)
      : cluster({.seed = seed}), leader(cluster.AwaitLeader()), follower(cluster.AFollower()) {
    cluster.RunFor(quiet_ms);
    last_index_before = LastIndex(cluster, leader);
    put = cluster.Submit(follower, command, timeout_ms);
  }
  bool ReachesTheLeader() {
    return cluster.RunUntil([&] { return LastIndex(cluster, leader) > last_index_before; }, 100);
  }

  SimCluster cluster;
  NodeId leader;
  NodeId follower;
  Index last_index_before;
  PendingPtr<coord::Reply> put;
};

TEST(FailoverTest, AcknowledgedWritesSurviveTheLeadersDeath) {
  for (const uint64_t seed : Seeds(20)) {
    SCOPED_TRACE(seed);
    SimCluster cluster({.seed = seed});
    const NodeId leader = cluster.AwaitLeader();
    const NodeId follower = cluster.AFollower();
    cluster.RunFor(100);
    std::map<std::string, PendingPtr<coord::Reply>> puts;
    for (int i = 0; i < 20; ++i) {
      const std::string key = "k" + std::to_string(i);
      puts[key] = cluster.Submit(follower, Put(key, "v"), 5'000);
      cluster.RunFor(1);
    }
    cluster.Crash(leader);
    std::set<std::string> acknowledged;
    for (const auto& [key, put] : puts) {
      if (put->ok()) acknowledged.insert(key);
    }
    cluster.RunFor(100);
    cluster.AwaitLeader();
    for (const std::string& key : acknowledged) EXPECT_EQ(ReadKey(cluster, follower, key), "v");
    EXPECT_GT(acknowledged.size(), 3U);
    cluster.Restart(leader);
    EXPECT_TRUE(cluster.RunUntil([&] { return cluster.Converged(); }, 10'000));
  }
}

TEST(FailoverTest, AWriteWithAKeyThatMeetsTheLeadersDeathIsOnlyDelayedAndAppliedOnce) {
  for (const uint64_t seed : Seeds(30)) {
    SCOPED_TRACE(seed);
    AskedThroughAFollower asked(seed, Put("k", "v", "request-1"), 10'000);
    auto& [cluster, leader, follower, before, put] = asked;
    // Anywhere between "not yet sent" and "the answer is on its way".
    const uint64_t die_after_us = seed * 173 % 5'000;
    cluster.RunUntil([] { return false; }, static_cast<int64_t>(die_after_us / 1000));
    cluster.Crash(leader);
    ASSERT_TRUE(cluster.RunUntil([&] { return put->done(); }, 10'000));
    ASSERT_TRUE(put->ok()) << put->result->status().ToString();
    EXPECT_TRUE((*put->result)->status.ok());
    cluster.RunFor(3'000);
    EXPECT_EQ(VersionOf(cluster, follower, "k"), 1U);
  }
}

TEST(FailoverTest, WithoutAKeyTheOutcomeSaysUnknownOnceTheLeaderHasIt) {
  for (const uint64_t seed : Seeds(20)) {
    SCOPED_TRACE(seed);
    AskedThroughAFollower asked(seed, Put("k", "v"), 10'000);
    auto& [cluster, leader, follower, before, put] = asked;
    ASSERT_TRUE(asked.ReachesTheLeader());
    cluster.Crash(leader);  // before or after it told anybody: the follower cannot know
    ASSERT_TRUE(cluster.RunUntil([&] { return put->done(); }, 10'000));
    ASSERT_FALSE(put->ok());
    EXPECT_EQ(put->result->status().outcome(), Outcome::kUnknown);
    EXPECT_EQ(put->result->status().reason(), "leader_lost");
    cluster.RunFor(3'000);
    EXPECT_LE(VersionOf(cluster, follower, "k"), 1U);
  }
}

// The connection was refused: nobody has heard of the command, and the next leader may take it.
TEST(FailoverTest, WithoutAKeyWhatTheLeaderNeverHeardIsWrittenByTheNextOne) {
  for (const uint64_t seed : Seeds(20)) {
    SCOPED_TRACE(seed);
    AskedThroughAFollower asked(seed, Put("k", "v"), 10'000);
    auto& [cluster, leader, follower, before, put] = asked;
    cluster.Crash(leader);
    ASSERT_TRUE(cluster.RunUntil([&] { return put->done(); }, 10'000));
    EXPECT_TRUE(put->ok()) << put->result->status().ToString();
    EXPECT_EQ(ReadKey(cluster, follower, "k"), "v");
    EXPECT_EQ(VersionOf(cluster, follower, "k"), 1U);
  }
}

// A leader that is gone is found to be so by asking it: little waiting beyond the election.
TEST(FailoverTest, WithoutAKeyTheAnswerComesWithTheNextLeader) {
  for (const uint64_t seed : Seeds(20)) {
    SCOPED_TRACE(seed);
    AskedThroughAFollower asked(seed, Put("k", "v"), 60'000);
    auto& [cluster, leader, follower, before, put] = asked;
    cluster.Crash(leader);
    ASSERT_TRUE(cluster.RunUntil(
        [&] {
          const NodeId now = cluster.node(follower).raft().leader();
          return now && now != leader;
        },
        20'000));
    EXPECT_TRUE(cluster.RunUntil([&] { return put->done(); }, 400));
  }
}

TEST(FailoverTest, WhatFindsNoRoomToTheLeaderIsRefusedAtOnce) {
  SimCluster cluster({.seed = 3});
  cluster.AwaitLeader();
  const NodeId follower = cluster.AFollower();
  cluster.RunFor(50);
  cluster.SetOutboxFull(follower, true);
  const auto put = cluster.Submit(follower, Put("k", "v"), 10'000);
  ASSERT_TRUE(cluster.RunUntil([&] { return put->done(); }, 1));
  EXPECT_EQ(put->result->status().reason(), "overloaded");
  EXPECT_EQ(put->result->status().outcome(), Outcome::kNotApplied);
}

// The request is lost, the leader lives on: it is asked again. The answer is lost: so it is too,
// and says that it has answered.
TEST(FailoverTest, ALostRequestIsRepeatedAndALostAnswerIsUnknown) {
  SimCluster cluster({.seed = 5});
  const NodeId leader = cluster.AwaitLeader();
  const NodeId follower = cluster.AFollower();
  cluster.RunFor(50);
  cluster.SetLoss(100);
  const auto put = cluster.Submit(follower, Put("k", "v"), 10'000);
  cluster.RunFor(20);
  cluster.SetLoss(0);
  ASSERT_TRUE(cluster.RunUntil([&] { return put->done(); }, 5'000));
  EXPECT_TRUE(put->ok()) << put->result->status().ToString();
  EXPECT_EQ(VersionOf(cluster, leader, "k"), 1U);

  const auto lost = cluster.Submit(follower, Put("k", "w"), 10'000);
  ASSERT_TRUE(cluster.RunUntil([&] { return VersionOf(cluster, leader, "k") == 2; }, 1'000));
  cluster.Cut(leader, follower);  // the answer was given in the same step and has not arrived
  cluster.RunFor(20);
  ASSERT_FALSE(lost->done());
  cluster.Heal();
  ASSERT_TRUE(cluster.RunUntil([&] { return lost->done(); }, 5'000));
  EXPECT_FALSE(lost->ok());
  EXPECT_EQ(lost->result->status().outcome(), Outcome::kUnknown);
  EXPECT_EQ(VersionOf(cluster, leader, "k"), 2U);
}

// What it was asked in a leadership that nothing on its new disk knows of, it may have proposed.
TEST(FailoverTest, ALeaderThatLostItsDiskDoesNotKnowWhatBecameOfACommand) {
  SimCluster cluster({.seed = 3, .nodes = 5});
  const NodeId leader = cluster.AwaitLeader();
  const NodeId follower = cluster.AFollower();
  cluster.RunFor(200);
  const auto put = cluster.Submit(follower, Put("k", "v"), 20'000);
  ASSERT_TRUE(cluster.RunUntil([&] { return VersionOf(cluster, leader, "k") == 1; }, 1'000));
  cluster.Cut(leader, follower);  // the answer was given in the same step and has not arrived
  cluster.RunFor(20);
  ASSERT_FALSE(put->done());
  cluster.Crash(leader);
  cluster.ReplaceDisk(leader);
  cluster.Restart(leader);
  cluster.Heal();
  ASSERT_TRUE(cluster.RunUntil([&] { return put->done(); }, 20'000));
  EXPECT_EQ(put->result->status().outcome(), Outcome::kUnknown);
  cluster.RunFor(5'000);
  EXPECT_EQ(VersionOf(cluster, follower, "k"), 1U);
}

TEST(FailoverTest, AWriteSubmittedWhileNobodyLeadsWaitsForTheNextLeader) {
  SimCluster cluster({.seed = 3});
  const NodeId leader = cluster.AwaitLeader();
  const NodeId follower = cluster.AFollower();
  const auto knows_a_leader = [&] { return bool{cluster.node(follower).raft().leader()}; };
  ASSERT_TRUE(cluster.RunUntil(knows_a_leader, 5'000));
  cluster.Crash(leader);
  ASSERT_TRUE(cluster.RunUntil([&] { return !knows_a_leader(); }, 5'000));
  const auto put = cluster.Submit(follower, Put("k", "v"), 10'000);
  ASSERT_TRUE(cluster.RunUntil([&] { return put->done(); }, 10'000));
  EXPECT_TRUE(put->ok()) << put->result->status().ToString();
}

TEST(FailoverTest, WithoutAMajorityAWriteIsRefusedAsNotAppliedAfterABoundedWait) {
  SimCluster cluster({.seed = 4});
  const NodeId follower = cluster.AFollower();
  cluster.RunFor(100);
  for (const NodeId id : cluster.ids()) {
    if (id != follower) cluster.Crash(id);
  }
  ASSERT_TRUE(cluster.RunUntil([&] { return !cluster.node(follower).raft().leader(); }, 5'000));
  const auto put = cluster.Submit(follower, Put("k", "v"), 60'000);
  ASSERT_TRUE(cluster.RunUntil([&] { return put->done(); }, 3'200));  // 3 election timeouts
  ASSERT_FALSE(put->ok());
  EXPECT_EQ(put->result->status().code(), Code::kUnavailable);
  EXPECT_EQ(put->result->status().reason(), "no_leader");
  EXPECT_EQ(put->result->status().outcome(), Outcome::kNotApplied);
}

TEST(FailoverTest, TheCallersTimeoutBoundsTheWaitForALeaderToo) {
  SimCluster cluster({.seed = 4});
  const NodeId follower = cluster.AFollower();
  cluster.RunFor(100);
  for (const NodeId id : cluster.ids()) {
    if (id != follower) cluster.Crash(id);
  }
  ASSERT_TRUE(cluster.RunUntil([&] { return !cluster.node(follower).raft().leader(); }, 5'000));
  const auto put = cluster.Submit(follower, Put("k", "v"), 500);
  ASSERT_TRUE(cluster.RunUntil([&] { return put->done(); }, 700));
  EXPECT_EQ(put->result->status().code(), Code::kDeadlineExceeded);
  EXPECT_EQ(put->result->status().outcome(), Outcome::kNotApplied);
}

TEST(FailoverTest, AnUnknownAttemptIsNotForgottenWhenNoLeaderIsFoundAfterIt) {
  AskedThroughAFollower asked(4, Put("k", "v", "key"), 60'000, 200);
  auto& [cluster, leader, follower, before, put] = asked;
  ASSERT_TRUE(asked.ReachesTheLeader());
  for (const NodeId id : cluster.ids()) {
    if (id != follower) cluster.Crash(id);
  }
  ASSERT_TRUE(cluster.RunUntil([&] { return put->done(); }, 10'000));
  EXPECT_EQ(put->result->status().reason(), "no_leader");
  EXPECT_EQ(put->result->status().outcome(), Outcome::kUnknown) << leader << " may have it";
}

// The old leader is cut off with a proposal that nobody else has: it is overwritten, which it
// learns when it returns. The command did not happen, and is tried again by itself.
TEST(FailoverTest, AProposalThatWasOverwrittenIsProposedAgain) {
  for (const uint64_t seed : Seeds(10)) {
    SCOPED_TRACE(seed);
    SimCluster cluster({.seed = seed});
    const NodeId leader = cluster.AwaitLeader();
    cluster.RunFor(100);
    cluster.Isolate(leader);
    const auto put = cluster.Submit(leader, Put("k", "old"), 30'000);
    ASSERT_TRUE(
        cluster.RunUntil([&] { return cluster.Leader() && *cluster.Leader() != leader; }, 10'000));
    const auto other = cluster.Submit(*cluster.Leader(), Put("k", "new"), 5'000);
    ASSERT_TRUE(cluster.RunUntil([&] { return other->done(); }, 2'000));
    ASSERT_TRUE(other->ok());
    EXPECT_FALSE(put->done());
    cluster.Heal();
    ASSERT_TRUE(cluster.RunUntil([&] { return put->done(); }, 10'000));
    ASSERT_TRUE(put->ok()) << put->result->status().ToString();
    EXPECT_GT((*put->result)->revision, (*other->result)->revision);
    ASSERT_TRUE(cluster.RunUntil([&] { return cluster.Converged(); }, 10'000));
    EXPECT_EQ(VersionOf(cluster, leader, "k"), 2U);
  }
}

TEST(FailoverTest, APartitionedLeadersWriteEndsWithItsDeadlineAsUnknown) {
  SimCluster cluster({.seed = 6});
  const NodeId leader = cluster.AwaitLeader();
  cluster.RunFor(100);
  cluster.Isolate(leader);
  const auto put = cluster.Submit(leader, Put("k", "v"), 2'000);
  ASSERT_TRUE(cluster.RunUntil([&] { return put->done(); }, 2'200));
  EXPECT_EQ(put->result->status().code(), Code::kDeadlineExceeded);
  EXPECT_EQ(put->result->status().outcome(), Outcome::kUnknown);
}

TEST(FailoverTest, ARetryWithTheSameKeyThroughAnotherNodeReplaysTheFirstAnswer) {
  SimCluster cluster({.seed = 8});
  const NodeId leader = cluster.AwaitLeader();
  const NodeId follower = cluster.AFollower();
  const auto first = cluster.Submit(leader, Put("k", "v", "same"), 5'000);
  ASSERT_TRUE(cluster.RunUntil([&] { return first->done(); }, 1'000));
  cluster.RunFor(300);
  cluster.Crash(leader);
  const auto retry = cluster.Submit(follower, Put("k", "v", "same"), 10'000);
  ASSERT_TRUE(cluster.RunUntil([&] { return retry->done(); }, 10'000));
  ASSERT_TRUE(retry->ok());
  EXPECT_TRUE((*retry->result)->replayed);
  EXPECT_EQ(VersionOf(cluster, follower, "k"), 1U);
}

// The followers still take it for the leader, and it answers "unknown" to all they ask.
TEST(FailoverTest, ALeaderThatCameBackAsAFollowerIsNotAskedInCircles) {
  SimCluster cluster({.seed = 8});
  const NodeId leader = cluster.AwaitLeader();
  const NodeId follower = cluster.AFollower();
  cluster.RunFor(200);
  cluster.Crash(leader);
  cluster.Restart(leader);
  const uint64_t before = cluster.metrics(follower).peer_messages_sent.value();
  const uint64_t received = cluster.metrics(leader).peer_messages_received.value();
  const auto put = cluster.Submit(follower, Put("k", "v", "key"), 10'000);
  ASSERT_TRUE(cluster.RunUntil([&] { return put->done(); }, 10'000));
  ASSERT_TRUE(put->ok()) << put->result->status().ToString();
  EXPECT_LE(cluster.metrics(follower).peer_messages_sent.value() - before, 100U);
  EXPECT_LE(cluster.metrics(leader).peer_messages_received.value() - received, 100U);
  cluster.RunFor(300);
  EXPECT_EQ(VersionOf(cluster, follower, "k"), 1U);
}

// Loss, repetition and reordering of every message; every node takes writes; a node dies now and
// then. Each write carries a key and must be there exactly once if it was acknowledged, and at most
// once if not.
TEST(FailoverTest, UnderLossAndRepetitionWritesAreAppliedAtMostOnce) {
  for (const uint64_t seed : Seeds(15)) {
    SCOPED_TRACE(seed);
    SimCluster cluster(
        {.seed = seed, .network_delay_max_us = 40'000, .loss_percent = 5, .repeat_percent = 20});
    cluster.AwaitLeader();
    std::vector<PendingPtr<coord::Reply>> puts;
    const bool with_key = seed % 2 == 0;
    for (int i = 0; i < 120; ++i) {
      const NodeId at(static_cast<uint64_t>(i % 3 + 1));
      const std::string name = std::to_string(i);
      if (i == 60) cluster.Crash(cluster.Leader().value_or(NodeId(1)));
      if (!cluster.alive(at)) {
        cluster.Restart(at);
      }
      puts.push_back(cluster.Submit(at, Put("k" + name, "v", with_key ? "id" + name : ""), 8'000));
      cluster.RunFor(30);
    }
    cluster.SetLoss(0);
    cluster.RunFor(15'000);
    ASSERT_TRUE(cluster.RunUntil([&] { return cluster.Converged(); }, 10'000));
    int acknowledged = 0;
    for (size_t i = 0; i < puts.size(); ++i) {
      const uint64_t version = VersionOf(cluster, NodeId(1), "k" + std::to_string(i));
      EXPECT_LE(version, 1U) << "write " << i << " was applied twice";
      if (!puts[i]->done()) continue;  // its node died
      if (puts[i]->ok()) {
        EXPECT_EQ(version, 1U) << "write " << i << " was lost";
        ++acknowledged;
      } else if (puts[i]->result->status().outcome() == Outcome::kNotApplied) {
        EXPECT_EQ(version, 0U) << "write " << i << " happened, and its answer denied it";
      }
    }
    EXPECT_GT(acknowledged, with_key ? 80 : 40);
  }
}

// How many entries the first append of each leader had.
struct FirstAppends : SimObserver {
  void OnSend(NodeId from, NodeId, const PeerMessage& message) override {
    const auto* const raft = std::get_if<raft::Message>(&message);
    const auto* const append = raft ? std::get_if<raft::AppendRequest>(&raft->body) : nullptr;
    if (append) entries.try_emplace(from, append->entries.size());
  }
  std::map<NodeId, size_t> entries;
};

TEST(FailoverTest, WhatWaitedForANodeToLeadSharesItsFirstAppend) {
  SimCluster cluster({.seed = 1});
  const NodeId leader = cluster.AwaitLeader();
  const NodeId next = cluster.AFollower();
  cluster.RunFor(100);
  FirstAppends first;
  cluster.SetObserver(&first);
  cluster.With(leader, [&](Node& node) { node.TransferLeadership(next, [](const Status&) {}); });
  const auto stands = [&] { return cluster.node(next).raft().role() == raft::Role::kCandidate; };
  ASSERT_TRUE(cluster.RunUntil(stands, 1'000));
  const auto put = cluster.Submit(next, Put("k", "v"), 5'000);
  ASSERT_TRUE(cluster.RunUntil([&] { return put->done(); }, 1'000));
  EXPECT_TRUE(put->ok());
  EXPECT_EQ(first.entries[next], 2U) << "the empty entry of the term, and the put";
  cluster.SetObserver(nullptr);
}

}  // namespace
}  // namespace baton::node::testing
