#include "pkg/base/histogram.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace baton {
namespace {

TEST(CounterTest, Counts) {
  Counter counter;
  EXPECT_EQ(counter.value(), 0u);
  counter.Add();
  counter.Add(41);
  EXPECT_EQ(counter.value(), 42u);
}

TEST(CounterTest, LosesNothingBetweenThreads) {
  Counter counter;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&counter] {
      for (int n = 0; n < 10'000; ++n) counter.Add();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counter.value(), 40'000u);
}

TEST(LatencyHistogramTest, BoundsDoubleFromAQuarterMillisecond) {
  EXPECT_DOUBLE_EQ(LatencyHistogram::UpperBoundSeconds(0), 0.00025);
  EXPECT_DOUBLE_EQ(LatencyHistogram::UpperBoundSeconds(2), 0.001);
  EXPECT_DOUBLE_EQ(LatencyHistogram::UpperBoundSeconds(15), 8.192);
}

TEST(LatencyHistogramTest, ABoundBelongsToItsBucket) {
  for (int bucket = 0; bucket < LatencyHistogram::kBuckets; ++bucket) {
    LatencyHistogram histogram;
    const auto bound_us = static_cast<int64_t>(250) << bucket;
    histogram.ObserveUs(bound_us);
    histogram.ObserveUs(bound_us + 1);
    const LatencyHistogram::Snapshot snapshot = histogram.Read();
    EXPECT_EQ(snapshot.counts[static_cast<size_t>(bucket)], 1u) << bound_us;
    EXPECT_EQ(snapshot.counts[static_cast<size_t>(bucket) + 1], 1u) << bound_us + 1;
    EXPECT_EQ(snapshot.total, 2u);
  }
}

TEST(LatencyHistogramTest, SumsInSecondsAndTakesAnything) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.Read().total, 0u);
  histogram.ObserveUs(1'500'000);
  histogram.ObserveUs(500'000);
  histogram.ObserveUs(0);
  histogram.ObserveUs(-7);  // a clock that was read in the wrong order
  histogram.ObserveUs(int64_t{3600} * 1'000'000);
  const LatencyHistogram::Snapshot snapshot = histogram.Read();
  EXPECT_DOUBLE_EQ(snapshot.sum_seconds, 3602.0);
  EXPECT_EQ(snapshot.total, 5u);
  EXPECT_EQ(snapshot.counts[0], 2u);
  EXPECT_EQ(snapshot.counts[LatencyHistogram::kBuckets], 1u);
}

}  // namespace
}  // namespace baton
