// File: runner.h
//
// A node as a running thing: the raft thread, which alone touches pkg/raft and pkg/coord, and the
// log writer's thread beside it. The Service of a real process. node.h has the step that the raft
// thread runs; the simulator calls that directly.
#pragma once

#include <cstdint>
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
};

class Runner : public Service {
 public:
  // Everything in `ports` must outlive the Runner. kCorruption when log and state contradict each
  // other; kInvalidArgument for a bad config. Threads start with Start().
  static Result<std::unique_ptr<Runner>> Create(const NodeConfig& config, const NodePorts& ports);

  virtual void Start() = 0;
  // Stops taking new work, hands leadership over (within timeout_ms), answers what can be answered,
  // then Stop(). Returns what it did, for the log.
  virtual Status Drain(int64_t timeout_ms) = 0;
  // Ends the threads; everything still pending is answered kUnavailable/"shutting_down" with its
  // outcome.
  virtual void Stop() = 0;
};

}  // namespace baton::node
