// File: joining_process.h
//
// The process of a node that is known by its name: a WaitingNode until the node is a member, then a
// WiredNode, and a WaitingNode again when it was removed. One thread of its own watches over that.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "cmd/batond/config.h"
#include "cmd/batond/node_process.h"
#include "cmd/batond/waiting_node.h"
#include "cmd/batond/wired_node.h"

namespace baton::batond {

class JoiningProcess final : public NodeProcess {
 public:
  // `fatal`: after it nothing is right any more; it must not return.
  JoiningProcess(const Config& config, Clock* clock, Logger* logger,
                 std::function<void(const Status&)> fatal);
  ~JoiningProcess() override;

  Status Open();
  void Start() override;
  Status Stop(int64_t timeout_ms) override;

 private:
  // Each true when there is no need to pause before the next.
  bool Watch();
  bool Ask();
  Status OpenWaiting(std::unique_ptr<storage::Birthplace> place);
  Status OpenMember(const Config& config);
  void Run();

  const Config config_;
  Clock* const clock_;
  Logger* const logger_;
  const std::function<void(const Status&)> fatal_;

  // One of them. The thread's, while it runs.
  std::unique_ptr<WaitingNode> waiting_;
  std::unique_ptr<WiredNode> member_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace baton::batond
