// File: simulation.h
//
// One seed, from its plan to the verdict: a cluster of real nodes goes through a storm while
// clients use it; then the storm ends, and everybody must converge, answer, and have kept every
// promise.
//
//   SAFETY    faults begin and end as planned. Clients work. Every step is checked (invariants.h).
//   LIVENESS  no faults any more. Within kConvergenceMaxMs of simulated time there is a leader, all
//             nodes have applied the same, all voters remember everything, a write goes through
//             every node, and every client has its answer.
//   JUDGEMENT the rows of all nodes are the same, and the history of what clients saw is judged
//             (test/history).
//
// A broken promise ends the process with a sentence (CHECK): whoever runs many seeds does so in
// child processes (seeds.h).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "test/history/operation.h"
#include "test/sim/cruelty.h"
#include "test/sim/plan.h"

namespace baton::sim {

// 60 s: thirty of the longest election timeouts. Repairing a lost disk takes the most of it.
inline constexpr int64_t kConvergenceMaxMs = 60'000;

struct Report {
  uint64_t trace_hash = 0;
  uint64_t events = 0;
  int64_t simulated_ms = 0;
  int64_t convergence_ms = 0;  // how long the second phase took
  std::array<uint64_t, kFaultKinds> faults{};
  std::array<uint64_t, 4> outcomes{};  // operations, by history::Outcome
  uint64_t watched_events = 0;
  Cruelty::Hits cruel{};
};

// What clients saw. Told just before it is judged, so also of a run that the judge ends; not of one
// in which a promise was broken earlier.
using HistoryCallback = std::function<void(const history::History& seen)>;

// `trace`: told a line for everything that happens. Both may be null: nobody is told.
Report Run(const Plan& plan, std::function<void(const std::string& line)> trace = nullptr,
           const HistoryCallback& history = nullptr);

}  // namespace baton::sim
