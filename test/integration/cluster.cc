#include "test/integration/cluster.h"

#include <poll.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "pkg/base/check.h"
#include "pkg/base/system_clock.h"

namespace baton::integration {
namespace {

constexpr int kPollIntervalMs = 20;

std::string Url(uint16_t port) { return "http://127.0.0.1:" + std::to_string(port); }
std::string Address(uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

std::vector<uint16_t> Ports(const ClusterOptions& options) {
  if (options.first_port == 0) return FreePorts(static_cast<size_t>(options.nodes) * 3);
  std::vector<uint16_t> ports;
  for (int node = 0; node < options.nodes; ++node) {
    for (int role = 0; role < 3; ++role) {
      ports.push_back(static_cast<uint16_t>(options.first_port + 10 * node + role));
    }
  }
  return ports;
}

}  // namespace

Cluster::Cluster(ClusterOptions options) : options_(std::move(options)) {
  const std::vector<uint16_t> ports = Ports(options_);
  nodes_.resize(static_cast<size_t>(options_.nodes));
  for (size_t i = 0; i < nodes_.size(); ++i) {
    Node& node = nodes_[i];
    node.client_port = ports[3 * i];
    node.peer_port = ports[3 * i + 1];
    node.ops_port = ports[3 * i + 2];
    node.client_url = Url(node.client_port);
    node.peer_url = Url(node.peer_port);
    node.ops_url = Url(node.ops_port);
    node.data_dir = directory_.path() + "/node-" + std::to_string(i + 1);
    node.log_path = node.data_dir + ".log";
  }
}

Cluster::~Cluster() = default;

std::vector<std::string> Cluster::Arguments(int index) const {
  std::string initial_cluster;
  std::string client_urls;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const std::string separator = i == 0 ? "" : ",";
    const std::string id = std::to_string(i + 1);
    initial_cluster += separator + id + "=" + Address(nodes_[i].peer_port);
    client_urls += separator + id + "=" + nodes_[i].client_url;
  }
  const Node& node = nodes_[static_cast<size_t>(index)];
  std::vector<std::string> arguments = {
      BatondPath(),
      "--node-id=" + std::to_string(index + 1),
      "--name=node-" + std::to_string(index + 1),
      "--data-dir=" + node.data_dir,
      "--client-listen=" + Address(node.client_port),
      "--peer-listen=" + Address(node.peer_port),
      "--ops-listen=" + Address(node.ops_port),
      "--cluster-name=test",
      "--initial-cluster=" + initial_cluster,
      "--client-urls=" + client_urls,
      "--tick-ms=" + std::to_string(options_.tick_ms),
  };
  arguments.insert(arguments.end(), options_.extra_flags.begin(), options_.extra_flags.end());
  return arguments;
}

void Cluster::Start(int index) {
  Node& node = nodes_[static_cast<size_t>(index)];
  CHECK(!node.process.running());
  node.process = Process::Start(Arguments(index), node.log_path);
}

void Cluster::StartAll() {
  for (int i = 0; i < size(); ++i) Start(i);
}

const std::string& Cluster::client_url(int i) const {
  return nodes_[static_cast<size_t>(i)].client_url;
}
const std::string& Cluster::peer_url(int i) const {
  return nodes_[static_cast<size_t>(i)].peer_url;
}
const std::string& Cluster::ops_url(int i) const { return nodes_[static_cast<size_t>(i)].ops_url; }
const std::string& Cluster::data_dir(int i) const {
  return nodes_[static_cast<size_t>(i)].data_dir;
}
std::string Cluster::Log(int i) const { return ReadFile(nodes_[static_cast<size_t>(i)].log_path); }

std::optional<int> Cluster::LeaderSeenBy(int node) {
  const auto answer = Request(client_url(node), "GET", "/v1/cluster", "", {}, 2000);
  if (!answer.ok() || answer->status != 200) return std::nullopt;
  const auto body = nlohmann::json::parse(answer->body, nullptr, false);
  if (!body.is_object() || !body.contains("leader_id") || !body["leader_id"].is_number_unsigned()) {
    return std::nullopt;
  }
  return body["leader_id"].get<int>() - 1;  // 0 (none) becomes -1
}

int Cluster::WaitForLeader(int64_t timeout_ms) {
  int leader = -1;
  WaitUntil(timeout_ms, [&] {
    std::map<int, int> votes;
    for (int i = 0; i < size(); ++i) {
      if (!process(i).running()) continue;
      if (const auto seen = LeaderSeenBy(i); seen && *seen >= 0) ++votes[*seen];
    }
    for (const auto& [candidate, count] : votes) {
      if (count * 2 > size() && LeaderSeenBy(candidate) == candidate) leader = candidate;
    }
    return leader >= 0;
  });
  return leader;
}

bool Cluster::WaitUntilReady(int node, int64_t timeout_ms) {
  return WaitUntil(timeout_ms, [&] {
    const auto answer = Request(ops_url(node), "GET", "/readyz", "", {}, 2000);
    return answer.ok() && answer->status == 200;
  });
}

std::string ProgramPath(const std::string& program) {
  const char* sources = std::getenv("TEST_SRCDIR");
  const char* workspace = std::getenv("TEST_WORKSPACE");
  // Bazel names the directory to tests only.
  const std::string directory =
      sources != nullptr && workspace != nullptr
          ? std::string(sources) + "/" + workspace
          : std::filesystem::read_symlink("/proc/self/exe").string() + ".runfiles/baton";
  const std::string path = directory + "/" + program;
  CHECK(std::filesystem::exists(path)) << path;
  return path;
}

std::string BatondPath() { return ProgramPath("cmd/batond/batond"); }

Result<http::ClientResponse> Request(const std::string& base_url, const std::string& method,
                                     const std::string& target, const std::string& body,
                                     const std::map<std::string, std::string>& headers,
                                     int64_t timeout_ms) {
  auto client = http::Client::Create(
      base_url, {.connect_timeout_ms = 1000, .request_timeout_ms = timeout_ms});
  if (!client.ok()) return client.status();
  return (*client)->Send({.method = method, .target = target, .headers = headers, .body = body});
}

int64_t NowMs() { return SystemClock().MonotonicMs(); }

bool WaitUntil(int64_t timeout_ms, const std::function<bool()>& condition) {
  const int64_t deadline_ms = NowMs() + timeout_ms;
  while (!condition()) {
    if (NowMs() >= deadline_ms) return false;
    poll(nullptr, 0, kPollIntervalMs);
  }
  return true;
}

}  // namespace baton::integration
