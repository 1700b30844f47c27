#include "pkg/storage/log_rows.h"

#include <memory>
#include <optional>

#include "pkg/base/bytes.h"
#include "pkg/storage/disk_failure.h"

namespace baton::storage {
namespace {

Status Corrupt(const std::string& what) { return Status(Code::kCorruption, what); }

template <typename T>
Status ReadRow(const Database& database, std::string_view key,
               Result<T> (*decode)(std::string_view), T* row) {
  const Result<std::optional<std::string>> value = database.Get(key);
  if (!value.ok()) return value.status();
  if (!value->has_value()) return Corrupt("The row '" + std::string(key) + "' is missing.");
  Result<T> decoded = decode(**value);
  if (!decoded.ok()) return decoded.status();
  *row = *std::move(decoded);
  return Status::Ok();
}

// Takes the entry in, or says why it cannot follow on what is there.
Status TakeEntry(const raft::Entry& entry, LogRows* rows) {
  LogMemory& memory = rows->memory;
  if (entry.index != memory.last() + 1) {
    return Corrupt("Index " + std::to_string((memory.last() + 1).value()) + " is missing; index " +
                   std::to_string(entry.index.value()) + " follows.");
  }
  if (entry.term < memory.TermAt(memory.last())) {
    return Corrupt("The term goes down at index " + std::to_string(entry.index.value()) + ".");
  }
  memory.Append(entry);
  return Status::Ok();
}

void TakeStale(std::string_view key, LogRows* rows) {
  ByteReader reader(key.substr(1));
  const Index index(reader.U64BigEndian());
  if (!rows->stale_high) rows->stale_low = index;
  rows->stale_high = index + 1;
}

Status ReadEntries(const Database& database, LogRows* rows) {
  rows->memory.Reset(rows->start.index, rows->start.term);
  const std::string first_key = EntryKey(rows->start.index + 1);
  const std::unique_ptr<leveldb::Iterator> row = database.NewIterator(/*fill_cache=*/false);
  for (row->SeekToFirst(); row->Valid(); row->Next()) {
    const std::string_view key = ToView(row->key());
    if (!IsEntryKey(key)) {
      const bool known =
          key == kHardStateKey || key == kIdentityKey || key == kStartKey || key == kTailKey;
      if (!known) return Corrupt("There is a row that no build of this format writes.");
    } else if (key < first_key) {
      TakeStale(key, rows);
    } else {
      const Result<raft::Entry> entry = DecodeEntry(key, ToView(row->value()));
      const Status taken = entry.ok() ? TakeEntry(*entry, rows) : entry.status();
      // Rows are also missing where LevelDB could not read a table; it goes on with the next.
      if (!taken.ok()) BATON_RETURN_IF_ERROR(database.StatusOf(*row));
      BATON_RETURN_IF_ERROR(taken);
    }
  }
  return database.StatusOf(*row);
}

Status ReadAll(const Database& database, Identity* owner, LogRows* rows) {
  BATON_RETURN_IF_ERROR(ReadRow(database, kIdentityKey, DecodeIdentity, owner));
  BATON_RETURN_IF_ERROR(ReadRow(database, kHardStateKey, DecodeHardState, &rows->hard_state));
  BATON_RETURN_IF_ERROR(ReadRow(database, kStartKey, DecodeStart, &rows->start));
  BATON_RETURN_IF_ERROR(ReadRow(database, kTailKey, DecodeTail, &rows->tail));
  BATON_RETURN_IF_ERROR(ReadEntries(database, rows));
  if (rows->memory.last() != rows->tail.last_index) {
    return Corrupt("It ends at index " + std::to_string(rows->memory.last().value()) +
                   ", but its last write left it at " +
                   std::to_string(rows->tail.last_index.value()) + ".");
  }
  return Status::Ok();
}

}  // namespace

Result<LogRows> ReadLogRows(const Database& database, const Identity& identity,
                            size_t cache_bytes_max) {
  LogRows rows(cache_bytes_max);
  Identity owner;
  const Status status = ReadAll(database, &owner, &rows);
  if (status.code() == Code::kCorruption) {
    return Unusable("log", database.directory(), status.message());
  }
  if (!status.ok()) return status;
  BATON_RETURN_IF_ERROR(CheckOwner(owner, identity, database.directory()));
  return rows;
}

}  // namespace baton::storage
