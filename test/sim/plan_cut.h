// File: plan_cut.h
//
// What is left of a plan that was made smaller (shrink.h), in one word, so that it can be run again
// alone: `make sim SEED=42 CUT=safety_ms=900,nodes=3,faults=3+7,clients=0x12`.
//
//   safety_ms  how long things go wrong          nodes     how many there are at first
//   cruelty, loss, repeats   0, or left out      faults    the numbers of those that are left
//   clients    the numbers of those that are left, and how many operations each may do
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "test/sim/plan.h"

namespace baton::sim {

std::string CutOf(const Plan& plan);

// The smaller plan. Nothing: the cut cannot be read, or is of another plan.
std::optional<Plan> Cut(const Plan& drawn, std::string_view cut);

}  // namespace baton::sim
