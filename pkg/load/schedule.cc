#include "pkg/load/schedule.h"

#include <algorithm>

namespace baton::load {
namespace {

constexpr uint64_t kSecondNs = 1'000'000'000;

}  // namespace

Schedule::Schedule(const ScheduleOptions& options) : options_(options) {}

// In whole seconds and a rest, so that days of a high rate neither overflow nor drift.
int64_t Schedule::DueNs(uint64_t taken) const {
  const uint64_t number = taken * options_.workers + options_.worker;
  if (!open_loop()) return options_.start_ns;
  const uint64_t seconds = number / options_.rate_per_s;
  const uint64_t rest = number % options_.rate_per_s;
  return options_.start_ns +
         static_cast<int64_t>(seconds * kSecondNs + rest * kSecondNs / options_.rate_per_s);
}

int64_t Schedule::NextNs() const { return DueNs(taken_); }

bool Schedule::Ended(int64_t now_ns) const {
  const uint64_t number = taken_ * options_.workers + options_.worker;
  if (options_.operations_max > 0 && number >= options_.operations_max) return true;
  return now_ns >= options_.end_ns || NextNs() >= options_.end_ns;
}

std::optional<int64_t> Schedule::Take(int64_t now_ns) {
  if (Ended(now_ns)) return std::nullopt;
  const int64_t due_ns = NextNs();
  if (due_ns > now_ns) return std::nullopt;
  ++taken_;
  return open_loop() ? due_ns : now_ns;
}

void Schedule::EndAt(int64_t now_ns) { options_.end_ns = std::min(options_.end_ns, now_ns); }

uint64_t Schedule::NotStarted() const {
  if (!open_loop()) return 0;
  uint64_t low = taken_;  // the first that is not due before the end, by halving
  uint64_t high = taken_ + 1;
  const auto due = [this](uint64_t taken) {
    const uint64_t number = taken * options_.workers + options_.worker;
    return (options_.operations_max == 0 || number < options_.operations_max) &&
           DueNs(taken) < options_.end_ns;
  };
  while (due(high)) high += high - taken_;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    if (due(middle)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low - taken_;
}

}  // namespace baton::load
