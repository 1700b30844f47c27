#include "pkg/load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace baton::load {

size_t Histogram::BucketOf(int64_t value) {
  const auto bits = static_cast<uint64_t>(std::clamp<int64_t>(value, 0, kValueMax));
  const int shift = std::max(static_cast<int>(std::bit_width(bits)) - 1 - kStepBits, 0);
  return (static_cast<size_t>(shift) << kStepBits) + static_cast<size_t>(bits >> shift);
}

int64_t Histogram::UpperEnd(size_t bucket) {
  const size_t steps = size_t{1} << kStepBits;
  if (bucket < 2 * steps) return static_cast<int64_t>(bucket);
  const size_t shift = (bucket >> kStepBits) - 1;
  const auto step = static_cast<int64_t>((bucket & (steps - 1)) | steps);
  return ((step + 1) << shift) - 1;
}

void Histogram::Record(int64_t value_ns) {
  if (counts_.empty()) counts_.resize(kBuckets);
  const int64_t value = std::max<int64_t>(value_ns, 0);
  ++counts_[BucketOf(value)];
  min_ = count_ == 0 ? value : std::min(min_, value);
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value);
  ++count_;
}

void Histogram::Merge(const Histogram& other) {
  if (other.count_ == 0) return;
  if (counts_.empty()) counts_.resize(kBuckets);
  for (size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
  count_ += other.count_;
}

void Histogram::Clear() {
  if (count_ > 0) std::fill(counts_.begin(), counts_.end(), 0);
  count_ = 0;
  min_ = 0;
  max_ = 0;
  sum_ = 0;
}

double Histogram::mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

int64_t Histogram::At(double percent) const {
  if (count_ == 0) return 0;
  const double wanted =
      std::ceil(std::clamp(percent, 0.0, 100.0) / 100 * static_cast<double>(count_));
  const uint64_t rank = std::clamp<uint64_t>(static_cast<uint64_t>(wanted), 1, count_);
  if (rank == count_) return max_;
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += counts_[bucket];
    if (seen >= rank) return std::clamp(UpperEnd(bucket), min_, max_);
  }
  return max_;
}

}  // namespace baton::load
