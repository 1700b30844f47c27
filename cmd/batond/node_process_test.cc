// Whole nodes in one process: real listeners, disks and threads on loopback.

#include "cmd/batond/node_process.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <thread>

#include "cmd/batond/process_setup.h"
#include "pkg/base/system_clock.h"
#include "pkg/http/client.h"

namespace baton::batond {
namespace {

constexpr int64_t kPatienceMs = 30'000;

// An address of this machine that no other test uses at this time.
std::string RandomLoopbackHost() {
  const uint64_t chance = DrawSeed();
  const auto octet = [&](int shift) {
    return std::to_string(1 + ((chance >> shift) & 0xff) % 254);
  };
  return "127." + octet(0) + "." + octet(8) + "." + octet(16);
}

class NodeProcessTest : public ::testing::Test {
 protected:
  static constexpr int kNodes = 3;

  void TearDown() override {
    for (auto& node : nodes_) node.reset();
    std::filesystem::remove_all(directory_);
  }

  uint16_t Port(int node, int listener) const {
    return static_cast<uint16_t>(7400 + 10 * node + listener);
  }
  std::string Url(int node, int listener = 0) const {
    return "http://" + host_ + ":" + std::to_string(Port(node, listener));
  }

  Config ConfigOf(int node, const SettingValues& over = {}) const {
    std::string members;
    for (int i = 0; i < kNodes; ++i) {
      members += (i > 0 ? "," : "") + std::to_string(i + 1) + "=" + host_ + ":" +
                 std::to_string(Port(i, 1));
    }
    const auto listen = [&](int listener) {
      return SettingValue{host_ + ":" + std::to_string(Port(node, listener)), "test"};
    };
    SettingValues values = {{"node-id", {std::to_string(node + 1), "test"}},
                            {"data-dir", {(directory_ / std::to_string(node)).string(), "test"}},
                            {"client-listen", listen(0)},
                            {"peer-listen", listen(1)},
                            {"ops-listen", listen(2)},
                            {"initial-cluster", {members, "test"}},
                            {"tick-ms", {"50", "test"}}};
    Overlay(over, &values);
    Result<Config> config = MakeConfig(values);
    EXPECT_TRUE(config.ok()) << config.status().ToString();
    return *config;
  }

  void Start(int node) {
    auto opened = NodeProcess::Open(ConfigOf(node), &clock_, &logger_);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    nodes_[node] = *std::move(opened);
    nodes_[node]->Start();
  }

  Result<http::ClientResponse> Ask(const std::string& url, const std::string& method,
                                   const std::string& target, const std::string& body = "") {
    auto client = http::Client::Create(url, {});
    if (!client.ok()) return client.status();
    return (*client)->Send({.method = method, .target = target, .headers = {}, .body = body});
  }

  // Asks again and again until the answer is as wanted.
  template <typename Wanted>
  bool Eventually(const Wanted& wanted) {
    const int64_t deadline_ms = clock_.MonotonicMs() + kPatienceMs;
    while (!wanted()) {
      if (clock_.MonotonicMs() > deadline_ms) return false;
      poll(nullptr, 0, 10);
    }
    return true;
  }

  // The position of the node that all of `running` call their leader; -1: they do not agree.
  int Leader(const std::vector<int>& running) {
    int leader = -1;
    for (const int node : running) {
      const auto answer = Ask(Url(node), "GET", "/v1/cluster");
      if (!answer.ok() || answer->status != 200) return -1;
      int seen = -1;
      for (int i = 0; i < kNodes; ++i) {
        const std::string text = "\"leader_id\":" + std::to_string(i + 1) + ",";
        if (answer->body.find(text) != std::string::npos) seen = i;
      }
      if (seen < 0 || (leader >= 0 && leader != seen)) return -1;
      leader = seen;
    }
    return leader;
  }
  int WaitForLeader(const std::vector<int>& running) {
    int leader = -1;
    EXPECT_TRUE(Eventually([&] { return (leader = Leader(running)) >= 0; }));
    return leader;
  }

  SystemClock clock_;
  NullLogger logger_;
  const std::string host_ = RandomLoopbackHost();
  const std::filesystem::path directory_ =
      std::filesystem::path(std::getenv("TEST_TMPDIR") ? std::getenv("TEST_TMPDIR") : "/tmp") /
      ("node_process_test." + std::to_string(getpid()) + "." + std::to_string(DrawSeed()));
  std::unique_ptr<NodeProcess> nodes_[kNodes];
};

// A client that writes through one node, one write after the other, until it is told to end.
class Writer {
 public:
  explicit Writer(const std::string& url)
      : client_(*http::Client::Create(url, {})), thread_([this] { Run(); }) {}

  // Returns when `count` more writes than now were answered.
  void WaitForMore(uint64_t count) {
    std::unique_lock lock(mutex_);
    const uint64_t target = answered_ + count;
    changed_.wait(lock, [&] { return answered_ >= target || !errors_.empty(); });
  }

  std::vector<std::string> End() {
    ending_ = true;
    thread_.join();
    return errors_;
  }

 private:
  void Run() {
    while (!ending_) {
      const auto answer =
          client_->Send({.method = "PUT", .target = "/v1/kv/a", .headers = {}, .body = "1"});
      const std::lock_guard lock(mutex_);
      ++answered_;
      if (!answer.ok()) errors_.push_back(answer.status().ToString());
      if (answer.ok() && answer->status != 200) errors_.push_back(answer->body);
      changed_.notify_all();
    }
  }

  std::unique_ptr<http::Client> client_;
  std::atomic<bool> ending_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t answered_ = 0;            // guarded by mutex_
  std::vector<std::string> errors_;  // guarded by mutex_ until the thread has ended
  std::thread thread_;               // last: it uses the others
};

TEST_F(NodeProcessTest, ThreeNodesServe) {
  for (int node = 0; node < kNodes; ++node) Start(node);
  const int leader = WaitForLeader({0, 1, 2});
  for (int node = 0; node < kNodes; ++node) {
    EXPECT_EQ(Ask(Url(node), "PUT", "/v1/kv/a", std::to_string(node))->status, 200);
    EXPECT_EQ(Ask(Url((node + 1) % kNodes), "GET", "/v1/kv/a")->body, std::to_string(node));
    EXPECT_EQ(Ask(Url(node, 2), "GET", "/readyz")->status, 200);
    EXPECT_EQ(Ask(Url(node, 2), "GET", "/livez")->status, 200);
    EXPECT_EQ(Ask(Url(node, 2), "GET", "/v1/kv/a")->status, 404) << "not on this port";
    const std::string metrics = Ask(Url(node, 2), "GET", "/metrics")->body;
    EXPECT_NE(metrics.find("\nbaton_server_has_leader 1\n"), std::string::npos);
    EXPECT_NE(metrics.find("\nbaton_server_is_leader " + std::to_string(node == leader) + "\n"),
              std::string::npos);
    EXPECT_NE(metrics.find("route=\"/v1/kv/{key...}\",method=\"PUT\",code=\"200\"} 1\n"),
              std::string::npos)
        << metrics;
    EXPECT_NE(metrics.find("\nprocess_resident_memory_bytes "), std::string::npos);
    EXPECT_NE(metrics.find("baton_peer_reachable{peer="), std::string::npos);
  }
}

TEST_F(NodeProcessTest, WhatWasWrittenIsThereAfterARestartOfAll) {
  for (int node = 0; node < kNodes; ++node) Start(node);
  WaitForLeader({0, 1, 2});
  EXPECT_EQ(Ask(Url(0), "PUT", "/v1/kv/a", "kept")->status, 200);
  for (auto& node : nodes_) {
    const Status stopped = node->Stop(2'000);
    node.reset();
  }
  for (int node = 0; node < kNodes; ++node) Start(node);
  WaitForLeader({0, 1, 2});
  EXPECT_EQ(Ask(Url(2), "GET", "/v1/kv/a")->body, "kept");
}

// The promise of a rolling restart: whoever writes through another node notices nothing.
TEST_F(NodeProcessTest, StoppingTheLeaderCostsWritersOfOtherNodesNoError) {
  for (int node = 0; node < kNodes; ++node) Start(node);
  for (int round = 0; round < 3; ++round) {
    const int leader = WaitForLeader({0, 1, 2});
    ASSERT_GE(leader, 0);
    const int others[] = {(leader + 1) % kNodes, (leader + 2) % kNodes};
    std::vector<std::unique_ptr<Writer>> writers;
    for (int i = 0; i < 4; ++i) writers.push_back(std::make_unique<Writer>(Url(others[i % 2])));
    for (auto& writer : writers) writer->WaitForMore(20);
    EXPECT_TRUE(nodes_[leader]->Stop(5'000).ok());
    nodes_[leader].reset();
    for (auto& writer : writers) writer->WaitForMore(20);
    for (auto& writer : writers) {
      for (const std::string& error : writer->End()) ADD_FAILURE() << error;
    }
    Start(leader);
  }
}

TEST_F(NodeProcessTest, StopAnswersWhoWaits) {
  Config config = ConfigOf(0, {{"initial-cluster", {"1=" + host_ + ":7401", "test"}}});
  auto opened = NodeProcess::Open(config, &clock_, &logger_);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  (*opened)->Start();
  EXPECT_EQ(WaitForLeader({0}), 0);
  const auto session = [&] {
    const std::string body = Ask(Url(0), "POST", "/v1/sessions", R"({"ttl":"60s"})")->body;
    return body.substr(body.find("\"id\":\"") + 6, 16);
  };
  const std::string holder = session(), waiter = session();
  const std::string acquire = "/v1/locks/a/acquire";
  EXPECT_EQ(Ask(Url(0), "POST", acquire, R"({"session":")" + holder + R"("})")->status, 200);
  std::thread waiting([&] {
    const auto answer =
        Ask(Url(0), "POST", acquire, R"({"session":")" + waiter + R"(","wait":"10m"})");
    ASSERT_TRUE(answer.ok()) << answer.status().ToString();
    EXPECT_EQ(answer->status, 503) << answer->body;
  });
  EXPECT_TRUE(Eventually([&] {
    return Ask(Url(0, 2), "GET", "/metrics")->body.find("\nbaton_lock_waiters 1\n") !=
           std::string::npos;
  }));
  (void)(*opened)->Stop(2'000).ok();
  waiting.join();
}

TEST_F(NodeProcessTest, APortInUseIsNamed) {
  Start(0);
  for (const std::string listener : {"client", "peer", "ops"}) {
    SettingValues over = {{"data-dir", {(directory_ / "other").string(), "test"}}};
    for (const std::string other : {"client", "peer", "ops"}) {
      if (other != listener) over[other + "-listen"] = {"127.0.0.1:0", "test"};
    }
    const auto opened = NodeProcess::Open(ConfigOf(0, over), &clock_, &logger_);
    ASSERT_FALSE(opened.ok());
    const std::string& message = opened.status().message();
    EXPECT_TRUE(message.starts_with(listener + "-listen: ")) << message;
    EXPECT_NE(message.find(host_), std::string::npos) << message;
    EXPECT_NE(message.find("in use"), std::string::npos) << message;
  }
}

TEST_F(NodeProcessTest, DataOfOthersIsRefused) {
  Start(0);
  auto opened = NodeProcess::Open(ConfigOf(0), &clock_, &logger_);
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.status().message().find("in use"), std::string::npos);
  (void)nodes_[0]->Stop(100).ok();
  nodes_[0].reset();
  opened =
      NodeProcess::Open(ConfigOf(0, {{"cluster-name", {"another", "test"}}}), &clock_, &logger_);
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.status().message().find("cluster"), std::string::npos);
  opened = NodeProcess::Open(ConfigOf(1, {{"data-dir", {(directory_ / "0").string(), "test"}}}),
                             &clock_, &logger_);
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.status().message().find("node"), std::string::npos);
}

}  // namespace
}  // namespace baton::batond
