// File: random_history.h
//
// Clients that do by a seed what clients do, on a ModelCluster: operations that overlap, answers
// that get lost, retries, late arrivals, nodes that lag behind, watches that resume.
#pragma once

#include <cstdint>

#include "test/history/operation.h"
#include "test/history/options.h"
#include "test/history/testing/model_cluster.h"

namespace baton::history {

struct RandomRun {
  History history;
  Options options;  // what is true of the run
};

struct RandomShape {
  uint64_t seed = 0;
  Bug bug = Bug::kNone;
  int steps = 3000;           // about a fourth as many operations
  bool busy = false;          // more of locks and elections, and longer lines
  bool truth = true;          // with the ends of sessions
  bool unique_values = true;  // no two writes write the same
  bool all_revisions = true;  // else some answers leave theirs out
};

RandomRun MakeRun(const RandomShape& shape);

}  // namespace baton::history
