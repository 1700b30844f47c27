// File: runner.h
//
// A node as a running thing: the raft thread, which alone touches pkg/raft and pkg/coord, and the
// log writer's thread beside it. The Service of a real process. node.h has the step that the raft
// thread runs; the simulator calls that directly.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pkg/base/clock.h"
#include "pkg/base/logger.h"
#include "pkg/base/status.h"
#include "pkg/node/ports.h"
#include "pkg/node/service.h"

namespace baton::node {

struct NodeConfig {
  NodeId id;
  std::string cluster_id;      // 16 hex digits
  std::vector<NodeId> voters;  // of a new cluster; ignored when the log has a configuration
  uint64_t seed = 0;
  int64_t tick_ms = 100;
  uint32_t election_timeout_ticks = 10;  // [1 s, 2 s) with the defaults
  uint32_t heartbeat_interval_ticks = 1;
  size_t inbox_items_max = 16'384;
  size_t pending_proposals_max = 16'384;
  size_t watches_max = 10'000;
  size_t waits_max = 10'000;
  uint64_t log_entries_max = 100'000;  // beyond: compact
  uint64_t log_entries_kept = 10'000;  // behind the applied index, for slow followers
};

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
