// File: nodes.h
//
// The cluster of a chaos run: real batond processes, each behind a proxy, on a disk of its own,
// with the shim inside, and in a network namespace of its own where that is allowed.
//
// All on one thread, which must outlive the nodes: they die with it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pkg/base/status.h"
#include "test/chaos/isolation.h"
#include "test/chaos/network.h"
#include "test/chaos/proxy/proxy.h"
#include "test/chaos/shim/shim_control.h"
#include "test/integration/process.h"

namespace baton::chaos {

struct NodesOptions {
  int nodes = 3;
  std::string directory;  // for data, logs and small files; exists, is empty
  Isolation isolation = {};
  uint64_t seed = 1;
  int64_t tick_ms = 50;
  std::vector<std::string> extra_flags = {};  // for every node
};

class Nodes {
 public:
  // Starts nothing but the proxy. kIo: why it cannot be.
  static Result<std::unique_ptr<Nodes>> Create(const NodesOptions& options);
  ~Nodes();
  Nodes(const Nodes&) = delete;
  Nodes& operator=(const Nodes&) = delete;

  int size() const { return options_.nodes; }
  Proxy& proxy() { return *proxy_; }
  // The calls of one node to another; of all clients to a node.
  Proxy::LinkId peer_link(int from, int to) const;
  Proxy::LinkId client_link(int to) const { return At(to).client_link.id; }
  // nullptr without namespaces; then no_network says why.
  Network* network() { return network_.get(); }
  const std::string& no_network() const { return no_network_; }
  const std::string& no_filters() const { return no_filters_; }  // empty: iptables works
  const std::string& no_small_disks() const { return no_small_disks_; }

  // Where clients reach it: through the proxy, or past all faults but the cable's.
  std::string client_url(int node) const;
  std::string direct_url(int node) const;
  ShimControl& shim(int node) { return *At(node).shim; }
  const std::string& data_dir(int node) const { return At(node).data_dir; }
  const std::string& log_path(int node) const { return At(node).log_path; }

  void Start(int node);
  void Kill(int node);
  void Signal(int node, int signal);  // a node that runs
  // Whether its process has come so far that SIGTERM does not simply end it.
  bool TakesStopSignal(int node) const;
  bool running(int node) const { return At(node).process.running(); }
  // The exit code of a node that has ended by itself, or after SIGTERM; it no longer runs then.
  std::optional<int> WaitForEnd(int node, int64_t timeout_ms);

 private:
  struct Node {
    std::string host, data_dir, log_path;
    uint16_t client_port = 0, peer_port = 0, ops_port = 0;
    std::unique_ptr<ShimControl> shim;
    std::vector<std::string> environment;
    Proxy::Link client_link;
    std::vector<Proxy::Link> links;  // to each node; none to itself
    integration::Process process;
    bool has_own_disk = false;
  };

  explicit Nodes(const NodesOptions& options)
      : options_(options), no_small_disks_(options.isolation.no_mounts) {}
  Status Build();
  Status BuildNode(int node);
  Status BuildLinks(int from);
  void MountDisk(Node* node);
  std::vector<std::string> Arguments(int node) const;
  const Node& At(int node) const { return nodes_.at(static_cast<size_t>(node)); }
  Node& At(int node) { return nodes_.at(static_cast<size_t>(node)); }

  const NodesOptions options_;
  std::unique_ptr<Proxy> proxy_;
  std::unique_ptr<Network> network_;
  std::string no_small_disks_;
  std::string no_network_;
  std::string no_filters_;
  std::vector<Node> nodes_;
};

}  // namespace baton::chaos
