// What a million keys cost one node, and how long it takes to start with them (--keys=N: others).
// The keys go through a real node (pkg/node and pkg/storage in this process, default settings) with
// as many writes under way as 64 clients would have. Then real processes start on that directory,
// after a kill -9 and after a stop in order. Printed: the rate; write amplification, which is bytes
// given to the disk for each byte of keys and values; disk per key; the times until /readyz says
// that the node serves. The exit code says whether a start takes less than 5 s.
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/base/check.h"
#include "pkg/base/logger.h"
#include "pkg/base/random.h"
#include "pkg/base/system_clock.h"
#include "pkg/node/runner.h"
#include "pkg/storage/data_dir.h"
#include "test/integration/cluster.h"

namespace baton::integration {
namespace {

constexpr size_t kUnderWayMax = 64;
constexpr size_t kValueBytes = 256;
constexpr int kStarts = 5;
constexpr int64_t kTimeoutMs = 120'000;
constexpr double kStartSecondsMax = 5;
constexpr double kMib = 1 << 20;

// A node alone has nobody to speak to.
class NoTransport final : public node::Transport {
 public:
  bool Send(NodeId, node::PeerMessage) override { return false; }
  void SetStamp(const node::EnvelopeStamp&) override {}
  void SendSnapshot(NodeId, raft::Message, std::unique_ptr<node::SnapshotReader>) override {}
  void CancelSnapshot(NodeId) override {}
};

// Bytes that this process has caused to be written to the disk so far.
uint64_t WrittenBytes() {
  std::ifstream io("/proc/self/io");
  std::string name;
  uint64_t value = 0;
  while (io >> name >> value) {
    if (name == "write_bytes:") return value;
  }
  return 0;
}

uint64_t DiskBytes(const std::string& directory) {
  uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file() && entry.path().filename() != "RESERVE") bytes += entry.file_size();
  }
  return bytes;
}

// Keeps kUnderWayMax writes under way.
class Window {
 public:
  void Enter() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return under_way_ < kUnderWayMax; });
    ++under_way_;
  }
  void Leave() {
    const std::lock_guard lock(mutex_);
    --under_way_;
    changed_.notify_all();
  }
  void AwaitEmpty() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return under_way_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t under_way_ = 0;
};

coord::Command PutOf(uint64_t number, Random* random) {
  char key[32];
  std::snprintf(key, sizeof(key), "key/%08llu", static_cast<unsigned long long>(number));
  coord::KvPut put;
  put.key = key;
  while (put.value.size() < kValueBytes) {  // chance does not compress
    const uint64_t word = random->NextU64();
    put.value.append(reinterpret_cast<const char*>(&word), sizeof(word));
  }
  return {"", "", std::move(put)};
}

class MillionKeys {
 public:
  explicit MillionKeys(uint64_t keys) : keys_(keys), cluster_({.nodes = 1, .extra_flags = {}}) {}

  bool Run() {
    MakeDirectory();
    Fill();
    const double killed = Starts("after kill -9", SIGKILL);
    const double stopped = Starts("after SIGTERM", SIGTERM);
    const bool holds = std::max(killed, stopped) < kStartSecondsMax;
    std::printf("%s\n", holds ? "holds" : "does not hold");
    return holds;
  }

 private:
  void MakeDirectory() {
    cluster_.Start(0);
    CHECK(cluster_.WaitUntilReady(0, kTimeoutMs)) << cluster_.Log(0);
    const auto view = Request(cluster_.client_url(0), "GET", "/v1/cluster");
    CHECK(view.ok());
    cluster_id_ = nlohmann::json::parse(view->body)["cluster_id"];
    Stop(SIGTERM);
  }

  void Stop(int signal) {
    cluster_.process(0).Signal(signal);
    CHECK(cluster_.process(0).Wait(kTimeoutMs).has_value());
  }

  void Fill() {
    auto data = storage::DataDir::Open(cluster_.data_dir(0),
                                       {.cluster_id = cluster_id_, .node_id = NodeId(1)});
    CHECK(data.ok()) << data.status().ToString();
    node::NodeConfig config;
    config.id = NodeId(1);
    config.cluster_id = cluster_id_;
    config.voters = {NodeId(1)};
    config.seed = 1;
    SystemClock clock;
    NullLogger logger;
    NoTransport transport;
    auto runner = node::Runner::Create(config, {.log = &(*data)->log(),
                                                .state = &(*data)->state(),
                                                .transport = &transport,
                                                .clock = &clock,
                                                .logger = &logger});
    CHECK(runner.ok()) << runner.status().ToString();
    (*runner)->Start();
    const uint64_t written_before = WrittenBytes();
    const int64_t begun_ms = NowMs();
    Put(runner->get());
    const double seconds = static_cast<double>(NowMs() - begun_ms) / 1000;
    (*runner)->Stop();
    runner->reset();
    data->reset();  // makes all of it durable
    Report(seconds, WrittenBytes() - written_before);
  }

  void Put(node::Runner* runner) {
    Random random(7);
    Window window;
    std::atomic<uint64_t> failed{0};
    for (uint64_t i = 0; i < keys_; ++i) {
      window.Enter();
      runner->Submit(PutOf(i, &random), kTimeoutMs, [&](const Result<coord::Reply>& reply) {
        if (!reply.ok() || !reply->status.ok()) ++failed;
        window.Leave();
      });
      if (i % 10'000 == 0)
        std::fprintf(stderr, "\rwritten: %llu", static_cast<unsigned long long>(i));
    }
    window.AwaitEmpty();
    std::fprintf(stderr, "\rwritten: %llu\n", static_cast<unsigned long long>(keys_));
    CHECK_EQ(failed.load(), 0U);
  }

  void Report(double seconds, uint64_t written_bytes) {
    const auto keys = static_cast<double>(keys_);
    const double data_bytes = keys * (kValueBytes + 12);
    const auto disk_bytes = static_cast<double>(DiskBytes(cluster_.data_dir(0)));
    std::printf("%.0f keys of 12 bytes with values of %zu\n", keys, kValueBytes);
    std::printf("put, 64 under way      %8.0f /s\n", keys / seconds);
    std::printf("write amplification    %8.2f   (%.0f MiB written for %.0f)\n",
                static_cast<double>(written_bytes) / data_bytes,
                static_cast<double>(written_bytes) / kMib, data_bytes / kMib);
    std::printf("disk per key           %8.0f bytes   (%.0f MiB with log and history)\n",
                disk_bytes / keys, disk_bytes / kMib);
    std::fflush(stdout);
  }

  // The longest of some starts.
  double Starts(const char* how, int signal) {
    std::vector<double> seconds;
    uint64_t resident_bytes = 0;
    for (int i = 0; i < kStarts; ++i) {
      const int64_t begun_ms = NowMs();
      cluster_.Start(0);
      CHECK(cluster_.WaitUntilReady(0, kTimeoutMs)) << cluster_.Log(0);
      seconds.push_back(static_cast<double>(NowMs() - begun_ms) / 1000);
      resident_bytes = cluster_.process(0).ResidentBytes();
      const auto last = Request(cluster_.client_url(0), "GET", "/v1/kv/key/00000000");
      CHECK(last.ok() && last->status == 200);
      // What the next start has to read again.
      for (int put = 0; put < 100; ++put) {
        CHECK(Request(cluster_.client_url(0), "PUT", "/v1/kv/more", std::to_string(put)).ok());
      }
      Stop(signal);
    }
    std::sort(seconds.begin(), seconds.end());
    std::printf("start %-16s %8.2f s median, %.2f s longest of %d; %.1f MiB resident\n", how,
                seconds[seconds.size() / 2], seconds.back(), kStarts,
                static_cast<double>(resident_bytes) / kMib);
    std::fflush(stdout);
    return seconds.back();
  }

  const uint64_t keys_;
  Cluster cluster_;
  std::string cluster_id_;
};

int Main(const std::vector<std::string_view>& arguments) {
  uint64_t keys = 1'000'000;
  constexpr std::string_view kKeys = "--keys=";
  for (const std::string_view argument : arguments) {
    if (argument.starts_with(kKeys))
      keys = std::strtoull(argument.data() + kKeys.size(), nullptr, 10);
  }
  CHECK_GT(keys, 0U);
  return MillionKeys(keys).Run() ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace baton::integration

int main(int argc, char** argv) { return baton::integration::Main({argv + 1, argv + argc}); }
