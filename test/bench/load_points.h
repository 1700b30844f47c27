// File: load_points.h
//
// The load generator (pkg/load) in this process, as the programs here want it: one load of keys
// and what came of it, and sessions that somebody else keeps alive meanwhile.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "pkg/base/status.h"
#include "pkg/load/run.h"
#include "test/integration/cluster.h"

namespace baton::bench {

inline constexpr int64_t kReadyTimeoutMs = 60'000;

// Starts all nodes; returns when each is ready. CHECK-fails when one is not.
std::unique_ptr<integration::Cluster> StartReadyCluster(const integration::ClusterOptions& options);
std::vector<std::string> ClientUrls(integration::Cluster* cluster);

struct LoadPoint {
  double rate_per_s = 0;
  double mean_us = 0;
  double p50_us = 0;
  double p99_us = 0;
  uint64_t operations = 0;
  uint64_t errors = 0;
  std::string first_error;  // the reason of one of them
  double generator_busy = 0;
};

struct KeyLoad {
  load::Bench bench = load::Bench::kPut;  // or kGet, which writes all keys first
  uint64_t keys = 1000;                   // of 32 bytes, chosen at random; they stay
  uint64_t value_bytes = 256;
  uint64_t clients = 64;  // each with a connection; closed loop
  double seconds = 5;
  uint64_t total = 0;  // operations instead of seconds; 0: seconds
};

// Blocks. kUnavailable: nothing was measured.
Result<LoadPoint> RunKeyLoad(const std::vector<std::string>& urls, const KeyLoad& wanted);

// So many sessions with a time to live of two minutes, kept alive every third of it over
// connections of their own, 257 at most. One of them is made and closed now and then.
class KeptSessions {
 public:
  // Returns when all are there and are being kept.
  static Result<std::unique_ptr<KeptSessions>> Start(const std::vector<std::string>& urls,
                                                     uint64_t sessions);
  ~KeptSessions();
  // Leaves them to their end. Of keepalives.
  LoadPoint Stop();

 private:
  KeptSessions() = default;
  void Run(const load::Settings& settings);

  std::thread thread_;
  std::atomic<int> interrupts_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool begun_ = false;  // guarded by mutex_, as is what follows
  bool ended_ = false;
  Result<load::Report> report_ = load::Report();
};

}  // namespace baton::bench
