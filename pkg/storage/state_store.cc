#include "pkg/storage/state_store.h"

#include <algorithm>
#include <utility>

#include "pkg/base/check.h"
#include "pkg/base/planted.h"
#include "pkg/storage/database.h"
#include "pkg/storage/disk_failure.h"
#include "pkg/storage/files.h"
#include "pkg/storage/live_directory.h"
#include "pkg/storage/state_database.h"
#include "pkg/storage/state_snapshot.h"

namespace baton::storage {
namespace {

std::string TableKey(std::string_view key) {
  std::string table_key;
  table_key.reserve(1 + key.size());
  table_key.push_back(kTablePrefix);
  table_key.append(key);
  return table_key;
}

constexpr char kDamagedName[] = "STATE-DAMAGED";
constexpr size_t kDamageTextBytesMax = 4096;

}  // namespace

Status LevelStateStore::Create(DurableEnv* env, const std::string& parent,
                               const Identity& identity) {
  return CreateAs(env, parent, identity, LiveDirectory{});
}

Status LevelStateStore::CreateAs(DurableEnv* env, const std::string& parent,
                                 const Identity& identity, const LiveDirectory& live) {
  Result<std::unique_ptr<Database>> database =
      MakeStateDatabase(env, parent, live.number, StateStoreOptions{});
  if (!database.ok()) return database.status();
  BATON_RETURN_IF_ERROR(FinishStateDatabase(env, parent, database->get(), identity));
  return kStateSeries.Write(env, parent, live);
}

Status LevelStateStore::StartOver(DurableEnv* env, const std::string& parent,
                                  const Identity& identity) {
  const Result<uint64_t> highest = kStateSeries.Highest(env, parent);
  if (!highest.ok()) return highest.status();
  const Result<LiveDirectory> old = kStateSeries.Read(env, parent);
  // Found damaged again before anything took its place: the first one is the one to keep.
  const uint64_t kept =
      old.ok() ? old->set_aside.value_or(old->number) : std::max<uint64_t>(*highest, 1);
  const LiveDirectory live{std::max(*highest, kept) + 1, kept};
  BATON_RETURN_IF_ERROR(CreateAs(env, parent, identity, live));
  if (!env->FileExists(JoinPath(parent, kDamagedName))) return Status::Ok();
  return FromLevelDb(env->RemoveFile(JoinPath(parent, kDamagedName)),
                     "Cannot remove " + JoinPath(parent, kDamagedName));
}

Result<LiveDirectory> LevelStateStore::FindLive(DurableEnv* env, const std::string& parent,
                                                const Identity& identity,
                                                const StateStoreOptions& options) {
  Result<LiveDirectory> live = kStateSeries.Read(env, parent);
  if (live.status().code() != Code::kCorruption) return live;
  live = kStateSeries.Find(env, parent, [&](uint64_t number) {
    return OpenStateDatabase(env, parent, number, identity, options).ok();
  });
  if (live.ok()) BATON_RETURN_IF_ERROR(kStateSeries.Write(env, parent, *live));
  return live;
}

Result<std::unique_ptr<LevelStateStore>> LevelStateStore::Open(DurableEnv* env,
                                                               const std::string& parent,
                                                               const Identity& identity,
                                                               const StateStoreOptions& options) {
  const std::string damaged = JoinPath(parent, kDamagedName);
  if (env->FileExists(damaged)) {
    const Result<std::string> why = ReadWholeFile(env, damaged, kDamageTextBytesMax);
    return Unusable("state", parent, why.ok() && !why->empty() ? *why : "It could not be read");
  }
  const Result<LiveDirectory> live = FindLive(env, parent, identity, options);
  if (!live.ok()) return live.status();
  Result<std::unique_ptr<Database>> database =
      OpenStateDatabase(env, parent, live->number, identity, options);
  if (!database.ok()) return database.status();
  BATON_RETURN_IF_ERROR(kStateSeries.RemoveOthers(env, parent, *live));
  return std::unique_ptr<LevelStateStore>(
      new LevelStateStore(env, parent, identity, options, *std::move(database), live->number));
}

LevelStateStore::LevelStateStore(DurableEnv* env, std::string parent, Identity identity,
                                 const StateStoreOptions& options, std::shared_ptr<Database> live,
                                 uint64_t live_number)
    : env_(env),
      parent_(std::move(parent)),
      identity_(std::move(identity)),
      options_(options),
      next_number_(live_number + 1),
      live_(std::move(live)) {}

LevelStateStore::~LevelStateStore() = default;

std::shared_ptr<Database> LevelStateStore::Live() const {
  const std::lock_guard lock(mutex_);
  return live_;
}

std::optional<std::string> LevelStateStore::Get(std::string_view key) const {
  const auto written = overlay_.find(key);
  if (written != overlay_.end()) return written->second;
  Result<std::optional<std::string>> value = live_->Get(TableKey(key));
  if (!value.ok()) Stop("reading a row of the state", value.status());
  return *std::move(value);
}

void LevelStateStore::Put(std::string_view key, std::string_view value) {
  overlay_.insert_or_assign(std::string(key), std::string(value));
}

void LevelStateStore::Delete(std::string_view key) {
  overlay_.insert_or_assign(std::string(key), std::nullopt);
}

// Two ascending sequences merged; where both have a key the overlay is the newer.
void LevelStateStore::Scan(std::string_view start, std::string_view end,
                           const Visitor& visit) const {
  const std::unique_ptr<leveldb::Iterator> row = live_->NewIterator(/*fill_cache=*/true);
  auto written = overlay_.lower_bound(start);
  const auto in_range = [&](std::string_view key) { return end.empty() || key < end; };
  row->Seek(TableKey(start));
  while (true) {
    const bool has_row = row->Valid() && in_range(ToView(row->key()).substr(1));
    const bool has_written = written != overlay_.end() && in_range(written->first);
    if (!has_row && !has_written) break;
    const std::string_view row_key = has_row ? ToView(row->key()).substr(1) : std::string_view();
    if (!has_written || (has_row && row_key < written->first)) {
      if (!visit(row_key, ToView(row->value()))) return;
      row->Next();
      continue;
    }
    if (written->second && !visit(written->first, *written->second)) return;
    if (has_row && row_key == written->first) row->Next();
    ++written;
  }
  const Status status = live_->StatusOf(*row);
  if (!status.ok()) Stop("scanning the state", status);
}

// What is damaged stays so: the next start must not find out anew, and stop again.
void LevelStateStore::MarkDamaged(const Status& why) const {
  if (why.code() != Code::kCorruption) return;
  (void)WriteFileDurably(env_, parent_, kDamagedName, why.message().substr(0, kDamageTextBytesMax));
}

void LevelStateStore::Stop(std::string_view what, const Status& why) const {
  MarkDamaged(why);
  FatalDisk(what, why);
}

void LevelStateStore::Discard(const std::string& why) {
  MarkDamaged(Status(Code::kCorruption, why));
}

Status LevelStateStore::Commit() {
  if (overlay_.empty()) return Status::Ok();
  leveldb::WriteBatch batch;
  for (const auto& [key, value] : overlay_) {
    if (value) {
      batch.Put(TableKey(key), *value);
    } else {
      batch.Delete(TableKey(key));
    }
  }
  if (const Status written = live_->Write(&batch, /*sync=*/false); !written.ok()) {
    MarkDamaged(written);  // found by a compaction
    return written;
  }
  overlay_.clear();
  return Status::Ok();
}

Status LevelStateStore::Sync() {
  if (PLANTED("storage.state_not_synced")) return Status::Ok();
  return Live()->Sync();
}

Result<std::unique_ptr<node::SnapshotReader>> LevelStateStore::OpenSnapshot() {
  return std::unique_ptr<node::SnapshotReader>(new LevelSnapshotReader(live_));
}

Result<std::unique_ptr<node::SnapshotWriter>> LevelStateStore::BeginInstall() {
  const uint64_t number = next_number_++;
  env_->SetPatient(kStateSeries.PathOf(parent_, number), false);
  Result<std::unique_ptr<Database>> database = MakeStateDatabase(env_, parent_, number, options_);
  if (!database.ok()) {
    env_->SetPatient(kStateSeries.PathOf(parent_, number), true);
    return database.status();
  }
  return std::unique_ptr<node::SnapshotWriter>(
      new LevelSnapshotWriter(env_, parent_, identity_, *std::move(database), number));
}

Status LevelStateStore::Install(node::SnapshotWriter* finished) {
  auto* const writer = dynamic_cast<LevelSnapshotWriter*>(finished);
  CHECK(writer != nullptr && writer->finished()) << "Install needs a finished writer";
  env_->SetPatient(kStateSeries.PathOf(parent_, writer->number()), true);
  writer->Keep();  // from here on the pointer may name it, even if an error comes back
  const Status pointed =
      kStateSeries.Write(env_, parent_, {.number = writer->number(), .set_aside = {}});
  if (!pointed.ok()) {
    live_->Fail(pointed);  // a restart may find either state
    return pointed;
  }
  {
    const std::lock_guard lock(mutex_);
    writer->SwapDatabase(&live_);
  }
  overlay_.clear();
  return Status::Ok();
}

uint64_t LevelStateStore::ApproximateBytes() const { return live_->ApproximateBytes(); }

DatabaseFacts LevelStateStore::Facts() const { return Live()->Facts(); }

}  // namespace baton::storage
