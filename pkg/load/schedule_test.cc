#include "pkg/load/schedule.h"

#include <gtest/gtest.h>

namespace baton::load {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kDay = 24 * 3600 * kSecond;

ScheduleOptions OneSecond(uint64_t rate_per_s) {
  return {.rate_per_s = rate_per_s, .start_ns = 100, .end_ns = 100 + kSecond};
}

TEST(ScheduleTest, AClosedLoopStartsWheneverAsked) {
  Schedule schedule(OneSecond(0));
  EXPECT_FALSE(schedule.open_loop());
  EXPECT_EQ(schedule.Take(99), std::nullopt);  // not begun
  EXPECT_EQ(schedule.Take(100), 100);
  EXPECT_EQ(schedule.Take(100), 100);
  EXPECT_EQ(schedule.Take(5'000), 5'000);
  EXPECT_EQ(schedule.Take(99 + kSecond), 99 + kSecond);
  EXPECT_FALSE(schedule.Ended(99 + kSecond));
  EXPECT_EQ(schedule.Take(100 + kSecond), std::nullopt);
  EXPECT_TRUE(schedule.Ended(100 + kSecond));
  EXPECT_EQ(schedule.NotStarted(), 0u);
}

TEST(ScheduleTest, AnOpenLoopStartsWhenDueAndMeasuresFromThen) {
  Schedule schedule(OneSecond(4));
  const int64_t quarter = kSecond / 4;
  EXPECT_EQ(schedule.Take(100), 100);
  EXPECT_EQ(schedule.Take(100), std::nullopt);
  EXPECT_EQ(schedule.NextNs(), 100 + quarter);
  EXPECT_EQ(schedule.Take(99 + quarter), std::nullopt);
  // Late: measured from when it was due, both of them.
  EXPECT_EQ(schedule.Take(50 + 3 * quarter), 100 + quarter);
  EXPECT_EQ(schedule.Take(50 + 3 * quarter), 100 + 2 * quarter);
  EXPECT_EQ(schedule.Take(50 + 3 * quarter), std::nullopt);
  EXPECT_EQ(schedule.NotStarted(), 1u);
  EXPECT_EQ(schedule.Take(100 + 3 * quarter), 100 + 3 * quarter);
  EXPECT_TRUE(schedule.Ended(100 + 3 * quarter));  // the fifth would be due at the end
  EXPECT_EQ(schedule.NotStarted(), 0u);
}

TEST(ScheduleTest, TheNumberOfOperationsIsABound) {
  for (const uint64_t rate : {0, 1000}) {
    ScheduleOptions options = OneSecond(rate);
    options.operations_max = 3;
    Schedule schedule(options);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(schedule.Take(100 + kSecond / 2).has_value());
    EXPECT_TRUE(schedule.Ended(100 + kSecond / 2));
    EXPECT_EQ(schedule.Take(100 + kSecond / 2), std::nullopt);
    EXPECT_EQ(schedule.NotStarted(), 0u);
  }
}

TEST(ScheduleTest, WorkersShareRateAndNumber) {
  uint64_t taken = 0;
  for (uint64_t worker = 0; worker < 3; ++worker) {
    ScheduleOptions options = OneSecond(1000);
    options.operations_max = 100;
    options.worker = worker;
    options.workers = 3;
    Schedule schedule(options);
    EXPECT_EQ(schedule.NextNs(), 100 + static_cast<int64_t>(worker) * kSecond / 1000);
    while (schedule.Take(99 + kSecond)) ++taken;
  }
  EXPECT_EQ(taken, 100u);
}

TEST(ScheduleTest, WhatNobodyCouldStartIsCounted) {
  Schedule schedule(OneSecond(1'000'000));
  EXPECT_EQ(schedule.NotStarted(), 1'000'000u);
  for (int i = 0; i < 10; ++i) schedule.Take(100 + kSecond / 2);
  EXPECT_EQ(schedule.NotStarted(), 999'990u);
  schedule.EndAt(100 + kSecond / 2);
  EXPECT_EQ(schedule.NotStarted(), 499'990u);
  EXPECT_TRUE(schedule.Ended(100 + kSecond / 2));
  schedule.EndAt(100 + kSecond);  // never later again
  EXPECT_TRUE(schedule.Ended(100 + kSecond / 2));
}

// A day at the highest rate: 86.4e9 operations, no drift, no overflow.
TEST(ScheduleTest, ADayAtAMillionASecond) {
  Schedule schedule({.rate_per_s = 1'000'000, .start_ns = kDay, .end_ns = 2 * kDay});
  EXPECT_EQ(schedule.NotStarted(), 86'400'000'000u);
  Schedule thirds({.rate_per_s = 3, .start_ns = 0, .end_ns = kDay});
  EXPECT_EQ(thirds.NotStarted(), 3u * 86'400);
}

TEST(ScheduleTest, OneThatWasNotMadeHasEnded) {
  Schedule schedule;
  EXPECT_TRUE(schedule.Ended(0));
  EXPECT_EQ(schedule.Take(0), std::nullopt);
}

}  // namespace
}  // namespace baton::load
