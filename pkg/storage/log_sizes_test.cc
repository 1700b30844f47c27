#include "pkg/storage/log_sizes.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "pkg/base/random.h"

namespace baton::storage {
namespace {

constexpr uint64_t kBlockBytes = LogSizes::kBlockBytes;
constexpr uint64_t kBlockEntries = LogSizes::kBlockEntries;

LogSizes SizesOf(uint64_t count, uint64_t bytes_each) {
  LogSizes sizes;
  for (uint64_t i = 0; i < count; ++i) sizes.Append(bytes_each);
  return sizes;
}

TEST(LogSizesTest, AnEmptyLogHasNone) {
  LogSizes sizes;
  EXPECT_EQ(sizes.bytes(), 0u);
  EXPECT_EQ(sizes.FirstWithin(0), Index(1));
  sizes.Append(100);
  sizes.Reset(Index(70));
  EXPECT_EQ(sizes.bytes(), 0u);
  EXPECT_EQ(sizes.FirstWithin(0), Index(71));
}

TEST(LogSizesTest, FindsWhereTheLastBytesBegin) {
  const LogSizes sizes = SizesOf(10, kBlockBytes);  // each a block of its own
  EXPECT_EQ(sizes.bytes(), 10 * kBlockBytes);
  EXPECT_EQ(sizes.FirstWithin(10 * kBlockBytes), Index(1));
  EXPECT_EQ(sizes.FirstWithin(10 * kBlockBytes - 1), Index(2));
  EXPECT_EQ(sizes.FirstWithin(3 * kBlockBytes), Index(8));
  EXPECT_EQ(sizes.FirstWithin(kBlockBytes), Index(10));
  EXPECT_EQ(sizes.FirstWithin(kBlockBytes - 1), Index(11));
  EXPECT_EQ(sizes.FirstWithin(0), Index(11));
}

TEST(LogSizesTest, BlocksEndByEntriesOrByBytes) {
  const LogSizes small = SizesOf(3 * kBlockEntries, 24);
  EXPECT_EQ(small.FirstWithin(2 * kBlockEntries * 24 - 1), Index(2 * kBlockEntries + 1));
  EXPECT_EQ(small.FirstWithin(2 * kBlockEntries * 24), Index(kBlockEntries + 1));
  const LogSizes large = SizesOf(8, kBlockBytes / 4);
  EXPECT_EQ(large.FirstWithin(kBlockBytes), Index(5));
  EXPECT_EQ(large.FirstWithin(2 * kBlockBytes - 1), Index(5));
}

TEST(LogSizesTest, AHugeEntryIsNobodysNeighbour) {
  LogSizes sizes = SizesOf(3, 100);
  sizes.Append(100 * kBlockBytes);
  sizes.Append(100);
  EXPECT_EQ(sizes.FirstWithin(100), Index(5));
  sizes.Truncate(Index(3));
  EXPECT_EQ(sizes.bytes(), 300u) << "exactly";
}

TEST(LogSizesTest, CountsABlockUntilItIsGoneAsAWhole) {
  LogSizes sizes = SizesOf(2 * kBlockEntries, 24);
  sizes.Compact(Index(kBlockEntries - 1));
  EXPECT_EQ(sizes.bytes(), 2 * kBlockEntries * 24);
  sizes.Compact(Index(kBlockEntries));
  EXPECT_EQ(sizes.bytes(), kBlockEntries * 24);
  sizes.Compact(Index(2 * kBlockEntries));
  EXPECT_EQ(sizes.bytes(), 0u);
}

// Such as a follower's log when leaders change: what was cut again and again is counted once.
TEST(LogSizesTest, CutsDoNotAddUp) {
  LogSizes sizes = SizesOf(10, 24);
  for (int i = 0; i < 1000; ++i) {
    sizes.Truncate(Index(9));
    EXPECT_LE(sizes.bytes(), 10u * 24);
    sizes.Append(kBlockBytes / 2);
  }
  sizes.Truncate(Index(0));
  EXPECT_EQ(sizes.bytes(), 0u);
}

// Against a plain vector. A cut counts for one block at most until that is dropped; so does the
// front.
TEST(LogSizesTest, IsNeverBelowTheTruthAndNearIt) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    LogSizes sizes;
    uint64_t start = 0;
    std::vector<uint64_t> plain;
    uint64_t cuts = 0;
    const auto sum_from = [&](Index first) {
      const auto from = static_cast<ptrdiff_t>(first.value() - start - 1);
      return std::accumulate(plain.begin() + from, plain.end(), uint64_t{0});
    };
    for (int step = 0; step < 3000; ++step) {
      const uint64_t choice = random.Below(1000);
      if (choice < 3) {
        const uint64_t drop = random.Below(plain.size() + 1);
        plain.erase(plain.begin(), plain.begin() + static_cast<ptrdiff_t>(drop));
        start += drop;
        sizes.Compact(Index(start));
      } else if (choice < 6) {
        plain.resize(plain.size() - random.Below(std::min<uint64_t>(plain.size() + 1, 10)));
        sizes.Truncate(Index(start + plain.size()));
        ++cuts;
      } else {
        plain.push_back(24 + random.Below(random.Chance(1, 50) ? 200'000 : 500));
        sizes.Append(plain.back());
      }
      const uint64_t truth = sum_from(Index(start + 1));
      ASSERT_GE(sizes.bytes(), truth);
      ASSERT_LE(sizes.bytes(), truth + (1 + cuts) * kBlockBytes);
      const uint64_t limit = random.Below(sizes.bytes() + 2);
      const Index first = sizes.FirstWithin(limit);
      ASSERT_GT(first, Index(start));
      ASSERT_LE(first, Index(start + plain.size() + 1));
      ASSERT_LE(sum_from(first), limit);
      if (cuts > 0 || first == Index(start + 1)) continue;
      ASSERT_GE(sum_from(first) + std::max(kBlockBytes, plain[first.value() - start - 2]), limit);
    }
  }
}

TEST(LogSizesDeathTest, Misuse) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  LogSizes sizes = SizesOf(3, 100);
  sizes.Compact(Index(2));
  EXPECT_DEATH(sizes.Truncate(Index(1)), "1 vs 2");
  EXPECT_DEATH(sizes.Compact(Index(1)), "1 vs 2");
  EXPECT_DEATH(sizes.Compact(Index(4)), "4 vs 3");
}

}  // namespace
}  // namespace baton::storage
