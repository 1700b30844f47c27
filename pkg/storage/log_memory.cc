#include "pkg/storage/log_memory.h"

#include "pkg/base/check.h"

namespace baton::storage {

void LogMemory::Reset(Index index, Term term) {
  start_ = last_ = index;
  term_runs_ = {{index, term}};
  sizes_.Reset(index);
  cache_.clear();
  cached_bytes_ = 0;
}

void LogMemory::Append(const raft::Entry& entry) {
  CHECK_EQ(entry.index, last_ + 1);
  const Term last_term = TermAt(last_);
  CHECK_GE(entry.term, last_term) << "at index " << entry.index;
  if (entry.term != last_term) term_runs_.emplace(entry.index, entry.term);
  last_ = entry.index;
  sizes_.Append(entry.ApproximateBytes());
  cache_.push_back(entry);
  cached_bytes_ += entry.ApproximateBytes();
  while (cached_bytes_ > cache_bytes_max_) {
    cached_bytes_ -= cache_.front().ApproximateBytes();
    cache_.pop_front();
  }
}

void LogMemory::Truncate(Index last) {
  if (last >= last_) return;
  CHECK_GE(last, start_);
  while (!cache_.empty() && cache_.back().index > last) {
    cached_bytes_ -= cache_.back().ApproximateBytes();
    cache_.pop_back();
  }
  term_runs_.erase(term_runs_.upper_bound(last), term_runs_.end());
  sizes_.Truncate(last);
  last_ = last;
}

void LogMemory::Compact(Index index) {
  CHECK_GE(index, start_);
  CHECK_LE(index, last_);
  while (!cache_.empty() && cache_.front().index <= index) {
    cached_bytes_ -= cache_.front().ApproximateBytes();
    cache_.pop_front();
  }
  // The run that `index` is in stays: TermAt(first() - 1) must go on to answer.
  term_runs_.erase(term_runs_.begin(), std::prev(term_runs_.upper_bound(index)));
  sizes_.Compact(index);
  start_ = index;
}

Term LogMemory::TermAt(Index index) const {
  CHECK_GE(index, start_);
  CHECK_LE(index, last_);
  return std::prev(term_runs_.upper_bound(index))->second;
}

std::vector<raft::Entry> LogMemory::Cached(Index low, Index high, size_t bytes_max) const {
  CHECK_GE(low, cached_first());
  CHECK_LE(high, last_ + 1);
  std::vector<raft::Entry> entries;
  size_t bytes = 0;
  for (Index index = low; index < high; ++index) {
    const raft::Entry& entry = cache_[index - cached_first()];
    bytes += entry.ApproximateBytes();
    if (!entries.empty() && bytes > bytes_max) break;
    entries.push_back(entry);
  }
  return entries;
}

}  // namespace baton::storage
