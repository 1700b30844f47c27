// File: nemesis.h
//
// Who makes things go wrong: draws faults from a seed, begins and ends them. In each lane
// (fault_kind.h) every kind that is allowed comes up once before any comes up again, in an order of
// its own each time.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pkg/base/random.h"
#include "test/chaos/fault_kind.h"

namespace baton::chaos {

struct NemesisOptions {
  uint64_t seed = 1;
  std::vector<FaultKind> kinds;
  int64_t fault_ms_max = 8'000;  // of one fault, whatever its kind allows
  int64_t calm_ms_max = 3'000;   // between two of a lane
};

class Nemesis {
 public:
  // `log` is called with a sentence for each begin and end.
  Nemesis(const NemesisOptions& options, Scene* scene, std::function<void(std::string)> log);

  // Does what is due. Often, with any clock that does not go back; on the thread of the nodes.
  void Step(int64_t now_ms);
  // Ends what is under way.
  void EndAll();

  // How often each kind of the options began; one that did not come about is not counted.
  const std::map<std::string, int>& counts() const { return counts_; }

 private:
  struct LaneState {
    std::vector<FaultKind> kinds;
    std::deque<FaultKind> bag;      // what is to come before the next shuffle
    std::optional<Fault> fault;     // under way
    std::optional<int64_t> due_ms;  // when the next thing happens; nothing: before the first Step
  };
  void StepLane(LaneState* lane, int64_t now_ms);
  void Begin(LaneState* lane, int64_t now_ms);
  void End(LaneState* lane);

  const NemesisOptions options_;
  Scene* const scene_;
  const std::function<void(std::string)> log_;
  Random random_;
  LaneState lanes_[2];
  std::map<std::string, int> counts_;
};

}  // namespace baton::chaos
