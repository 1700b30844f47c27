// File: local_cluster.h
//
// Runners with their real threads and a real clock in one process, over stores in memory and a
// network of direct calls. For tests of what threads can break; sim_cluster.h is for all else.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "pkg/base/system_clock.h"
#include "pkg/node/runner.h"
#include "pkg/node/testing/memory_stores.h"

namespace baton::node::testing {

// Who can be reached. Thread-safe.
class LocalNetwork {
 public:
  void Connect(NodeId id, Service* service);
  // After it returns, nobody calls the service any more.
  void Disconnect(NodeId id);
  // False: nobody is there.
  bool Call(NodeId id, const std::function<void(Service&)>& call);

 private:
  std::recursive_mutex mutex_;  // a refused piece of a snapshot is reported inside the call
  std::map<NodeId, Service*> services_;
};

class LocalTransport final : public Transport {
 public:
  LocalTransport(LocalNetwork* network, NodeId self) : network_(network), self_(self) {}
  bool Send(NodeId to, PeerMessage message) override;
  void SetStamp(const EnvelopeStamp& stamp) override;
  void SendSnapshot(NodeId to, raft::Message message,
                    std::unique_ptr<SnapshotReader> snapshot) override;
  void CancelSnapshot(NodeId) override {}  // it goes on, and its outcome is told

 private:
  struct Stream;
  void SendChunk(const std::shared_ptr<Stream>& stream);

  LocalNetwork* network_;
  NodeId self_;
  std::mutex mutex_;
  EnvelopeStamp stamp_;
  uint64_t last_stream_ = 0;
};

inline constexpr char kLocalClusterId[] = "00000000000000aa";

class LocalCluster {
 public:
  // Starts `nodes` runners. `config`: id, cluster_id, voters and seed are filled in.
  LocalCluster(int nodes, NodeConfig config);
  ~LocalCluster();

  Runner& runner(NodeId id) { return *places_.at(id).runner; }
  MemoryLogStore& log(NodeId id) { return *places_.at(id).log; }
  std::vector<NodeId> ids() const;
  // Cut off and stopped; its stores stay.
  void Stop(NodeId id);
  void Start(NodeId id);
  // Waits until all running nodes agree on a leader.
  NodeId AwaitLeader();
  // The errors that nodes could not go on after.
  std::vector<Status> fatal_errors() const;

 private:
  struct Place {
    NodeConfig config;
    std::unique_ptr<MemoryLogStore> log;
    std::unique_ptr<MemoryStateStore> state;
    std::unique_ptr<LocalTransport> transport;
    std::unique_ptr<Runner> runner;
  };

  SystemClock clock_;
  NullLogger logger_;
  LocalNetwork network_;
  std::map<NodeId, Place> places_;
  uint64_t last_seed_ = 0;
  mutable std::mutex mutex_;
  std::vector<Status> fatal_errors_;
};

// Waits for a condition that other threads bring about. False after ten seconds.
bool Eventually(const std::function<bool()>& condition);

// Asks with a callback and waits for the answer.
Result<coord::Reply> SubmitAndWait(Service& service, const coord::Command& command,
                                   int64_t timeout_ms = 10'000);

}  // namespace baton::node::testing
