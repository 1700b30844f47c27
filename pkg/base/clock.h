// File: clock.h
//
// The port through which time enters. Only rooms at the rim (pkg/node's thread, pkg/http, cmd) hold
// a Clock; the pure rooms get ticks and stamps. ManualClock stands beside the port and is what
// tests and the simulator use.
#pragma once

#include <cstdint>

namespace baton {

class Clock {
 public:
  virtual ~Clock() = default;
  // Milliseconds of a clock that never goes back and is not related to the wall clock.
  virtual int64_t MonotonicMs() const = 0;
  // The same clock in microseconds, for latency histograms.
  virtual int64_t MonotonicUs() const = 0;
  // Milliseconds since 1970-01-01 UTC. For people to read, never for decisions.
  virtual int64_t WallMs() const = 0;
};

class ManualClock final : public Clock {
 public:
  int64_t MonotonicMs() const override { return now_us_ / 1000; }
  int64_t MonotonicUs() const override { return now_us_; }
  int64_t WallMs() const override { return wall_start_ms_ + now_us_ / 1000; }
  void AdvanceMs(int64_t distance_ms) { now_us_ += distance_ms * 1000; }

 private:
  int64_t now_us_ = 0;
  int64_t wall_start_ms_ = 1'700'000'000'000;
};

}  // namespace baton
