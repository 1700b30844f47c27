#include "pkg/node/compaction.h"

#include <algorithm>

namespace baton::node {
namespace {

Index Minus(Index index, uint64_t distance) {
  return index.value() > distance ? index - distance : Index();
}

}  // namespace

std::optional<Index> PlanCompaction(const CompactionLimits& limits, const raft::RaftStatus& status,
                                    Index applied) {
  const Index before_first = Minus(status.first_index, 1);
  const uint64_t entries = status.last_index - before_first;
  if (entries <= limits.entries_max) return std::nullopt;
  Index drop_to = Minus(applied, limits.entries_kept);
  for (const auto& [id, peer] : status.peers) {
    const uint64_t patience = peer.recently_active ? CompactionLimits::kPatience : 1;
    const Index bound = Minus(status.last_index, patience * limits.entries_max);
    drop_to = std::min(drop_to, std::max(peer.match, bound));
  }
  // A slow follower moves the bound one entry at a time: wait for a tenth, and write once.
  const uint64_t worthwhile = std::max<uint64_t>(1, limits.entries_max / 10);
  if (drop_to < before_first + worthwhile) return std::nullopt;
  return drop_to;
}

}  // namespace baton::node
