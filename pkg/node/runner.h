// File: runner.h
//
// A node as a running thing: the raft thread, the log writer's thread beside it, and the threads
// that bring writes and messages, which do the work themselves while the raft thread sleeps and
// there is little to do (turn.h). One of them at a time touches pkg/raft and pkg/coord. The Service
// of a real process. node.h has the step that they run; the simulator calls that directly.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "pkg/base/clock.h"
#include "pkg/base/logger.h"
#include "pkg/base/status.h"
#include "pkg/node/node_config.h"
#include "pkg/node/ports.h"
#include "pkg/node/service.h"

namespace baton::node {

struct NodePorts {
  LogStore* log = nullptr;
  StateStore* state = nullptr;
  Transport* transport = nullptr;
  Clock* clock = nullptr;
  Logger* logger = nullptr;
  const DiskSpace* disk_space = nullptr;  // may be null: there is always room
  // Called, on any thread, with an error after which the node must not go on: a disk that lies or
  // a write that failed. Unset: one line on standard error, and the process ends at once with exit
  // code 70. Set in tests.
  std::function<void(const Status&)> fatal = {};
};

class Runner : public Service {
 public:
  // Everything in `ports` must outlive the Runner. kCorruption when log and state contradict each
  // other; kInvalidArgument for a bad config. Threads start with Start().
  static Result<std::unique_ptr<Runner>> Create(const NodeConfig& config, const NodePorts& ports);

  virtual void Start() = 0;
  // Hands leadership over and goes on serving until nothing is pending, or for timeout_ms; then
  // Stop(). Whoever wants an end before the time runs out stops sending new work first. OK, or
  // kDeadlineExceeded: what was still pending was answered as by Stop().
  virtual Status Drain(int64_t timeout_ms) = 0;
  // Ends the threads; everything still pending is answered kUnavailable/"shutting_down" with its
  // outcome, and so is everything asked later.
  virtual void Stop() = 0;
};

}  // namespace baton::node
