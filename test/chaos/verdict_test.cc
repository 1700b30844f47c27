#include "test/chaos/verdict.h"

#include <gtest/gtest.h>

namespace baton::chaos {
namespace {

using history::Kind;
using history::Operation;
using history::Outcome;
using history::Space;

Operation Change(Kind kind, Space space, const std::string& key, uint64_t revision) {
  Operation change;
  change.kind = kind;
  change.space = space;
  change.key = key;
  change.revision = revision;
  change.outcome = Outcome::kOk;
  return change;
}

history::Watch Watching(uint64_t client, const std::string& prefix, uint64_t from) {
  history::Watch watch;
  watch.client = client;
  watch.prefix = prefix;
  watch.from = from;
  watch.call_us = static_cast<int64_t>(from);
  return watch;
}

// Progress, and events if it is to have some.
history::Watch Told(history::Watch watch, size_t events) {
  history::Delivery delivery;
  delivery.through = 9;
  delivery.events.resize(events);
  watch.deliveries.push_back(delivery);
  return watch;
}

TEST(SilentWatchersTest, WhoIsToldNothingOfChangesIsNamed) {
  history::History history;
  history.Add(Change(Kind::kPut, Space::kKv, "hot-1", 5));
  history.Add(Change(Kind::kDelete, Space::kKv, "hot-1", 6));
  history.Add(Watching(7, "hot-", 1));
  history.Add(Told(Watching(8, "", 1), 0));
  history.Add(Told(Watching(9, "", 1), 1));
  history.Add(Watching(9, "", 2));  // the same client, told before
  EXPECT_EQ(
      SilentWatchers(history),
      (std::vector<std::string>{"client 7 watched kv \"hot-\" and was told nothing of 2 changes",
                                "client 8 watched kv \"\" and was told nothing of 2 changes"}));
}

TEST(SilentWatchersTest, NothingIsOwedToWhoWatchedSomethingElse) {
  history::History history;
  history.Add(Change(Kind::kGet, Space::kKv, "hot-1", 7));
  history.Add(Change(Kind::kAcquire, Space::kLock, "hot-1", 7));
  history.Add(Change(Kind::kPut, Space::kKv, "cold-1", 7));
  history.Add(Change(Kind::kPut, Space::kKv, "hot-1", 5));  // compacted when it began anew
  history.operations.push_back(Change(Kind::kPut, Space::kKv, "hot-1", 7));
  history.operations.back().outcome = Outcome::kRefused;
  history.Add(Watching(7, "hot-", 1));
  history.Add(Watching(7, "hot-", 6));
  EXPECT_EQ(SilentWatchers(history), std::vector<std::string>());
}

TEST(SilentWatchersTest, AnElectionIsItsWholeName) {
  history::History history;
  history.Add(Change(Kind::kProclaim, Space::kElection, "election-01", 5));
  history::Watch watch = Watching(7, "election-0", 1);
  watch.space = Space::kElection;
  watch.exact = true;
  history.Add(watch);
  EXPECT_EQ(SilentWatchers(history), std::vector<std::string>());
  history.Add(Change(Kind::kAcquire, Space::kElection, "election-0", 6));
  EXPECT_EQ(SilentWatchers(history).size(), 1u);
}

TEST(PaceTest, WhatWasCalledWithinTheTimeCounts) {
  history::History history;
  const auto add = [&history](int64_t call_us, Outcome outcome) {
    Operation operation = Change(Kind::kPut, Space::kKv, "a", 1);
    operation.call_us = call_us;
    operation.outcome = outcome;
    history.Add(operation);
  };
  add(9, Outcome::kOk);
  add(10, Outcome::kOk);
  add(15, Outcome::kRefused);
  add(16, Outcome::kNotApplied);
  add(19, Outcome::kUnknown);
  add(20, Outcome::kOk);
  const Pace pace = PaceBetween(history, 10, 20);
  EXPECT_EQ(pace.called, 4u);
  EXPECT_EQ(pace.answered, 2u);
  EXPECT_EQ(pace.acknowledged, 1u);
}

TEST(PaceTest, FewerThanTheLeastIsTooSlow) {
  const Pace pace = {.called = 1000, .answered = 200, .acknowledged = 100};
  EXPECT_EQ(TooSlow(pace, 2, 0), std::nullopt);
  EXPECT_EQ(TooSlow(pace, 2, 100), std::nullopt);
  EXPECT_EQ(TooSlow(pace, 2, 101), "only 100 operations a second were answered, fewer than 101");
  EXPECT_EQ(TooSlow(pace, 0, 0), std::nullopt);
  EXPECT_EQ(TooSlow(pace, 0, 1), "only 0 operations a second were answered, fewer than 1");
}

// Its owner has left it alone since it was created; 10 ms is how long one operation takes.
std::vector<std::string> JudgedWithASessionUsed(int64_t after_us) {
  history::History history;
  const auto add = [&history](Kind kind, int64_t call_us, uint64_t revision) -> Operation& {
    Operation operation = Change(kind, Space::kKv, "", revision);
    operation.client = operation.node = 1;
    operation.session = 5;
    operation.call_us = call_us;
    operation.return_us = call_us + 10'000;
    history.Add(operation);
    return history.operations.back();
  };
  constexpr int64_t kTtlMs = 2000;
  add(Kind::kSessionCreate, 0, 1).ttl_ms = kTtlMs;
  Operation& put = add(Kind::kPut, 10'000 + kTtlMs * 1000 + after_us, 2);
  put.key = "ephemeral-0";
  put.value = "v1.1";
  return JudgeHistory(history, ::testing::TempDir() + "judged.jsonl");
}

TEST(JudgeHistoryTest, ASessionThatNobodyRenewsMustEndInTime) {
  EXPECT_EQ(JudgedWithASessionUsed(kSessionEndLateUs), std::vector<std::string>());
  const std::vector<std::string> late = JudgedWithASessionUsed(kSessionEndLateUs + 1);
  ASSERT_EQ(late.size(), 1u);
  EXPECT_TRUE(late[0].starts_with("expired_late: ")) << late[0];
}

}  // namespace
}  // namespace baton::chaos
