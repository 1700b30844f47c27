#include "pkg/metrics/prometheus_text.h"

#include <gtest/gtest.h>

#include <cmath>

namespace baton::metrics {
namespace {

TEST(ParsePrometheusTextTest, ReadsFamiliesWithTheirSamples) {
  const auto parsed = ParsePrometheusText(
      "# HELP a_total How often.\n# TYPE a_total counter\na_total{x=\"1\",y=\"q\\\"\\n\\\\\"} 3\n"
      "# HELP h H.\n# TYPE h histogram\nh_count 2\nh_sum 0.5\nh_bucket{le=\"+Inf\"} 2\n"
      "# TYPE g gauge\ng NaN\n");
  ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
  const ParsedSample& sample = parsed->at("a_total").samples.at(0);
  EXPECT_EQ(sample.labels.at("y"), "q\"\n\\");
  EXPECT_EQ(sample.value, 3);
  EXPECT_EQ(parsed->at("a_total").help, "How often.");
  EXPECT_EQ(parsed->at("h").samples.size(), 3U);
  EXPECT_TRUE(std::isnan(parsed->at("g").samples.at(0).value));
}

TEST(ParsePrometheusTextTest, RefusesWhatPrometheusRefuses) {
  for (const std::string_view text : {
           "a 1\n",                                            // no TYPE
           "# TYPE a gauge\na 1",                              // no end of line
           "# TYPE a gauge\na\n",                              // no value
           "# TYPE a gauge\na one\n",                          // no number
           "# TYPE a gauge\na{x=1} 1\n",                       // no quotes
           "# TYPE a gauge\na{x=\"1} 1\n",                     // no end quote
           "# TYPE a gauge\na{x=\"1\",x=\"2\"} 1\n",           // label twice
           "# TYPE a gauge\na{1x=\"1\"} 1\n",                  // label name
           "# TYPE a gauge\n1a 1\n",                           // metric name
           "# TYPE a gauge\na 1\na 2\n",                       // series twice
           "# TYPE a gauge\na 1\n# TYPE a gauge\n",            // TYPE twice
           "# HELP a A.\n# HELP a A.\n# TYPE a gauge\na 1\n",  // HELP twice
           "# TYPE h gauge\nh_bucket{le=\"1\"} 1\n",           // not a histogram
           "\n",
       }) {
    EXPECT_FALSE(ParsePrometheusText(text).ok()) << text;
  }
}

}  // namespace
}  // namespace baton::metrics
