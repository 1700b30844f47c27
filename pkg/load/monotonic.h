// File: monotonic.h
//
// The clock of the load generator: nanoseconds, because a microsecond is much of a short call.
#pragma once

#include <ctime>

#include <cstdint>

namespace baton::load {

inline int64_t NowNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace baton::load
