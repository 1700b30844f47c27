// File: rounds.h
//
// Measures, round by round: ours, then the peer, then ours again.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pkg/base/status.h"
#include "test/bench/comparison.h"
#include "test/bench/etcd/measures.h"
#include "test/bench/etcd/side.h"

namespace baton::bench {

struct RoundsOptions {
  std::string etcd_server;  // programs; without one of the two ours alone is measured
  std::string etcd_driver;
  int rounds = 5;
  double seconds = 3;  // that a load takes on each side in each round
  // Of everything as little as gives an answer: whether it works, not how fast.
  bool quick = false;
};

// Both clusters run as long as anything is measured on them, and the one that is not is idle: to
// start them anew for each round would measure starts, and an idle one costs about a hundredth of a
// core. Says on standard error what it is at.
class Rounds {
 public:
  explicit Rounds(RoundsOptions options);
  ~Rounds();

  // Adds the rows of a measure. Not ok: the first error of a round, which has no values then.
  Status Run(const Measure& measure, std::vector<Comparison>* comparisons);

 private:
  struct Clusters;
  Status Start(std::unique_ptr<Clusters>* clusters) const;
  // One for each of the values.
  Result<std::vector<double>> RunOnce(const Measure& measure, Side& side) const;
  Result<std::vector<double>> RunLoadOnce(const Measure& measure, Side& side) const;

  RoundsOptions options_;
  std::string peer_name_, gateway_name_;
  std::unique_ptr<Clusters> clusters_;
};

}  // namespace baton::bench
