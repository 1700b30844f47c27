// File: log_rows.h
//
// Reads a whole log from its LevelDB and believes nothing: every checksum, every index in its
// place, no hole, terms that never go down, an end where the last write left it, the right owner.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "pkg/base/status.h"
#include "pkg/storage/database.h"
#include "pkg/storage/log_format.h"
#include "pkg/storage/log_memory.h"

namespace baton::storage {

struct LogRows {
  explicit LogRows(size_t cache_bytes_max) : memory(cache_bytes_max) {}

  raft::HardState hard_state;
  raft::SnapshotMeta start;
  LogTail tail;
  LogMemory memory;
  // Entries [stale_low, stale_high) lie before the start: a compaction was interrupted.
  Index stale_low;
  Index stale_high;
};

// kCorruption (kInvalidArgument with reason "wrong_cluster" or "wrong_node" for another owner's),
// with one sentence that names the database, the place and what to do.
Result<LogRows> ReadLogRows(const Database& database, const Identity& identity,
                            size_t cache_bytes_max);

}  // namespace baton::storage
