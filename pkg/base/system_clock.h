// File: system_clock.h
//
// The Clock of the operating system: CLOCK_MONOTONIC and CLOCK_REALTIME. Thread-safe. Made once, in
// cmd/, and handed down as a Clock&.
#pragma once

#include "pkg/base/clock.h"

namespace baton {

class SystemClock final : public Clock {
 public:
  int64_t MonotonicMs() const override;
  int64_t MonotonicUs() const override;
  int64_t WallMs() const override;
};

}  // namespace baton
