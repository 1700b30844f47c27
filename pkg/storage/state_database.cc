#include "pkg/storage/state_database.h"

#include <optional>

#include "pkg/storage/disk_failure.h"
#include "pkg/storage/files.h"
#include "pkg/storage/live_directory.h"
#include "pkg/storage/log_format.h"

namespace baton::storage {
namespace {

constexpr std::string_view kIdentityRow("\0identity", 9);

DatabaseOptions MakeDatabaseOptions(const std::string& parent, uint64_t number,
                                    const StateStoreOptions& options) {
  DatabaseOptions database;
  database.directory = kStateSeries.PathOf(parent, number);
  database.wal_damage = WalDamage::kCutAll;
  database.syncs_each_batch = false;
  database.write_buffer_bytes = options.write_buffer_bytes;
  database.block_cache_bytes = options.block_cache_bytes;
  database.bloom_filter = true;
  return database;
}

}  // namespace

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
  if (row.status().code() == Code::kCorruption) {
    return Unusable("state", directory, row.status().message());
  }
  if (!row.ok()) return row.status();
  if (!row->has_value()) return Unusable("state", directory, "It is not complete.");
  const Result<Identity> owner = DecodeIdentity(**row);
  if (!owner.ok()) return Unusable("state", directory, owner.status().message());
  BATON_RETURN_IF_ERROR(CheckOwner(*owner, identity, directory));
  return database;
}

}  // namespace baton::storage
