#include "pkg/storage/log_repair.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "pkg/storage/database.h"
#include "pkg/storage/files.h"
#include "pkg/storage/live_directory.h"
#include "pkg/storage/log_batch.h"
#include "pkg/storage/log_database.h"
#include "pkg/storage/log_format.h"
#include "pkg/storage/watermark.h"

namespace baton::storage {
namespace {

constexpr size_t kCopyBytesMax = 4u << 20;  // of one batch

struct Survey {
  std::optional<Identity> owner;
  std::optional<raft::HardState> hard_state;
  std::optional<raft::SnapshotMeta> start;
  std::optional<LogTail> tail;
  std::optional<Acknowledged> watermark;
};

// A disk that cannot be read now may be readable later: only what was read is judged.
bool CannotBeRead(const Status& status) {
  return !status.ok() && status.code() != Code::kCorruption;
}

template <typename T>
Status Believe(const Database& database, std::string_view key,
               Result<T> (*decode)(std::string_view), std::optional<T>* row) {
  const Result<std::optional<std::string>> value = database.Get(key);
  if (CannotBeRead(value.status())) return value.status();
  if (!value.ok() || !value->has_value()) return Status::Ok();
  Result<T> decoded = decode(**value);
  if (decoded.ok()) *row = *std::move(decoded);
  return Status::Ok();
}

// Null: LevelDB cannot open it.
Result<std::unique_ptr<Database>> OpenDamaged(DurableEnv* env, const std::string& directory) {
  DatabaseOptions options = LogDatabaseOptions(directory);
  for (const WalDamage damage : {WalDamage::kCutTornTail, WalDamage::kCutAll}) {
    options.wal_damage = damage;
    Result<std::unique_ptr<Database>> database = Database::Open(env, options);
    if (database.ok() || database.status().code() != Code::kCorruption) return database;
  }
  return std::unique_ptr<Database>();
}

Status LookAt(const Database& database, Survey* found) {
  BATON_RETURN_IF_ERROR(Believe(database, kIdentityKey, DecodeIdentity, &found->owner));
  BATON_RETURN_IF_ERROR(Believe(database, kHardStateKey, DecodeHardState, &found->hard_state));
  BATON_RETURN_IF_ERROR(Believe(database, kStartKey, DecodeStart, &found->start));
  return Believe(database, kTailKey, DecodeTail, &found->tail);
}

raft::HardState HardStateFor(const Survey& found) {
  raft::HardState hard_state;
  raft::Memory memory = raft::Memory::kLostEntries;
  if (found.hard_state) {
    hard_state.term = found.hard_state->term;
    memory = std::max(memory, found.hard_state->memory);
  }
  if (found.watermark) {
    hard_state.term = std::max(hard_state.term, found.watermark->term);
    memory = std::max(memory, found.watermark->memory);
  }
  // A cut takes the newest rows: without the watermark the hard state may be an old one, unless the
  // log is whole up to its last write.
  const bool newborn = (found.hard_state && found.hard_state->memory == raft::Memory::kNewborn) ||
                       (found.watermark && found.watermark->memory == raft::Memory::kNewborn);
  if (!found.watermark && !(found.hard_state && found.tail)) memory = raft::Memory::kLost;
  if (newborn) memory = raft::Memory::kLost;
  if (memory == raft::Memory::kLostEntries) ++hard_state.term;
  hard_state.memory = memory;
  return hard_state;
}

// A new log in the making: batches on top of each other, complete with the last.
class NewLog {
 public:
  NewLog(std::unique_ptr<Database> database, uint64_t write_number)
      : database_(std::move(database)), write_number_(write_number), memory_(0) {}

  Status Begin(const raft::HardState& hard_state, const raft::SnapshotMeta& start) {
    memory_.Reset(start.index, start.term);
    LogBatch batch(memory_);
    batch.SetHardState(hard_state);
    batch.SetStart(start);
    batch.SetTail(write_number_);
    return database_->Write(batch.rows(), /*sync=*/false);
  }

  Status Append(const std::vector<raft::Entry>& entries) {
    LogBatch batch(memory_);
    batch.Append(entries);
    batch.SetTail(write_number_);
    BATON_RETURN_IF_ERROR(database_->Write(batch.rows(), /*sync=*/false));
    for (const raft::Entry& entry : entries) memory_.Append(entry);
    return Status::Ok();
  }

  Status Finish(const Identity& identity) {
    leveldb::WriteBatch last;
    last.Put(ToSlice(kIdentityKey), EncodeIdentity(identity));
    return database_->Write(&last, /*sync=*/true);
  }

  Index last() const { return memory_.last(); }
  Term last_term() const { return memory_.TermAt(memory_.last()); }

 private:
  const std::unique_ptr<Database> database_;
  const uint64_t write_number_;
  LogMemory memory_;
};

// Entries in their places, as far as they are beyond doubt.
Status CopyEntries(const Database& from, NewLog* to) {
  std::vector<raft::Entry> batch;
  size_t bytes = 0;
  Index next = to->last() + 1;
  Term term = to->last_term();
  const std::unique_ptr<leveldb::Iterator> row = from.NewIterator(/*fill_cache=*/false);
  for (row->Seek(EntryKey(next)); row->Valid() && IsEntryKey(ToView(row->key())); row->Next()) {
    Result<raft::Entry> entry = DecodeEntry(ToView(row->key()), ToView(row->value()));
    if (!entry.ok() || entry->index != next || entry->term < term) break;
    ++next;
    term = entry->term;
    bytes += entry->ApproximateBytes();
    batch.push_back(*std::move(entry));
    if (bytes < kCopyBytesMax) continue;
    BATON_RETURN_IF_ERROR(to->Append(batch));
    batch.clear();
    bytes = 0;
  }
  if (const Status read = from.StatusOf(*row); CannotBeRead(read)) return read;
  return to->Append(batch);
}

std::string Sentence(const std::string& why, const std::string& kept_in, const NewLog& log,
                     const raft::SnapshotMeta& start, const raft::HardState& hard_state) {
  std::string sentence = why;
  if (!sentence.empty() && sentence.back() != '.') sentence += ".";
  sentence += " Kept: entries " + std::to_string(start.index.value() + 1) + " to " +
              std::to_string(log.last().value()) + ". The damaged log stays in " + kept_in + ".";
  sentence += hard_state.memory == raft::Memory::kLost
                  ? " Its term and vote are lost, too: this node counts for nothing until it has "
                    "been made a learner and a voter again."
                  : " This node gives no vote until its peers have given it the rest.";
  return sentence;
}

}  // namespace

Result<std::string> RepairLog(DurableEnv* env, const std::string& parent, const Identity& identity,
                              const std::string& why) {
  const Result<LiveDirectory> live = FindLiveLog(env, parent);
  if (live.status().code() == Code::kIo) return live.status();
  const Result<uint64_t> highest = kLogSeries.Highest(env, parent);
  if (!highest.ok()) return highest.status();
  const uint64_t old_number = live.ok() ? live->number : std::max<uint64_t>(*highest, 1);
  const LiveDirectory repaired{std::max(*highest, old_number) + 1, old_number};
  const std::string damaged_path = kLogSeries.PathOf(parent, old_number);
  const Result<std::unique_ptr<Database>> damaged = OpenDamaged(env, damaged_path);
  if (!damaged.ok()) return damaged.status();

  Survey found;
  if (*damaged != nullptr) BATON_RETURN_IF_ERROR(LookAt(**damaged, &found));
  if (found.owner) BATON_RETURN_IF_ERROR(CheckOwner(*found.owner, identity, damaged_path));
  const Result<std::unique_ptr<Watermark>> watermark = Watermark::Open(env, parent);
  if (watermark.status().code() == Code::kIo) return watermark.status();
  if (watermark.ok()) found.watermark = (*watermark)->newest();
  const raft::HardState hard_state = HardStateFor(found);
  const raft::SnapshotMeta start = found.start.value_or(raft::SnapshotMeta());
  const uint64_t write_number = 1 + std::max(found.tail ? found.tail->write_number : 0,
                                             found.watermark ? found.watermark->write_number : 0);

  Result<std::unique_ptr<Database>> made =
      MakeLogDatabase(env, kLogSeries.PathOf(parent, repaired.number));
  if (!made.ok()) return made.status();
  std::string sentence;
  {
    NewLog log(*std::move(made), write_number);
    BATON_RETURN_IF_ERROR(log.Begin(hard_state, start));
    if (found.start) BATON_RETURN_IF_ERROR(CopyEntries(**damaged, &log));
    BATON_RETURN_IF_ERROR(log.Finish(identity));
    sentence = Sentence(why, damaged_path, log, start, hard_state);
    BATON_RETURN_IF_ERROR(Watermark::Create(env, parent,
                                            {.write_number = write_number,
                                             .last_index = log.last(),
                                             .term = hard_state.term,
                                             .vote = {},
                                             .memory = hard_state.memory}));
  }
  BATON_RETURN_IF_ERROR(FromLevelDb(env->SyncDir(parent), "Cannot sync " + parent));
  BATON_RETURN_IF_ERROR(kLogSeries.Write(env, parent, repaired));
  return sentence;
}

}  // namespace baton::storage
