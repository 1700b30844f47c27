#include "pkg/http/token_bucket.h"

#include <gtest/gtest.h>

#include "pkg/base/random.h"

namespace baton::http {
namespace {

constexpr int64_t kSecondUs = 1'000'000;

TEST(TokenBucketTest, TheBurstIsFreeAndTheRestWaits) {
  TokenBucket bucket(1000, 500);
  EXPECT_EQ(bucket.Take(500, 0), 0);
  EXPECT_EQ(bucket.Take(1, 0), 1000) << "a byte takes a millisecond";
  EXPECT_EQ(bucket.Take(999, 0), kSecondUs) << "behind the one before";
}

TEST(TokenBucketTest, ItFillsWithTimeAndNoFurtherThanTheBurst) {
  TokenBucket bucket(1000, 500);
  EXPECT_EQ(bucket.Take(500, 0), 0);
  EXPECT_EQ(bucket.Take(100, 100'000), 0);
  EXPECT_EQ(bucket.Take(500, 100 * kSecondUs), 0);
  EXPECT_EQ(bucket.Take(500, 100 * kSecondUs), kSecondUs / 2);
}

TEST(TokenBucketTest, ATakeBeyondTheBurstGoesAndIsPaidForLater) {
  TokenBucket bucket(1000, 10);
  EXPECT_EQ(bucket.Take(1010, 0), kSecondUs);
  EXPECT_EQ(bucket.Take(1000, kSecondUs), kSecondUs);
}

TEST(TokenBucketTest, TimeThatGoesBackGivesNothingTwice) {
  TokenBucket bucket(1000, 100);
  EXPECT_EQ(bucket.Take(100, 5 * kSecondUs), 0);
  EXPECT_EQ(bucket.Take(100, 4 * kSecondUs), 100'000);
  EXPECT_EQ(bucket.Take(100, 5 * kSecondUs), 200'000) << "the second before was counted already";
}

TEST(TokenBucketTest, SlowRatesAndShortIntervalsAreNotRoundedAway) {
  TokenBucket bucket(1, 1);
  EXPECT_EQ(bucket.Take(1, 0), 0);
  for (int64_t us = 1; us < kSecondUs; us += 7) EXPECT_EQ(bucket.Take(0, us), 0);
  EXPECT_EQ(bucket.Take(1, kSecondUs), 0);
}

TEST(TokenBucketTest, TheExtremesDoNotOverflow) {
  constexpr int64_t kHuge = int64_t{1} << 62;
  TokenBucket bucket(kHuge, kHuge);
  EXPECT_EQ(bucket.Take(int64_t{1} << 36, 0), 0);
  EXPECT_EQ(bucket.Take(0, kHuge), 0);
  EXPECT_EQ(bucket.Take(int64_t{1} << 36, kHuge), 0);
  TokenBucket slow(1, 1);
  EXPECT_GT(slow.Take(int64_t{1} << 36, 0), 0);
}

// Whatever is taken when, by takers that wait as they are told: never above the rate, and never
// slower than it while somebody wants more.
TEST(TokenBucketTest, AnyHistoryKeepsTheRate) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    Random random(seed);
    const auto rate = static_cast<int64_t>(random.Between(1, 100'000));
    const auto burst = static_cast<int64_t>(random.Between(1, 50'000));
    TokenBucket bucket(rate, burst);
    int64_t now_us = static_cast<int64_t>(random.Below(1000));
    const int64_t begin_us = now_us;
    int64_t sent = 0;
    for (int i = 0; i < 500; ++i) {
      const auto bytes = static_cast<int64_t>(random.Below(20'000));
      const int64_t wait_us = bucket.Take(bytes, now_us);
      now_us += wait_us;
      sent += bytes;
      const double allowed =
          static_cast<double>(burst) +
          static_cast<double>(rate) * static_cast<double>(now_us - begin_us) / 1e6;
      ASSERT_LE(static_cast<double>(sent), allowed + 1) << "seed " << seed;
      if (wait_us > 0) {
        ASSERT_GE(static_cast<double>(sent) + static_cast<double>(rate) * 2e-6 + 1,
                  static_cast<double>(rate) * static_cast<double>(wait_us) / 1e6);
      }
      if (random.Chance(1, 4)) now_us += static_cast<int64_t>(random.Below(200'000));
    }
  }
}

}  // namespace
}  // namespace baton::http
