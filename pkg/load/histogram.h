// File: histogram.h
//
// Latencies by their size, for percentiles of any number of them in bounded memory. The buckets
// are those of HdrHistogram (Gil Tene, "HdrHistogram: A High Dynamic Range Histogram", 2012): each
// power of two is cut into 256 equal steps, so that every value is known to 0.4 %, be it a
// microsecond or a minute. Recording is an index and an addition. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace baton::load {

class Histogram {
 public:
  static constexpr int kStepBits = 8;
  // The greatest value that has a bucket, in nanoseconds: 73 minutes.
  static constexpr int64_t kValueMax = (int64_t{1} << 42) - 1;
  // What one that is not empty takes at most: 70 KiB.
  static constexpr size_t kBuckets = ((42 - kStepBits) << kStepBits) + (size_t{1} << kStepBits);

  // Below 0 counts as 0. Above kValueMax it counts in the last bucket; max() is exact all the same.
  void Record(int64_t value_ns);
  void Merge(const Histogram& other);
  void Clear();  // keeps its memory

  uint64_t count() const { return count_; }
  int64_t min() const { return count_ == 0 ? 0 : min_; }
  int64_t max() const { return max_; }
  double mean() const;
  // The value that `percent` of the recorded ones do not exceed (nearest rank): the upper end of
  // its bucket, but never more than max(). 0 when nothing was recorded; 100 gives max().
  int64_t At(double percent) const;

 private:
  static size_t BucketOf(int64_t value);
  static int64_t UpperEnd(size_t bucket);

  std::vector<uint64_t> counts_;  // empty until the first value
  uint64_t count_ = 0;
  int64_t min_ = 0;
  int64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace baton::load
