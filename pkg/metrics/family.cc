#include "pkg/metrics/family.h"

#include "pkg/base/check.h"

namespace baton::metrics {

void FamilyList::Counter(std::string_view name, std::string_view help, double value,
                         Labels labels) {
  Add(name, help, FamilyType::kCounter, Sample{std::move(labels), value, {}});
}

void FamilyList::Gauge(std::string_view name, std::string_view help, double value, Labels labels) {
  Add(name, help, FamilyType::kGauge, Sample{std::move(labels), value, {}});
}

void FamilyList::Histogram(std::string_view name, std::string_view help, HistogramSample sample,
                           Labels labels) {
  Add(name, help, FamilyType::kHistogram, Sample{std::move(labels), 0, std::move(sample)});
}

void FamilyList::Add(std::string_view name, std::string_view help, FamilyType type, Sample sample) {
  const auto found = index_.find(name);
  if (found != index_.end()) {
    Family& family = families_[found->second];
    CHECK(family.type == type) << name << " has two types";
    family.samples.push_back(std::move(sample));
    return;
  }
  index_.emplace(std::string(name), families_.size());
  families_.push_back(Family{std::string(name), std::string(help), type, {}});
  families_.back().samples.push_back(std::move(sample));
}

void Accumulate(const LatencyHistogram::Snapshot& from, LatencyHistogram::Snapshot* to) {
  for (size_t i = 0; i < from.counts.size(); ++i) to->counts[i] += from.counts[i];
  to->sum_seconds += from.sum_seconds;
  to->total += from.total;
}

HistogramSample SelectBuckets(const LatencyHistogram::Snapshot& snapshot,
                              std::span<const int> buckets) {
  HistogramSample sample;
  sample.total = snapshot.total;
  sample.sum_seconds = snapshot.sum_seconds;
  uint64_t cumulative = 0;
  size_t next = 0;
  for (int bucket = 0; bucket < LatencyHistogram::kBuckets && next < buckets.size(); ++bucket) {
    cumulative += snapshot.counts[static_cast<size_t>(bucket)];
    if (bucket != buckets[next]) continue;
    sample.buckets.push_back({LatencyHistogram::UpperBoundSeconds(bucket), cumulative});
    ++next;
  }
  CHECK_EQ(next, buckets.size()) << "buckets must ascend and exist";
  return sample;
}

HistogramSample AllBuckets(const WaitHistogram::Snapshot& snapshot) {
  HistogramSample sample;
  sample.total = snapshot.total;
  sample.sum_seconds = snapshot.sum_seconds;
  uint64_t cumulative = 0;
  for (int bucket = 0; bucket < WaitHistogram::kBuckets; ++bucket) {
    cumulative += snapshot.counts[static_cast<size_t>(bucket)];
    sample.buckets.push_back({WaitHistogram::UpperBoundSeconds(bucket), cumulative});
  }
  return sample;
}

}  // namespace baton::metrics
