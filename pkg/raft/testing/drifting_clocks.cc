#include "pkg/raft/testing/drifting_clocks.h"

#include "pkg/base/check.h"

namespace baton::raft::testing {

DriftingClocks::DriftingClocks(size_t count, uint64_t election_timeout_ticks, uint64_t drift_ticks)
    : stretch_ticks_(election_timeout_ticks),
      apart_ticks_max_(drift_ticks + 1),
      now_(count),
      before_tick_(count) {
  CHECK_GT(count, 0u);
  CHECK_GT(election_timeout_ticks, 0u);
}

size_t DriftingClocks::Tick(size_t wanted) {
  size_t next = wanted;
  for (size_t waiting = 0; const auto behind = LeftBehindBy(next); ++waiting) {
    CHECK_LT(waiting, now_.size()) << "the clocks wait for each other";
    next = *behind;
  }
  std::deque<Ticks>& starts = before_tick_[next];
  starts.push_back(now_);
  if (starts.size() == stretch_ticks_) starts.pop_front();  // with the next tick it is too long
  ++now_[next];
  return next;
}

std::optional<size_t> DriftingClocks::LeftBehindBy(size_t fast) const {
  for (const Ticks& start : before_tick_[fast]) {
    const uint64_t fast_ticks = now_[fast] + 1 - start[fast];
    for (size_t slow = 0; slow < now_.size(); ++slow) {
      if (fast_ticks > now_[slow] - start[slow] + apart_ticks_max_) return slow;
    }
  }
  return std::nullopt;
}

}  // namespace baton::raft::testing
