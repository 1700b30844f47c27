#include "pkg/metrics/family.h"

#include <gtest/gtest.h>

namespace baton::metrics {
namespace {

TEST(FamilyListTest, SamplesOfOneNameShareAFamilyInTheOrderOfTheFirst) {
  FamilyList list;
  list.Counter("b_total", "B.", 1, {{"x", "1"}});
  list.Gauge("a", "A.", 2);
  list.Counter("b_total", "B.", 3, {{"x", "2"}});
  ASSERT_EQ(list.families().size(), 2U);
  EXPECT_EQ(list.families()[0].name, "b_total");
  ASSERT_EQ(list.families()[0].samples.size(), 2U);
  EXPECT_EQ(list.families()[0].samples[1].value, 3);
  EXPECT_EQ(list.families()[1].samples[0].value, 2);
}

TEST(FamilyListDeathTest, OneNameHasOneType) {
  FamilyList list;
  list.Counter("a", "A.", 1);
  EXPECT_DEATH(list.Gauge("a", "A.", 1), "a has two types");
}

TEST(SelectBucketsTest, DroppedBucketsAreInTheNextOne) {
  LatencyHistogram::Snapshot snapshot;
  for (size_t i = 0; i < snapshot.counts.size(); ++i) snapshot.counts[i] = 1;
  snapshot.total = snapshot.counts.size();
  snapshot.sum_seconds = 1.5;
  const HistogramSample sample = SelectBuckets(snapshot, kCoarseBuckets);
  ASSERT_EQ(sample.buckets.size(), 7U);
  EXPECT_DOUBLE_EQ(sample.buckets[0].upper_bound_seconds, 0.001);
  EXPECT_EQ(sample.buckets[0].cumulative, 3U);  // 0.25, 0.5 and 1 ms
  EXPECT_DOUBLE_EQ(sample.buckets[6].upper_bound_seconds, 4.096);
  EXPECT_EQ(sample.buckets[6].cumulative, 15U);
  EXPECT_EQ(sample.total, 17U);  // the bucket of 8.192 s and the infinite one count here
  EXPECT_EQ(sample.sum_seconds, 1.5);
}

TEST(SelectBucketsTest, AllBucketsKeepEachCount) {
  LatencyHistogram histogram;
  histogram.ObserveUs(0);
  histogram.ObserveUs(250);  // bounds belong to their bucket
  histogram.ObserveUs(251);
  const HistogramSample sample = SelectBuckets(histogram.Read(), kAllBuckets);
  ASSERT_EQ(sample.buckets.size(), static_cast<size_t>(LatencyHistogram::kBuckets));
  EXPECT_EQ(sample.buckets[0].cumulative, 2U);
  EXPECT_EQ(sample.buckets[1].cumulative, 3U);
  EXPECT_EQ(sample.buckets.back().cumulative, 3U);
}

TEST(SelectBucketsDeathTest, BucketsMustExist) {
  constexpr int kBeyond[] = {LatencyHistogram::kBuckets};
  EXPECT_DEATH(SelectBuckets(LatencyHistogram().Read(), kBeyond), "must ascend and exist");
}

}  // namespace
}  // namespace baton::metrics
