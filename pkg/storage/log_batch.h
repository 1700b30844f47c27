// File: log_batch.h
//
// One LevelDB batch for the log in the making: what it writes and removes, and how the log will
// end.
#pragma once

#include <leveldb/write_batch.h>

#include <map>
#include <optional>
#include <vector>

#include "pkg/node/ports.h"
#include "pkg/storage/log_memory.h"

namespace baton::storage {

class LogBatch {
 public:
  // `memory` describes the log before the batch and must not change while the batch is made.
  explicit LogBatch(const LogMemory& memory);

  void SetHardState(const raft::HardState& hard_state);
  void SetStart(const raft::SnapshotMeta& start);
  // The log becomes empty, after `start`. Rows up to start.index stay as garbage, for the caller
  // to remove afterwards: there may be too many for one batch.
  void Reset(const raft::SnapshotMeta& start);
  // Replaces whatever is there from entries[0].index on. CHECKs that they belong there.
  void Append(const std::vector<raft::Entry>& entries);
  void RemoveRows(Index low, Index high);  // [low, high)
  void SetTail(uint64_t write_number);

  // Where the log ends after the batch.
  Index last() const { return last_; }
  // Entries up to this one are the same before and after.
  Index kept() const { return kept_; }
  const std::optional<raft::HardState>& hard_state() const { return hard_state_; }
  leveldb::WriteBatch* rows() { return &rows_; }

 private:
  Term TermBefore(Index index) const;

  const LogMemory& memory_;
  leveldb::WriteBatch rows_;
  Index start_;
  Index last_;
  Index kept_;
  std::optional<raft::HardState> hard_state_;
  std::map<Index, Term> terms_;  // of what the batch itself puts in, and of its start
};

}  // namespace baton::storage
