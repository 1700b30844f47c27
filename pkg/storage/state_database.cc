#include "pkg/storage/state_database.h"

#include <charconv>
#include <cstdio>
#include <optional>

#include "pkg/storage/disk_failure.h"
#include "pkg/storage/files.h"
#include "pkg/storage/log_format.h"
#include "pkg/storage/sealed_text.h"

namespace baton::storage {
namespace {

constexpr std::string_view kDirectoryPrefix = "state-";
constexpr std::string_view kPointerName = "STATE";
constexpr std::string_view kPointerKind = "baton-state";
constexpr uint32_t kPointerFormat = 1;
constexpr std::string_view kIdentityRow("\0identity", 9);

DatabaseOptions MakeDatabaseOptions(const std::string& parent, uint64_t number,
                                    const StateStoreOptions& options) {
  DatabaseOptions database;
  database.directory = JoinPath(parent, StateDirectoryName(number));
  database.wal_damage = WalDamage::kCutAll;
  database.write_buffer_bytes = options.write_buffer_bytes;
  database.block_cache_bytes = options.block_cache_bytes;
  database.compress = true;
  database.bloom_filter = true;
  return database;
}

}  // namespace

std::string StateDirectoryName(uint64_t number) {
  char digits[24];
  std::snprintf(digits, sizeof(digits), "%06llu", static_cast<unsigned long long>(number));
  return std::string(kDirectoryPrefix) + digits;
}

std::optional<uint64_t> NumberOfStateDirectory(std::string_view name) {
  if (!name.starts_with(kDirectoryPrefix)) return std::nullopt;
  const std::string_view digits = name.substr(kDirectoryPrefix.size());
  uint64_t number = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (parsed.ec != std::errc() || StateDirectoryName(number) != name) return std::nullopt;
  return number;
}

Result<std::unique_ptr<Database>> MakeStateDatabase(DurableEnv* env, const std::string& parent,
                                                    uint64_t number,
                                                    const StateStoreOptions& options) {
  DatabaseOptions database = MakeDatabaseOptions(parent, number, options);
  database.create = true;
  BATON_RETURN_IF_ERROR(RemoveTree(env, database.directory));
  return Database::Open(env, database);
}

Status FinishStateDatabase(DurableEnv* env, const std::string& parent, Database* database,
                           const Identity& identity) {
  leveldb::WriteBatch batch;
  batch.Put(ToSlice(kIdentityRow), EncodeIdentity(identity));
  BATON_RETURN_IF_ERROR(database->Write(&batch, /*sync=*/true));
  return FromLevelDb(env->SyncDir(parent), "Cannot sync " + parent);
}

Result<std::unique_ptr<Database>> OpenStateDatabase(DurableEnv* env, const std::string& parent,
                                                    uint64_t number, const Identity& identity,
                                                    const StateStoreOptions& options) {
  const DatabaseOptions database_options = MakeDatabaseOptions(parent, number, options);
  const std::string& directory = database_options.directory;
  Result<std::unique_ptr<Database>> database = Database::Open(env, database_options);
  if (database.status().code() == Code::kCorruption) {
    return Unusable("state", directory, database.status().message());
  }
  if (!database.ok()) return database;
  const Result<std::optional<std::string>> row = (*database)->Get(kIdentityRow);
  if (!row.ok()) return Unusable("state", directory, row.status().message());
  if (!row->has_value()) return Unusable("state", directory, "It is not complete.");
  const Result<Identity> owner = DecodeIdentity(**row);
  if (!owner.ok()) return Unusable("state", directory, owner.status().message());
  BATON_RETURN_IF_ERROR(CheckOwner(*owner, identity, directory));
  return database;
}

Status WriteStatePointer(DurableEnv* env, const std::string& parent, uint64_t number) {
  return WriteFileDurably(
      env, parent, std::string(kPointerName),
      SealText(kPointerKind, kPointerFormat, {{"tables", StateDirectoryName(number)}}));
}

Result<uint64_t> ReadStatePointer(DurableEnv* env, const std::string& parent) {
  const std::string path = JoinPath(parent, kPointerName);
  const Result<std::string> text = ReadWholeFile(env, path, kSealedTextBytesMax);
  if (!text.ok() && text.status().code() == Code::kIo) return text.status();
  if (!text.ok()) return Unusable("state", parent, text.status().message());
  const Result<TextLines> lines = UnsealText(kPointerKind, kPointerFormat, *text, path);
  if (lines.status().code() == Code::kInvalidArgument) return lines.status();
  if (!lines.ok()) return Unusable("state", parent, lines.status().message());
  const std::optional<uint64_t> number =
      lines->size() == 1 ? NumberOfStateDirectory((*lines)[0].second) : std::nullopt;
  if (!number) return Unusable("state", parent, path + " is malformed.");
  return *number;
}

}  // namespace baton::storage
