// File: drifting_clocks.h
//
// The clocks of several nodes, as unlike each other as leases allow (lease.h): any of them may tick
// next, unless in some stretch of time, up to an election timeout of the faster, one of them would
// fall behind by more than the declared drift and one tick. The one because even clocks that run
// alike may be a tick apart: the one has just ticked, the other is about to. For tests.
//
//   DriftingClocks clocks(3, /*election_timeout_ticks=*/10, /*drift_ticks=*/1);
//   const size_t ticked = clocks.Tick(random.Below(3));
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace baton::raft::testing {

class DriftingClocks {
 public:
  // Clocks 0 to count - 1; count and election_timeout_ticks must be > 0.
  DriftingClocks(size_t count, uint64_t election_timeout_ticks, uint64_t drift_ticks);

  // The next tick of `wanted`, or of one that has to go first. Gives whose.
  size_t Tick(size_t wanted);

 private:
  using Ticks = std::vector<uint64_t>;  // of each clock, since the start

  // A clock that would fall too far behind if `fast` were next.
  std::optional<size_t> LeftBehindBy(size_t fast) const;

  uint64_t stretch_ticks_;
  uint64_t apart_ticks_max_;
  Ticks now_;
  // Of each clock: all clocks just before each of its last ticks, oldest first. What begins at any
  // other time is no worse.
  std::vector<std::deque<Ticks>> before_tick_;
};

}  // namespace baton::raft::testing
