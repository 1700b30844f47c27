// File: log_memory.h
//
// What the log store keeps in memory: the bounds of the log, the term of every entry (as runs:
// terms never go down, so a log has few of them), its newest entries, and how large the others are
// (log_sizes.h). Not thread-safe.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/raft/types.h"
#include "pkg/storage/log_sizes.h"

namespace baton::storage {

class LogMemory {
 public:
  // An empty log that begins with index 1.
  explicit LogMemory(size_t cache_bytes_max) : cache_bytes_max_(cache_bytes_max) {}

  Index first() const { return start_ + 1; }  // of the log
  Index last() const { return last_; }        // first() - 1: the log is empty
  Index cached_first() const { return last_ + 1 - cache_.size(); }
  size_t cached_bytes() const { return cached_bytes_; }
  const LogSizes& sizes() const { return sizes_; }

  // An empty log after (index, term).
  void Reset(Index index, Term term);
  // The entry after last(); its term is not below the last one.
  void Append(const raft::Entry& entry);
  // Forgets entries after `last`. No more than that happens when last >= last().
  void Truncate(Index last);
  // The log now begins after `index`, which lies in [first() - 1, last()].
  void Compact(Index index);

  // Requires first() - 1 <= index <= last().
  Term TermAt(Index index) const;
  // Requires cached_first() <= low <= high <= last() + 1. As many as fit, at least one.
  std::vector<raft::Entry> Cached(Index low, Index high, size_t bytes_max) const;

 private:
  size_t cache_bytes_max_;
  Index start_;
  Index last_;
  // First index of the run -> term; the first key is <= start_.
  std::map<Index, Term> term_runs_ = {{Index(0), Term(0)}};
  LogSizes sizes_;
  std::deque<raft::Entry> cache_;  // (last_ - size, last_]
  size_t cached_bytes_ = 0;
};

}  // namespace baton::storage
