// File: database.h
//
// One LevelDB, opened the way this room opens them: paranoid, checksums verified, its write-ahead
// files checked (wal_check.h) and synced (wal_sync_env.h), no log file of LevelDB's own beside the
// data, and failed for good after the first failed write.
#pragma once

#include <leveldb/db.h>
#include <leveldb/write_batch.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "pkg/base/status.h"
#include "pkg/storage/database_facts.h"
#include "pkg/storage/env.h"
#include "pkg/storage/wal_check.h"

namespace leveldb {
class Cache;
class FilterPolicy;
}  // namespace leveldb

namespace baton::storage {

class WalSyncEnv;

struct DatabaseOptions {
  std::string directory;
  // True: make a new one in a directory that does not exist or is empty. False: it must exist;
  // LevelDB must never make an empty database where one was lost.
  bool create = false;
  WalDamage wal_damage = WalDamage::kCutTornTail;
  // Whether each Write asks for a sync, or next to none does; see wal_sync_env.h.
  bool syncs_each_batch = true;
  size_t write_buffer_bytes = 4u << 20;
  size_t block_cache_bytes = 8u << 20;
  bool bloom_filter = false;  // for databases that are asked for keys that do not exist
};

inline leveldb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
inline std::string_view ToView(const leveldb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

class Database {
 public:
  // `env` must outlive the database.
  static Result<std::unique_ptr<Database>> Open(DurableEnv* env, const DatabaseOptions& options);
  // Makes everything durable (unless a write has failed) and closes. No iterator may be left.
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Any thread.
  Result<std::optional<std::string>> Get(std::string_view key) const;
  // Any thread. Destroy it before the database. A scan that reads much should not fill the cache.
  std::unique_ptr<leveldb::Iterator> NewIterator(bool fill_cache,
                                                 const leveldb::Snapshot* snapshot = nullptr) const;
  // kOk, or why the iterator stopped early.
  Status StatusOf(const leveldb::Iterator& iterator) const;

  // One thread.
  Status Write(leveldb::WriteBatch* batch, bool sync);
  // Everything written before the call is durable when it is OK. Any thread; see WalSyncEnv.
  Status Sync();
  // Every later Write and Sync fails with `why`, unless one has failed before. Any thread.
  void Fail(const Status& why);

  const leveldb::Snapshot* GetSnapshot();
  void ReleaseSnapshot(const leveldb::Snapshot* snapshot);

  // Bytes on disk, about.
  uint64_t ApproximateBytes() const;
  // What LevelDB says of itself. Any thread; takes its mutex for a moment.
  DatabaseFacts Facts() const;
  // Of the tables alone, as far as they hold keys before `end`.
  uint64_t ApproximateTableBytes(std::string_view end) const;
  const std::string& directory() const { return directory_; }
  // Whether the destructor removes the directory. Any thread.
  void SetRemoveOnClose(bool remove) { remove_on_close_ = remove; }

 private:
  Database(DurableEnv* env, const DatabaseOptions& options);
  Status OpenLevelDb(const DatabaseOptions& options);

  DurableEnv* const base_env_;
  const std::string directory_;
  std::atomic<bool> remove_on_close_{false};
  // In this order: the database uses all above it.
  std::unique_ptr<WalSyncEnv> env_;
  std::unique_ptr<leveldb::Logger> logger_;
  std::unique_ptr<leveldb::Cache> cache_;
  std::unique_ptr<const leveldb::FilterPolicy> filter_;
  std::unique_ptr<leveldb::DB> db_;
};

}  // namespace baton::storage
