// File: network.h
//
// Each node in a network namespace of its own, joined by a bridge to the one of this process:
//
//   this process 10.77.0.254 ──┬── bridge ──┬── 10.77.0.1 node 0
//                              │            ├── 10.77.0.2 node 1 ...
//
// and the packets between them cut, lost and refused by iptables, or the cable drawn. A node
// reaches another one through a port of this process (a link of the proxy), so that each direction
// of each pair has a port number of its own to be filtered by, in the namespace of who calls.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pkg/base/status.h"

namespace baton::chaos {

// What happens to the packets that travel from one node to another, on whosever connection.
struct PacketFault {
  enum class Kind { kDrop, kLose, kReject };
  int from = 0;
  int to = 0;
  Kind kind = Kind::kDrop;
  int percent = 100;  // of kLose
};

class Network {
 public:
  static constexpr int kNodesMax = 100;

  // In a namespace of this process's own (isolation.h) and nowhere else. `directory` is for small
  // files. kIo or kUnimplemented: why it cannot be, in a sentence. At most kNodesMax.
  static Result<std::unique_ptr<Network>> Create(int nodes, const std::string& directory);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  std::string address(int node) const;  // of a node, as all others see it
  std::string hub_address() const;      // of this process, as the nodes see it
  int namespace_fd(int node) const;     // integration::ProcessOptions::network_namespace

  // Whether there is iptables, and it works here: OK, or why not.
  Status CanFilter();
  // The port of this process through which `from` calls `to`.
  void SetLinkPort(int from, int to, uint16_t port) { link_ports_[{from, to}] = port; }
  // Exactly these from now on; every link's port must be known.
  Status SetPacketFaults(const std::vector<PacketFault>& faults);
  // Draws the cable of a node, or puts it back.
  Status SetPlugged(int node, bool plugged);

 private:
  explicit Network(std::string directory) : directory_(std::move(directory)) {}
  Status AddNode(int node);
  // The rules of one node's namespace, for iptables-restore.
  std::string RulesOf(int node, const std::vector<PacketFault>& faults) const;
  Status Filter(int node, const std::string& rules);
  // Runs a program, in the namespace of a node unless node is negative; not OK: what it said.
  Status Run(const std::string& program, const std::vector<std::string>& arguments, int node);

  const std::string directory_;
  std::vector<int> namespaces_;
  std::map<std::pair<int, int>, uint16_t> link_ports_;
};

}  // namespace baton::chaos
