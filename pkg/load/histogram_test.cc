#include "pkg/load/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "pkg/base/random.h"

namespace baton::load {
namespace {

TEST(HistogramTest, EmptyIsZero) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.At(50), 0);
  EXPECT_EQ(histogram.min(), 0);
  EXPECT_EQ(histogram.max(), 0);
  EXPECT_EQ(histogram.mean(), 0);
}

TEST(HistogramTest, SmallValuesAreExact) {
  Histogram histogram;
  for (int64_t value = 1; value <= 100; ++value) histogram.Record(value);
  EXPECT_EQ(histogram.At(0), 1);
  EXPECT_EQ(histogram.At(1), 1);
  EXPECT_EQ(histogram.At(50), 50);
  EXPECT_EQ(histogram.At(50.5), 51);
  EXPECT_EQ(histogram.At(99), 99);
  EXPECT_EQ(histogram.At(100), 100);
  EXPECT_EQ(histogram.mean(), 50.5);
}

// Against a sorted list, over nine powers of ten.
TEST(HistogramTest, EveryPercentileIsWithinFourPerMille) {
  Random random(7);
  Histogram histogram;
  std::vector<int64_t> values;
  for (int i = 0; i < 100'000; ++i) {
    int64_t value = 1;
    for (uint64_t digits = random.Below(9); digits > 0; --digits) value *= 10;
    values.push_back(value + static_cast<int64_t>(random.Below(static_cast<uint64_t>(value) * 9)));
    histogram.Record(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double percent : {0.001, 1.0, 10.0, 25.0, 50.0, 75.0, 90.0, 99.0, 99.9, 99.99}) {
    const auto rank = static_cast<size_t>(percent / 100 * 100'000);
    const auto exact = static_cast<double>(values[std::max<size_t>(rank, 1) - 1]);
    const auto told = static_cast<double>(histogram.At(percent));
    EXPECT_GE(told, exact) << percent;
    EXPECT_LE(told, exact * (1 + 1.0 / 256)) << percent;
  }
  EXPECT_EQ(histogram.max(), values.back());
  EXPECT_EQ(histogram.min(), values.front());
}

TEST(HistogramTest, TheBoundAndBeyond) {
  for (const int64_t value : {Histogram::kValueMax, Histogram::kValueMax + 1,
                              std::numeric_limits<int64_t>::max(), int64_t{0}, int64_t{-1}}) {
    Histogram histogram;
    histogram.Record(value);
    EXPECT_EQ(histogram.count(), 1u);
    EXPECT_EQ(histogram.max(), std::max<int64_t>(value, 0));
    EXPECT_EQ(histogram.At(50), std::max<int64_t>(value, 0));
  }
  Histogram both;
  both.Record(Histogram::kValueMax);
  both.Record(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(both.At(50), Histogram::kValueMax);
  EXPECT_EQ(both.At(100), std::numeric_limits<int64_t>::max());
}

TEST(HistogramTest, MergedIsAsIfRecordedInOne) {
  Random random(3);
  Histogram one, two, all;
  for (int i = 0; i < 1000; ++i) {
    const auto value = static_cast<int64_t>(random.Below(1'000'000'000));
    (i % 3 == 0 ? one : two).Record(value);
    all.Record(value);
  }
  one.Merge(two);
  one.Merge(Histogram());
  EXPECT_EQ(one.count(), all.count());
  EXPECT_EQ(one.min(), all.min());
  EXPECT_EQ(one.max(), all.max());
  for (const double percent : {1.0, 50.0, 99.0}) EXPECT_EQ(one.At(percent), all.At(percent));
  one.Clear();
  EXPECT_EQ(one.count(), 0u);
  EXPECT_EQ(one.At(50), 0);
}

}  // namespace
}  // namespace baton::load
