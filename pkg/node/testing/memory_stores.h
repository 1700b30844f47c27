// File: memory_stores.h
//
// LogStore and StateStore in memory, with the crashes that the real ones know: what was synced is
// there, what was only committed may be there or not, a batch is whole or absent. For tests and the
// simulator. Thread-safe like the real ones.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pkg/node/ports.h"

namespace baton::node::testing {

class MemoryLogStore final : public LogStore {
 public:
  LogState State() const override;
  Index FirstIndex() const override;
  Index LastIndex() const override;
  Result<Term> TermAt(Index index) const override;
  Result<std::vector<raft::Entry>> Entries(Index low, Index high, size_t bytes_max) const override;
  Status Write(std::span<const LogWrite> writes, bool must_sync) override;
  Status Compact(const raft::SnapshotMeta& start) override;
  uint64_t EntryBytes() const override;
  Index FirstWithin(uint64_t bytes_max) const override;
  uint64_t ApproximateBytes() const override { return EntryBytes(); }

  // All further writes fail with this; OK: no more.
  void FailWrites(Status status);
  // The power fails: of the writes since the last synced one the first `kept` remain.
  void Crash(size_t kept);
  size_t unsynced_writes() const;
  // What pkg/storage makes of a log that lost what is beyond `last` (kLostEntries), or everything
  // (kLost), or of an empty disk (kNewborn). The node must not be running.
  void Lose(raft::Memory memory, Index last = Index());
  uint64_t writes() const;         // calls of Write
  uint64_t synced_writes() const;  // those that had to sync
  uint64_t compactions() const;

 private:
  Index LastIndexLocked() const { return state_.start.index + entries_.size(); }
  Result<Term> TermAtLocked(Index index) const;
  void Resize(uint64_t entries);  // drops those beyond
  void Apply(const LogWrite& write);

  // What a write that is not synced has replaced.
  struct Undo {
    LogState state;
    Index from;  // the entries from here on were these
    std::vector<raft::Entry> entries;
  };
  Undo MakeUndo(const LogWrite& write) const;
  void Revert(Undo undo);

  mutable std::mutex mutex_;
  LogState state_;
  std::deque<raft::Entry> entries_;  // from start.index + 1 on
  std::vector<Undo> unsynced_;       // oldest first
  uint64_t entry_bytes_ = 0;         // of them
  Status failure_;
  uint64_t writes_ = 0;
  uint64_t synced_writes_ = 0;
  uint64_t compactions_ = 0;
};

class MemoryStateStore final : public StateStore {
 public:
  using Rows = std::map<std::string, std::string, std::less<>>;

  std::optional<std::string> Get(std::string_view key) const override;
  void Put(std::string_view key, std::string_view value) override;
  void Delete(std::string_view key) override;
  void Scan(std::string_view start, std::string_view end, const Visitor& visit) const override;
  Status Commit() override;
  Status Sync() override;
  Result<std::unique_ptr<SnapshotReader>> OpenSnapshot() override;
  Result<std::unique_ptr<SnapshotWriter>> BeginInstall() override;
  Status Install(SnapshotWriter* finished) override;
  uint64_t ApproximateBytes() const override;
  void Discard(const std::string& why) override;

  // The disk loses the state, or Discard has been called and the process starts again.
  void StartOver();
  bool discarded() const { return discarded_; }
  // The rows that the last Install has replaced are there again, as if its name had been lost.
  void Revert();
  bool has_replaced() const;
  // The process dies: writes since the last Commit are gone; of the batches committed since the
  // last Sync, the first `kept` remain.
  void Crash(size_t kept);
  size_t unsynced_batches() const;
  uint64_t scans() const { return scans_; }  // asked for so far; on the thread that asks
  // Commit and BeginInstall fail with this from now on.
  void FailCommits(Status status);

 private:
  using Batch = std::vector<std::pair<std::string, std::optional<std::string>>>;

  static void ApplyBatch(const Batch& batch, Rows* rows);

  // The oldest unsynced batches are made durable beyond this many, as an operating system would.
  static constexpr size_t kUnsyncedBatchesMax = 4096;

  mutable std::mutex mutex_;
  Rows live_;
  Rows durable_;
  std::optional<Rows> replaced_;  // by the last Install
  Batch open_;                    // since the last Commit
  std::deque<Batch> unsynced_;    // committed, oldest first
  Status failure_;
  bool discarded_ = false;
  mutable uint64_t scans_ = 0;
};

}  // namespace baton::node::testing
