#include "pkg/storage/space_env.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

namespace baton::storage {
namespace {

class SpaceFile final : public leveldb::WritableFile {
 public:
  // bytes: that the file has already.
  SpaceFile(SpaceEnv* env, std::string path, std::unique_ptr<leveldb::WritableFile> file,
            uint64_t bytes)
      : env_(env), path_(std::move(path)), file_(std::move(file)), written_(bytes) {}
  ~SpaceFile() override { (void)Close(); }

  leveldb::Status Append(const leveldb::Slice& bytes) override {
    const leveldb::Status placed = TakePlace(written_ + bytes.size());
    if (!placed.ok()) return placed;
    written_ += bytes.size();
    return file_->Append(bytes);
  }
  leveldb::Status Flush() override { return file_->Flush(); }
  leveldb::Status Sync() override { return file_->Sync(); }

  leveldb::Status Close() override {
    if (std::exchange(closed_, true)) return leveldb::Status::OK();
    const leveldb::Status status = file_->Close();
    // What it does not give back now it gives back when it is removed.
    if (written_ < placed_) (void)env_->Trim(path_);
    return status;
  }

 private:
  leveldb::Status TakePlace(uint64_t bytes) {
    if (bytes <= placed_) return leveldb::Status::OK();
    const uint64_t steps = (bytes + SpaceEnv::kStepBytes - 1) / SpaceEnv::kStepBytes;
    const leveldb::Status status = env_->Allocate(path_, steps * SpaceEnv::kStepBytes);
    if (status.IsNotSupportedError()) {
      placed_ = std::numeric_limits<uint64_t>::max();
      return leveldb::Status::OK();
    }
    if (status.ok()) placed_ = steps * SpaceEnv::kStepBytes;
    return status;
  }

  SpaceEnv* const env_;
  const std::string path_;
  const std::unique_ptr<leveldb::WritableFile> file_;
  uint64_t written_;
  uint64_t placed_ = 0;
  bool closed_ = false;
};

}  // namespace

template <typename Operation>
leveldb::Status SpaceEnv::WithRoom(const std::string& path, Operation operation) {
  while (true) {
    leveldb::Status status = operation();
    if (!IsFull(status) || !IsPatient(path) || !guard_->MakeRoom()) return status;
  }
}

bool SpaceEnv::IsPatient(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  return std::none_of(impatient_.begin(), impatient_.end(),
                      [&](const std::string& directory) { return path.starts_with(directory); });
}

void SpaceEnv::SetPatient(const std::string& directory, bool patient) {
  const std::lock_guard lock(mutex_);
  if (patient) {
    impatient_.erase(directory + "/");
  } else {
    impatient_.insert(directory + "/");
  }
}

leveldb::Status SpaceEnv::NewWritableFile(const std::string& path, leveldb::WritableFile** file) {
  leveldb::WritableFile* made = nullptr;
  const leveldb::Status status =
      WithRoom(path, [&] { return base_->NewWritableFile(path, &made); });
  std::unique_ptr<leveldb::WritableFile> owned(made);
  *file = status.ok() ? new SpaceFile(this, path, std::move(owned), 0) : nullptr;
  return status;
}

leveldb::Status SpaceEnv::NewAppendableFile(const std::string& path, leveldb::WritableFile** file) {
  *file = nullptr;
  leveldb::WritableFile* opened = nullptr;
  leveldb::Status status = WithRoom(path, [&] { return base_->NewAppendableFile(path, &opened); });
  if (!status.ok()) return status;
  std::unique_ptr<leveldb::WritableFile> owned(opened);
  uint64_t bytes = 0;
  status = base_->GetFileSize(path, &bytes);
  if (status.ok()) *file = new SpaceFile(this, path, std::move(owned), bytes);
  return status;
}

leveldb::Status SpaceEnv::CreateDir(const std::string& path) {
  return WithRoom(path, [&] { return base_->CreateDir(path); });
}

leveldb::Status SpaceEnv::RenameFile(const std::string& from, const std::string& to) {
  return WithRoom(to, [&] { return base_->RenameFile(from, to); });
}

leveldb::Status SpaceEnv::FillWithZeros(const std::string& path, uint64_t from, uint64_t to) {
  return WithRoom(path, [&] { return base_->FillWithZeros(path, from, to); });
}

leveldb::Status SpaceEnv::Allocate(const std::string& path, uint64_t bytes) {
  return WithRoom(path, [&] { return base_->Allocate(path, bytes); });
}

}  // namespace baton::storage
