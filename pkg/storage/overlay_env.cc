#include "pkg/storage/overlay_env.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

#include "pkg/storage/files.h"

namespace baton::storage {

struct OverlayEnv::File {
  std::string bytes;
};

namespace {

leveldb::Status NoSuchFile(const std::string& path) {
  return leveldb::Status::NotFound(path, "No such file or directory");
}

class Reader final : public leveldb::SequentialFile, public leveldb::RandomAccessFile {
 public:
  Reader(std::mutex* mutex, std::shared_ptr<OverlayEnv::File> file)
      : mutex_(mutex), file_(std::move(file)) {}

  leveldb::Status Read(uint64_t offset, size_t n, leveldb::Slice* result,
                       char* scratch) const override {
    const std::lock_guard lock(*mutex_);
    const size_t from = std::min<size_t>(offset, file_->bytes.size());
    const size_t size = std::min(n, file_->bytes.size() - from);
    std::memcpy(scratch, file_->bytes.data() + from, size);
    *result = leveldb::Slice(scratch, size);
    return leveldb::Status::OK();
  }
  leveldb::Status Read(size_t n, leveldb::Slice* result, char* scratch) override {
    const leveldb::Status status = Read(offset_, n, result, scratch);
    offset_ += result->size();
    return status;
  }
  leveldb::Status Skip(uint64_t n) override {
    offset_ += n;
    return leveldb::Status::OK();
  }

 private:
  std::mutex* const mutex_;
  const std::shared_ptr<OverlayEnv::File> file_;
  uint64_t offset_ = 0;
};

class NoLock final : public leveldb::FileLock {};

}  // namespace

class OverlayWritableFile final : public leveldb::WritableFile {
 public:
  OverlayWritableFile(OverlayEnv* env, std::string path, std::shared_ptr<OverlayEnv::File> file)
      : env_(env), path_(std::move(path)), file_(std::move(file)) {}

  leveldb::Status Append(const leveldb::Slice& bytes) override {
    const std::lock_guard lock(env_->mutex_);
    const leveldb::Status status = env_->CheckWritable(path_, bytes.size());
    if (!status.ok()) return status;
    file_->bytes.append(bytes.data(), bytes.size());
    env_->bytes_ += bytes.size();
    return status;
  }
  leveldb::Status Sync() override { return leveldb::Status::OK(); }
  leveldb::Status Flush() override { return leveldb::Status::OK(); }
  leveldb::Status Close() override { return leveldb::Status::OK(); }

 private:
  OverlayEnv* const env_;
  const std::string path_;
  const std::shared_ptr<OverlayEnv::File> file_;
};

OverlayEnv::OverlayEnv(DurableEnv* below, size_t bytes_max)
    : DurableEnv(below), below_(below), bytes_max_(bytes_max) {}

OverlayEnv::~OverlayEnv() = default;

void OverlayEnv::Freeze() {
  const std::lock_guard lock(mutex_);
  frozen_ = true;
}

void OverlayEnv::Thaw() {
  const std::lock_guard lock(mutex_);
  frozen_ = false;
}

bool OverlayEnv::Wrote(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  return Find(path) != nullptr;
}

std::shared_ptr<OverlayEnv::File> OverlayEnv::Find(const std::string& path) const {
  const auto found = files_.find(path);
  return found == files_.end() ? nullptr : found->second;
}

bool OverlayEnv::ExistsLocked(const std::string& path) const {
  const auto found = files_.find(path);
  return found != files_.end() ? found->second != nullptr : below_->FileExists(path);
}

leveldb::Status OverlayEnv::CheckWritable(const std::string& path, size_t bytes) const {
  if (frozen_) return leveldb::Status::IOError(path, "nothing is written any more");
  if (bytes > bytes_max_ - std::min(bytes_, bytes_max_)) {
    return leveldb::Status::IOError(path, "too much for the memory of a reader");
  }
  return leveldb::Status::OK();
}

leveldb::Status OverlayEnv::Lift(const std::string& path, std::shared_ptr<File>* file) {
  *file = Find(path);
  if (*file != nullptr) return leveldb::Status::OK();
  if (!ExistsLocked(path)) return NoSuchFile(path);
  Result<std::string> bytes = ReadWholeFile(below_, path, bytes_max_);
  if (!bytes.ok()) return leveldb::Status::IOError(path, bytes.status().message());
  const leveldb::Status status = CheckWritable(path, bytes->size());
  if (!status.ok()) return status;
  bytes_ += bytes->size();
  *file = std::make_shared<File>(File{.bytes = *std::move(bytes)});
  return status;
}

leveldb::Status OverlayEnv::NewSequentialFile(const std::string& path,
                                              leveldb::SequentialFile** file) {
  const std::lock_guard lock(mutex_);
  *file = nullptr;
  if (!files_.contains(path)) return below_->NewSequentialFile(path, file);
  const std::shared_ptr<File> own = Find(path);
  if (own == nullptr) return NoSuchFile(path);
  *file = new Reader(&mutex_, own);
  return leveldb::Status::OK();
}

leveldb::Status OverlayEnv::NewRandomAccessFile(const std::string& path,
                                                leveldb::RandomAccessFile** file) {
  const std::lock_guard lock(mutex_);
  *file = nullptr;
  if (!files_.contains(path)) return below_->NewRandomAccessFile(path, file);
  const std::shared_ptr<File> own = Find(path);
  if (own == nullptr) return NoSuchFile(path);
  *file = new Reader(&mutex_, own);
  return leveldb::Status::OK();
}

leveldb::Status OverlayEnv::NewWritableFile(const std::string& path, leveldb::WritableFile** file) {
  const std::lock_guard lock(mutex_);
  *file = nullptr;
  const leveldb::Status status = CheckWritable(path, 0);
  if (!status.ok()) return status;
  const auto own = std::make_shared<File>();
  files_[path] = own;
  *file = new OverlayWritableFile(this, path, own);
  return status;
}

leveldb::Status OverlayEnv::NewAppendableFile(const std::string& path,
                                              leveldb::WritableFile** file) {
  const std::lock_guard lock(mutex_);
  *file = nullptr;
  leveldb::Status status = CheckWritable(path, 0);
  if (!status.ok()) return status;
  std::shared_ptr<File> own;
  status = Lift(path, &own);
  if (status.IsNotFound()) own = std::make_shared<File>();
  if (!status.ok() && !status.IsNotFound()) return status;
  files_[path] = own;
  *file = new OverlayWritableFile(this, path, own);
  return leveldb::Status::OK();
}

bool OverlayEnv::FileExists(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return ExistsLocked(path);
}

leveldb::Status OverlayEnv::GetChildren(const std::string& path, std::vector<std::string>* names) {
  const std::lock_guard lock(mutex_);
  const leveldb::Status status = below_->GetChildren(path, names);
  if (!status.ok()) return status;
  std::set<std::string> all(names->begin(), names->end());
  const std::string prefix = JoinPath(path, "");
  for (auto it = files_.lower_bound(prefix); it != files_.end(); ++it) {
    if (!it->first.starts_with(prefix)) break;
    const std::string name = it->first.substr(prefix.size());
    if (name.find('/') != std::string::npos) continue;
    if (it->second == nullptr) {
      all.erase(name);
    } else {
      all.insert(name);
    }
  }
  names->assign(all.begin(), all.end());
  return status;
}

leveldb::Status OverlayEnv::RemoveFile(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (!ExistsLocked(path)) return NoSuchFile(path);
  const leveldb::Status status = CheckWritable(path, 0);
  if (status.ok()) files_[path] = nullptr;
  return status;
}

// LevelDB makes the directory of a database again, whether or not it is there.
leveldb::Status OverlayEnv::CreateDir(const std::string& path) {
  return below_->FileExists(path) ? leveldb::Status::IOError(path, "File exists")
                                  : leveldb::Status::IOError(path, "Read-only file system");
}

leveldb::Status OverlayEnv::RemoveDir(const std::string& path) {
  return leveldb::Status::IOError(path, "Read-only file system");
}

leveldb::Status OverlayEnv::GetFileSize(const std::string& path, uint64_t* bytes) {
  const std::lock_guard lock(mutex_);
  if (!files_.contains(path)) return below_->GetFileSize(path, bytes);
  const std::shared_ptr<File> own = Find(path);
  if (own == nullptr) return NoSuchFile(path);
  *bytes = own->bytes.size();
  return leveldb::Status::OK();
}

leveldb::Status OverlayEnv::RenameFile(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  leveldb::Status status = CheckWritable(to, 0);
  if (!status.ok()) return status;
  std::shared_ptr<File> file;
  status = Lift(from, &file);
  if (!status.ok()) return status;
  files_[from] = nullptr;
  files_[to] = file;
  return status;
}

leveldb::Status OverlayEnv::LockFile(const std::string&, leveldb::FileLock** lock) {
  *lock = new NoLock;
  return leveldb::Status::OK();
}

leveldb::Status OverlayEnv::UnlockFile(leveldb::FileLock* lock) {
  delete lock;
  return leveldb::Status::OK();
}

leveldb::Status OverlayEnv::SyncDir(const std::string&) { return leveldb::Status::OK(); }

}  // namespace baton::storage
