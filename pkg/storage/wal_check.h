// File: wal_check.h
//
// Looks at a LevelDB's write-ahead files before LevelDB does, because LevelDB 1.23 passes in
// silence, even with paranoid_checks, over
//   * a block of zeros in the middle of a file (an unsynced page that a power loss took): it
//     skips to the next block, and the batches between are a hole;
//   * a file that was cut, or whose last block is damaged in a length, when a newer one follows: a
//     hole again;
//   * a MANIFEST whose last edit was cut: the batches that were moved from a write-ahead file into
//     a table by that edit are in neither.
// and, on the other hand, refuses to open after an ordinary power loss that took the first page of
// a batch and left its second.
//
// Every batch carries the number of its first operation, and these numbers have no gaps. So the
// check reads all batches, in the order of LevelDB's recovery, and finds the first place where the
// story breaks. Formats: leveldb/doc/log_format.md (blocks of 32 KiB; records of CRC, length,
// type), and impl.md for MANIFEST.
#pragma once

#include <string>

#include "pkg/base/status.h"
#include "pkg/storage/env.h"

namespace baton::storage {

enum class WalDamage {
  // Every batch was synced before the next was written (the Raft log): only the last one may be
  // torn, and is cut off; anything else is kCorruption.
  kCutTornTail,
  // Batches were not synced and can be made again (the state tables): everything from the first
  // damage on is cut off, which leaves a prefix of what was written.
  kCutAll,
};

// Changes files only as `damage` allows, each by a durable replacement. kCorruption: the reason,
// with the file. A database without CURRENT is left for LevelDB to refuse.
Status CheckWals(DurableEnv* env, const std::string& directory, WalDamage damage);

}  // namespace baton::storage
