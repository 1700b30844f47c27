// File: compaction.h
//
// How much of the log to drop, once it has more entries or more bytes than it may. The log keeps
// entries_kept behind the applied index, and at most a kKeptShare-th of bytes_max, so that a
// follower that was away for a moment needs no snapshot; on a leader also what its slowest follower
// still needs, as long as the log exceeds neither bound for its sake. For one that is there and
// catching up it is kPatience times as much of both: what is written while a snapshot travels must
// still be there when that has arrived, or the follower would need the next snapshot, and so on.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "pkg/base/ids.h"
#include "pkg/raft/raft_status.h"

namespace baton::node {

struct CompactionLimits {
  static constexpr uint64_t kPatience = 4;
  static constexpr uint64_t kKeptShare = 4;
  uint64_t entries_max = 0;   // of the log; beyond, it is compacted
  uint64_t entries_kept = 0;  // behind the applied index; less than entries_max
  uint64_t bytes_max = 0;     // of the log's entries; beyond, it is compacted
};

// As LogStore::EntryBytes and LogStore::FirstWithin.
struct LogSize {
  uint64_t bytes = 0;
  std::function<Index(uint64_t bytes_max)> first_within;
};

// Drop entries up to and including this index; empty: nothing to do. The result is below
// status.first_index + entries, at most `applied`, and far enough ahead to be worth a write.
std::optional<Index> PlanCompaction(const CompactionLimits& limits, const raft::RaftStatus& status,
                                    const LogSize& size, Index applied);

}  // namespace baton::node
