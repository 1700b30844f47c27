#include "pkg/raft/multi/beats.h"

namespace baton::raft {

std::vector<NodeId> Beats::Tick() {
  ++now_;
  std::vector<NodeId> dead;
  for (const auto& [node, heard] : heard_) {
    if (now_ - heard.at >= timeout_ticks_) dead.push_back(node);
  }
  for (const NodeId node : dead) heard_.erase(node);
  return dead;
}

bool Beats::Hear(NodeId node, uint64_t incarnation) {
  const auto [heard, is_new] = heard_.try_emplace(node);
  const bool other_life = !is_new && heard->second.incarnation != incarnation;
  heard->second = Heard{incarnation, now_};
  return other_life;
}

bool Beats::Lives(NodeId node) const { return heard_.contains(node); }

}  // namespace baton::raft
