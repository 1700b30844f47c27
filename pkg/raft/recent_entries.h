// File: recent_entries.h
//
// The tail of the log that is held in memory: consecutive entries behind a known point.
//
//        base          first_index = base + 1                    last_index
//   ... [index,term]  [entry] [entry] [entry] ...               [entry]
//
// Entries leave at the front when they are no longer needed and at the back when a new leader
// rewrites them. No allocation in a steady state.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/raft/types.h"

namespace baton::raft {

class RecentEntries {
 public:
  RecentEntries(Index base_index, Term base_term)
      : base_index_(base_index), base_term_(base_term) {}

  Index base_index() const { return base_index_; }
  Index first_index() const { return base_index_ + 1; }
  Index last_index() const { return base_index_ + size(); }
  Term last_term() const { return TermAt(last_index()); }
  size_t size() const { return entries_.size() - head_; }

  // Its term is known: base_index() <= index <= last_index().
  bool Knows(Index index) const { return index >= base_index_ && index <= last_index(); }
  // Requires Knows(index).
  Term TermAt(Index index) const { return index == base_index_ ? base_term_ : At(index).term; }
  // Requires first_index() <= index <= last_index().
  const Entry& At(Index index) const {
    if (index <= base_index_ || index > last_index()) Missing(index, index + 1);
    return entries_[head_ + (index - base_index_) - 1];
  }
  // Entries [low, high). Requires first_index() <= low <= high <= last_index() + 1.
  std::span<const Entry> Range(Index low, Index high) const {
    if (low <= base_index_ || low > high || high > last_index() + 1) Missing(low, high);
    return {entries_.data() + head_ + (low - base_index_) - 1, high - low};
  }

  // Requires entry.index == last_index() + 1.
  void Append(Entry&& entry) {
    if (entry.index != last_index() + 1) Missing(last_index() + 1, entry.index);
    entries_.push_back(std::move(entry));
  }
  // Forgets everything up to `index`, which becomes the base. Beyond the end: all but the end.
  void DropThrough(Index index) {
    if (index > base_index_) Drop(std::min(index, last_index()));
  }
  // The same, into `entries`, which must be empty. Requires index <= last_index().
  void MoveThrough(Index index, std::vector<Entry>* entries);
  // Forgets `index` and everything after it. Requires index > base_index().
  void TruncateFrom(Index index);
  // Empty again, behind another point.
  void Reset(Index base_index, Term base_term);

 private:
  // A CHECK that failed, out of line so that its callers are small.
  [[noreturn]] void Missing(Index low, Index high) const;
  void Drop(Index index);
  // `index` is the base from now on; what is before holds no bytes any more.
  void Advance(Index index);

  Index base_index_;
  Term base_term_;
  std::vector<Entry> entries_;  // the first head_ are dropped already
  size_t head_ = 0;
};

}  // namespace baton::raft
