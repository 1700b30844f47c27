// File: histogram.h
//
// Plain counters and histograms: what the rooms count with, without knowing who looks. pkg/metrics
// translates them when it is scraped. Any thread may add and any thread may read; a reader sees
// each number whole, and a set of numbers that may be a few additions apart.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace baton {

class Counter {
 public:
  void Add(uint64_t amount = 1) { value_.fetch_add(amount, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// Durations in seconds, in buckets whose upper bounds grow by a power of two.
template <int64_t first_bound_us, int growth_bits, int buckets>
class DurationHistogram {
 public:
  static constexpr int kBuckets = buckets;

  struct Snapshot {
    std::array<uint64_t, kBuckets + 1> counts{};  // not cumulative; the last: above every bound
    double sum_seconds = 0;
    uint64_t total = 0;
  };

  static constexpr double UpperBoundSeconds(int bucket) {
    return static_cast<double>(BoundUs(bucket)) / 1e6;
  }

  void ObserveUs(int64_t latency_us) {
    const uint64_t us = latency_us > 0 ? static_cast<uint64_t>(latency_us) : 0;
    int bucket = 0;
    while (bucket < kBuckets && us > BoundUs(bucket)) ++bucket;
    counts_[static_cast<size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
    sum_us_.fetch_add(us, std::memory_order_relaxed);
  }

  Snapshot Read() const {
    Snapshot snapshot;
    for (size_t i = 0; i < counts_.size(); ++i) {
      snapshot.counts[i] = counts_[i].load(std::memory_order_relaxed);
      snapshot.total += snapshot.counts[i];
    }
    snapshot.sum_seconds = static_cast<double>(sum_us_.load(std::memory_order_relaxed)) / 1e6;
    return snapshot;
  }

 private:
  static constexpr uint64_t BoundUs(int bucket) {
    return static_cast<uint64_t>(first_bound_us) << (growth_bits * bucket);
  }

  std::array<std::atomic<uint64_t>, kBuckets + 1> counts_{};
  std::atomic<uint64_t> sum_us_{0};
};

// 0.25 ms * 2^n for n in [0, 15], that is 0.25 ms to 8.192 s; they include etcd's (1 ms * 2^n), so
// that its alerts and dashboards work on ours.
using LatencyHistogram = DurationHistogram<250, 1, 16>;
// 1 ms * 4^n for n in [0, 10], that is 1 ms to 17 minutes: for what people wait for or hold.
using WaitHistogram = DurationHistogram<1000, 2, 11>;

}  // namespace baton
