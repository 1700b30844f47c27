#include "pkg/raft/multi/beats.h"

namespace baton::raft {

std::vector<NodeId> Beats::Tick() {
  ++now_;
  std::vector<NodeId> dead;
  for (auto& [node, heard] : heard_) {
    if (!heard.lives || now_ - heard.at < timeout_ticks_) continue;
    heard.lives = false;
    dead.push_back(node);
  }
  return dead;
}

bool Beats::Hear(NodeId node, uint64_t incarnation) {
  const auto [heard, is_new] = heard_.try_emplace(node);
  const bool other_life = !is_new && heard->second.incarnation != incarnation;
  heard->second = Heard{incarnation, now_, true};
  return other_life;
}

bool Beats::Lives(NodeId node) const {
  const auto heard = heard_.find(node);
  return heard != heard_.end() && heard->second.lives;
}

}  // namespace baton::raft
