#include "pkg/storage/wal_sync_env.h"

#include <algorithm>
#include <atomic>
#include <utility>

namespace baton::storage {

struct WalSyncEnv::OpenWal {
  std::string path;
  bool closed = false;    // protected by WalSyncEnv::mutex_
  std::mutex sync_mutex;  // one sync at a time through `handle`
  std::unique_ptr<leveldb::WritableFile> handle;
  std::atomic<uint64_t> bytes{0};
};

// A write-ahead file as LevelDB sees it. LevelDB uses it on one thread at a time.
class WalFile final : public leveldb::WritableFile {
 public:
  WalFile(WalSyncEnv* env, std::unique_ptr<leveldb::WritableFile> file,
          std::shared_ptr<WalSyncEnv::OpenWal> wal)
      : env_(env),
        file_(std::move(file)),
        wal_(std::move(wal)),
        fills_ahead_(env->syncs_each_batch_) {}

  // LevelDB 1.23 closes by destroying; the status can only be kept for the next append.
  ~WalFile() override { (void)Close(); }

  leveldb::Status Append(const leveldb::Slice& bytes) override {
    const uint64_t end = wal_->bytes += bytes.size();
    return Guarded([&] {
      const leveldb::Status filled = FillBehind(end);
      return filled.ok() ? file_->Append(bytes) : filled;
    });
  }
  leveldb::Status Flush() override {
    return Guarded([&] { return file_->Flush(); });
  }
  leveldb::Status Sync() override {
    ++syncs_;
    return Guarded([&] { return file_->Sync(); });
  }

  leveldb::Status Close() override {
    if (closed_) return leveldb::Status::OK();
    closed_ = true;
    const leveldb::Status status = Guarded([&] {
      const bool syncs = env_->syncs_each_batch_;
      const leveldb::Status synced = syncs ? file_->Sync() : leveldb::Status::OK();
      return synced.ok() ? file_->Close() : synced;
    });
    env_->Closed(wal_);
    return status;
  }

 private:
  // Before what ends at `end` is appended, if it leaves the zeros that are there.
  leveldb::Status FillBehind(uint64_t end) {
    if (!fills_ahead_ || end <= filled_) return leveldb::Status::OK();
    filled_ = (end / WalSyncEnv::kFillStepBytes + 1) * WalSyncEnv::kFillStepBytes;
    if (std::exchange(syncs_, 0) < WalSyncEnv::kFillSyncsMin) return leveldb::Status::OK();
    const leveldb::Status status = env_->base_->FillWithZeros(wal_->path, end, filled_);
    if (!status.IsNotSupportedError()) return status;
    fills_ahead_ = false;
    return leveldb::Status::OK();
  }
  template <typename Operation>
  leveldb::Status Guarded(Operation operation) {
    leveldb::Status status = env_->failure();
    if (!status.ok()) return status;
    status = operation();
    if (!status.ok()) env_->SetFailure(status);
    return status;
  }

  WalSyncEnv* const env_;
  const std::unique_ptr<leveldb::WritableFile> file_;
  const std::shared_ptr<WalSyncEnv::OpenWal> wal_;
  bool fills_ahead_;
  uint64_t filled_ = 0;                    // up to here there are zeros, or not, as was decided
  int syncs_ = WalSyncEnv::kFillSyncsMin;  // since then; a file begins as if it were worth it
  bool closed_ = false;
};

// A table, which LevelDB syncs before it writes into MANIFEST that it is there.
class TableFile final : public leveldb::WritableFile {
 public:
  TableFile(WalSyncEnv* env, std::unique_ptr<leveldb::WritableFile> file)
      : env_(env), file_(std::move(file)) {}

  leveldb::Status Append(const leveldb::Slice& bytes) override { return file_->Append(bytes); }
  leveldb::Status Flush() override { return file_->Flush(); }
  leveldb::Status Close() override { return file_->Close(); }
  leveldb::Status Sync() override {
    const leveldb::Status status = file_->Sync();
    return status.ok() ? env_->base_->SyncDir(env_->directory_) : status;
  }

 private:
  WalSyncEnv* const env_;
  const std::unique_ptr<leveldb::WritableFile> file_;
};

WalSyncEnv::WalSyncEnv(DurableEnv* base, std::string directory, bool syncs_each_batch)
    : leveldb::EnvWrapper(base),
      base_(base),
      directory_(std::move(directory)),
      syncs_each_batch_(syncs_each_batch) {}

WalSyncEnv::~WalSyncEnv() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  background_wakes_.notify_one();
  if (background_.joinable()) background_.join();
}

leveldb::Status WalSyncEnv::Sync(bool closed_only) {
  std::vector<std::pair<std::shared_ptr<OpenWal>, bool>> wals;  // with whether it is closed now
  {
    const std::lock_guard lock(mutex_);
    for (const std::shared_ptr<OpenWal>& wal : wals_) {
      if (wal->closed || !closed_only) wals.emplace_back(wal, wal->closed);
    }
  }
  for (const auto& [wal, was_closed] : wals) {
    if (leveldb::Status failed = failure(); !failed.ok()) return failed;
    const std::lock_guard sync_lock(wal->sync_mutex);
    const leveldb::Status status = wal->handle->Sync();
    if (!status.ok()) {
      SetFailure(status);
      return status;
    }
    if (!was_closed) continue;
    const std::lock_guard lock(mutex_);
    std::erase(wals_, wal);
  }
  return failure();  // a file that was closed meanwhile may have failed to sync
}

leveldb::Status WalSyncEnv::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void WalSyncEnv::SetFailure(const leveldb::Status& status) {
  const std::lock_guard lock(mutex_);
  if (failure_.ok()) failure_ = status;
}

uint64_t WalSyncEnv::WalBytes() const {
  const std::lock_guard lock(mutex_);
  uint64_t bytes = 0;
  for (const std::shared_ptr<OpenWal>& wal : wals_) bytes += wal->closed ? 0 : wal->bytes.load();
  return bytes;
}

leveldb::Status WalSyncEnv::NewWritableFile(const std::string& path, leveldb::WritableFile** file) {
  *file = nullptr;
  leveldb::WritableFile* writer = nullptr;
  leveldb::Status status = base_->NewWritableFile(path, &writer);
  if (!status.ok()) return status;
  std::unique_ptr<leveldb::WritableFile> owned_writer(writer);
  if (!IsWalName(path)) {
    const bool table = path.ends_with(".ldb");
    *file = table ? new TableFile(this, std::move(owned_writer)) : owned_writer.release();
    return status;
  }

  leveldb::WritableFile* handle = nullptr;
  status = base_->NewAppendableFile(path, &handle);  // only ever synced
  if (status.ok()) status = base_->SyncDir(directory_);
  auto wal = std::make_shared<OpenWal>();
  wal->path = path;
  wal->handle.reset(handle);
  if (!status.ok()) return status;

  {
    const std::lock_guard lock(mutex_);
    wals_.push_back(wal);
  }
  *file = new WalFile(this, std::move(owned_writer), std::move(wal));
  return leveldb::Status::OK();
}

void WalSyncEnv::Closed(const std::shared_ptr<OpenWal>& wal) {
  const std::lock_guard lock(mutex_);
  wal->closed = true;
  if (syncs_each_batch_) std::erase(wals_, wal);
}

leveldb::Status WalSyncEnv::RenameFile(const std::string& from, const std::string& to) {
  leveldb::Status status = base_->RenameFile(from, to);
  if (status.ok()) status = base_->SyncDir(directory_);
  if (!status.ok()) SetFailure(status);
  return status;
}

// When CURRENT cannot be replaced LevelDB removes the MANIFEST that it was to name. But if only the
// sync after the rename failed, CURRENT does name it.
leveldb::Status WalSyncEnv::RemoveFile(const std::string& path) {
  leveldb::Status status = failure();
  if (status.ok()) status = base_->RemoveFile(path);
  if (!status.ok()) return status;
  const std::lock_guard lock(mutex_);
  std::erase_if(wals_, [&](const std::shared_ptr<OpenWal>& wal) { return wal->path == path; });
  return status;
}

// Called by LevelDB with its mutex held: the work must not run inline.
void WalSyncEnv::Schedule(void (*function)(void*), void* argument) {
  const std::lock_guard lock(mutex_);
  background_work_.emplace_back(function, argument);
  if (!background_.joinable()) background_ = std::thread([this] { RunBackground(); });
  background_wakes_.notify_one();
}

void WalSyncEnv::RunBackground() {
  std::unique_lock lock(mutex_);
  while (true) {
    background_wakes_.wait(lock, [this] { return stopping_ || !background_work_.empty(); });
    if (background_work_.empty()) return;
    const auto [function, argument] = background_work_.front();
    background_work_.pop_front();
    lock.unlock();
    function(argument);
    lock.lock();
  }
}

bool IsWalName(const std::string& path) {
  const std::string name = path.substr(path.find_last_of('/') + 1);
  constexpr std::string_view kSuffix = ".log";
  if (name.size() <= kSuffix.size() || !name.ends_with(kSuffix)) return false;
  return std::all_of(name.begin(), name.end() - static_cast<ptrdiff_t>(kSuffix.size()),
                     [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace baton::storage
