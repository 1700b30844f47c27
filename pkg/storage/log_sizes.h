// File: log_sizes.h
//
// How many bytes the entries of a log have, and where its last N bytes begin, without a number for
// every entry: blocks of neighbours, each with what the log had in bytes before it. A block holds
// kBlockEntries or kBlockBytes, whichever is less; a larger entry is a block of its own.
//
//   blocks   [101..356]  [357..400]  [401]  [402..
//   before        1000       26000   91000   2000000      end: 2000900
//
// What is not known is counted, so that a bound is kept: of the first block also the entries that
// were dropped from its front, and of a block whose tail was cut also that tail, until they go as
// a whole. Each time it is less than one block. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>

#include "pkg/base/ids.h"

namespace baton::storage {

class LogSizes {
 public:
  static constexpr uint64_t kBlockEntries = 256;
  static constexpr uint64_t kBlockBytes = 64 << 10;

  // No entries; the next one is after `last`.
  void Reset(Index last);
  // The next entry has so many bytes.
  void Append(uint64_t bytes);
  // No entries after `last`, which is not before the entries that were dropped.
  void Truncate(Index last);
  // No entries up to and including `index`, which is not after the last one.
  void Compact(Index index);

  // Of all entries: at least.
  uint64_t bytes() const { return blocks_.empty() ? 0 : end_ - blocks_.front().before; }
  // The entries from this index on have at most bytes_max; the index before it or, within a block,
  // the block's first would be too much. One past the last entry: that one has more alone.
  Index FirstWithin(uint64_t bytes_max) const;

 private:
  struct Block {
    Index first;
    uint64_t before = 0;
  };

  std::deque<Block> blocks_;
  Index start_;  // what lies up to here was dropped
  Index last_;
  uint64_t end_ = 0;     // `before` of what comes next
  bool closed_ = false;  // the last block was cut and takes no more
};

}  // namespace baton::storage
