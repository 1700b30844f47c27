// File: cluster.h
//
// A Baton cluster of real processes on loopback, for tests: starts, kills, pauses and restarts
// batond, and speaks to it over HTTP as any client would.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pkg/base/status.h"
#include "pkg/http/client.h"
#include "test/integration/process.h"

namespace baton::integration {

struct ClusterOptions {
  int nodes = 3;
  int64_t tick_ms = 100;
  // 0: any free ports. Else node i has the client port first_port + 10 i, peers one and ops two
  // above.
  uint16_t first_port = 0;
  std::vector<std::string> extra_flags;  // for every node
};

class Cluster {
 public:
  explicit Cluster(ClusterOptions options = {});  // starts nothing
  ~Cluster();

  int size() const { return options_.nodes; }
  void StartAll();
  void Start(int node);
  Process& process(int node) { return nodes_[static_cast<size_t>(node)].process; }

  const std::string& client_url(int node) const;
  const std::string& peer_url(int node) const;
  const std::string& ops_url(int node) const;
  const std::string& data_dir(int node) const;
  std::string Log(int node) const;  // all it has printed
  // The command line of a node, for tests that change a part of it.
  std::vector<std::string> Arguments(int node) const;

  // The node that a majority of the running nodes name as leader and that agrees; -1 when none does
  // within timeout_ms.
  int WaitForLeader(int64_t timeout_ms);
  // Whether the node answers /readyz with 200 within timeout_ms.
  bool WaitUntilReady(int node, int64_t timeout_ms);
  // Kills with SIGKILL.
  void Kill(int node) { process(node).Kill(); }

 private:
  struct Node {
    Process process;
    std::string client_url, peer_url, ops_url, data_dir, log_path;
    uint16_t client_port = 0, peer_port = 0, ops_port = 0;
  };
  std::optional<int> LeaderSeenBy(int node);

  ClusterOptions options_;
  TemporaryDirectory directory_;
  std::vector<Node> nodes_;
};

// The path of a program, say "cmd/batonctl/batonctl", as it was built with this one: a test or a
// benchmark that has it in its data. CHECKs that it is there.
std::string ProgramPath(const std::string& program);
std::string BatondPath();

// One request on a connection of its own. Headers as "Name: value".
Result<http::ClientResponse> Request(const std::string& base_url, const std::string& method,
                                     const std::string& target, const std::string& body = "",
                                     const std::map<std::string, std::string>& headers = {},
                                     int64_t timeout_ms = 10'000);

int64_t NowMs();  // monotonic

// Calls `condition` until it is true, at most for timeout_ms. For waiting on other processes, where
// no event can be awaited.
bool WaitUntil(int64_t timeout_ms, const std::function<bool()>& condition);

}  // namespace baton::integration
