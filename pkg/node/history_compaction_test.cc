#include "pkg/node/history_compaction.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace baton::node {
namespace {

constexpr int64_t kAgeMs = 6'400;  // a mark each 100 ms
constexpr uint64_t kMany = 1'000'000;

HistoryCompaction ByAge() { return HistoryCompaction({kAgeMs, kMany}); }

TEST(HistoryCompactionTest, WithoutBoundsNothingIsDue) {
  HistoryCompaction history({0, kMany});
  history.OnState(Revision(5), 1'000);
  EXPECT_EQ(history.Due(Revision(5), Revision(0), INT64_MAX), std::nullopt);
  EXPECT_EQ(history.marks(), 0u);
}

TEST(HistoryCompactionTest, WhatHasTheAgeIsDueAndNothingBefore) {
  HistoryCompaction history = ByAge();
  history.OnState(Revision(1), 1'000);
  history.OnState(Revision(2), 1'500);
  history.OnState(Revision(9), 3'000);
  const auto due = [&](int64_t now_ms) {
    return history.Due(Revision(9), Revision(0), now_ms).value_or(Revision());
  };
  EXPECT_EQ(due(1'000 + kAgeMs - 1), Revision(0));
  EXPECT_EQ(due(1'000 + kAgeMs), Revision(1));
  EXPECT_EQ(due(1'500 + kAgeMs - 1), Revision(1));
  EXPECT_EQ(due(1'500 + kAgeMs), Revision(2));
  EXPECT_EQ(due(3'000 + kAgeMs - 1), Revision(2));
  EXPECT_EQ(due(3'000 + kAgeMs), Revision(9)) << "all of it";
  EXPECT_EQ(due(INT64_MAX), Revision(9));
}

TEST(HistoryCompactionTest, WhatIsCompactedIsNotDueAgain) {
  HistoryCompaction history = ByAge();
  history.OnState(Revision(4), 1'000);
  const int64_t later_ms = 1'000 + kAgeMs;
  EXPECT_EQ(history.Due(Revision(4), Revision(3), later_ms), Revision(4));
  EXPECT_EQ(history.Due(Revision(4), Revision(4), later_ms), std::nullopt);
  EXPECT_EQ(history.Due(Revision(6), Revision(5), later_ms), std::nullopt);
}

// A revision that was there at the start is as old as the state says, however old it is.
TEST(HistoryCompactionTest, WhatWasThereAtTheStartCountsFromThen) {
  HistoryCompaction history = ByAge();
  history.OnState(Revision(1'000), 50'000);
  history.OnState(Revision(1'000), 55'000);  // entries that made no revision
  EXPECT_EQ(history.Due(Revision(1'000), Revision(0), 50'000 + kAgeMs - 1), std::nullopt);
  EXPECT_EQ(history.Due(Revision(1'000), Revision(0), 50'000 + kAgeMs), Revision(1'000));
}

// A change every millisecond, asked every millisecond.
TEST(HistoryCompactionTest, MarksAreFewAndNothingIsEarlyOrMoreThanAMarkLate) {
  HistoryCompaction history = ByAge();
  Revision compact;
  for (int64_t now_ms = 1; now_ms <= 4 * kAgeMs; ++now_ms) {
    history.OnState(Revision(static_cast<uint64_t>(now_ms)), now_ms);  // revision r is of time r
    const auto due = history.Due(Revision(static_cast<uint64_t>(now_ms)), compact, now_ms);
    if (due) {
      EXPECT_GT(*due, compact);
      compact = *due;
    }
    const auto oldest_ms = static_cast<int64_t>(compact.value()) + 1;
    ASSERT_LE(static_cast<int64_t>(compact.value()), std::max<int64_t>(0, now_ms - kAgeMs))
        << "early";
    ASSERT_LE(now_ms - oldest_ms, kAgeMs + kAgeMs / HistoryCompaction::kMarksPerAge) << "late";
    ASSERT_LE(history.marks(), 2 * HistoryCompaction::kMarksPerAge + 2);
  }
}

// Such as a follower, which asks for nothing; and ages that are no whole marks.
TEST(HistoryCompactionTest, MarksAreBoundedWhoeverAsks) {
  for (const int64_t age_ms : {1, 2, 63, 64, 127, 128, 1'000, 86'400'000}) {
    HistoryCompaction history({age_ms, kMany});
    for (int64_t i = 1; i <= 20'000; ++i) {
      history.OnState(Revision(static_cast<uint64_t>(i)), i * std::max<int64_t>(1, age_ms / 300));
      ASSERT_LE(history.marks(), 2 * HistoryCompaction::kMarksPerAge + 2) << age_ms;
    }
  }
}

TEST(HistoryCompactionTest, TooManyRevisionsGoATenthAtATime) {
  const HistoryCompaction history({0, 100});
  const auto due = [&](uint64_t revision, uint64_t compact) {
    return history.Due(Revision(revision), Revision(compact), 1'000).value_or(Revision());
  };
  EXPECT_EQ(due(100, 0), Revision(0));
  EXPECT_EQ(due(101, 0), Revision(0)) << "not for one";
  EXPECT_EQ(due(109, 0), Revision(0));
  EXPECT_EQ(due(110, 0), Revision(10));
  EXPECT_EQ(due(110, 10), Revision(0));
  EXPECT_EQ(due(1'000'000, 0), Revision(999'900)) << "far beyond";
  const HistoryCompaction one({0, 1});
  EXPECT_EQ(one.Due(Revision(1), Revision(0), 1'000), std::nullopt);
  EXPECT_EQ(one.Due(Revision(2), Revision(0), 1'000), Revision(1));
}

TEST(HistoryCompactionTest, TheStricterBoundCounts) {
  HistoryCompaction history({kAgeMs, 100});
  history.OnState(Revision(50), 1'000);
  history.OnState(Revision(120), 2'000);
  EXPECT_EQ(history.Due(Revision(120), Revision(0), 2'000), Revision(20));
  EXPECT_EQ(history.Due(Revision(120), Revision(0), 1'000 + kAgeMs), Revision(50));
}

}  // namespace
}  // namespace baton::node
