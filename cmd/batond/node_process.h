// File: node_process.h
//
// One node, wired: data directory, transport, runner, three listeners, metrics. Open acquires
// everything that can fail (files, ports) before a thread of the node runs; Start begins; Stop
// takes it down in an order in which nobody is asked after they left.
#pragma once

#include <cstdint>
#include <memory>

#include "cmd/batond/config.h"
#include "pkg/base/clock.h"
#include "pkg/base/logger.h"
#include "pkg/base/status.h"

namespace baton::batond {

class NodeProcess {
 public:
  // Clock and logger must outlive the process. A failed Status is one sentence for standard error.
  static Result<std::unique_ptr<NodeProcess>> Open(const Config& config, Clock* clock,
                                                   Logger* logger);
  virtual ~NodeProcess() = default;

  virtual void Start() = 0;
  // Not ready any more, hands leadership over, answers what is under way, ends all threads. Takes
  // timeout_ms at most, and a little. OK when all of it went as it should.
  virtual Status Stop(int64_t timeout_ms) = 0;
};

}  // namespace baton::batond
