// File: family.h
//
// Metric families as plain values, between the rooms that count and the library that prints. Not
// thread-safe; one list is made per scrape.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pkg/base/histogram.h"

namespace baton::metrics {

enum class FamilyType { kCounter, kGauge, kHistogram };

using Labels = std::vector<std::pair<std::string, std::string>>;

struct HistogramSample {
  struct Bucket {
    double upper_bound_seconds = 0;
    uint64_t cumulative = 0;  // observations <= the bound
  };
  std::vector<Bucket> buckets;  // without the last, infinite one
  uint64_t total = 0;
  double sum_seconds = 0;
};

struct Sample {
  Labels labels;
  double value = 0;           // counters and gauges
  HistogramSample histogram;  // histograms
};

struct Family {
  std::string name;
  std::string help;
  FamilyType type = FamilyType::kGauge;
  std::vector<Sample> samples;
};

// Families in the order in which they were first named. A second sample under a name joins its
// family; the type must be the same (CHECK).
class FamilyList {
 public:
  void Counter(std::string_view name, std::string_view help, double value, Labels labels = {});
  void Gauge(std::string_view name, std::string_view help, double value, Labels labels = {});
  void Histogram(std::string_view name, std::string_view help, HistogramSample sample,
                 Labels labels = {});

  const std::vector<Family>& families() const { return families_; }

 private:
  void Add(std::string_view name, std::string_view help, FamilyType type, Sample sample);

  std::vector<Family> families_;
  std::map<std::string, size_t, std::less<>> index_;
};

// Which of LatencyHistogram's buckets a family shows. Dropping buckets keeps the others right,
// because they are cumulative.
inline constexpr int kAllBuckets[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
// 1 ms * 2^n to 8.192 s: the bounds of etcd's disk histograms.
inline constexpr int kEtcdDiskBuckets[] = {2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
// 1 ms * 4^n to 4.096 s: for histograms with a label, of which there are many.
inline constexpr int kCoarseBuckets[] = {2, 4, 6, 8, 10, 12, 14};

void Accumulate(const LatencyHistogram::Snapshot& from, LatencyHistogram::Snapshot* to);
HistogramSample SelectBuckets(const LatencyHistogram::Snapshot& snapshot,
                              std::span<const int> buckets);
HistogramSample AllBuckets(const WaitHistogram::Snapshot& snapshot);

}  // namespace baton::metrics
