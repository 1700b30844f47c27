// Several requests for one place in line: retries through other nodes, and callers that go away.
#include <gtest/gtest.h>

#include "pkg/node/testing/wait_fixture.h"

namespace baton::node::testing {
namespace {

using WaitRetryTest = WaitTest;

TEST_F(WaitRetryTest, ARetryOnAnotherNodeIsAttachedToTheFirstTicket) {
  Use({.seed = 1});
  const Token token = MustLock(leader, 1);
  const auto first = Queue(Other(1), Lock("l", 2, 60'000, false, "retry-me"));
  cluster->Crash(Other(1));
  const auto retry = cluster->Acquire(Other(2), Lock("l", 2, 60'000, false, "retry-me"), 5'000);
  cluster->RunFor(200);
  EXPECT_FALSE(retry->done());
  EXPECT_EQ(Waiting(), 1U);
  MustUnlock(leader, 1, token);
  ASSERT_TRUE(cluster->RunUntil([&] { return retry->done(); }, 1'000));
  ASSERT_TRUE(retry->ok());
  EXPECT_TRUE((*retry->result)->replayed);
  EXPECT_GT((*retry->result)->token, token);
}

// A refusal says who had it, and whether it was given before. One at the end of a wait never was: a
// retry waits anew.
TEST_F(WaitRetryTest, ARetryOfWhatWasRefusedIsRefusedAndSaysThatItIsARetry) {
  Use({.seed = 1});
  const Token token = MustLock(leader, 1);
  uint64_t number = 1'000'000;
  const auto acquire = [&](NodeId at, coord::Command command) {
    std::get<coord::Acquire>(command.body).listener = ++number;
    auto answer = std::make_shared<std::optional<AcquireResult>>();
    cluster->With(at, [&](Node& node) {
      node.Acquire(number, std::get<coord::Acquire>(command.body), *Encode(command), 5'000,
                   [answer](const Result<AcquireResult>& result) { *answer = *result; });
    });
    CHECK(cluster->RunUntil([&] { return answer->has_value(); }, 5'000));
    return **answer;
  };
  for (const auto& [wait_ms, reason] :
       {std::pair(0, "lock_held"), std::pair(300, "wait_timed_out")}) {
    const coord::Command command = Lock("l", 2, wait_ms, false, std::string("key-") + reason);
    bool replayed = false;
    for (const NodeId at : {Other(1), Other(1), Other(2), leader}) {
      const AcquireResult refused = acquire(at, command);
      EXPECT_EQ(refused.refusal.reason(), reason);
      EXPECT_EQ(refused.replayed, replayed) << at;
      replayed = wait_ms == 0;
      ASSERT_TRUE(refused.holder.has_value()) << at;
      EXPECT_EQ(refused.holder->session, SessionId(1));
      EXPECT_EQ(refused.holder->token, token);
      EXPECT_GT(refused.holder_remaining_ms.value_or(0), 590'000);
    }
  }
  // What was refused at once names who had it then.
  MustUnlock(leader, 1, token);
  const AcquireResult late = acquire(leader, Lock("l", 2, 0, false, "key-lock_held"));
  EXPECT_EQ(late.refusal.reason(), "lock_held");
  EXPECT_TRUE(late.replayed);
  EXPECT_EQ(late.holder.value().token, token);
}

TEST_F(WaitRetryTest, ARetryAfterTheGrantGetsTheGrant) {
  Use({.seed = 1});
  const Token token = MustLock(leader, 1);
  const auto first = Queue(Other(1), Lock("l", 2, 60'000, false, "retry-me"));
  MustUnlock(leader, 1, token);
  ASSERT_TRUE(cluster->RunUntil([&] { return first->done(); }, 1'000));
  const auto retry = cluster->Acquire(Other(2), Lock("l", 2, 60'000, false, "retry-me"), 5'000);
  ASSERT_TRUE(cluster->RunUntil([&] { return retry->done(); }, 1'000));
  ASSERT_TRUE(retry->ok()) << retry->result->status().ToString();
  EXPECT_EQ((*retry->result)->token, (*first->result)->token);
}

TEST_F(WaitRetryTest, ARetryAfterTheWaitTimedOutWaitsAnew) {
  Use({.seed = 1});
  const Token token = MustLock(leader, 1);
  const auto first = Queue(Other(1), Lock("l", 2, 500, false, "retry-me"));
  ASSERT_TRUE(cluster->RunUntil([&] { return first->done(); }, 2'000));
  EXPECT_EQ(first->result->status().reason(), "wait_timed_out");
  const auto retry = Queue(Other(2), Lock("l", 2, 500, false, "retry-me"));
  MustUnlock(leader, 1, token);
  ASSERT_TRUE(cluster->RunUntil([&] { return retry->done(); }, 200));
  ASSERT_TRUE(retry->ok()) << retry->result->status().ToString();
  EXPECT_FALSE((*retry->result)->replayed);
}

TEST_F(WaitRetryTest, ARetryOfAnAcquireWhoseLockWasGivenBackIsNotAnsweredAsHeld) {
  Use({.seed = 1});
  const auto lock = cluster->Acquire(Other(1), Lock("l", 1, 0, false, "retry-me"), 5'000);
  ASSERT_TRUE(cluster->RunUntil([&] { return lock->ok(); }, 1'000));
  MustUnlock(leader, 1, (*lock->result)->token);
  const auto retry = cluster->Acquire(Other(2), Lock("l", 1, 0, false, "retry-me"), 5'000);
  ASSERT_TRUE(cluster->RunUntil([&] { return retry->done(); }, 1'000));
  ASSERT_FALSE(retry->ok());
  EXPECT_EQ(retry->result->status().reason(), "grant_ended");
  EXPECT_EQ(retry->result->status().outcome(), Outcome::kApplied);
}

// The first node learns late that its caller is gone; the caller has retried elsewhere since.
TEST_F(WaitRetryTest, ACallerThatIsGoneDoesNotEndTheWaitOfItsRetry) {
  for (const bool keyed : {true, false}) {
    SCOPED_TRACE(keyed);
    Use({.seed = 1});
    const Token token = MustLock(leader, 1);
    const std::string key = keyed ? "retry-me" : "";
    uint64_t number = 0;
    const auto first = Queue(Other(1), Lock("l", 2, 60'000, false, key), &number);
    const auto retry = cluster->Acquire(Other(2), Lock("l", 2, 60'000, false, key), 5'000);
    cluster->RunFor(200);
    cluster->With(Other(1), [number](Node& node) { node.CancelAcquire(number); });
    cluster->RunFor(500);
    EXPECT_TRUE(first->done());
    EXPECT_EQ(Waiting(), 1U);
    EXPECT_FALSE(retry->done());
    MustUnlock(leader, 1, token);
    ASSERT_TRUE(cluster->RunUntil([&] { return retry->done(); }, 1'000));
    EXPECT_TRUE(retry->ok()) << retry->result->status().ToString();
  }
}

TEST_F(WaitRetryTest, ARetryThatIsGoneDoesNotEndTheFirstWait) {
  Use({.seed = 1});
  const Token token = MustLock(leader, 1);
  const auto first = Queue(Other(1), Lock("l", 2, 60'000, false, "retry-me"));
  uint64_t number = 0;
  cluster->Acquire(Other(2), Lock("l", 2, 60'000, false, "retry-me"), 5'000, &number);
  cluster->RunFor(200);
  cluster->With(Other(2), [number](Node& node) { node.CancelAcquire(number); });
  cluster->RunFor(500);
  EXPECT_EQ(Waiting(), 1U);
  MustUnlock(leader, 1, token);
  ASSERT_TRUE(cluster->RunUntil([&] { return first->done(); }, 1'000));
  EXPECT_TRUE(first->ok()) << first->result->status().ToString();
}

TEST_F(WaitRetryTest, TheLastCallerThatGoesAwayLeavesTheLine) {
  Use({.seed = 1});
  MustLock(leader, 1);
  uint64_t numbers[3] = {};
  Queue(Other(0), Lock("l", 2, 60'000, false, "retry-me"), &numbers[0]);
  for (uint64_t i = 1; i < 3; ++i) {
    cluster->Acquire(Other(i), Lock("l", 2, 60'000, false, "retry-me"), 5'000, &numbers[i]);
  }
  cluster->RunFor(200);
  for (uint64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(Waiting(), 1U);
    cluster->With(Other(i), [&](Node& node) { node.CancelAcquire(numbers[i]); });
    cluster->RunFor(200);
  }
  EXPECT_EQ(Waiting(), 0U);
}

TEST_F(WaitRetryTest, ABoundedWaitThatFoundItselfInLineLeavesNobodyElsesPlace) {
  Use({.seed = 1});
  MustLock(leader, 1);
  for (const bool staying : {false, true}) {
    const uint64_t session = staying ? 3 : 2;
    const auto place = cluster->Acquire(Other(1), Lock("l", session, 60'000, staying), 5'000);
    cluster->RunFor(200);
    uint64_t number = 0;
    cluster->Acquire(Other(2), Lock("l", session, 1'000), 5'000, &number);
    cluster->RunFor(200);
    cluster->With(Other(2), [number](Node& node) { node.CancelAcquire(number); });
    cluster->RunFor(5'000);
    EXPECT_FALSE(place->done());
    EXPECT_EQ(Waiting(), staying ? 2U : 1U);
  }
}

}  // namespace
}  // namespace baton::node::testing
