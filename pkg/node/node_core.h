// File: node_core.h
//
// What every part of a node stands on: its configuration and ports, the time of the step, the state
// machine, and Raft. Made first, from what the disk holds.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "pkg/base/clock.h"
#include "pkg/base/logger.h"
#include "pkg/base/status.h"
#include "pkg/coord/state_machine.h"
#include "pkg/node/cluster_time.h"
#include "pkg/node/log_writer.h"
#include "pkg/node/node_config.h"
#include "pkg/node/ports.h"
#include "pkg/node/roster.h"
#include "pkg/node/snapshots.h"
#include "pkg/node/status_view.h"
#include "pkg/node/step_time.h"
#include "pkg/node/stored_log.h"
#include "pkg/raft/raft.h"

namespace baton::node {

// All must outlive the node.
struct NodeParts {
  LogStore* log = nullptr;
  StateStore* state = nullptr;
  Transport* transport = nullptr;
  LogWriter* log_writer = nullptr;
  SnapshotWorker* snapshot_worker = nullptr;
  const DiskSpace* disk_space = nullptr;  // may be null: there is always room
  Logger* logger = nullptr;
  NodeMetrics* metrics = nullptr;
  const Clock* stopwatch = nullptr;  // for the histograms only, never for a decision
  std::function<void(const Status&)> fatal;
};

class NodeCore {
 public:
  // kInvalidArgument for a bad configuration; kCorruption when log and state contradict each other;
  // else the disk's error.
  static Result<std::unique_ptr<NodeCore>> Open(const NodeConfig& config, const NodeParts& parts);
  NodeCore(const NodeCore&) = delete;
  NodeCore& operator=(const NodeCore&) = delete;

  // Who was demoted, as the state says.
  Status ReadDemoted();
  // An error after which this node must not go on. Told to parts.fatal, once.
  void Fail(const Status& status);

  int64_t election_timeout_us() const {
    return config.tick_ms * config.election_timeout_ticks * 1000;
  }
  int64_t heartbeat_interval_us() const {
    return config.tick_ms * config.heartbeat_interval_ticks * 1000;
  }

  const NodeConfig config;
  const NodeParts parts;
  StepTime time;
  coord::StateMachine state;
  raft::ConfigState membership;  // as of the applied index
  std::vector<NodeId> demoted;   // of its learners, those for lost memory (healing.h)
  Roster roster;
  ClusterTime cluster_time;
  std::unique_ptr<raft::Raft> raft;
  bool failed = false;
  bool state_lost = false;  // nothing is applied until a snapshot replaces the state

 private:
  NodeCore(const NodeConfig& node_config, const NodeParts& node_parts);
  Result<raft::SnapshotMeta> SnapshotPoint() const;
  // The stamps of what is in the log and not applied: a leader must not go back behind them. And
  // where the members are that it names.
  Status NoteLogAboveApplied();
  Status OpenRoster();

  StoredLog stored_log_;
};

}  // namespace baton::node
