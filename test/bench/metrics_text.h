// File: metrics_text.h
//
// Numbers out of what /metrics answers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace baton::bench {

// The sum of all samples of `name` that have each of `labels` ('listener="client"'); 0: there are
// none. `name` is a sample's, with "_sum" or "_count" of a histogram.
double SumOfSamples(std::string_view text, std::string_view name,
                    const std::vector<std::string>& labels = {});

struct HistogramTotals {
  double seconds = 0;
  double count = 0;

  HistogramTotals operator-(const HistogramTotals& before) const {
    return {seconds - before.seconds, count - before.count};
  }
};

HistogramTotals TotalsOfHistogram(std::string_view text, const std::string& name,
                                  const std::vector<std::string>& labels = {});

// What a node answers now; CHECK-fails when it does not.
std::string ReadMetrics(const std::string& ops_url);

}  // namespace baton::bench
