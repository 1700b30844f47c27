#include "test/bench/metrics_text.h"

#include <gtest/gtest.h>

namespace baton::bench {
namespace {

constexpr std::string_view kText =
    "# HELP a_seconds Time.\n"
    "# TYPE a_seconds histogram\n"
    "a_seconds_count{listener=\"client\",route=\"/v1/kv/{key...}\"} 3\n"
    "a_seconds_sum{listener=\"client\",route=\"/v1/kv/{key...}\"} 0.25\n"
    "a_seconds_count{listener=\"peer\",route=\"/v1\"} 5\n"
    "a_seconds_sum{listener=\"peer\",route=\"/v1\"} 1.5e-1\n"
    "b 7\n"
    "b_more 70\n"
    "c{old_listener=\"client\"} 1\n"
    "d 4";

TEST(MetricsTextTest, AddsTheSamplesOfAName) {
  EXPECT_EQ(SumOfSamples(kText, "a_seconds_count"), 8);
  EXPECT_EQ(SumOfSamples(kText, "b"), 7);
  EXPECT_EQ(SumOfSamples(kText, "d"), 4);
  EXPECT_EQ(SumOfSamples(kText, "e"), 0);
}

TEST(MetricsTextTest, ChoosesByLabels) {
  EXPECT_EQ(SumOfSamples(kText, "a_seconds_count", {"listener=\"peer\""}), 5);
  EXPECT_EQ(SumOfSamples(kText, "a_seconds_count", {"listener=\"peer\"", "route=\"/v2\""}), 0);
  EXPECT_EQ(SumOfSamples(kText, "c", {"listener=\"client\""}), 0);
}

TEST(MetricsTextTest, TakesTheTotalsOfAHistogram) {
  const HistogramTotals client =
      TotalsOfHistogram(kText, "a_seconds", {"route=\"/v1/kv/{key...}\""});
  EXPECT_DOUBLE_EQ(client.seconds, 0.25);
  EXPECT_DOUBLE_EQ(client.count, 3);
  const HistogramTotals rest = TotalsOfHistogram(kText, "a_seconds") - client;
  EXPECT_DOUBLE_EQ(rest.seconds, 0.15);
  EXPECT_DOUBLE_EQ(rest.count, 5);
}

}  // namespace
}  // namespace baton::bench
