// File: run.h
//
// A whole run of the load generator: connects, prepares, loads, takes back what it made, and says
// what it saw.
//
//   Settings settings;
//   settings.endpoints = {"http://127.0.0.1:7400"};
//   settings.prefix = "bench/1/";
//   Result<Report> report = RunLoad(settings, {});
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "pkg/base/status.h"
#include "pkg/load/recorder.h"
#include "pkg/load/settings.h"

namespace baton::load {

struct Report {
  double seconds = 0;  // of the run, without what comes before and after it
  double rate = 0;     // operations in time, per second
  Recorder recorder;
  uint64_t not_started = 0;  // open loop: were due, and nobody was free
  // How much of its processors the generator used, 0 to 1: near 1 it is the generator that was
  // measured.
  double busy = 0;
  bool interrupted = false;
  uint64_t left_behind = 0;              // things that could not be taken back
  std::vector<std::string> unreachable;  // endpoints that were left out, and why
};

struct Progress {
  double seconds = 0;  // since the run began
  double period_seconds = 0;
  Recorder recorder;  // of the period
};

struct RunHooks {
  // Called on the calling thread about every 50 ms, at all times. How often the user has asked to
  // end so far: 1 ends the run and takes everything back, 2 leaves that as well.
  std::function<int()> interrupts;
  // Called on the calling thread once a second while the load runs.
  std::function<void(const Progress&)> progress;
};

// Blocks. The settings are checked (CheckSettings). kUnavailable: no endpoint takes connections, or
// what the run needs could not be prepared; what was prepared is taken back. kResourceExhausted:
// the process may not open as many connections.
Result<Report> RunLoad(const Settings& settings, const RunHooks& hooks);

}  // namespace baton::load
