// File: shrink.h
//
// Makes a failing plan small: leaves out faults, clients and operations, shortens the storm and
// makes the world milder, as long as it still fails in the same way (Zeller and Hildebrandt,
// "Simplifying and Isolating Failure-Inducing Input", 2002: ddmin, over the faults).
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "test/sim/plan.h"
#include "test/sim/seeds.h"

namespace baton::sim {

struct Shrunk {
  Plan plan;
  std::string why;    // its own words
  uint64_t runs = 0;  // that were tried
};

// `why`: how the plan fails; `run` says whether another one does, RunApart() for one. Begins no run
// after runs_max runs, or a minute.
Shrunk Shrink(const Plan& plan, const std::string& why, uint64_t runs_max,
              const std::function<SeedResult(const Plan&)>& run);

}  // namespace baton::sim
