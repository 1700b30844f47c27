// File: wired_node.h
//
// A node that is or was a member, wired: data directory, transport, runner, listeners, metrics.
#pragma once

#include <cstdint>
#include <memory>

#include "cmd/batond/config.h"
#include "cmd/batond/greeter.h"
#include "cmd/batond/listeners.h"
#include "cmd/batond/node_process.h"
#include "pkg/http/api.h"
#include "pkg/http/peer_transport.h"
#include "pkg/metrics/metrics.h"
#include "pkg/node/runner.h"
#include "pkg/storage/data_dir.h"

namespace baton::batond {

class WiredNode final : public NodeProcess {
 public:
  // `config` with node_id and cluster_id.
  WiredNode(const Config& config, Clock* clock, Logger* logger)
      : config_(config), clock_(clock), logger_(logger) {}

  // Without Stop: nobody is asked to finish anything.
  ~WiredNode() override;

  Status Open();
  void Start() override;
  Status Stop(int64_t timeout_ms) override;

  // Any thread, after Open.
  node::Standing standing() const { return runner_->GetStatus()->standing; }

 private:
  Status OpenData();
  Status MakeNode();
  // After a disk that lied nothing in memory may be trusted to agree with it: no destructor, no
  // answer. Kubernetes starts the process again.
  [[noreturn]] void Die(const Status& why);
  void MakeContext();
  // A node knows its own name. When that is the default, so are the others', as far as anybody told
  // it; else they are known by their numbers, or as the cluster knows them.
  void NameMembers();
  metrics::MetricsSource MakeMetrics();

  const Config config_;
  Clock* const clock_;
  Logger* const logger_;

  // Each needs the ones above it; they end in the opposite order.
  std::unique_ptr<storage::DataDir> data_;
  std::unique_ptr<http::PeerTransport> transport_;
  std::unique_ptr<node::Runner> runner_;
  http::ApiContext context_;
  metrics::MetricsSource metrics_;
  std::unique_ptr<Greeter> greeter_;
  std::unique_ptr<Listeners> listeners_;
};

}  // namespace baton::batond
