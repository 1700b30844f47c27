// File: log_store.h
//
// The durable Raft log: node::LogStore on a LevelDB of its own. Formats: log_format.h.
//
// What is promised beyond the port:
//   * One Write is one LevelDB batch: after a crash all of it is there or nothing.
//   * Every record of the write-ahead file is synced before the next is begun (a commit index
//     alone, which needs no sync, waits in memory for the next batch). So a crash can tear at most
//     the last record, and damage before it can only be a disk that lies.
//   * Open reads every row and refuses a log with a hole, a bad checksum, a row of another place,
//     or without writes that were acknowledged (watermark.h).
//   * After a failed write every later write fails with the same status; reads go on. The caller
//     stops the process: what the disk holds is unknown.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pkg/base/status.h"
#include "pkg/node/ports.h"
#include "pkg/storage/database_facts.h"
#include "pkg/storage/identity.h"
#include "pkg/storage/log_memory.h"

namespace leveldb {
class Iterator;
}  // namespace leveldb

namespace baton::storage {

class Database;
class DurableEnv;
class LogBatch;
class Watermark;
struct LogRows;

struct LogStoreOptions {
  // Newest entries kept in memory, by raft::Entry::ApproximateBytes: followers that are this little
  // behind cost no read of the disk. 0: none.
  size_t cache_bytes_max = 2u << 20;
  // LevelDB's memtable; up to two are in memory.
  size_t write_buffer_bytes = 2u << 20;
};

class LevelLogStore final : public node::LogStore {
 public:
  // A new, empty log in `parent`/log-000001, named by `parent`/LOG, with its watermark in
  // `parent`/WATERMARK. What was there is removed: the caller knows that it is nothing. Its hard
  // state says that it is newborn.
  static Status Create(DurableEnv* env, const std::string& parent, const Identity& identity);
  // kCorruption, with the place and what to do: see above. `env` must outlive the store.
  static Result<std::unique_ptr<LevelLogStore>> Open(DurableEnv* env, const std::string& parent,
                                                     const Identity& identity,
                                                     const LogStoreOptions& options);
  ~LevelLogStore() override;  // no call may be under way

  node::LogState State() const override;
  Index FirstIndex() const override;
  Index LastIndex() const override;
  // Never reads the disk: terms are runs in memory.
  Result<Term> TermAt(Index index) const override;
  Result<std::vector<raft::Entry>> Entries(Index low, Index high, size_t bytes_max) const override;

  // CHECKs what only a bug can break: entries are contiguous, begin in the log or right after it,
  // terms never go down, a snapshot does not lie before the start of the log.
  Status Write(std::span<const node::LogWrite> writes, bool must_sync) override;
  // Rows are dropped in batches of kCompactRowsMax, the new start in the first of them: a crash
  // between two leaves rows that Open ignores and cleans away.
  Status Compact(const raft::SnapshotMeta& start) override;
  // Near the bound by less than two blocks of log_sizes.h. Neither reads the disk.
  uint64_t EntryBytes() const override;
  Index FirstWithin(uint64_t bytes_max) const override;
  uint64_t ApproximateBytes() const override;
  DatabaseFacts Facts() const;  // any thread

  static constexpr uint64_t kCompactRowsMax = 16384;

  // For tests: how many reads of Entries went to LevelDB.
  uint64_t disk_reads() const;

 private:
  LevelLogStore(std::string directory, std::unique_ptr<Database> database,
                std::unique_ptr<Watermark> watermark, LogRows rows);

  // Writes the batch with its tail row, synced, and records it in the watermark.
  Status Commit(LogBatch* batch);
  Status RemoveRows(Index low, Index high);  // [low, high), in bounded batches
  bool OnlyMovesCommit(std::span<const node::LogWrite> writes) const;
  void Remember(const node::LogWrite& write);
  Status CheckRange(Index low, Index high) const;  // requires mutex_
  Result<std::vector<raft::Entry>> EntriesOnDisk(leveldb::Iterator* row, Index low, Index high,
                                                 size_t bytes_max) const;

  // Constant after construction.
  const std::string directory_;
  const std::unique_ptr<Database> database_;
  const std::unique_ptr<Watermark> watermark_;

  // Used by the log writer's thread only.
  uint64_t write_number_ = 0;  // of the last batch
  bool commit_waits_ = false;  // hard_state_.commit is newer than on disk
  Status failure_;             // of the first write that failed

  // Protected by mutex_. The lists shrink before the disk does and grow after it, so that whatever
  // they name is there to be read.
  mutable std::mutex mutex_;
  raft::HardState hard_state_;
  raft::SnapshotMeta start_;
  LogMemory memory_;
  mutable uint64_t disk_reads_ = 0;
};

}  // namespace baton::storage
