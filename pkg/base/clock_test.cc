#include "pkg/base/clock.h"

#include <gtest/gtest.h>

#include "pkg/base/system_clock.h"

namespace baton {
namespace {

TEST(ManualClockTest, StandsStillUntilItIsMoved) {
  ManualClock manual;
  const Clock& clock = manual;
  EXPECT_EQ(clock.MonotonicMs(), 0);
  const int64_t wall_ms = clock.WallMs();
  EXPECT_EQ(clock.MonotonicMs(), 0);
  manual.AdvanceMs(1500);
  EXPECT_EQ(clock.MonotonicMs(), 1500);
  EXPECT_EQ(clock.MonotonicUs(), 1'500'000);
  EXPECT_EQ(clock.WallMs(), wall_ms + 1500);
  manual.AdvanceMs(0);
  EXPECT_EQ(clock.MonotonicMs(), 1500);
}

TEST(ManualClockTest, WallTimeIsNotMonotonicTime) {
  EXPECT_GT(ManualClock().WallMs(), 1'600'000'000'000) << "a date after 2020, to catch mix-ups";
}

TEST(SystemClockTest, NeverGoesBackAndItsUnitsAgree) {
  const SystemClock system;
  const Clock& clock = system;
  int64_t last_us = clock.MonotonicUs();
  for (int i = 0; i < 1000; ++i) {
    const int64_t before_us = clock.MonotonicUs();
    const int64_t ms = clock.MonotonicMs();
    const int64_t after_us = clock.MonotonicUs();
    ASSERT_LE(last_us, before_us);
    ASSERT_LE(before_us / 1000, ms);
    ASSERT_LE(ms, after_us / 1000);
    last_us = after_us;
  }
  EXPECT_GT(clock.WallMs(), 1'600'000'000'000);
}

}  // namespace
}  // namespace baton
