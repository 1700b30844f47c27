// Show: nodes that are known by their names, as pods are. They found a cluster when all are there,
// and only then; who has lost its disk waits and never votes; members come and go, lose their disks
// and move to other addresses while clients write, and nothing acknowledged is lost.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "test/integration/cluster.h"
#include "test/integration/retrying_client.h"

namespace baton::integration {
namespace {

using nlohmann::json;

constexpr int kInitial = 3;
constexpr int64_t kPatienceMs = 60'000;

// Nodes pod-0, pod-1, ..., of which the first three are the initial members.
class Pods {
 public:
  explicit Pods(int count) : pods_(static_cast<size_t>(count)) {
    for (size_t i = 0; i < pods_.size(); ++i) {
      pods_[i].client = Port();
      pods_[i].peer = Port();
      pods_[i].ops = Port();
      if (i < kInitial) peers_ += (i ? "," : "") + Name(i) + "=" + Address(pods_[i].peer);
    }
  }

  static std::string Name(size_t i) { return "pod-" + std::to_string(i); }
  std::string Url(size_t i) const { return "http://" + Address(pods_[i].client); }
  std::string OpsUrl(size_t i) const { return "http://" + Address(pods_[i].ops); }
  std::vector<std::string> Urls() const {
    std::vector<std::string> urls;
    for (size_t i = 0; i < pods_.size(); ++i) urls.push_back(Url(i));
    return urls;
  }

  void Start(size_t i) {
    Pod& pod = pods_[i];
    pod.process = Process::Start(
        {BatondPath(), "--name=" + Name(i), "--peers=" + peers_,
         "--peer-address=" + Address(pod.peer), "--data-dir=" + DataDir(i),
         "--client-listen=" + Address(pod.client), "--peer-listen=" + Address(pod.peer),
         "--ops-listen=" + Address(pod.ops), "--cluster-name=test"},
        directory_.path() + "/" + Name(i) + ".log");
  }
  void StartInitial() {
    for (size_t i = 0; i < kInitial; ++i) Start(i);
  }
  void Kill(size_t i) { pods_[i].process.Kill(); }
  void Wipe(size_t i) { std::filesystem::remove_all(DataDir(i)); }
  // It will be somewhere else.
  void Move(size_t i) { pods_[i].peer = Port(); }
  std::string Log(size_t i) const { return ReadFile(directory_.path() + "/" + Name(i) + ".log"); }

  json Status(size_t i) const {
    const auto answer = Request(Url(i), "GET", "/v1/cluster", "", {}, 2'000);
    if (!answer.ok() || answer->status != 200) return json::object();
    return json::parse(answer->body, nullptr, false);
  }
  std::string Standing(size_t i) const { return Status(i).value("standing", "silent"); }
  bool AwaitStanding(size_t i, const std::string& standing, int64_t timeout_ms = kPatienceMs) {
    return WaitUntil(timeout_ms, [&] { return Standing(i) == standing; });
  }
  bool Ready(size_t i) const {
    const auto answer = Request(OpsUrl(i), "GET", "/readyz", "", {}, 2'000);
    return answer.ok() && answer->status == 200;
  }
  bool AwaitReady(size_t i, int64_t timeout_ms = kPatienceMs) {
    return WaitUntil(timeout_ms, [&] { return Ready(i); });
  }
  // batonctl, asking these pods.
  int Run(std::vector<std::string> arguments, const std::vector<size_t>& asked,
          std::string* output = nullptr) {
    arguments.insert(arguments.begin(), ProgramPath("cmd/batonctl/batonctl"));
    std::string endpoints;
    for (const size_t i : asked) endpoints += (endpoints.empty() ? "" : ",") + Url(i);
    arguments.push_back("--endpoints=" + endpoints);
    const std::string path = directory_.path() + "/batonctl." + std::to_string(++runs_);
    Process process = Process::Start(arguments, path);
    const int code = process.Wait(kPatienceMs).value_or(-1);
    const std::string said = ReadFile(path);
    if (output != nullptr) *output = said;
    if (code != 0) outputs_ += said;
    return code;
  }
  const std::string& complaints() const { return outputs_; }

 private:
  struct Pod {
    Process process;
    uint16_t client = 0, peer = 0, ops = 0;
  };
  static std::string Address(uint16_t port) { return "127.0.0.1:" + std::to_string(port); }
  uint16_t Port() {
    static std::vector<uint16_t> ports = FreePorts(64);  // all different
    const uint16_t port = ports.back();
    ports.pop_back();
    return port;
  }
  std::string DataDir(size_t i) const { return directory_.path() + "/" + Name(i); }

  TemporaryDirectory directory_;
  std::string peers_;
  std::string outputs_;
  int runs_ = 0;
  std::vector<Pod> pods_;
};

// Clients that write, each its own keys, and remember what was acknowledged.
class Writers {
 public:
  Writers(const std::vector<std::string>& urls, int count) {
    for (int id = 0; id < count; ++id) {
      threads_.emplace_back([this, urls, id] { Write(urls, id); });
    }
  }
  ~Writers() { Stop(); }
  void Stop() {
    stop_ = true;
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }
  size_t count() {
    const std::lock_guard lock(mutex_);
    return acknowledged_.size();
  }
  // Whether writes go on.
  bool AwaitMore() {
    const size_t before = count();
    return WaitUntil(kPatienceMs, [&] { return count() > before + 20; });
  }
  // Call after Stop.
  const std::map<std::string, std::string>& acknowledged() const { return acknowledged_; }

 private:
  void Write(const std::vector<std::string>& urls, int id) {
    RetryingClient client(urls, "writer-" + std::to_string(id), static_cast<size_t>(id));
    for (int n = 0; !stop_; ++n) {
      const std::string key = "w" + std::to_string(id) + "/" + std::to_string(n);
      const auto answer = client.Change("PUT", "/v1/kv/" + key, std::to_string(n), kPatienceMs);
      if (answer.status != 200) continue;
      const std::lock_guard lock(mutex_);
      acknowledged_[key] = std::to_string(n);
    }
  }

  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::map<std::string, std::string> acknowledged_;  // guarded by mutex_
  std::vector<std::thread> threads_;
};

void ExpectAllThere(const Pods& pods, size_t at,
                    const std::map<std::string, std::string>& acknowledged) {
  RetryingClient client({pods.Url(at)}, "reader", 0);
  size_t lost = 0;
  for (const auto& [key, value] : acknowledged) {
    const auto answer = client.Get("/v1/kv/" + key, kPatienceMs);
    if (answer.status != 200 || answer.body != value) ++lost;
  }
  EXPECT_EQ(lost, 0u) << "of " << acknowledged.size();
}

TEST(MembersTest, ThreeFreshNodesFoundAClusterInSecondsAndFindItAgain) {
  Pods pods(kInitial);
  const int64_t begun_ms = NowMs();
  pods.StartInitial();
  for (size_t i = 0; i < kInitial; ++i) ASSERT_TRUE(pods.AwaitReady(i, 20'000)) << pods.Log(i);
  RecordProperty("ready_ms", static_cast<int>(NowMs() - begun_ms));
  const std::string cluster = pods.Status(0)["cluster_id"];
  for (size_t i = 0; i < kInitial; ++i) {
    EXPECT_EQ(pods.Status(i)["cluster_id"], cluster);
    EXPECT_EQ(pods.Status(i)["node_name"], Pods::Name(i));
    EXPECT_EQ(pods.Status(i)["members"].size(), 3u);
  }
  for (size_t i = 0; i < kInitial; ++i) pods.Kill(i);
  pods.Start(0);
  pods.Start(2);
  ASSERT_TRUE(pods.AwaitReady(0)) << "two of three are a quorum of what was founded";
  EXPECT_EQ(pods.Status(2)["cluster_id"], cluster);
}

TEST(MembersTest, NoPartFoundsACluster) {
  Pods pods(kInitial);
  pods.Start(0);
  pods.Start(1);
  ASSERT_TRUE(pods.AwaitStanding(0, "forming", 10'000));
  EXPECT_FALSE(WaitUntil(3'000, [&] { return pods.Ready(0) || pods.Ready(1); }));
  EXPECT_NE(pods.Status(0).value("standing_detail", "").find("pod-2"), std::string::npos)
      << pods.Status(0);
  const auto startup = Request(pods.OpsUrl(0), "GET", "/startupz");
  ASSERT_TRUE(startup.ok());
  EXPECT_EQ(startup->status, 200);
  const auto refused = Request(pods.Url(0), "PUT", "/v1/kv/a", "1");
  ASSERT_TRUE(refused.ok());
  EXPECT_EQ(refused->status, 503);
  EXPECT_NE(refused->body.find("not_a_member"), std::string::npos) << refused->body;
  pods.Kill(1);
  pods.Start(2);
  EXPECT_FALSE(WaitUntil(2'000, [&] { return pods.Ready(0) || pods.Ready(2); }))
      << "pod-1 may hold all that a cluster has decided";
  pods.Start(1);
  EXPECT_TRUE(pods.AwaitReady(0, 20'000));
}

TEST(MembersTest, EmptyDisksUnderKnownNamesDecideNothing) {
  Pods pods(kInitial);
  pods.StartInitial();
  ASSERT_TRUE(pods.AwaitReady(0));
  ASSERT_TRUE(pods.AwaitReady(1));
  RetryingClient client({pods.Url(0)}, "c", 0);
  ASSERT_EQ(client.Change("PUT", "/v1/kv/a", "1", kPatienceMs).status, 200);
  for (size_t i = 0; i < kInitial; ++i) pods.Kill(i);
  // A majority of empty disks, and nobody who knows better.
  pods.Wipe(1);
  pods.Wipe(2);
  pods.Start(1);
  pods.Start(2);
  ASSERT_TRUE(pods.AwaitStanding(1, "forming"));
  EXPECT_FALSE(WaitUntil(4'000, [&] { return pods.Ready(1) || pods.Ready(2); }));
  // The one that knows.
  pods.Start(0);
  ASSERT_TRUE(pods.AwaitStanding(1, "identity_lost")) << pods.Status(1);
  ASSERT_TRUE(pods.AwaitStanding(2, "identity_lost"));
  EXPECT_FALSE(WaitUntil(4'000, [&] { return pods.Ready(0); })) << "nobody votes for it";
  EXPECT_NE(pods.Log(1).find("identity_lost"), std::string::npos);
}

TEST(MembersTest, MembersComeGoLoseTheirDisksAndMoveUnderLoad) {
  Pods pods(5);
  pods.StartInitial();
  for (size_t i = 0; i < kInitial; ++i) ASSERT_TRUE(pods.AwaitReady(i)) << pods.Log(i);
  Writers writers(pods.Urls(), 4);

  // 3 to 5: a new node waits until somebody adds it, by its name alone.
  for (const size_t i : {size_t{3}, size_t{4}}) {
    pods.Start(i);
    ASSERT_TRUE(pods.AwaitStanding(i, "waiting")) << pods.Log(i);
    ASSERT_EQ(pods.Run({"member", "add", Pods::Name(i), "--promote", "--wait=50s"}, {0, 1, 2}), 0)
        << pods.complaints();
    ASSERT_TRUE(pods.AwaitReady(i)) << pods.Log(i);
  }
  ASSERT_TRUE(writers.AwaitMore());
  std::string listed;
  EXPECT_EQ(pods.Run({"member", "list"}, {4}, &listed), 0);
  EXPECT_NE(listed.find("pod-4"), std::string::npos) << listed;

  // A lost disk: it says so, and is replaced.
  pods.Kill(1);
  pods.Wipe(1);
  pods.Start(1);
  ASSERT_TRUE(pods.AwaitStanding(1, "identity_lost")) << pods.Log(1);
  EXPECT_NE(pods.Run({"member", "add", "pod-1"}, {0, 2, 3, 4}), 0) << "the old one has the name";
  ASSERT_EQ(pods.Run({"member", "remove", "pod-1"}, {0, 2, 3, 4}), 0) << pods.complaints();
  ASSERT_TRUE(pods.AwaitStanding(1, "waiting"));
  ASSERT_EQ(pods.Run({"member", "add", "pod-1", "--promote", "--wait=50s"}, {0, 2, 3, 4}), 0)
      << pods.complaints();
  ASSERT_TRUE(pods.AwaitReady(1)) << pods.Log(1);
  ASSERT_TRUE(writers.AwaitMore());

  // One that moves, and then another: each is found where it is now.
  for (const size_t i : {size_t{2}, size_t{3}}) {
    pods.Kill(i);
    pods.Move(i);
    pods.Start(i);
    ASSERT_TRUE(pods.AwaitReady(i)) << pods.Log(i);
  }
  ASSERT_TRUE(writers.AwaitMore());

  // 5 to 3, whoever leads.
  for (const size_t i : {size_t{4}, size_t{3}}) {
    ASSERT_EQ(pods.Run({"member", "remove", Pods::Name(i)}, {0, 1, 2, 3, 4}), 0)
        << pods.complaints();
    ASSERT_TRUE(pods.AwaitStanding(i, "removed")) << pods.Status(i) << pods.Log(i);
  }
  const auto refused = Request(pods.Url(4), "GET", "/v1/kv/w0/0?consistency=stale");
  ASSERT_TRUE(refused.ok());
  EXPECT_EQ(refused->status, 503);
  EXPECT_NE(refused->body.find("member_removed"), std::string::npos) << refused->body;
  ASSERT_TRUE(writers.AwaitMore());

  // A removed one comes back with the disk that it has.
  ASSERT_EQ(pods.Run({"member", "add", "pod-3", "--promote", "--wait=50s"}, {0, 1, 2}), 0)
      << pods.complaints();
  ASSERT_TRUE(pods.AwaitReady(3)) << pods.Log(3);

  ASSERT_TRUE(writers.AwaitMore());
  writers.Stop();
  for (const size_t i : {size_t{0}, size_t{1}, size_t{2}, size_t{3}}) {
    ExpectAllThere(pods, i, writers.acknowledged());
  }
}

}  // namespace
}  // namespace baton::integration
