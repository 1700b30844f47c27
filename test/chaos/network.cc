#include "test/chaos/network.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "pkg/base/check.h"
#include "test/chaos/isolation.h"
#include "test/integration/process.h"

namespace baton::chaos {
namespace {

constexpr char kSubnet[] = "10.77.0.";
constexpr char kMask[] = "/24";
constexpr char kHub[] = "hub";
constexpr int kHubNumber = 254;
constexpr int64_t kProgramTimeoutMs = 20'000;

// Where Debian has it; empty: it is not installed.
std::string PathOf(const std::string& program) {
  for (const char* folder : {"/usr/sbin/", "/sbin/", "/usr/bin/", "/bin/"}) {
    if (std::filesystem::exists(folder + program)) return folder + program;
  }
  return "";
}

// A new network namespace, held by the descriptor alone; negative: errno says why not.
int NewNamespace() {
  int fd = -1;
  int error = 0;
  std::thread([&] {
    const bool entered = ::unshare(CLONE_NEWNET) == 0 && BringLoopbackUp();
    if (entered) fd = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    error = errno;
  }).join();
  errno = error;
  return fd;
}

std::string TargetOf(const PacketFault& fault) {
  switch (fault.kind) {
    case PacketFault::Kind::kDrop:
      return " -j DROP\n";
    case PacketFault::Kind::kReject:
      return " -j REJECT --reject-with tcp-reset\n";
    case PacketFault::Kind::kLose: {
      const std::string digits = std::to_string(100 + fault.percent).substr(1);
      return " -m statistic --mode random --probability " +
             (fault.percent >= 100 ? "1.0" : "0." + digits) + " -j DROP\n";
    }
  }
  return "";
}

}  // namespace

Result<std::unique_ptr<Network>> Network::Create(int nodes, const std::string& directory) {
  CHECK_LE(nodes, kNodesMax);
  if (PathOf("ip").empty()) {
    return Status(Code::kUnimplemented, "there is no ip program: install iproute2");
  }
  std::unique_ptr<Network> network(new Network(directory));
  const std::vector<std::vector<std::string>> commands = {
      {"link", "add", kHub, "type", "bridge"},
      {"addr", "add", network->hub_address() + kMask, "dev", kHub},
      {"link", "set", kHub, "up"}};
  for (const auto& command : commands) {
    BATON_RETURN_IF_ERROR(network->Run("ip", command, -1));
  }
  for (int node = 0; node < nodes; ++node) BATON_RETURN_IF_ERROR(network->AddNode(node));
  return network;
}

Network::~Network() {
  for (const int fd : namespaces_) ::close(fd);
}

std::string Network::address(int node) const { return kSubnet + std::to_string(node + 1); }
std::string Network::hub_address() const { return kSubnet + std::to_string(kHubNumber); }
int Network::namespace_fd(int node) const { return namespaces_.at(static_cast<size_t>(node)); }

Status Network::AddNode(int node) {
  const int fd = NewNamespace();
  if (fd < 0) return Status(Code::kIo, std::string("a namespace: ") + std::strerror(errno));
  namespaces_.push_back(fd);
  const std::string cable = "cable" + std::to_string(node);
  const std::string path = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd);
  BATON_RETURN_IF_ERROR(
      Run("ip", {"link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", path}, -1));
  BATON_RETURN_IF_ERROR(Run("ip", {"link", "set", cable, "master", kHub, "up"}, -1));
  BATON_RETURN_IF_ERROR(Run("ip", {"addr", "add", address(node) + kMask, "dev", "eth0"}, node));
  return Run("ip", {"link", "set", "eth0", "up"}, node);
}

Status Network::Run(const std::string& program, const std::vector<std::string>& arguments,
                    int node) {
  const std::string path = PathOf(program);
  if (path.empty()) return Status(Code::kUnimplemented, program + " is not installed");
  const std::string output = directory_ + "/program-output";
  std::filesystem::remove(output);
  std::vector<std::string> command = {path};
  command.insert(command.end(), arguments.begin(), arguments.end());
  auto process = integration::Process::Start(
      command, output, {.network_namespace = node < 0 ? -1 : namespace_fd(node)});
  const std::optional<int> code = process.Wait(kProgramTimeoutMs);
  if (code == 0) return Status();
  std::string sentence;
  for (const std::string& word : command) sentence += word + " ";
  return Status(Code::kIo, sentence + "said: " + integration::ReadFile(output));
}

Status Network::CanFilter() {
  if (PathOf("iptables-restore").empty()) {
    return Status(Code::kUnimplemented, "there is no iptables: install it");
  }
  if (namespaces_.empty()) return Status();
  return Filter(0, "-A OUTPUT -p tcp --dport 1" + TargetOf({.kind = PacketFault::Kind::kReject}) +
                       "-A OUTPUT -p tcp --dport 1" +
                       TargetOf({.kind = PacketFault::Kind::kLose, .percent = 50}));
}

std::string Network::RulesOf(int node, const std::vector<PacketFault>& faults) const {
  std::string rules;
  for (const PacketFault& fault : faults) {
    const auto port = [&](int from, int to) {
      return std::to_string(link_ports_.at({from, to})) + TargetOf(fault);
    };
    // What it says on its own connections ...
    if (node == fault.from) rules += "-A OUTPUT -p tcp --dport " + port(fault.from, fault.to);
    // ... and answers on those of the other, who calls from another port of its own.
    if (node == fault.to) rules += "-A INPUT -p tcp --sport " + port(fault.to, fault.from);
  }
  return rules;
}

Status Network::Filter(int node, const std::string& rules) {
  const std::string path = directory_ + "/rules";
  std::ofstream file(path);
  file << "*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n" << rules << "COMMIT\n";
  file.close();
  return Run("iptables-restore", {path}, node);
}

Status Network::SetPacketFaults(const std::vector<PacketFault>& faults) {
  for (int node = 0; node < static_cast<int>(namespaces_.size()); ++node) {
    BATON_RETURN_IF_ERROR(Filter(node, RulesOf(node, faults)));
  }
  return Status();
}

Status Network::SetPlugged(int node, bool plugged) {
  return Run("ip", {"link", "set", "cable" + std::to_string(node), plugged ? "up" : "down"}, -1);
}

}  // namespace baton::chaos
