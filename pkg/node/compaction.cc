#include "pkg/node/compaction.h"

#include <algorithm>

namespace baton::node {
namespace {

Index Minus(Index index, uint64_t distance) {
  return index.value() > distance ? index - distance : Index();
}

// The last index that has to go for the log to have at most so many entries and bytes.
Index LastBeyond(const raft::RaftStatus& status, const LogSize& size, uint64_t entries_max,
                 uint64_t bytes_max) {
  return std::max(Minus(status.last_index, entries_max), Minus(size.first_within(bytes_max), 1));
}

// A slow follower moves the bound one entry at a time: wait for a tenth, and write once.
bool IsWorthAWrite(const CompactionLimits& limits, const LogSize& size, Index before_first,
                   Index drop_to) {
  if (drop_to >= before_first + std::max<uint64_t>(1, limits.entries_max / 10)) return true;
  const uint64_t tenth = std::max<uint64_t>(1, limits.bytes_max / 10);
  return drop_to > before_first && size.bytes >= tenth &&
         drop_to + 1 >= size.first_within(size.bytes - tenth);
}

}  // namespace

std::optional<Index> PlanCompaction(const CompactionLimits& limits, const raft::RaftStatus& status,
                                    const LogSize& size, Index applied) {
  const Index before_first = Minus(status.first_index, 1);
  const uint64_t entries = status.last_index - before_first;
  if (entries <= limits.entries_max && size.bytes <= limits.bytes_max) return std::nullopt;
  const uint64_t bytes_kept = limits.bytes_max / CompactionLimits::kKeptShare;
  Index drop_to =
      std::max(Minus(applied, limits.entries_kept), Minus(size.first_within(bytes_kept), 1));
  drop_to = std::min(drop_to, applied);
  for (const auto& [id, peer] : status.peers) {
    const uint64_t patience = peer.recently_active ? CompactionLimits::kPatience : 1;
    const Index bound =
        LastBeyond(status, size, patience * limits.entries_max, patience * limits.bytes_max);
    drop_to = std::min(drop_to, std::max(peer.match, bound));
  }
  if (!IsWorthAWrite(limits, size, before_first, drop_to)) return std::nullopt;
  return drop_to;
}

}  // namespace baton::node
