#include "pkg/base/system_clock.h"

#include <ctime>

namespace baton {
namespace {

int64_t NowUs(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

}  // namespace

int64_t SystemClock::MonotonicMs() const { return NowUs(CLOCK_MONOTONIC) / 1000; }
int64_t SystemClock::MonotonicUs() const { return NowUs(CLOCK_MONOTONIC); }
int64_t SystemClock::WallMs() const { return NowUs(CLOCK_REALTIME) / 1000; }

}  // namespace baton
