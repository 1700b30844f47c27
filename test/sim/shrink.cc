#include "test/sim/shrink.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace baton::sim {
namespace {

// Then nothing more is tried; what is left is small enough to read.
constexpr std::chrono::seconds kTimeMax(60);

class Shrinker {
 public:
  Shrinker(const Plan& plan, const std::string& why, uint64_t runs_max,
           const std::function<SeedResult(const Plan&)>& run)
      : kind_(KindOf(why)), runs_max_(runs_max), run_(run), shrunk_{plan, why, 0} {}

  Shrunk Run() {
    bool smaller = true;
    while (smaller && !Ended()) {
      smaller = Shorten();
      smaller |= LeaveOut(&Plan::faults);
      smaller |= LeaveOut(&Plan::clients);
      smaller |= FewerOperations();
      smaller |= Milder();
    }
    return shrunk_;
  }

 private:
  bool Ended() const {
    return shrunk_.runs >= runs_max_ || std::chrono::steady_clock::now() >= end_;
  }

  // Takes the plan instead if it still fails.
  bool Try(const Plan& plan) {
    if (Ended()) return false;
    ++shrunk_.runs;
    const SeedResult result = run_(plan);
    if (result.held || KindOf(result.why) != kind_) return false;
    shrunk_.plan = plan;
    shrunk_.why = result.why;
    return true;
  }

  bool Shorten() {
    bool smaller = false;
    for (int64_t part = shrunk_.plan.safety_ms / 2; part >= 100; part /= 2) {
      Plan plan = shrunk_.plan;
      plan.safety_ms -= part;
      if (plan.safety_ms <= 0) continue;
      std::erase_if(plan.faults, [&](const Fault& f) { return f.at_ms >= plan.safety_ms; });
      smaller |= Try(plan);
    }
    return smaller;
  }

  // ddmin: halves, quarters, ... until single items.
  template <typename T>
  bool LeaveOut(std::vector<T> Plan::*items) {
    bool smaller = false;
    for (size_t size = ((shrunk_.plan.*items).size() + 1) / 2; size > 0; size /= 2) {
      for (size_t from = 0; from < (shrunk_.plan.*items).size();) {
        Plan plan = shrunk_.plan;
        auto& list = plan.*items;
        const auto first = list.begin() + static_cast<std::ptrdiff_t>(from);
        list.erase(first, first + static_cast<std::ptrdiff_t>(std::min(size, list.size() - from)));
        if (Try(plan)) {
          smaller = true;
        } else {
          from += size;
        }
      }
    }
    return smaller;
  }

  bool FewerOperations() {
    bool smaller = false;
    for (size_t i = 0; i < shrunk_.plan.clients.size(); ++i) {
      // From below: how few do?
      const uint64_t now = shrunk_.plan.clients[i].operations_max;
      for (uint64_t operations = 0; operations < std::min<uint64_t>(now, 200);
           operations = operations < 4 ? operations + 1 : operations * 2) {
        Plan plan = shrunk_.plan;
        plan.clients[i].operations_max = operations;
        if (!Try(plan)) continue;
        smaller = true;
        break;
      }
    }
    return smaller;
  }

  bool Milder() {
    bool smaller = false;
    const auto change = [&](const auto& make_milder) {
      Plan plan = shrunk_.plan;
      if (make_milder(&plan)) smaller |= Try(plan);
    };
    change([](Plan* plan) { return std::exchange(plan->cruelty_percent, 0) != 0; });
    change([](Plan* plan) { return std::exchange(plan->cluster.loss_percent, 0) != 0; });
    change([](Plan* plan) { return std::exchange(plan->cluster.repeat_percent, 0) != 0; });
    change([](Plan* plan) { return std::exchange(plan->cluster.nodes, 3) > 3; });
    return smaller;
  }

  const std::string kind_;
  const uint64_t runs_max_;
  const std::function<SeedResult(const Plan&)>& run_;
  const std::chrono::steady_clock::time_point end_ = std::chrono::steady_clock::now() + kTimeMax;
  Shrunk shrunk_;
};

}  // namespace

Shrunk Shrink(const Plan& plan, const std::string& why, uint64_t runs_max,
              const std::function<SeedResult(const Plan&)>& run) {
  return Shrinker(plan, why, runs_max, run).Run();
}

}  // namespace baton::sim
