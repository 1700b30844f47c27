#include "pkg/base/random.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace baton {
namespace {

// Computed by the paper's formula apart from this code. Every seed that was ever written down means
// this sequence.
TEST(RandomTest, KnownSequence) {
  Random random(42);
  std::vector<uint32_t> numbers;
  for (int i = 0; i < 6; ++i) numbers.push_back(random.NextU32());
  EXPECT_EQ(numbers, (std::vector<uint32_t>{3270867926u, 1795671209u, 1924641435u, 1143034755u,
                                            4121910957u, 1757328946u}));
}

TEST(RandomTest, TheSameSeedGivesTheSameNumbers) {
  Random first(7);
  Random second(7);
  Random other(8);
  int differ = 0;
  for (int i = 0; i < 1000; ++i) {
    const uint64_t number = first.NextU64();
    EXPECT_EQ(number, second.NextU64());
    differ += number != other.NextU64();
  }
  EXPECT_GT(differ, 990);
}

TEST(RandomTest, U64IsTwoU32HighFirst) {
  Random one(3);
  Random two(3);
  const uint64_t high = two.NextU32();
  const uint64_t low = two.NextU32();
  EXPECT_EQ(one.NextU64(), (high << 32) | low);
}

TEST(RandomTest, BelowStaysBelowAndReachesEverything) {
  Random random(1);
  std::array<int, 10> seen{};
  for (int i = 0; i < 10'000; ++i) {
    const uint64_t number = random.Below(seen.size());
    ASSERT_LT(number, seen.size());
    ++seen[number];
  }
  for (int count : seen) {
    EXPECT_GT(count, 850);  // 1000 expected; 5 standard deviations are 150
    EXPECT_LT(count, 1150);
  }
  for (int i = 0; i < 100; ++i) EXPECT_EQ(random.Below(1), 0u);
  for (int i = 0; i < 100; ++i) EXPECT_LT(random.Below(UINT64_MAX), UINT64_MAX);
}

TEST(RandomTest, BetweenIsHalfOpen) {
  Random random(1);
  bool low = false;
  bool high = false;
  for (int i = 0; i < 1000; ++i) {
    const uint64_t number = random.Between(5, 8);
    ASSERT_GE(number, 5u);
    ASSERT_LT(number, 8u);
    low |= number == 5;
    high |= number == 7;
  }
  EXPECT_TRUE(low && high);
}

TEST(RandomTest, ChanceIsAsLikelyAsItSays) {
  Random random(1);
  int hits = 0;
  for (int i = 0; i < 10'000; ++i) hits += random.Chance(1, 4);
  EXPECT_NEAR(hits, 2500, 220);  // 5 standard deviations
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(random.Chance(0, 3));
    EXPECT_TRUE(random.Chance(3, 3));
  }
}

TEST(RandomDeathTest, EmptyRangesAreBugs) {
  Random random(1);
  EXPECT_DEATH(random.Below(0), "CHECK failed");
  EXPECT_DEATH(random.Between(5, 5), "CHECK failed");
  EXPECT_DEATH(random.Between(6, 5), "CHECK failed");
}

}  // namespace
}  // namespace baton
