// That clocks drift as far as is declared, and no further.
#include "pkg/raft/testing/drifting_clocks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "pkg/base/random.h"

namespace baton::raft::testing {
namespace {

constexpr uint64_t kElectionTimeout = 10;

// By how many ticks any clock has ever run ahead of any other while it ticked at most
// kElectionTimeout times. Counted anew from every tick.
uint64_t FurthestApart(const std::vector<size_t>& ticked, size_t count) {
  uint64_t furthest = 0;
  for (size_t start = 0; start < ticked.size(); ++start) {
    std::vector<uint64_t> ticks(count);
    for (size_t at = start; at < ticked.size(); ++at) {
      const size_t fast = ticked[at];
      if (++ticks[fast] > kElectionTimeout) break;
      furthest = std::max(furthest, ticks[fast] - *std::ranges::min_element(ticks));
    }
  }
  return furthest;
}

TEST(DriftingClocksTest, NoneIsLeftFurtherBehindThanTheDriftAndATick) {
  for (const uint64_t drift : {0, 1, 3}) {
    DriftingClocks clocks(5, kElectionTimeout, drift);
    Random random(drift);
    std::vector<size_t> ticked;
    for (int i = 0; i < 2000; ++i) ticked.push_back(clocks.Tick(random.Below(5)));
    EXPECT_EQ(FurthestApart(ticked, 5), drift + 1) << "the bound is reached, and holds";
  }
}

TEST(DriftingClocksTest, WhoWouldRunAheadWaitsForTheOther) {
  DriftingClocks clocks(2, kElectionTimeout, /*drift_ticks=*/1);
  EXPECT_EQ(clocks.Tick(0), 0u);
  EXPECT_EQ(clocks.Tick(0), 0u);
  EXPECT_EQ(clocks.Tick(0), 1u) << "two ahead is the most";
  EXPECT_EQ(clocks.Tick(0), 0u);
  EXPECT_EQ(clocks.Tick(0), 1u);
}

// The bound is one for each election timeout: a clock that is always faster gets away in the end.
TEST(DriftingClocksTest, AClockThatIsAlwaysFasterRunsAwaySlowly) {
  DriftingClocks clocks(2, kElectionTimeout, /*drift_ticks=*/1);
  uint64_t ticks[2] = {0, 0};
  for (int i = 0; i < 1000; ++i) ++ticks[clocks.Tick(0)];
  EXPECT_GT(ticks[0], ticks[1] + 50);
  EXPECT_LT(ticks[0], ticks[1] * 10 / 7);
}

}  // namespace
}  // namespace baton::raft::testing
