// File: compaction.h
//
// How much of the log to drop. The log keeps entries_kept behind the applied index, so that a
// follower that was away for a moment needs no snapshot; on a leader also what its slowest follower
// still needs, as long as the log does not exceed entries_max for its sake. For one that is there
// and catching up it is kPatience times as much: what is written while a snapshot travels must
// still be there when that has arrived, or the follower would need the next snapshot, and so on.
#pragma once

#include <cstdint>
#include <optional>

#include "pkg/base/ids.h"
#include "pkg/raft/raft_status.h"

namespace baton::node {

struct CompactionLimits {
  static constexpr uint64_t kPatience = 4;
  uint64_t entries_max = 0;   // of the log; beyond, it is compacted
  uint64_t entries_kept = 0;  // behind the applied index; less than entries_max
};

// Drop entries up to and including this index; empty: nothing to do. The result is below
// status.first_index + entries, at most `applied`, and far enough ahead to be worth a write.
std::optional<Index> PlanCompaction(const CompactionLimits& limits, const raft::RaftStatus& status,
                                    Index applied);

}  // namespace baton::node
