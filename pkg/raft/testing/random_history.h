// File: random_history.h
//
// One history of a cluster from one seed, the same to the last byte each time: clients
// (random_clients.h), faults (random_faults.h) and time in a cluster that the seed chose
// (random_options.h). First a phase in which only safety is asked for: checker.h looks after every
// step. Then everything is healed, an operator looks after it (played_operator.h), and the cluster
// must come to life within a bound. For tests.
//
//   RandomHistory history(seed);
//   history.RunSafetyPhase();
//   const Status lives = history.RunLivenessPhase();
#pragma once

#include <cstdint>
#include <string>

#include "pkg/base/status.h"
#include "pkg/raft/testing/played_operator.h"
#include "pkg/raft/testing/random_clients.h"
#include "pkg/raft/testing/random_cluster.h"
#include "pkg/raft/testing/random_faults.h"

namespace baton::raft::testing {

// What happened in all histories; by the cores' own counters, since the last restart of each node.
struct HistoryTotals {
  uint64_t histories = 0;
  uint64_t committed = 0;
  uint64_t reads = 0;
  uint64_t lease_reads = 0;
  uint64_t elections = 0;
  uint64_t rejections = 0;
  uint64_t snapshots = 0;
  uint64_t without_quorum = 0;
  uint64_t slow_disks = 0;
  uint64_t changes = 0;
  uint64_t priority_refusals = 0;
  uint64_t disks_lost = 0;
  uint64_t steps_asleep = 0;
};

class RandomHistory {
 public:
  explicit RandomHistory(uint64_t seed);

  // Aborts when a promise is broken.
  void RunSafetyPhase();
  // kDeadlineExceeded, and what each node holds, if there is no leader, all logs alike, a new
  // command applied everywhere and reads answered within a bound.
  Status RunLivenessPhase();

  // All messages from here on, one per line.
  void Record() { world_.cluster.Record(); }
  // Since the last call; and what every node holds now.
  std::string TakeTranscript();

  void AddTo(HistoryTotals& totals) const;

 private:
  void OneStep();
  bool TryToConverge();
  bool ReadsAreAnswered();
  // Where every node is, and what is said in the next two ticks.
  std::string DescribeAll();

  RandomCluster world_;
  RandomFaults faults_;
  RandomClients clients_;
  PlayedOperator operator_;
  uint64_t steps_asleep_ = 0;  // of all nodes
};

}  // namespace baton::raft::testing
