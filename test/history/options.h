// File: options.h
//
// What the judge must be told about the cluster that made the history.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace baton::history {

struct Options {
  // Violations that are put into words; the others are counted.
  size_t violations_max = 50;
  // Steps of the search for an order, per key (linearizable.h). A key that needs more is undecided,
  // which is a violation too.
  uint64_t search_steps_max = 2'000'000;
  // How much faster than the ideal clock the clocks of nodes may run.
  int64_t clock_drift_percent = 0;
  // When clocks of nodes jumped ahead, in any order, by the clock of the history; and how much of
  // its time each jump costs, at most, a session that was renewed before it.
  std::vector<int64_t> clock_jumps_at_us;
  int64_t clock_jump_costs_us = 0;
  // A session ends so long after its time to live at the latest (S9), whatever happens in the run.
  // Nothing: nobody knows, and no late end is a violation.
  std::optional<int64_t> session_end_late_us;
  // An operation without an answer is applied so long after its call at the latest. Nothing: at any
  // time.
  std::optional<int64_t> unknown_applied_us;
  // There is a SessionEnd for every session that ended.
  bool session_ends_complete = false;
  // So many of the last revisions are never compacted but by kCompact. Nothing: nobody knows, and
  // every watch may end "compacted".
  std::optional<uint64_t> history_revisions_kept;
};

}  // namespace baton::history
