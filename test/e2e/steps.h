// File: steps.h
//
// What whoever runs the load tells it while it works, and what becomes of it in the history.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "pkg/base/status.h"
#include "test/history/operation.h"

namespace baton::e2e {

// A part of the run, from `start_us` (of the history's clock) to the start of the next.
struct Step {
  std::string name;
  int64_t start_us = 0;
};

// From `at_us` on, node `node` (1 is the first) is another member under the same address: it came
// back without its disk.
struct Replacement {
  uint64_t node = 0;
  int64_t at_us = 0;
};

struct Script {
  std::vector<Step> steps;
  std::vector<Replacement> replacements;

  // "step NAME" or "replaced N". Not OK: it is neither.
  Status Take(const std::string& line, int64_t now_us);
};

// The longest time within a step in which nothing was acknowledged, in milliseconds.
struct Gap {
  std::string step;
  int64_t any_ms = 0;     // operations of any kind
  int64_t change_ms = 0;  // those that go through the log
  uint64_t acknowledged = 0;
  uint64_t unknown = 0;  // without an answer
};

// One for each step; the last ends at `end_us`.
std::vector<Gap> Gaps(const history::History& history, const std::vector<Step>& steps,
                      int64_t end_us);

// Gives members numbers of their own: what a new member says need not be newer than what the old
// one at its address said.
void Renumber(const std::vector<Replacement>& replacements, history::History* history);

}  // namespace baton::e2e
