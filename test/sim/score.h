// File: score.h
//
// How strong the simulator is: each planted bug (pkg/base/planted_bugs.h) that it should find is
// made the active one, and seeds are run until one fails. Before that the same seeds are run
// without any: one that fails by itself would be counted for every bug.
#pragma once

#include <cstdint>

namespace baton::sim {

// Prints a table for README.md, a line as soon as it is known. `first` and `seeds_max`: of each
// bug. Returns how many were not caught (all, if a seed fails by itself); -1: this build has none.
int Score(uint64_t first, uint64_t seeds_max, int processes);

}  // namespace baton::sim
