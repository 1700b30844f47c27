// File: test_run.h
//
// Runs batonctl inside a test: streams are strings, signals are written into a pipe.
#pragma once

#include <string>
#include <vector>

#include "cmd/batonctl/context.h"
#include "pkg/base/system_clock.h"

namespace baton::batonctl {

struct RunResult {
  int exit_code = -1;
  std::string out;
  std::string err;
};

class TestRun {
 public:
  TestRun();
  ~TestRun();

  // One run at a time; `input` is what standard input holds.
  RunResult Run(std::vector<std::string> arguments, const std::string& input = "");
  // As if the process got a signal. Any thread, also before Run.
  void Signal(int number, bool from_terminal = false);

  std::map<std::string, std::string> environment;

 private:
  SystemClock clock_;
  int signal_fds_[2] = {-1, -1};
};

}  // namespace baton::batonctl
