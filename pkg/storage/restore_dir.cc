#include "pkg/storage/restore_dir.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "pkg/storage/backup_reader.h"
#include "pkg/storage/data_dir.h"
#include "pkg/storage/database.h"
#include "pkg/storage/live_directory.h"
#include "pkg/storage/log_store.h"
#include "pkg/storage/state_database.h"

namespace baton::storage {
namespace {

constexpr uint64_t kStateNumber = 1;
constexpr size_t kBatchBytes = 1 << 20;

// Rows gathered into batches. Not durable before the database is finished.
class RowWriter {
 public:
  explicit RowWriter(Database* database) : database_(database) {}

  void Put(std::string_view key, std::string_view value) {
    key_.assign(1, kTablePrefix).append(key);
    batch_.Put(key_, ToSlice(value));
    bytes_ += key.size() + value.size();
  }
  Status WriteIfLarge() { return bytes_ < kBatchBytes ? Status::Ok() : Write(); }
  Status Write() {
    BATON_RETURN_IF_ERROR(database_->Write(&batch_, /*sync=*/false));
    batch_.Clear();
    bytes_ = 0;
    return Status::Ok();
  }

 private:
  Database* const database_;
  leveldb::WriteBatch batch_;
  std::string key_;
  size_t bytes_ = 0;
};

Status CheckCluster(const BackupReader& backup, const Identity& identity) {
  if (!backup.header() || backup.header()->cluster_id != identity.cluster_id) return Status::Ok();
  return Status(Code::kInvalidArgument, "same_cluster",
                "The backup is of the cluster " + identity.cluster_id +
                    ", and a restore makes a new one: nodes of the old cluster must not take this "
                    "one for a member of theirs; give another cluster id.");
}

Status CheckMeta(const Restored& restored) {
  if (restored.before.applied == restored.header.index &&
      restored.before.applied_term == restored.header.term) {
    return Status::Ok();
  }
  return Status(Code::kCorruption,
                "The backup contradicts itself: its state is not of the entry that its header "
                "names.");
}

Status WriteState(const RestoreOptions& options, const ReadBackup& read, DurableEnv* env,
                  Restored* restored) {
  Result<std::unique_ptr<Database>> database =
      MakeStateDatabase(env, options.data_dir, kStateNumber, StateStoreOptions{});
  if (!database.ok()) return database.status();
  RowWriter writer(database->get());
  BackupReader backup;
  coord::StateRestorer restorer(options.step);
  const auto sink = [&](std::string_view key, std::string_view value) { writer.Put(key, value); };
  const auto visit = [&](std::string_view key, std::string_view value) {
    BATON_RETURN_IF_ERROR(CheckCluster(backup, options.identity));
    BATON_RETURN_IF_ERROR(restorer.Add(key, value, sink));
    return writer.WriteIfLarge();
  };
  while (true) {
    const Result<std::string> bytes = read();
    if (!bytes.ok()) return bytes.status();
    if (bytes->empty()) break;
    BATON_RETURN_IF_ERROR(backup.Feed(*bytes, visit));
  }
  BATON_RETURN_IF_ERROR(backup.Finish());
  BATON_RETURN_IF_ERROR(restorer.Finish());
  *restored = {*backup.header(), restorer.before(), restorer.after(), restorer.dropped()};
  BATON_RETURN_IF_ERROR(CheckMeta(*restored));
  BATON_RETURN_IF_ERROR(writer.Write());
  BATON_RETURN_IF_ERROR(
      FinishStateDatabase(env, options.data_dir, database->get(), options.identity));
  return kStateSeries.Write(env, options.data_dir, {.number = kStateNumber, .set_aside = {}});
}

Status WriteLog(const RestoreOptions& options, DurableEnv* env, const node::BackupHeader& header) {
  BATON_RETURN_IF_ERROR(LevelLogStore::Create(env, options.data_dir, options.identity));
  Result<std::unique_ptr<LevelLogStore>> log =
      LevelLogStore::Open(env, options.data_dir, options.identity, LogStoreOptions{});
  if (!log.ok()) return log.status();
  raft::ConfigState config;
  config.voters = options.voters;
  std::sort(config.voters.begin(), config.voters.end());
  node::LogWrite write;
  write.hard_state = raft::HardState{.term = header.term, .vote = NodeId(), .commit = header.index};
  write.snapshot = raft::SnapshotMeta{header.index, header.term, std::move(config)};
  return (*log)->Write({&write, 1}, /*must_sync=*/true);
}

}  // namespace

Result<Restored> RestoreDataDir(const RestoreOptions& options, const ReadBackup& read) {
  Restored restored;
  const auto fill = [&](DurableEnv* env) {
    BATON_RETURN_IF_ERROR(WriteState(options, read, env, &restored));
    return WriteLog(options, env, restored.header);
  };
  BATON_RETURN_IF_ERROR(
      DataDir::MakeRestored(options.data_dir, options.identity, options.env, fill));
  return restored;
}

}  // namespace baton::storage
