// File: arguments.h
//
// How long the tests of this room search. `bazel test` uses the defaults; by hand:
//
//   crash_points_test --seed=7            that script alone
//   crash_points_test --seeds=100         scripts 1 to 100
//   crash_points_test --operations=500    longer ones
//   crash_points_test --planted=NAME      with that bug (pkg/base/planted.h; --config=planted)
#pragma once

#include <cstdint>

namespace baton::fault {

struct Arguments {
  uint64_t first_seed = 1;
  uint64_t seeds = 1;
  int operations = 200;
};

// As main was called; valid from RunTests on.
const Arguments& GivenArguments();

// Takes our arguments out, and runs the tests of the program; returns its exit code.
int RunTests(int argc, char** argv);

}  // namespace baton::fault
