#include "pkg/storage/log_database.h"

#include <optional>

#include "pkg/storage/files.h"
#include "pkg/storage/log_format.h"

namespace baton::storage {
namespace {

// Reads of old entries only; what is new is in LogMemory.
constexpr size_t kBlockCacheBytes = 1u << 20;

}  // namespace

DatabaseOptions LogDatabaseOptions(const std::string& directory) {
  DatabaseOptions options;
  options.directory = directory;
  options.wal_damage = WalDamage::kCutTornTail;
  options.block_cache_bytes = kBlockCacheBytes;
  return options;
}

Result<std::unique_ptr<Database>> MakeLogDatabase(DurableEnv* env, const std::string& directory) {
  BATON_RETURN_IF_ERROR(RemoveTree(env, directory));
  DatabaseOptions options = LogDatabaseOptions(directory);
  options.create = true;
  return Database::Open(env, options);
}

Result<LiveDirectory> FindLiveLog(DurableEnv* env, const std::string& parent) {
  Result<LiveDirectory> live = kLogSeries.Read(env, parent);
  if (live.status().code() != Code::kCorruption) return live;
  live = kLogSeries.Find(env, parent, [&](uint64_t number) {
    const auto database =
        Database::Open(env, LogDatabaseOptions(kLogSeries.PathOf(parent, number)));
    if (!database.ok()) return false;
    const Result<std::optional<std::string>> row = (*database)->Get(kIdentityKey);
    return row.ok() && row->has_value();
  });
  if (live.ok()) BATON_RETURN_IF_ERROR(kLogSeries.Write(env, parent, *live));
  return live;
}

Result<Identity> OwnerOfLog(DurableEnv* env, const std::string& parent) {
  const Result<LiveDirectory> live = FindLiveLog(env, parent);
  if (!live.ok()) return live.status();
  const auto database =
      Database::Open(env, LogDatabaseOptions(kLogSeries.PathOf(parent, live->number)));
  if (!database.ok()) return database.status();
  const Result<std::optional<std::string>> row = (*database)->Get(kIdentityKey);
  if (!row.ok()) return row.status();
  if (!row->has_value()) return Status(Code::kCorruption, "The log has no identity.");
  return DecodeIdentity(**row);
}

}  // namespace baton::storage
