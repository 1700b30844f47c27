// File: watcher.h
//
// A client that watches: opens a watch on some node, reads along, and when it ends or its node dies
// goes on from where it was, through another one.
#pragma once

#include <cstdint>
#include <memory>

#include "pkg/base/random.h"
#include "pkg/node/testing/sim_cluster.h"
#include "test/sim/plan.h"
#include "test/sim/recorder.h"

namespace baton::sim {

class Watcher {
 public:
  // All must outlive it, and the cluster's nodes must not be stepped after it is gone.
  Watcher(uint64_t id, const ClientPlan& plan, const Plan& world,
          node::testing::SimCluster* cluster, Recorder* recorder);
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  void Start() { Open(/*from=*/0); }
  // It no longer ends its watches, and goes on from where it was when they are ended.
  void Settle() { settled_ = true; }
  // Every event up to this revision has been given, or is known to be gone.
  uint64_t through() const { return through_; }

 private:
  class Sink;

  void Open(uint64_t from);
  void LookAfter(const std::shared_ptr<Sink>& sink);
  // Soon, from this revision on; 0: from then on.
  void GoOn(uint64_t from);

  const uint64_t id_;
  const ClientPlan plan_;
  const uint64_t keys_;
  node::testing::SimCluster* const cluster_;
  Recorder* const recorder_;
  Random random_;
  history::Space space_ = history::Space::kKv;
  std::string prefix_;
  uint64_t watches_ = 0;
  bool settled_ = false;
  uint64_t through_ = 0;
};

}  // namespace baton::sim
