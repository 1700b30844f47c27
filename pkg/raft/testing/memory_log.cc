#include "pkg/raft/testing/memory_log.h"

#include "pkg/base/check.h"

namespace baton::raft::testing {

Result<Term> MemoryLog::TermAt(Index index) const {
  if (!read_error_.ok()) return read_error_;
  if (index < start_.index) return Status(Code::kGone, "compacted");
  if (index > LastIndex()) return Status(Code::kNotFound, "beyond the end");
  return index == start_.index ? start_.term : entries_[index - start_.index - 1].term;
}

Result<std::vector<Entry>> MemoryLog::Entries(Index low, Index high, size_t bytes_max) const {
  if (!read_error_.ok()) return read_error_;
  if (low <= start_.index) return Status(Code::kGone, "compacted");
  CHECK(low < high && high <= LastIndex() + 1) << low << ".." << high << " of " << LastIndex();
  std::vector<Entry> found;
  size_t bytes = 0;
  for (Index index = low; index < high; ++index) {
    const Entry& entry = entries_[index - start_.index - 1];
    bytes += entry.ApproximateBytes();
    if (bytes > bytes_max && !found.empty()) break;
    found.push_back(entry);
  }
  return found;
}

Result<std::vector<Entry>> MemoryLog::EntriesFor(NodeId peer, Index low, Index high,
                                                 size_t bytes_max) const {
  if (fetch_later_ && fetched_.erase(peer) == 0) {
    ++fetches_;
    return Status(Code::kUnavailable, "the entries are being fetched");
  }
  return Entries(low, high, bytes_max);
}

Result<SnapshotMeta> MemoryLog::Snapshot() const {
  if (!read_error_.ok()) return read_error_;
  if (!offered_) return Status(Code::kUnavailable, "no snapshot right now");
  return *offered_;
}

void MemoryLog::Write(const std::optional<HardState>& hard_state,
                      const std::optional<SnapshotMeta>& snapshot,
                      const std::vector<Entry>& entries, bool must_sync) {
  if (hard_state) hard_state_ = *hard_state;
  if (snapshot) {
    start_ = *snapshot;
    offered_ = *snapshot;
    entries_.clear();
  }
  if (!entries.empty()) {
    const Index first = entries.front().index;
    CHECK(first > start_.index && first <= LastIndex() + 1) << "a hole before " << first;
    entries_.resize(first - start_.index - 1);
    entries_.insert(entries_.end(), entries.begin(), entries.end());
  }
  if (must_sync) synced_hard_state_ = hard_state_;
}

void MemoryLog::Compact(Index index) {
  if (index <= start_.index) return;
  const Result<Term> term = TermAt(index);
  CHECK(term.ok()) << index;
  entries_.erase(entries_.begin(),
                 entries_.begin() + static_cast<std::ptrdiff_t>(index - start_.index));
  start_.index = index;
  start_.term = *term;
}

void MemoryLog::CutAfter(Index last) {
  CHECK_GE(last, start_.index);
  if (last < LastIndex()) entries_.resize(last.value() - start_.index.value());
}

void MemoryLog::Wipe() { *this = MemoryLog(start_.config); }

bool MemoryLog::Holds(Index index, Term term) const {
  if (index < start_.index) return true;
  const Result<Term> own = TermAt(index);
  return own.ok() && *own == term;
}

}  // namespace baton::raft::testing
