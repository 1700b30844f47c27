// File: seeds.h
//
// Many seeds, each in a process that may die of a broken promise: a parent hands out seeds to
// worker processes, and knows of each that died which seed it had and what it said last.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "test/sim/plan.h"
#include "test/sim/simulation.h"

namespace baton::sim {

struct SeedResult {
  uint64_t seed = 0;
  bool held = false;
  std::string why;  // of a promise that did not hold: what the process said at its end
  Report report;    // of one that held
};

// Runs the plan in a process of its own, which is where `history` is called (simulation.h).
SeedResult RunApart(const Plan& plan, const HistoryCallback& history = nullptr);

// How a plan that fails does so: the last lines of its transcript, and what the process said then.
std::string LastLines(const Plan& plan, size_t lines_max);

// Runs the seeds from `first` on, `count` of them, in so many processes at once; begins no more as
// soon as `each` has returned false (called after every seed, in the order in which they end, also
// for those that were under way then: the first failure may end after a later one).
void RunSeeds(uint64_t first, uint64_t count, int processes,
              const std::function<bool(const SeedResult&)>& each);

// What kind of failure it is: where it was noticed, and the words of the promise without its
// numbers. Two failures of a kind are taken for one and the same.
std::string KindOf(const std::string& why);

}  // namespace baton::sim
