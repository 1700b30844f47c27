// File: run.h
//
// A chaos run from its beginning to its end: starts the nodes, lets the clients work while the
// nemesis is at large, heals all, waits until who watches has caught up and the nodes agree, reads
// everything back and has the history judged.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "pkg/base/status.h"
#include "test/chaos/isolation.h"
#include "test/chaos/verdict.h"

namespace baton::chaos {

struct RunOptions {
  int64_t seconds = 60;
  int nodes = 3;
  uint64_t seed = 1;
  std::vector<std::string> faults;  // names of kinds; empty: all that the machine allows
  int workers = 0;                  // 0: two for each node, and two that roam
  int64_t think_ms_max = 10;        // between two operations of a worker
  int64_t fault_ms_max = 8'000;     // of one fault
  int64_t calm_ms_max = 3'000;      // between two faults of a lane
  // Answered operations; fewer are a violation, though no promise. 0: none is asked for.
  int64_t least_per_second = 0;
  std::string commit;  // that was built; said with a failure. Empty: not known
  // A directory, made if need be, without a run in it: history, events, logs of nodes.
  std::string output;
  Isolation isolation;
};

// How it stands, once a second.
struct Progress {
  int64_t seconds = 0;
  uint64_t operations = 0;            // so far
  uint64_t per_second = 0;            // in the last one
  std::map<std::string, int> faults;  // so far, by kind
  size_t violations = 0;
};

struct RunReport {
  // Of the operations that were called while the clients worked: those of the healing and of the
  // last reads are not among them.
  Pace pace;
  double seconds = 0;                 // of work
  std::map<std::string, int> faults;  // how often each kind began
  std::vector<std::string> left_out;  // "disk-full: there is no ...": not possible here
  // By kind and outcome, until the end.
  std::map<std::pair<std::string, std::string>, uint64_t> operations;
  uint64_t acknowledged = 0;            // until the end, last reads and all
  uint64_t leaders = 0;                 // different ones that were seen
  double longest_silence_seconds = 0;   // between two acknowledged operations, of whomever
  std::vector<std::string> violations;  // empty: all promises held
  std::string history_path;
};

// Who wants to know how it stands while it runs; called on the run's thread.
struct RunListener {
  std::function<void(const std::string& what)> on_left_out;  // as RunReport::left_out
  std::function<void(const Progress&)> on_second;
};

// Until options.seconds are over or *stop. On the thread that lives longest (nodes.h), before which
// EnterNamespaces was called. Not OK: the run could not be; a broken promise is in the report.
// kInvalidArgument: the output has an events.log; nothing was started.
Result<RunReport> RunChaos(const RunOptions& options, const std::atomic<bool>& stop,
                           const RunListener& listener);

}  // namespace baton::chaos
