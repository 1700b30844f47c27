#include "pkg/storage/log_batch.h"

#include <algorithm>

#include "pkg/base/check.h"
#include "pkg/storage/log_format.h"

namespace baton::storage {

LogBatch::LogBatch(const LogMemory& memory)
    : memory_(memory), start_(memory.first() - 1), last_(memory.last()), kept_(memory.last()) {}

void LogBatch::SetHardState(const raft::HardState& hard_state) {
  rows_.Put(leveldb::Slice(kHardStateKey.data(), kHardStateKey.size()),
            EncodeHardState(hard_state));
  hard_state_ = hard_state;
}

void LogBatch::SetStart(const raft::SnapshotMeta& start) {
  rows_.Put(leveldb::Slice(kStartKey.data(), kStartKey.size()), EncodeStart(start));
}

void LogBatch::Reset(const raft::SnapshotMeta& start) {
  CHECK_GE(start.index, start_) << "a snapshot never goes back";
  SetStart(start);
  RemoveRows(start.index + 1, last_ + 1);
  kept_ = std::min(kept_, start.index);
  start_ = last_ = start.index;
  terms_ = {{start.index, start.term}};
}

void LogBatch::Append(const std::vector<raft::Entry>& entries) {
  if (entries.empty()) return;
  const Index first = entries.front().index;
  CHECK_GT(first, start_) << "an entry before the start of the log";
  CHECK_LE(first, last_ + 1) << "an entry after a gap";
  Index index = first;
  Term term = TermBefore(first);
  terms_.erase(terms_.lower_bound(first), terms_.end());
  for (const raft::Entry& entry : entries) {
    CHECK_EQ(entry.index, index);
    CHECK_GE(entry.term, term) << "at index " << index;
    term = entry.term;
    rows_.Put(EntryKey(index), EncodeEntry(entry));
    terms_.emplace(index, term);
    ++index;
  }
  RemoveRows(index, last_ + 1);
  kept_ = std::min(kept_, first - 1);
  last_ = index - 1;
}

Term LogBatch::TermBefore(Index index) const {
  const auto own = terms_.find(index - 1);
  return own != terms_.end() ? own->second : memory_.TermAt(index - 1);
}

void LogBatch::RemoveRows(Index low, Index high) {
  for (Index index = low; index < high; ++index) rows_.Delete(EntryKey(index));
}

void LogBatch::SetTail(uint64_t write_number) {
  rows_.Put(leveldb::Slice(kTailKey.data(), kTailKey.size()),
            EncodeTail({.write_number = write_number, .last_index = last_}));
}

}  // namespace baton::storage
