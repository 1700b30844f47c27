#include "pkg/storage/space_env.h"

#include <limits>
#include <memory>
#include <utility>

namespace baton::storage {
namespace {

class SpaceFile final : public leveldb::WritableFile {
 public:
  SpaceFile(SpaceEnv* env, std::string path, std::unique_ptr<leveldb::WritableFile> file)
      : env_(env), path_(std::move(path)), file_(std::move(file)) {}
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
  uint64_t written_ = 0;
  uint64_t placed_ = 0;
  bool closed_ = false;
};

}  // namespace

template <typename Operation>
leveldb::Status SpaceEnv::WithRoom(Operation operation) {
  while (true) {
    leveldb::Status status = operation();
    if (!IsFull(status) || !guard_->MakeRoom()) return status;
  }
}

leveldb::Status SpaceEnv::NewWritableFile(const std::string& path, leveldb::WritableFile** file) {
  leveldb::WritableFile* made = nullptr;
  const leveldb::Status status = WithRoom([&] { return base_->NewWritableFile(path, &made); });
  *file = status.ok() ? new SpaceFile(this, path, std::unique_ptr<leveldb::WritableFile>(made))
                      : nullptr;
  return status;
}

leveldb::Status SpaceEnv::CreateDir(const std::string& path) {
  return WithRoom([&] { return base_->CreateDir(path); });
}

leveldb::Status SpaceEnv::RenameFile(const std::string& from, const std::string& to) {
  return WithRoom([&] { return base_->RenameFile(from, to); });
}

leveldb::Status SpaceEnv::Allocate(const std::string& path, uint64_t bytes) {
  return WithRoom([&] { return base_->Allocate(path, bytes); });
}

}  // namespace baton::storage
