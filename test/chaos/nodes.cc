#include "test/chaos/nodes.h"

#include <sys/mount.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <utility>

#include "test/integration/cluster.h"

namespace baton::chaos {
namespace {

constexpr char kLoopback[] = "127.0.0.1";
// Of each node in its own namespace.
constexpr uint16_t kClientPort = 7400;
constexpr uint16_t kPeerPort = 7401;
constexpr uint16_t kOpsPort = 7402;
constexpr char kDiskOptions[] = "size=160m,mode=0700";

std::string AddressOf(const std::string& host, uint16_t port) {
  return host + ":" + std::to_string(port);
}

}  // namespace

Result<std::unique_ptr<Nodes>> Nodes::Create(const NodesOptions& options) {
  std::unique_ptr<Nodes> nodes(new Nodes(options));
  BATON_RETURN_IF_ERROR(nodes->Build());
  return nodes;
}

Nodes::~Nodes() {
  for (Node& node : nodes_) {
    node.process.Kill();
    if (node.has_own_disk) (void)::umount2(node.data_dir.c_str(), MNT_DETACH);
  }
}

Status Nodes::Build() {
  proxy_ = Proxy::Start(options_.seed);
  no_network_ = options_.isolation.no_network;
  if (no_network_.empty()) {
    auto network = Network::Create(size(), options_.directory);
    if (network.ok()) {
      network_ = *std::move(network);
    } else {
      no_network_ = network.status().message();
    }
  }
  no_filters_ = network_ == nullptr ? no_network_ : network_->CanFilter().message();
  nodes_.resize(static_cast<size_t>(size()));
  for (int node = 0; node < size(); ++node) BATON_RETURN_IF_ERROR(BuildNode(node));
  for (int node = 0; node < size(); ++node) BATON_RETURN_IF_ERROR(BuildLinks(node));
  return Status();
}

Status Nodes::BuildNode(int index) {
  Node& node = At(index);
  node.host = kLoopback;
  node.client_port = kClientPort;
  node.peer_port = kPeerPort;
  node.ops_port = kOpsPort;
  if (network_ != nullptr) {
    node.host = network_->address(index);
  } else {
    const std::vector<uint16_t> ports = integration::FreePorts(3);
    node.client_port = ports[0];
    node.peer_port = ports[1];
    node.ops_port = ports[2];
  }
  node.data_dir = options_.directory + "/node-" + std::to_string(index + 1);
  node.log_path = node.data_dir + ".log";
  auto shim = ShimControl::Create(node.data_dir + ".faults");
  if (!shim.ok()) return shim.status();
  node.shim = *std::move(shim);
  if (no_small_disks_.empty()) MountDisk(&node);
  return Status();
}

void Nodes::MountDisk(Node* node) {
  std::filesystem::create_directory(node->data_dir);
  node->has_own_disk = ::mount("tmpfs", node->data_dir.c_str(), "tmpfs", 0, kDiskOptions) == 0;
  if (!node->has_own_disk) no_small_disks_ = std::string("mount: ") + std::strerror(errno);
}

Status Nodes::BuildLinks(int from) {
  Node& node = At(from);
  const std::string hub = network_ == nullptr ? kLoopback : network_->hub_address();
  auto client_link = proxy_->AddLink(kLoopback, {node.host, node.client_port});
  if (!client_link.ok()) return client_link.status();
  node.client_link = *client_link;
  node.links.resize(static_cast<size_t>(size()));
  std::map<std::string, std::string> redirects;
  for (int to = 0; to < size(); ++to) {
    if (to == from) continue;
    const Node& other = At(to);
    auto link = proxy_->AddLink(hub, {other.host, other.peer_port});
    if (!link.ok()) return link.status();
    node.links[static_cast<size_t>(to)] = *link;
    redirects[AddressOf(other.host, other.peer_port)] = AddressOf(hub, link->port);
    if (network_ != nullptr) network_->SetLinkPort(from, to, link->port);
  }
  node.environment = ShimEnvironment(integration::ProgramPath("test/chaos/shim/libshim.so"),
                                     node.shim->path(), redirects);
  return Status();
}

Proxy::LinkId Nodes::peer_link(int from, int to) const {
  return At(from).links.at(static_cast<size_t>(to)).id;
}

std::string Nodes::client_url(int node) const {
  return "http://" + AddressOf(kLoopback, At(node).client_link.port);
}

std::string Nodes::direct_url(int node) const {
  return "http://" + AddressOf(At(node).host, At(node).client_port);
}

std::vector<std::string> Nodes::Arguments(int index) const {
  std::string members;
  for (int node = 0; node < size(); ++node) {
    members += (node == 0 ? "" : ",") + std::to_string(node + 1) + "=" +
               AddressOf(At(node).host, At(node).peer_port);
  }
  const Node& node = At(index);
  std::vector<std::string> arguments = {
      integration::BatondPath(),
      "--node-id=" + std::to_string(index + 1),
      "--name=node-" + std::to_string(index + 1),
      "--data-dir=" + node.data_dir,
      "--client-listen=" + AddressOf(node.host, node.client_port),
      "--peer-listen=" + AddressOf(node.host, node.peer_port),
      "--ops-listen=" + AddressOf(node.host, node.ops_port),
      "--cluster-name=chaos",
      "--initial-cluster=" + members,
      "--tick-ms=" + std::to_string(options_.tick_ms),
      // Small, so that the disks fill, logs are compacted and who was away needs a snapshot.
      "--disk-reserve-bytes=33554432",
      "--disk-free-bytes-min=8388608",
      "--log-entries-max=1000",
      "--log-entries-kept=200",
  };
  arguments.insert(arguments.end(), options_.extra_flags.begin(), options_.extra_flags.end());
  return arguments;
}

void Nodes::Start(int index) {
  Node& node = At(index);
  if (node.process.running()) return;
  node.process = integration::Process::Start(
      Arguments(index), node.log_path,
      {.environment = node.environment,
       .network_namespace = network_ == nullptr ? -1 : network_->namespace_fd(index),
       .own_group = true});
}

void Nodes::Kill(int node) { At(node).process.Kill(); }

void Nodes::Signal(int node, int signal) {
  if (running(node)) At(node).process.Signal(signal);
}

// It blocks the signal, and waits for it (proc(5), SigBlk).
bool Nodes::TakesStopSignal(int node) const {
  std::ifstream status("/proc/" + std::to_string(At(node).process.pid()) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with("SigBlk:")) continue;
    return (std::stoull(line.substr(line.find(':') + 1), nullptr, 16) >> (SIGTERM - 1)) & 1;
  }
  return false;
}

std::optional<int> Nodes::WaitForEnd(int node, int64_t timeout_ms) {
  if (!running(node)) return std::nullopt;
  return At(node).process.Wait(timeout_ms);
}

}  // namespace baton::chaos
