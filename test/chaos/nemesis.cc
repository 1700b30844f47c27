#include "test/chaos/nemesis.h"

#include <algorithm>
#include <utility>

namespace baton::chaos {

Nemesis::Nemesis(const NemesisOptions& options, Scene* scene, std::function<void(std::string)> log)
    : options_(options), scene_(scene), log_(std::move(log)), random_(options.seed) {
  for (const FaultKind& kind : options.kinds) {
    lanes_[kind.lane == Lane::kNodes ? 0 : 1].kinds.push_back(kind);
    counts_[std::string(kind.name)] = 0;
  }
}

void Nemesis::Step(int64_t now_ms) {
  for (LaneState& lane : lanes_) StepLane(&lane, now_ms);
}

void Nemesis::StepLane(LaneState* lane, int64_t now_ms) {
  const auto calm_ms = [&] {
    return static_cast<int64_t>(random_.Below(static_cast<uint64_t>(options_.calm_ms_max) + 1));
  };
  if (lane->kinds.empty()) return;
  if (!lane->due_ms) lane->due_ms = now_ms + calm_ms();
  if (now_ms < *lane->due_ms) return;
  if (!lane->fault) return Begin(lane, now_ms);
  End(lane);
  lane->due_ms = now_ms + calm_ms();
}

void Nemesis::Begin(LaneState* lane, int64_t now_ms) {
  if (lane->bag.empty()) {
    lane->bag.assign(lane->kinds.begin(), lane->kinds.end());
    for (size_t i = lane->bag.size(); i > 1; --i) {
      std::swap(lane->bag[i - 1], lane->bag[random_.Below(i)]);
    }
  }
  const FaultKind kind = lane->bag.front();
  lane->bag.pop_front();
  const int64_t longest_ms =
      std::max(kind.shortest_ms + 1, std::min(kind.longest_ms, options_.fault_ms_max));
  const auto lasts_ms = static_cast<int64_t>(
      random_.Between(static_cast<uint64_t>(kind.shortest_ms), static_cast<uint64_t>(longest_ms)));
  lane->due_ms = now_ms + lasts_ms;
  Fault fault = kind.begin(scene_);
  if (!fault.end) return log_("not begun: " + fault.what);
  lane->fault = std::move(fault);
  ++counts_[std::string(kind.name)];
  log_(lane->fault->what + ", for " + std::to_string(lasts_ms) + " ms");
}

void Nemesis::End(LaneState* lane) {
  lane->fault->end();
  log_("over: " + lane->fault->what);
  lane->fault.reset();
}

void Nemesis::EndAll() {
  for (LaneState& lane : lanes_) {
    if (lane.fault) End(&lane);
  }
}

}  // namespace baton::chaos
