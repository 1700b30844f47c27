#include "test/chaos/workload.h"

#include <optional>
#include <utility>

#include "pkg/base/random.h"

namespace baton::chaos {
namespace {

using history::Kind;
using history::Operation;
using history::Outcome;
using history::Space;

constexpr int kRoaming = 2;

std::optional<int> HomeOf(int worker, const WorkloadOptions& options) {
  if (worker >= options.workers - kRoaming) return std::nullopt;
  return worker % static_cast<int>(options.urls.size());
}

// Whether it succeeded.
bool Read(Client* client, int node, Kind kind, Space space, const std::string& key) {
  Operation read;
  read.kind = kind;
  read.space = space;
  read.key = key;
  return client->Do(std::move(read), {.node = node}).outcome == Outcome::kOk;
}

}  // namespace

Workload::Workload(const WorkloadOptions& options, Recorder* recorder) {
  Random random(options.seed);
  uint64_t number = 0;
  for (int worker = 0; worker < options.workers; ++worker) {
    ClientOptions client;
    client.number = ++number;
    client.urls = options.urls;
    client.home = HomeOf(worker, options);
    client.seed = random.NextU64();
    workers_.push_back(std::make_unique<Worker>(client, options.think_ms_max, recorder));
  }
  const std::vector<std::pair<Space, std::string>> watched = {
      {Space::kKv, ""}, {Space::kKv, "hot-"}, {Space::kElection, "election-0"}};
  for (const auto& [space, prefix] : watched) {
    const WatcherOptions watcher = {.number = ++number,
                                    .urls = options.urls,
                                    .space = space,
                                    .prefix = prefix,
                                    .seed = random.NextU64()};
    watchers_.push_back(std::make_unique<Watcher>(watcher, recorder));
  }
  for (const auto& worker : workers_) {
    threads_.emplace_back([this, one = worker.get()] { one->Run(stop_); });
  }
  for (const auto& watcher : watchers_) {
    threads_.emplace_back([one = watcher.get()] { one->Run(); });
  }
}

std::vector<std::string> Workload::WatchersBehind(uint64_t revision) const {
  std::vector<std::string> behind;
  for (const auto& watcher : watchers_) {
    if (watcher->through() < revision) behind.push_back(watcher->Name());
  }
  return behind;
}

void Workload::Stop() {
  stop_ = true;
  for (const auto& watcher : watchers_) watcher->Stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

uint64_t ReadEverything(const std::vector<std::string>& urls, uint64_t number, Recorder* recorder,
                        int64_t patience_ms) {
  ClientOptions options;
  options.number = number;
  options.urls = urls;
  options.patience_ms = patience_ms;
  Client client(options, recorder);
  uint64_t failed = 0;
  const auto read = [&](int node, Kind kind, Space space, const std::string& key) {
    if (!Read(&client, node, kind, space, key)) ++failed;
  };
  for (int node = 0; node < static_cast<int>(urls.size()); ++node) {
    for (const std::string& key : AllKeys()) read(node, Kind::kGet, Space::kKv, key);
    for (uint64_t lock = 0; lock < kLocks; ++lock) {
      read(node, Kind::kHolder, Space::kLock, "lock-" + std::to_string(lock));
    }
    for (uint64_t election = 0; election < kElections; ++election) {
      read(node, Kind::kHolder, Space::kElection, "election-" + std::to_string(election));
    }
  }
  return failed;
}

}  // namespace baton::chaos
