// Sessions live as long as they were promised, by an ideal clock, whoever leads: never shorter, and
// longer only by the time in which nobody led.
#include <gtest/gtest.h>

#include "pkg/node/testing/commands.h"
#include "pkg/node/testing/sim_cluster.h"

namespace baton::node::testing {
namespace {

constexpr int64_t kTtlMs = 3'000;
// The leader looks once a tick; a follower knows the time from the last heartbeat; and the network.
constexpr int64_t kToleranceMs = 350;

bool HasSession(SimCluster& cluster, NodeId at, uint64_t session) {
  return cluster.node(at).state().Session(SessionId(session)).has_value();
}

void MustCreate(SimCluster& cluster, NodeId at, uint64_t session, int64_t ttl_ms) {
  const auto created = cluster.Submit(at, CreateSession(session, ttl_ms), 5'000);
  ASSERT_TRUE(cluster.RunUntil([&] { return created->done(); }, 5'000));
  ASSERT_TRUE(created->ok()) << created->result->status().ToString();
  ASSERT_TRUE((*created->result)->status.ok());
}

NodeId AnyAlive(SimCluster& cluster) {
  for (const NodeId id : cluster.ids()) {
    if (cluster.alive(id)) return id;
  }
  return NodeId();
}

TEST(LeaseTest, WithASteadyLeaderASessionLivesItsTtlAndNotMuchLonger) {
  SimCluster cluster({.seed = 1});
  const NodeId leader = cluster.AwaitLeader();
  const int64_t before_ms = cluster.MonotonicMs();
  MustCreate(cluster, leader, 7, kTtlMs);
  ASSERT_TRUE(cluster.RunUntil([&] { return !HasSession(cluster, leader, 7); }, 10'000));
  EXPECT_GE(cluster.MonotonicMs(), before_ms + kTtlMs);
  EXPECT_LE(cluster.MonotonicMs(), before_ms + kTtlMs + kToleranceMs);
}

TEST(LeaseTest, AtALeaderChangeTheTtlNeitherFiresEarlyNorStartsAnew) {
  for (uint64_t seed = 1; seed <= 25; ++seed) {
    SCOPED_TRACE(seed);
    SimCluster cluster({.seed = seed});
    cluster.AwaitLeader();
    cluster.RunFor(200);
    MustCreate(cluster, NodeId(1), 7, kTtlMs);
    cluster.RunFor(500);
    const int64_t asked_ms = cluster.MonotonicMs();
    const auto renewed = cluster.KeepAlive(NodeId(2), SessionId(7), 5'000);
    ASSERT_TRUE(cluster.RunUntil([&] { return renewed->done(); }, 1'000));
    ASSERT_TRUE(renewed->ok());
    cluster.RunFor(static_cast<int64_t>(seed * 97 % 2'500));
    const NodeId old_leader = cluster.AwaitLeader();
    const int64_t died_ms = cluster.MonotonicMs();
    cluster.Crash(old_leader);
    ASSERT_TRUE(cluster.RunUntil(
        [&] { return cluster.Leader() && *cluster.Leader() != old_leader; }, 20'000));
    const int64_t gap_ms = cluster.MonotonicMs() - died_ms;
    const NodeId alive = AnyAlive(cluster);
    ASSERT_TRUE(cluster.RunUntil([&] { return !HasSession(cluster, alive, 7); }, 20'000));
    EXPECT_GE(cluster.MonotonicMs(), asked_ms + kTtlMs) << "fired early";
    EXPECT_LE(cluster.MonotonicMs(), asked_ms + kTtlMs + gap_ms + kToleranceMs) << "started anew";
  }
}

// The next leader holds entries that are newer than the last time it heard, and not yet applied.
TEST(LeaseTest, StampsNeverGoBackAlongTheLog) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    SimCluster cluster({.seed = seed, .disk_latency_us = 20'000});
    for (int round = 0; round < 3; ++round) {
      const NodeId leader = cluster.AwaitLeader();
      cluster.RunFor(150);
      for (int i = 0; i < 30; ++i) {
        cluster.Submit(leader, Put("k", "v"), 5'000);
        cluster.RunFor(7);
      }
      cluster.Crash(leader);
      const NodeId next = cluster.AwaitLeader();
      cluster.Submit(next, Put("k", "v"), 5'000);
      cluster.RunFor(300);
      cluster.Restart(leader);
    }
    cluster.RunFor(1'000);
    const NodeId leader = cluster.AwaitLeader();
    const auto entries =
        cluster.log(leader).Entries(Index(1), cluster.log(leader).LastIndex() + 1, SIZE_MAX);
    int64_t last_ms = 0;
    for (const raft::Entry& entry : *entries) {
      const int64_t stamp_ms = StampOf(entry).value_or(last_ms);
      EXPECT_GE(stamp_ms, last_ms) << "entry " << entry.index;
      last_ms = stamp_ms;
    }
    EXPECT_GT(last_ms, 0);
  }
}

TEST(LeaseTest, ManyLeaderChangesDoNotKeepADeadSessionAlive) {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(seed);
    SimCluster cluster({.seed = seed});
    cluster.AwaitLeader();
    cluster.RunFor(200);
    const int64_t asked_ms = cluster.MonotonicMs();
    MustCreate(cluster, NodeId(1), 7, 6'000);
    ASSERT_TRUE(cluster.RunUntil([&] { return HasSession(cluster, NodeId(1), 7); }, 500));
    int64_t leaderless_ms = 0;
    // Leadership is handed around once a second; nothing else is written.
    while (HasSession(cluster, NodeId(1), 7)) {
      ASSERT_LT(cluster.MonotonicMs(), asked_ms + 20'000);
      const NodeId leader = cluster.AwaitLeader();
      const NodeId next(leader.value() % 3 + 1);
      const int64_t before_ms = cluster.MonotonicMs();
      cluster.With(leader,
                   [next](Node& node) { node.TransferLeadership(next, [](const Status&) {}); });
      cluster.RunUntil([&] { return cluster.Leader() == next; }, 3'000);
      leaderless_ms += cluster.MonotonicMs() - before_ms;
      cluster.RunUntil([&] { return !HasSession(cluster, NodeId(1), 7); }, 1'000);
    }
    EXPECT_GE(cluster.MonotonicMs(), asked_ms + 6'000);
    EXPECT_LE(cluster.MonotonicMs(), asked_ms + 6'000 + leaderless_ms + 6 * 120 + kToleranceMs);
  }
}

TEST(LeaseTest, KeptAliveInTimeASessionOutlivesEveryFailover) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    SimCluster cluster({.seed = seed});
    cluster.AwaitLeader();
    MustCreate(cluster, NodeId(1), 7, kTtlMs);
    int64_t renewed_ms = cluster.MonotonicMs();
    for (int round = 0; round < 12; ++round) {
      const NodeId at = AnyAlive(cluster);
      const int64_t asked_ms = cluster.MonotonicMs();
      const auto renewed = cluster.KeepAlive(at, SessionId(7), 10'000);
      if (round % 4 == 1) {
        const NodeId leader = cluster.Leader().value_or(NodeId(1));
        if (leader != at) cluster.Crash(leader);
      }
      ASSERT_TRUE(cluster.RunUntil([&] { return renewed->done(); }, 12'000));
      // Nobody led for a part of this time, so it may be later than the TTL by the wall; but then
      // the session's time stood still.
      ASSERT_TRUE(renewed->ok()) << renewed->result->status().ToString() << " renewed "
                                 << asked_ms - renewed_ms << " ms before";
      renewed_ms = asked_ms;
      for (const NodeId id : cluster.ids()) {
        if (!cluster.alive(id)) cluster.Restart(id);
      }
      cluster.RunFor(900);
    }
  }
}

TEST(LeaseTest, AnExLeaderThatWakesUpRevokesNothing) {
  SimCluster cluster({.seed = 5});
  const NodeId leader = cluster.AwaitLeader();
  const NodeId follower = cluster.AFollower();
  MustCreate(cluster, follower, 7, kTtlMs);
  cluster.RunFor(300);
  cluster.Pause(leader, 20'000);
  // The others go on and renew; the sleeper's copy of the session is long over by its clock.
  for (int i = 0; i < 22; ++i) {
    const auto renewed = cluster.KeepAlive(follower, SessionId(7), 8'000);
    ASSERT_TRUE(cluster.RunUntil([&] { return renewed->done(); }, 9'000));
    ASSERT_TRUE(renewed->ok()) << renewed->result->status().ToString();
    cluster.RunFor(1'000);
  }
  EXPECT_TRUE(HasSession(cluster, follower, 7));
}

TEST(LeaseTest, APauseOfTheOnlyNodeAddsAtMostOneElectionTimeout) {
  SimCluster cluster({.seed = 5, .nodes = 1});
  cluster.AwaitLeader();
  MustCreate(cluster, NodeId(1), 7, kTtlMs);
  cluster.Pause(NodeId(1), 60'000);
  cluster.RunFor(60'500);
  EXPECT_TRUE(HasSession(cluster, NodeId(1), 7)) << "1 s for the pause and 0.5 s after it";
  cluster.RunFor(1'900);
  EXPECT_FALSE(HasSession(cluster, NodeId(1), 7));
}

TEST(LeaseTest, KeepalivesThatArriveTogetherShareEntries) {
  SimCluster cluster({.seed = 2});
  const NodeId leader = cluster.AwaitLeader();
  for (uint64_t session = 1; session <= 300; ++session) {
    cluster.Submit(leader, CreateSession(session, 60'000), 5'000);
  }
  cluster.RunFor(1'000);
  for (const NodeId at : {leader, cluster.AFollower()}) {
    const Index before = cluster.node(leader).state().applied();
    std::vector<PendingPtr<coord::SessionInfo>> renewals;
    cluster.With(at, [&](Node& node) {
      for (uint64_t session = 1; session <= 300; ++session) {
        auto pending = std::make_shared<Pending<coord::SessionInfo>>();
        renewals.push_back(pending);
        node.KeepAlive(SessionId(session), 5'000,
                       [pending](Result<coord::SessionInfo> info) { pending->result = info; });
      }
    });
    cluster.RunFor(300);
    for (const auto& renewal : renewals) {
      ASSERT_TRUE(renewal->ok());
      EXPECT_EQ((*renewal->result)->ttl_ms, 60'000);
    }
    EXPECT_EQ(cluster.node(leader).state().applied() - before, 1U);
  }
}

TEST(LeaseTest, AKeepaliveOfAnEndedSessionSaysSo) {
  SimCluster cluster({.seed = 2});
  cluster.AwaitLeader();
  const auto renewed = cluster.KeepAlive(NodeId(2), SessionId(99), 5'000);
  ASSERT_TRUE(cluster.RunUntil([&] { return renewed->done(); }, 3'000));
  EXPECT_EQ(renewed->result->status().code(), Code::kNotFound);
  EXPECT_EQ(renewed->result->status().reason(), "session_not_found");
}

TEST(LeaseTest, AKeepaliveIsNotAcknowledgedByALeaderThatNobodyFollows) {
  SimCluster cluster({.seed = 2});
  const NodeId leader = cluster.AwaitLeader();
  MustCreate(cluster, leader, 7, 60'000);
  cluster.Isolate(leader);
  const auto renewed = cluster.KeepAlive(leader, SessionId(7), 5'000);
  ASSERT_TRUE(cluster.RunUntil([&] { return renewed->done(); }, 6'000));
  EXPECT_FALSE(renewed->ok());
}

TEST(LeaseTest, EachCallerHasItsOwnDeadlineAlthoughTheyShareAnEntry) {
  SimCluster cluster({.seed = 2});
  const NodeId leader = cluster.AwaitLeader();
  cluster.Isolate(leader);
  std::vector<PendingPtr<coord::SessionInfo>> renewals(2);
  cluster.With(leader, [&](Node& node) {
    for (auto& renewal : renewals) {
      renewal = std::make_shared<Pending<coord::SessionInfo>>();
      node.KeepAlive(SessionId(7), &renewal == &renewals[0] ? 300 : 60'000,
                     [renewal](Result<coord::SessionInfo> info) { renewal->result = info; });
    }
  });
  ASSERT_TRUE(cluster.RunUntil([&] { return renewals[0]->done(); }, 500));
  EXPECT_EQ(renewals[0]->result->status().code(), Code::kDeadlineExceeded);
  EXPECT_FALSE(renewals[1]->done());
}

TEST(LeaseTest, KeepalivesBeyondTheBoundAreRefused) {
  SimOptions options{.seed = 2};
  options.config.pending_proposals_max = 5;
  SimCluster cluster(options);
  const NodeId leader = cluster.AwaitLeader();
  cluster.Isolate(leader);
  std::vector<PendingPtr<coord::SessionInfo>> renewals;
  for (int i = 0; i < 7; ++i) renewals.push_back(cluster.KeepAlive(leader, SessionId(7), 60'000));
  EXPECT_FALSE(renewals[4]->done());
  for (const size_t i : {5, 6}) {
    ASSERT_TRUE(renewals[i]->done());
    EXPECT_EQ(renewals[i]->result->status().reason(), "overloaded");
  }
}

}  // namespace
}  // namespace baton::node::testing
