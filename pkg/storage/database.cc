#include "pkg/storage/database.h"

#include <leveldb/cache.h>
#include <leveldb/filter_policy.h>

#include <cstdlib>

#include "pkg/storage/files.h"
#include "pkg/storage/wal_sync_env.h"

namespace baton::storage {
namespace {

constexpr int kOpenFilesMax = 500;  // of 2 MiB each, beyond which tables are reopened
constexpr int kBloomBitsPerKey = 10;

// LevelDB's own log (DIR/LOG) would grow without bound, and says nothing that a Status does not.
class NoLogger final : public leveldb::Logger {
 public:
  void Logv(const char*, std::va_list) override {}
};

leveldb::ReadOptions CheckedRead() {
  leveldb::ReadOptions options;
  options.verify_checksums = true;
  return options;
}

}  // namespace

Database::Database(DurableEnv* env, const DatabaseOptions& options)
    : base_env_(env),
      directory_(options.directory),
      env_(std::make_unique<WalSyncEnv>(env, options.directory, options.syncs_each_batch)),
      logger_(std::make_unique<NoLogger>()),
      cache_(leveldb::NewLRUCache(options.block_cache_bytes)) {
  if (options.bloom_filter) filter_.reset(leveldb::NewBloomFilterPolicy(kBloomBitsPerKey));
}

Result<std::unique_ptr<Database>> Database::Open(DurableEnv* env, const DatabaseOptions& options) {
  if (!options.create) BATON_RETURN_IF_ERROR(CheckWals(env, options.directory, options.wal_damage));
  std::unique_ptr<Database> database(new Database(env, options));
  BATON_RETURN_IF_ERROR(database->OpenLevelDb(options));
  return database;
}

Status Database::OpenLevelDb(const DatabaseOptions& options) {
  leveldb::Options leveldb_options;
  leveldb_options.create_if_missing = options.create;
  leveldb_options.error_if_exists = options.create;
  leveldb_options.paranoid_checks = true;
  leveldb_options.env = env_.get();
  leveldb_options.info_log = logger_.get();
  leveldb_options.write_buffer_size = options.write_buffer_bytes;
  leveldb_options.max_open_files = kOpenFilesMax;
  leveldb_options.block_cache = cache_.get();
  leveldb_options.compression = leveldb::kNoCompression;  // README.md, "Decisions"
  leveldb_options.filter_policy = filter_.get();
  leveldb::DB* db = nullptr;
  const leveldb::Status status = leveldb::DB::Open(leveldb_options, directory_, &db);
  db_.reset(db);
  const std::string what = "The database in " + directory_ + " cannot be opened";
  // With create_if_missing off, an absent CURRENT is an "invalid argument" of LevelDB.
  if (status.IsInvalidArgument()) return Status(Code::kCorruption, what + ": " + Reason(status));
  return FromLevelDb(status, what);
}

Database::~Database() {
  db_.reset();
  (void)env_->SyncWal();  // who needs to know has called Sync
  env_.reset();
  // A directory that cannot be removed now is removed at the next start.
  if (remove_on_close_) (void)RemoveTree(base_env_, directory_);
}

Result<std::optional<std::string>> Database::Get(std::string_view key) const {
  std::string value;
  const leveldb::Status status = db_->Get(CheckedRead(), ToSlice(key), &value);
  if (status.ok()) return std::optional<std::string>(std::move(value));
  if (status.IsNotFound()) return std::optional<std::string>();
  return FromLevelDb(status, "Cannot read from " + directory_);
}

std::unique_ptr<leveldb::Iterator> Database::NewIterator(bool fill_cache,
                                                         const leveldb::Snapshot* snapshot) const {
  leveldb::ReadOptions options = CheckedRead();
  options.fill_cache = fill_cache;
  options.snapshot = snapshot;
  return std::unique_ptr<leveldb::Iterator>(db_->NewIterator(options));
}

Status Database::StatusOf(const leveldb::Iterator& iterator) const {
  return FromLevelDb(iterator.status(), "Cannot read from " + directory_);
}

Status Database::Write(leveldb::WriteBatch* batch, bool sync) {
  leveldb::Status status = env_->failure();
  if (status.ok()) {
    leveldb::WriteOptions options;
    options.sync = sync;
    status = db_->Write(options, batch);
    if (status.ok() && sync) status = env_->SyncClosedWals();
    if (!status.ok()) env_->SetFailure(status);
  }
  // A sync on another thread, or of a file that was closed inside this write, may have failed.
  if (status.ok()) status = env_->failure();
  return FromLevelDb(status, "Cannot write to " + directory_);
}

Status Database::Sync() { return FromLevelDb(env_->SyncWal(), "Cannot sync " + directory_); }

void Database::Fail(const Status& why) {
  env_->SetFailure(leveldb::Status::IOError(directory_, why.message()));
}

const leveldb::Snapshot* Database::GetSnapshot() { return db_->GetSnapshot(); }

void Database::ReleaseSnapshot(const leveldb::Snapshot* snapshot) {
  db_->ReleaseSnapshot(snapshot);
}

uint64_t Database::ApproximateBytes() const {
  static const std::string kLastKey(16, '\xff');  // after every key of this room
  return ApproximateTableBytes(kLastKey) + env_->WalBytes();
}

DatabaseFacts Database::Facts() const {
  DatabaseFacts facts;
  facts.bytes = ApproximateBytes();
  std::string text;
  if (db_->GetProperty("leveldb.stats", &text)) facts.levels = ParseLevelDbStats(text);
  // Left out while it is empty; but it is the one that alarms are about.
  const bool has_first = !facts.levels.empty() && facts.levels.front().number == 0;
  if (!has_first) facts.levels.insert(facts.levels.begin(), DatabaseFacts::Level());
  if (db_->GetProperty("leveldb.approximate-memory-usage", &text)) {
    facts.memory_bytes = std::strtoull(text.c_str(), nullptr, 10);
  }
  return facts;
}

uint64_t Database::ApproximateTableBytes(std::string_view end) const {
  const leveldb::Range range(leveldb::Slice(), ToSlice(end));
  uint64_t bytes = 0;
  db_->GetApproximateSizes(&range, 1, &bytes);
  return bytes;
}

}  // namespace baton::storage
