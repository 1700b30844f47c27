#include "pkg/storage/log_store.h"

#include <algorithm>
#include <utility>

#include "pkg/base/check.h"
#include "pkg/base/planted.h"
#include "pkg/storage/database.h"
#include "pkg/storage/disk_failure.h"
#include "pkg/storage/files.h"
#include "pkg/storage/log_batch.h"
#include "pkg/storage/log_database.h"
#include "pkg/storage/log_format.h"
#include "pkg/storage/log_rows.h"
#include "pkg/storage/watermark.h"

namespace baton::storage {
namespace {

// Nothing that was acknowledged may be missing.
Status CheckWatermark(const std::string& directory, const Acknowledged& newest,
                      const LogRows& rows) {
  if (rows.tail.write_number >= newest.write_number) return Status::Ok();
  if (PLANTED("storage.watermark_ignored")) return Status::Ok();
  return Unusable("log", directory,
                  "It was cut: it ends with write " + std::to_string(rows.tail.write_number) +
                      " at index " + std::to_string(rows.tail.last_index.value()) + ", but write " +
                      std::to_string(newest.write_number) + " up to index " +
                      std::to_string(newest.last_index.value()) + " (term " +
                      std::to_string(newest.term.value()) + ") had been acknowledged");
}

}  // namespace

Status LevelLogStore::Create(DurableEnv* env, const std::string& parent, const Identity& identity) {
  const LiveDirectory first;
  Acknowledged nothing;
  nothing.memory = raft::Memory::kNewborn;
  BATON_RETURN_IF_ERROR(Watermark::Create(env, parent, nothing));
  Result<std::unique_ptr<Database>> database =
      MakeLogDatabase(env, kLogSeries.PathOf(parent, first.number));
  if (!database.ok()) return database.status();
  const LogMemory empty(0);
  LogBatch batch(empty);
  batch.rows()->Put(ToSlice(kIdentityKey), EncodeIdentity(identity));
  raft::HardState newborn;
  newborn.memory = raft::Memory::kNewborn;
  batch.SetHardState(newborn);
  batch.SetStart({});
  batch.SetTail(1);
  BATON_RETURN_IF_ERROR((*database)->Write(batch.rows(), /*sync=*/true));
  BATON_RETURN_IF_ERROR(FromLevelDb(env->SyncDir(parent), "Cannot sync " + parent));
  return kLogSeries.Write(env, parent, first);
}

Result<std::unique_ptr<LevelLogStore>> LevelLogStore::Open(DurableEnv* env,
                                                           const std::string& parent,
                                                           const Identity& identity,
                                                           const LogStoreOptions& options) {
  Result<LiveDirectory> live = FindLiveLog(env, parent);
  if (!live.ok()) return live.status();
  const std::string directory = kLogSeries.PathOf(parent, live->number);
  // Before the database: opening it changes files, and this may already say no.
  Result<std::unique_ptr<Watermark>> watermark = Watermark::Open(env, parent);
  if (watermark.status().code() == Code::kCorruption) {
    return Unusable("log", directory, watermark.status().message());
  }
  if (!watermark.ok()) return watermark.status();
  DatabaseOptions database_options = LogDatabaseOptions(directory);
  database_options.write_buffer_bytes = options.write_buffer_bytes;
  Result<std::unique_ptr<Database>> database = Database::Open(env, database_options);
  if (database.status().code() == Code::kCorruption) {
    return Unusable("log", directory, database.status().message());
  }
  if (!database.ok()) return database.status();
  Result<LogRows> rows = ReadLogRows(**database, identity, options.cache_bytes_max);
  if (!rows.ok()) return rows.status();
  BATON_RETURN_IF_ERROR(CheckWatermark(directory, (*watermark)->newest(), *rows));
  if (live->set_aside && rows->hard_state.memory == raft::Memory::kWhole) {
    live->set_aside.reset();  // the peers have given back what it may have held
    BATON_RETURN_IF_ERROR(kLogSeries.Write(env, parent, *live));
  }
  BATON_RETURN_IF_ERROR(kLogSeries.RemoveOthers(env, parent, *live));

  const Index stale_low = rows->stale_low;
  const Index stale_high = rows->stale_high;
  std::unique_ptr<LevelLogStore> store(
      new LevelLogStore(directory, *std::move(database), *std::move(watermark), *std::move(rows)));
  BATON_RETURN_IF_ERROR(store->RemoveRows(stale_low, stale_high));
  return store;
}

LevelLogStore::LevelLogStore(std::string directory, std::unique_ptr<Database> database,
                             std::unique_ptr<Watermark> watermark, LogRows rows)
    : directory_(std::move(directory)),
      database_(std::move(database)),
      watermark_(std::move(watermark)),
      write_number_(rows.tail.write_number),
      hard_state_(rows.hard_state),
      start_(std::move(rows.start)),
      memory_(std::move(rows.memory)) {}

LevelLogStore::~LevelLogStore() {
  if (!commit_waits_ || !failure_.ok()) return;
  LogBatch batch(memory_);
  batch.SetHardState(hard_state_);
  (void)Commit(&batch);  // only speeds up the next start
}

node::LogState LevelLogStore::State() const {
  const std::lock_guard lock(mutex_);
  return {.hard_state = hard_state_, .start = start_};
}

Index LevelLogStore::FirstIndex() const {
  const std::lock_guard lock(mutex_);
  return memory_.first();
}

Index LevelLogStore::LastIndex() const {
  const std::lock_guard lock(mutex_);
  return memory_.last();
}

uint64_t LevelLogStore::disk_reads() const {
  const std::lock_guard lock(mutex_);
  return disk_reads_;
}

uint64_t LevelLogStore::EntryBytes() const {
  const std::lock_guard lock(mutex_);
  return memory_.sizes().bytes();
}

Index LevelLogStore::FirstWithin(uint64_t bytes_max) const {
  const std::lock_guard lock(mutex_);
  return memory_.sizes().FirstWithin(bytes_max);
}

// Without mutex_: the database is constant and answers on any thread.
uint64_t LevelLogStore::ApproximateBytes() const { return database_->ApproximateBytes(); }

DatabaseFacts LevelLogStore::Facts() const { return database_->Facts(); }

Status LevelLogStore::CheckRange(Index low, Index high) const {
  if (low < memory_.first()) {
    return Status(Code::kGone, "compacted",
                  "The log begins with index " + std::to_string(memory_.first().value()) + ".");
  }
  if (high > memory_.last() + 1) {
    return Status(Code::kNotFound,
                  "The log ends with index " + std::to_string(memory_.last().value()) + ".");
  }
  return Status::Ok();
}

Result<Term> LevelLogStore::TermAt(Index index) const {
  const std::lock_guard lock(mutex_);
  if (index + 1 == memory_.first()) return memory_.TermAt(index);
  BATON_RETURN_IF_ERROR(CheckRange(index, index + 1));
  return memory_.TermAt(index);
}

Result<std::vector<raft::Entry>> LevelLogStore::Entries(Index low, Index high,
                                                        size_t bytes_max) const {
  std::unique_ptr<leveldb::Iterator> row;
  {
    const std::lock_guard lock(mutex_);
    BATON_RETURN_IF_ERROR(CheckRange(low, high));
    if (low >= high) return std::vector<raft::Entry>();
    if (low >= memory_.cached_first()) return memory_.Cached(low, high, bytes_max);
    ++disk_reads_;
    // Under mutex_: it sees all that memory_ names, whatever the log's writer does from here on.
    row = database_->NewIterator(/*fill_cache=*/true);
  }
  return EntriesOnDisk(row.get(), low, high, bytes_max);
}

Result<std::vector<raft::Entry>> LevelLogStore::EntriesOnDisk(leveldb::Iterator* row, Index low,
                                                              Index high, size_t bytes_max) const {
  std::vector<raft::Entry> entries;
  size_t bytes = 0;
  row->Seek(EntryKey(low));
  for (Index index = low; index < high; ++index, row->Next()) {
    BATON_RETURN_IF_ERROR(database_->StatusOf(*row));
    const std::string key = EntryKey(index);
    if (!row->Valid() || ToView(row->key()) != key) {
      return Unusable("log", directory_, "Index " + std::to_string(index.value()) + " is missing");
    }
    Result<raft::Entry> entry = DecodeEntry(key, ToView(row->value()));
    if (!entry.ok()) return Unusable("log", directory_, entry.status().message());
    bytes += entry->ApproximateBytes();
    if (!entries.empty() && bytes > bytes_max) break;
    entries.push_back(*std::move(entry));
  }
  return entries;
}

bool LevelLogStore::OnlyMovesCommit(std::span<const node::LogWrite> writes) const {
  return std::all_of(writes.begin(), writes.end(), [this](const node::LogWrite& write) {
    if (write.snapshot || !write.entries.empty()) return false;
    return !write.hard_state || (write.hard_state->term == hard_state_.term &&
                                 write.hard_state->vote == hard_state_.vote &&
                                 write.hard_state->memory == hard_state_.memory);
  });
}

Status LevelLogStore::Write(std::span<const node::LogWrite> writes, bool must_sync) {
  if (!failure_.ok()) return failure_;
  if (!must_sync && OnlyMovesCommit(writes)) {
    const std::lock_guard lock(mutex_);
    for (const node::LogWrite& write : writes) Remember(write);
    commit_waits_ = true;
    return Status::Ok();
  }
  const Index old_first = memory_.first();
  Index rows_last = memory_.last();  // with entries that a snapshot of the same batch replaces
  LogBatch batch(memory_);
  if (commit_waits_) batch.SetHardState(hard_state_);
  for (const node::LogWrite& write : writes) {
    if (write.hard_state) {
      CHECK_GE(write.hard_state->term, hard_state_.term) << "terms never go back";
      batch.SetHardState(*write.hard_state);
    }
    if (write.snapshot) {
      rows_last = std::max(rows_last, batch.last());
      batch.Reset(*write.snapshot);
    }
    batch.Append(write.entries);
  }
  {
    const std::lock_guard lock(mutex_);
    memory_.Truncate(batch.kept());
  }
  BATON_RETURN_IF_ERROR(Commit(&batch));
  commit_waits_ = false;
  {
    const std::lock_guard lock(mutex_);
    for (const node::LogWrite& write : writes) Remember(write);
  }
  // What a snapshot made worthless, unless it had to go in the batch itself.
  return RemoveRows(old_first, std::min(memory_.first(), rows_last + 1));
}

// Requires mutex_.
void LevelLogStore::Remember(const node::LogWrite& write) {
  if (write.hard_state) hard_state_ = *write.hard_state;
  if (write.snapshot) {
    start_ = *write.snapshot;
    memory_.Reset(start_.index, start_.term);
  }
  // What begins beyond the end is replaced by a later write of the same batch, from further back:
  // the log was cut to what the whole batch keeps, and LogBatch saw to it that there is no gap.
  if (write.entries.empty() || write.entries.front().index > memory_.last() + 1) return;
  memory_.Truncate(write.entries.front().index - 1);
  for (const raft::Entry& entry : write.entries) memory_.Append(entry);
}

Status LevelLogStore::Compact(const raft::SnapshotMeta& start) {
  if (!failure_.ok()) return failure_;
  const Index low = memory_.first();
  if (start.index + 1 == low) return Status::Ok();
  CHECK_GE(start.index, low) << "compaction never goes back";
  CHECK_LE(start.index, memory_.last());
  CHECK_EQ(start.term, memory_.TermAt(start.index));
  {
    const std::lock_guard lock(mutex_);
    start_ = start;
    memory_.Compact(start.index);
  }
  const Index high = start.index + 1;
  const Index first_batch_high = std::min(high, low + kCompactRowsMax);
  LogBatch batch(memory_);
  batch.SetStart(start);
  batch.RemoveRows(low, first_batch_high);
  BATON_RETURN_IF_ERROR(Commit(&batch));
  return RemoveRows(first_batch_high, high);
}

Status LevelLogStore::RemoveRows(Index low, Index high) {
  while (low < high) {
    const Index batch_high = std::min(high, low + kCompactRowsMax);
    LogBatch batch(memory_);
    batch.RemoveRows(low, batch_high);
    BATON_RETURN_IF_ERROR(Commit(&batch));
    low = batch_high;
  }
  return Status::Ok();
}

Status LevelLogStore::Commit(LogBatch* batch) {
  ++write_number_;
  batch->SetTail(write_number_);
  failure_ = database_->Write(batch->rows(), /*sync=*/!PLANTED("storage.log_not_synced"));
  if (!failure_.ok()) return failure_;
  const raft::HardState hard_state = batch->hard_state().value_or(hard_state_);
  failure_ = watermark_->Record({.write_number = write_number_,
                                 .last_index = batch->last(),
                                 .term = hard_state.term,
                                 .vote = hard_state.vote,
                                 .memory = hard_state.memory});
  return failure_;
}

}  // namespace baton::storage
