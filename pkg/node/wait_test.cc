// Acquires that wait: on any node, over failovers, until exactly one end.
#include <gtest/gtest.h>

#include "pkg/node/testing/wait_fixture.h"

namespace baton::node::testing {
namespace {

TEST_F(WaitTest, TheLockIsHandedToAWaiterOnAnotherNodeWithAHigherToken) {
  Use({.seed = 1});
  const Token token = MustLock(Other(1), 1);
  const auto wait = Queue(Other(2), Lock("l", 2, 60'000));
  EXPECT_FALSE(wait->done());
  MustUnlock(leader, 1, token);
  ASSERT_TRUE(cluster->RunUntil([&] { return wait->done(); }, 1'000));
  ASSERT_TRUE(wait->ok()) << wait->result->status().ToString();
  EXPECT_GT((*wait->result)->token, token);
  ASSERT_TRUE((*wait->result)->holder.has_value());
  EXPECT_EQ((*wait->result)->holder->session, SessionId(2));
  EXPECT_GT((*wait->result)->session_remaining_ms, 590'000);
}

TEST_F(WaitTest, ATryOnAHeldLockIsRefused) {
  Use({.seed = 1});
  MustLock(leader, 1);
  const auto lock = cluster->Acquire(Other(1), Lock("l", 2, 0), 5'000);
  ASSERT_TRUE(cluster->RunUntil([&] { return lock->done(); }, 1'000));
  EXPECT_EQ(lock->result->status().code(), Code::kConflict);
  EXPECT_EQ(lock->result->status().reason(), "lock_held");
}

TEST_F(WaitTest, ABoundedWaitEndsInTimeAndLeavesTheLine) {
  Use({.seed = 1});
  MustLock(leader, 1);
  const int64_t before_ms = cluster->MonotonicMs();
  const auto wait = Queue(Other(1), Lock("l", 2, 2'000));
  ASSERT_TRUE(cluster->RunUntil([&] { return wait->done(); }, 5'000));
  EXPECT_EQ(wait->result->status().code(), Code::kConflict);
  EXPECT_EQ(wait->result->status().reason(), "wait_timed_out");
  EXPECT_GE(cluster->MonotonicMs(), before_ms + 2'000);
  EXPECT_LE(cluster->MonotonicMs(), before_ms + 2'300);
  EXPECT_EQ(Waiting(), 0U);
}

TEST_F(WaitTest, AQueuedCallerLearnsItsPlaceAndKeepsIt) {
  Use({.seed = 1});
  const Token token = MustLock(leader, 1);
  const auto other = Queue(leader, Lock("l", 3, 60'000));
  const auto wait = Queue(Other(1), Lock("l", 2, 500, /*stay_queued=*/true));
  ASSERT_TRUE(cluster->RunUntil([&] { return wait->done(); }, 1'000));
  ASSERT_TRUE(wait->ok());
  EXPECT_FALSE((*wait->result)->token);
  EXPECT_TRUE((*wait->result)->ticket);
  EXPECT_EQ((*wait->result)->position, 2U);
  EXPECT_EQ((*wait->result)->holder->session, SessionId(1));
  EXPECT_EQ(Waiting(), 2U);
  // Asking again, elsewhere, is the same place in line.
  const auto again = cluster->Acquire(Other(2), Lock("l", 2, 500, true), 5'000);
  ASSERT_TRUE(cluster->RunUntil([&] { return again->done(); }, 1'000));
  EXPECT_EQ((*again->result)->ticket, (*wait->result)->ticket);
  MustUnlock(leader, 1, token);
  ASSERT_TRUE(cluster->RunUntil([&] { return other->done(); }, 1'000));
  const auto last = cluster->Acquire(Other(2), Lock("l", 2, 60'000, true), 5'000);
  cluster->RunFor(100);
  EXPECT_FALSE(last->done());
  MustUnlock(leader, 3, (*other->result)->token);
  ASSERT_TRUE(cluster->RunUntil([&] { return last->done(); }, 1'000));
  EXPECT_GT((*last->result)->token, (*other->result)->token);
}

TEST_F(WaitTest, WithoutPatienceAQueuedCallerIsAnsweredAtOnce) {
  Use({.seed = 1});
  MustLock(leader, 1);
  const auto wait = cluster->Acquire(Other(1), Lock("l", 2, 0, /*stay_queued=*/true), 5'000);
  ASSERT_TRUE(cluster->RunUntil([&] { return wait->done(); }, 200));
  EXPECT_EQ((*wait->result)->position, 1U);
}

TEST_F(WaitTest, ATryByOneWhoWaitsIsToldItsPlaceAtOnce) {
  Use({.seed = 1});
  const Token token = MustLock(leader, 1);
  Queue(leader, Lock("l", 3, 60'000));
  const auto wait = Queue(Other(1), Lock("l", 2, 60'000));
  for (uint64_t distance = 0; distance < 3; ++distance) {
    const auto tried = cluster->Acquire(Other(distance), Lock("l", 2, 0), 5'000);
    ASSERT_TRUE(cluster->RunUntil([&] { return tried->done(); }, 200));
    ASSERT_TRUE(tried->ok()) << tried->result->status().ToString();
    EXPECT_FALSE((*tried->result)->token);
    EXPECT_TRUE((*tried->result)->ticket);
    EXPECT_EQ((*tried->result)->position, 2U);
    EXPECT_EQ((*tried->result)->holder->token, token);
  }
  cluster->RunFor(500);
  EXPECT_FALSE(wait->done());
  EXPECT_EQ(Waiting(), 2U);
}

TEST_F(WaitTest, ATryWhoseCallerGoesAwayTakesNobodyOutOfTheLine) {
  Use({.seed = 1});
  const Token token = MustLock(leader, 1);
  const auto wait = Queue(Other(1), Lock("l", 2, 60'000));
  uint64_t number = 0;
  cluster->Acquire(Other(2), Lock("l", 2, 0), 5'000, &number);
  cluster->With(Other(2), [number](Node& node) { node.CancelAcquire(number); });
  cluster->RunFor(500);
  EXPECT_EQ(Waiting(), 1U);
  EXPECT_FALSE(wait->done());
  MustUnlock(leader, 1, token);
  ASSERT_TRUE(cluster->RunUntil([&] { return wait->done(); }, 1'000));
  EXPECT_TRUE(wait->ok());
}

TEST_F(WaitTest, ABoundedWaitInAPlaceThatStaysEndsWithThePlace) {
  Use({.seed = 1});
  MustLock(leader, 1);
  const auto place = cluster->Acquire(Other(1), Lock("l", 2, 0, /*stay_queued=*/true), 5'000);
  ASSERT_TRUE(cluster->RunUntil([&] { return place->ok(); }, 200));
  const int64_t before_ms = cluster->MonotonicMs();
  const auto wait = cluster->Acquire(Other(2), Lock("l", 2, 500), 5'000);
  ASSERT_TRUE(cluster->RunUntil([&] { return wait->done(); }, 1'000));
  EXPECT_GE(cluster->MonotonicMs(), before_ms + 500);
  ASSERT_TRUE(wait->ok()) << wait->result->status().ToString();
  EXPECT_EQ((*wait->result)->ticket, (*place->result)->ticket);
  EXPECT_EQ((*wait->result)->position, 1U);
  cluster->RunFor(10'000);
  EXPECT_EQ(Waiting(), 1U);
}

TEST_F(WaitTest, AWaitWhosePlaceWasProlongedEndsInItsOwnTime) {
  Use({.seed = 1});
  MustLock(leader, 1);
  const int64_t before_ms = cluster->MonotonicMs();
  const auto brief = Queue(Other(1), Lock("l", 2, 1'000));
  const auto longer = cluster->Acquire(Other(2), Lock("l", 2, 60'000), 5'000);
  ASSERT_TRUE(cluster->RunUntil([&] { return brief->done(); }, 2'000));
  EXPECT_GE(cluster->MonotonicMs(), before_ms + 1'000);
  EXPECT_LE(cluster->MonotonicMs(), before_ms + 1'300);
  ASSERT_TRUE(brief->ok()) << brief->result->status().ToString();
  EXPECT_EQ((*brief->result)->position, 1U);
  EXPECT_FALSE(longer->done());
  EXPECT_EQ(Waiting(), 1U);
}

TEST_F(WaitTest, ABriefWaitDoesNotShortenThePlaceOfALongOne) {
  Use({.seed = 1});
  MustLock(leader, 1);
  const auto longer = Queue(Other(1), Lock("l", 2, 3'000));
  const auto brief = cluster->Acquire(Other(2), Lock("l", 2, 500), 5'000);
  ASSERT_TRUE(cluster->RunUntil([&] { return brief->done(); }, 1'000));
  ASSERT_TRUE(brief->ok()) << brief->result->status().ToString();
  EXPECT_EQ((*brief->result)->position, 1U);
  cluster->RunFor(1'000);
  EXPECT_EQ(Waiting(), 1U);
  EXPECT_FALSE(longer->done());
  ASSERT_TRUE(cluster->RunUntil([&] { return longer->done(); }, 2'000));
  EXPECT_EQ(longer->result->status().reason(), "wait_timed_out");
}

TEST_F(WaitTest, ACallerThatGoesAwayLeavesTheLine) {
  Use({.seed = 1});
  const Token token = MustLock(leader, 1);
  uint64_t number = 0;
  const auto gone = Queue(Other(1), Lock("l", 2, 60'000), &number);
  const auto next = Queue(Other(2), Lock("l", 3, 60'000));
  cluster->With(Other(1), [number](Node& node) { node.CancelAcquire(number); });
  ASSERT_TRUE(gone->done());
  EXPECT_EQ(gone->result->status().reason(), "cancelled");
  cluster->RunFor(200);
  EXPECT_EQ(Waiting(), 1U);
  MustUnlock(leader, 1, token);
  ASSERT_TRUE(cluster->RunUntil([&] { return next->done(); }, 1'000));
  EXPECT_TRUE(next->ok());
}

TEST_F(WaitTest, ACallerThatGoesAwayBeforeItsTicketIsKnownLeavesTheLineToo) {
  Use({.seed = 1});
  MustLock(leader, 1);
  uint64_t number = 0;
  const auto gone = cluster->Acquire(Other(1), Lock("l", 2, 60'000), 5'000, &number);
  cluster->With(Other(1), [number](Node& node) { node.CancelAcquire(number); });
  ASSERT_TRUE(gone->done());
  EXPECT_EQ(gone->result->status().reason(), "cancelled");
  cluster->RunFor(500);
  EXPECT_EQ(Waiting(), 0U);
  EXPECT_EQ(cluster->node(Other(1)).MakeStatus().waits_pending, 0U);
}

TEST_F(WaitTest, AStayingCallerThatGoesAwayKeepsItsPlace) {
  Use({.seed = 1});
  MustLock(leader, 1);
  uint64_t number = 0;
  const auto gone = Queue(Other(1), Lock("l", 2, 60'000, true), &number);
  cluster->With(Other(1), [number](Node& node) { node.CancelAcquire(number); });
  ASSERT_TRUE(gone->done());
  cluster->RunFor(200);
  EXPECT_EQ(Waiting(), 1U);
}

TEST_F(WaitTest, AWaitSurvivesTheLeadersDeath) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    Use({.seed = seed});
    const Token token = MustLock(Other(1), 1);
    const auto wait = Queue(Other(2), Lock("l", 2, 60'000));
    cluster->Crash(leader);
    ASSERT_TRUE(cluster->RunUntil([&] { return cluster->Leader() && *cluster->Leader() != leader; },
                                  20'000));
    EXPECT_FALSE(wait->done());
    MustUnlock(Other(1), 1, token);
    ASSERT_TRUE(cluster->RunUntil([&] { return wait->done(); }, 1'000));
    ASSERT_TRUE(wait->ok());
    EXPECT_GT((*wait->result)->token, token);
  }
}

// The follower's copy lags: the leader's answer (a ticket) arrives long before the follower has
// applied anything, and the grant is applied in the same batch as the wait.
TEST_F(WaitTest, AnAnswerThatOvertakesTheLogIsHeldBackUntilTheLogIsThere) {
  Use({.seed = 1});
  const Token token = MustLock(leader, 1);
  cluster->HoldDisk(Other(1));  // it appends nothing, so it applies nothing
  const auto wait = cluster->Acquire(Other(1), Lock("l", 2, 60'000), 5'000);
  cluster->RunFor(200);
  EXPECT_EQ(Waiting(), 1U);
  EXPECT_FALSE(wait->done());
  MustUnlock(leader, 1, token);
  cluster->RunFor(100);
  EXPECT_FALSE(wait->done());
  cluster->ReleaseDisk(Other(1));
  ASSERT_TRUE(cluster->RunUntil([&] { return wait->done(); }, 1'000));
  ASSERT_TRUE(wait->ok()) << wait->result->status().ToString();
  EXPECT_GT((*wait->result)->token, token);
}

// The same session learns of the grant through another node and gives it back, all before the node
// that holds the wait has applied any of it. Then it applies all in one batch.
TEST_F(WaitTest, AGrantThatWasGivenBackBeforeTheAnswerIsNotAnsweredAsHeld) {
  Use({.seed = 1});
  const Token token = MustLock(leader, 1);
  const auto wait = Queue(Other(1), Lock("l", 2, 60'000));
  cluster->Isolate(Other(1));
  MustUnlock(leader, 1, token);
  MustUnlock(leader, 2, MustLock(leader, 2));
  EXPECT_FALSE(wait->done());
  cluster->Heal();
  ASSERT_TRUE(cluster->RunUntil([&] { return wait->done(); }, 1'000));
  ASSERT_FALSE(wait->ok());
  EXPECT_EQ(wait->result->status().code(), Code::kConflict);
  EXPECT_EQ(wait->result->status().reason(), "grant_ended");
  EXPECT_EQ(wait->result->status().outcome(), Outcome::kApplied);
}

TEST_F(WaitTest, AnEndThatIsHiddenInASnapshotMayHaveBeenAGrant) {
  SimOptions options{.seed = 3};
  options.config.log_entries_max = 40;
  options.config.log_entries_kept = 5;
  Use(std::move(options));
  const Token token = MustLock(leader, 1);
  const auto wait = Queue(Other(1), Lock("l", 2, 600'000));
  cluster->Isolate(Other(1));
  MustUnlock(leader, 1, token);
  MustUnlock(leader, 2, MustLock(leader, 2));
  for (int i = 0; i < 250; ++i) {
    const auto put = cluster->Submit(leader, Put("k", std::to_string(i)), 5'000);
    ASSERT_TRUE(cluster->RunUntil([&] { return put->ok(); }, 2'000));
  }
  cluster->Heal();
  ASSERT_TRUE(cluster->RunUntil([&] { return wait->done(); }, 20'000));
  ASSERT_FALSE(wait->ok());
  EXPECT_EQ(wait->result->status().reason(), "wait_ended");
  EXPECT_EQ(wait->result->status().outcome(), Outcome::kUnknown);
}

TEST_F(WaitTest, AGrantThatIsHiddenInASnapshotIsFound) {
  SimOptions options{.seed = 3};
  options.config.log_entries_max = 40;
  options.config.log_entries_kept = 5;
  Use(std::move(options));
  const Token token = MustLock(leader, 1);
  const auto wait = Queue(Other(1), Lock("l", 2, 600'000));
  cluster->Isolate(Other(1));
  MustUnlock(leader, 1, token);
  for (int i = 0; i < 250; ++i) {
    const auto put = cluster->Submit(leader, Put("k", std::to_string(i)), 5'000);
    ASSERT_TRUE(cluster->RunUntil([&] { return put->ok(); }, 2'000));
  }
  EXPECT_FALSE(wait->done());
  cluster->Heal();
  ASSERT_TRUE(cluster->RunUntil([&] { return wait->done(); }, 20'000));
  EXPECT_GE(cluster->metrics(Other(1)).snapshots_installed.value(), 1U);
  ASSERT_TRUE(wait->ok()) << wait->result->status().ToString();
  EXPECT_GT((*wait->result)->token, token);
}

TEST_F(WaitTest, TheLineIsServedInOrderAndEachTokenIsHigher) {
  Use({.seed = 4}, 31);
  Token last = MustLock(leader, 1);
  std::vector<PendingPtr<AcquireResult>> line;
  for (uint64_t session = 2; session <= 31; ++session) {
    line.push_back(Queue(NodeId(session % 3 + 1), Lock("l", session, 600'000)));
  }
  for (uint64_t i = 0; i < line.size(); ++i) {
    MustUnlock(Other(i), i + 1, last);
    ASSERT_TRUE(cluster->RunUntil([&] { return line[i]->done(); }, 2'000));
    ASSERT_TRUE(line[i]->ok());
    EXPECT_GT((*line[i]->result)->token, last);
    last = (*line[i]->result)->token;
    EXPECT_TRUE(i + 1 == line.size() || !line[i + 1]->done());
  }
}

TEST_F(WaitTest, TheEndOfTheHoldersSessionHandsTheLockOn) {
  Use({.seed = 5}, 2);
  const auto created = cluster->Submit(leader, CreateSession(50, 1'000), 5'000);
  ASSERT_TRUE(cluster->RunUntil([&] { return created->ok(); }, 1'000));
  const Token token = MustLock(Other(1), 50);
  const auto wait = Queue(Other(2), Lock("l", 2, 60'000));
  ASSERT_TRUE(cluster->RunUntil([&] { return wait->done(); }, 2'000));
  ASSERT_TRUE(wait->ok());
  EXPECT_GT((*wait->result)->token, token);
}

TEST_F(WaitTest, TheEndOfTheWaitersSessionEndsTheWait) {
  Use({.seed = 5}, 1);
  MustLock(leader, 1);
  const auto created = cluster->Submit(leader, CreateSession(50, 1'000), 5'000);
  ASSERT_TRUE(cluster->RunUntil([&] { return created->ok(); }, 1'000));
  const auto wait = Queue(Other(2), Lock("l", 50, 60'000));
  ASSERT_TRUE(cluster->RunUntil([&] { return wait->done(); }, 2'000));
  EXPECT_EQ(wait->result->status().reason(), "session_not_found");
}

// The wait begins and ends in one batch of entries: its end is known all the same.
TEST_F(WaitTest, AWaitThatEndsInTheBatchItBeginsInEndsAsItDid) {
  Use({.seed = 5}, 2);
  MustLock(leader, 1);
  const coord::Command lock = Lock("l", 2, 60'000);
  coord::Command destroy;
  destroy.body = coord::SessionDestroy{SessionId(2)};
  std::optional<std::string> reason;
  cluster->With(leader, [&](Node& node) {
    node.Acquire(1'000, std::get<coord::Acquire>(lock.body), *Encode(lock), 5'000,
                 [&](const Result<AcquireResult>& result) { reason = result->refusal.reason(); });
    node.Submit(*Encode(destroy), 5'000, [](const Result<coord::Reply>&) {});
  });
  ASSERT_TRUE(cluster->RunUntil([&] { return reason.has_value(); }, 1'000));
  EXPECT_EQ(*reason, "session_not_found");
}

TEST_F(WaitTest, AcquiresBeyondTheBoundAreRefused) {
  SimOptions options{.seed = 6};
  options.config.waits_max = 3;
  Use(std::move(options), 6);
  MustLock(leader, 1);
  for (uint64_t session = 2; session <= 4; ++session) Queue(leader, Lock("l", session, 60'000));
  for (const uint64_t session : {5, 6}) {
    const auto refused = cluster->Acquire(leader, Lock("l", session, 60'000), 5'000);
    ASSERT_TRUE(refused->done());
    EXPECT_EQ(refused->result->status().reason(), "overloaded");
  }
  // Another node has room.
  Queue(Other(1), Lock("l", 5, 60'000));
}

}  // namespace
}  // namespace baton::node::testing
