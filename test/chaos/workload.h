// File: workload.h
//
// All clients of a chaos run, each on a thread of its own: workers, two of which roam over all
// nodes while the others each have a home, and three who watch.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "test/chaos/recorder.h"
#include "test/chaos/watcher.h"
#include "test/chaos/worker.h"

namespace baton::chaos {

struct WorkloadOptions {
  std::vector<std::string> urls;  // of the nodes
  int workers = 8;
  uint64_t seed = 1;
  int64_t think_ms_max = 10;  // between two operations of a worker
};

class Workload {
 public:
  // The recorder must outlive it.
  Workload(const WorkloadOptions& options, Recorder* recorder);
  ~Workload() { Stop(); }

  // The names of those who watch and have not been told all up to that revision.
  std::vector<std::string> WatchersBehind(uint64_t revision) const;

  // Waits until each client has ended the operation that it was in.
  void Stop();

 private:
  std::atomic<bool> stop_{false};
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<Watcher>> watchers_;
  std::vector<std::thread> threads_;
};

// Every key that the workers use, once through each node, as linearizable reads of a client of its
// own, and who holds what. Returns how many of these reads failed, each after so much patience: of
// a cluster that is well, none.
inline constexpr int64_t kLastReadPatienceMs = 20'000;
uint64_t ReadEverything(const std::vector<std::string>& urls, uint64_t client, Recorder* recorder,
                        int64_t patience_ms = kLastReadPatienceMs);

}  // namespace baton::chaos
