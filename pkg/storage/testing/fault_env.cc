#include "pkg/storage/testing/fault_env.h"

#include <algorithm>
#include <cstring>
#include <thread>
#include <utility>

#include "pkg/storage/testing/fault_node.h"

namespace baton::storage {

namespace {

using Node = FaultEnv::Node;

leveldb::Status NoSuchFile(const std::string& path) {
  return leveldb::Status::NotFound(path, "No such file or directory");
}

class Lock final : public leveldb::FileLock {
 public:
  explicit Lock(std::string path) : path_(std::move(path)) {}
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

}  // namespace

class FaultReader final : public leveldb::SequentialFile, public leveldb::RandomAccessFile {
 public:
  FaultReader(FaultEnv* env, std::string path, std::shared_ptr<Node> node)
      : env_(env), path_(std::move(path)), node_(std::move(node)) {}

  leveldb::Status Read(uint64_t offset, size_t n, leveldb::Slice* result,
                       char* scratch) const override {
    const std::lock_guard lock(env_->mutex_);
    *result = leveldb::Slice();
    const leveldb::Status status = env_->BeforeLook(FaultEnv::Look::kRead, path_);
    if (!status.ok()) return status;
    const size_t from = std::min<size_t>(offset, node_->size());
    const size_t size = std::min(n, node_->size() - from);
    const size_t written = node_->bytes.size() - std::min(node_->bytes.size(), from);
    std::memset(scratch, 0, size);
    if (written > 0) std::memcpy(scratch, node_->bytes.data() + from, std::min(size, written));
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
  FaultEnv* const env_;
  const std::string path_;
  const std::shared_ptr<Node> node_;
  uint64_t offset_ = 0;
};

class FaultWritableFile final : public leveldb::WritableFile {
 public:
  FaultWritableFile(FaultEnv* env, std::string path, std::shared_ptr<Node> node)
      : env_(env), path_(std::move(path)), node_(std::move(node)) {}

  leveldb::Status Append(const leveldb::Slice& bytes) override {
    env_->WaitFor(FaultEnv::Operation::kAppend, path_);
    return env_->Append(node_.get(), path_, bytes);
  }
  leveldb::Status Sync() override {
    env_->WaitFor(FaultEnv::Operation::kSync, path_);
    return env_->Sync(node_.get(), path_);
  }
  leveldb::Status Flush() override { return leveldb::Status::OK(); }
  leveldb::Status Close() override { return leveldb::Status::OK(); }

 private:
  FaultEnv* const env_;
  const std::string path_;
  const std::shared_ptr<Node> node_;
};

FaultEnv::FaultEnv() : DurableEnv(leveldb::Env::Default()) {
  names_["/"] = durable_names_["/"] =
      std::make_shared<Node>(Node{.is_directory = true, .bytes = {}});
}

FaultEnv::~FaultEnv() = default;

void FaultEnv::SetFault(Fault fault) {
  const std::lock_guard lock(mutex_);
  fault_ = std::move(fault);
}

void FaultEnv::SetLookFault(LookFault fault) {
  const std::lock_guard lock(mutex_);
  look_fault_ = std::move(fault);
}

void FaultEnv::SetDelay(Delay delay) {
  const std::lock_guard lock(mutex_);
  delay_ = std::move(delay);
}

void FaultEnv::SetObserver(Observer observer) {
  const std::lock_guard lock(mutex_);
  observer_ = std::move(observer);
}

void FaultEnv::SetDirtyFailures(bool dirty) {
  const std::lock_guard lock(mutex_);
  dirty_failures_ = dirty;
}

uint64_t FaultEnv::changes() const {
  const std::lock_guard lock(mutex_);
  return changes_;
}

uint64_t FaultEnv::looks() const {
  const std::lock_guard lock(mutex_);
  return looks_;
}

void FaultEnv::WaitFor(Operation operation, const std::string& path) {
  Delay delay;
  {
    const std::lock_guard lock(mutex_);
    delay = delay_;
  }
  if (delay) std::this_thread::sleep_for(delay(operation, path));
}

leveldb::Status FaultEnv::BeforeChange(Operation operation, const std::string& path) {
  ++changes_;
  Observe(Moment::kBefore, operation, path);
  if (powered_off_) return leveldb::Status::IOError(path, "the power is off");
  return fault_ ? fault_(operation, path) : leveldb::Status::OK();
}

leveldb::Status FaultEnv::BeforeLook(Look look, const std::string& path) {
  ++looks_;
  return look_fault_ ? look_fault_(look, path) : leveldb::Status::OK();
}

void FaultEnv::Observe(Moment moment, Operation operation, const std::string& path) {
  if (observer_) observer_(moment, operation, path);
}

std::shared_ptr<Node> FaultEnv::Find(const std::string& path) const {
  const auto found = names_.find(Clean(path));
  return found == names_.end() ? nullptr : found->second;
}

leveldb::Status FaultEnv::NewSequentialFile(const std::string& path,
                                            leveldb::SequentialFile** file) {
  const std::lock_guard lock(mutex_);
  *file = nullptr;
  const std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) return NoSuchFile(path);
  const leveldb::Status status = BeforeLook(Look::kOpen, path);
  if (status.ok()) *file = new FaultReader(this, path, node);
  return status;
}

leveldb::Status FaultEnv::NewRandomAccessFile(const std::string& path,
                                              leveldb::RandomAccessFile** file) {
  const std::lock_guard lock(mutex_);
  *file = nullptr;
  const std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) return NoSuchFile(path);
  const leveldb::Status status = BeforeLook(Look::kOpen, path);
  if (status.ok()) *file = new FaultReader(this, path, node);
  return status;
}

leveldb::Status FaultEnv::OpenForWriting(const std::string& path, bool truncate,
                                         leveldb::WritableFile** file) {
  *file = nullptr;
  const std::shared_ptr<Node> parent = Find(Parent(path));
  if (parent == nullptr) return NoSuchFile(path);
  if (!parent->is_directory) return leveldb::Status::IOError(path, "Not a directory");
  std::shared_ptr<Node> node = Find(path);
  if (node != nullptr && node->is_directory) {
    return leveldb::Status::IOError(path, "Is a directory");
  }
  if (truncate || node == nullptr) {
    const leveldb::Status status = BeforeChange(Operation::kCreate, path);
    if (!status.ok()) return status;
    names_[path] = node = std::make_shared<Node>();
    Observe(Moment::kAfter, Operation::kCreate, path);
  } else {
    const leveldb::Status status = BeforeLook(Look::kOpen, path);
    if (!status.ok()) return status;
  }
  *file = new FaultWritableFile(this, path, std::move(node));
  return leveldb::Status::OK();
}

leveldb::Status FaultEnv::NewWritableFile(const std::string& path, leveldb::WritableFile** file) {
  WaitFor(Operation::kCreate, path);
  const std::lock_guard lock(mutex_);
  return OpenForWriting(path, /*truncate=*/true, file);
}

leveldb::Status FaultEnv::NewAppendableFile(const std::string& path, leveldb::WritableFile** file) {
  const std::lock_guard lock(mutex_);
  return OpenForWriting(path, /*truncate=*/false, file);
}

leveldb::Status FaultEnv::Append(Node* node, const std::string& path, const leveldb::Slice& bytes) {
  const std::lock_guard lock(mutex_);
  const leveldb::Status status = BeforeChange(Operation::kAppend, path);
  if (status.ok()) {
    const leveldb::Status placed = Place(node, path, node->bytes.size() + bytes.size());
    if (!placed.ok()) return placed;
  }
  if (!status.ok() && !dirty_failures_) return status;
  const size_t half = bytes.size() / 2;
  node->bytes.append(bytes.data(), half);
  if (!status.ok()) return status;
  Observe(Moment::kWithin, Operation::kAppend, path);
  node->bytes.append(bytes.data() + half, bytes.size() - half);
  Observe(Moment::kAfter, Operation::kAppend, path);
  return status;
}

leveldb::Status FaultEnv::Sync(Node* node, const std::string& path) {
  const std::lock_guard lock(mutex_);
  const leveldb::Status status = BeforeChange(Operation::kSync, path);
  if (!status.ok() && dirty_failures_ && node->synced_bytes < node->bytes.size()) {
    node->dropped.emplace_back(node->synced_bytes, node->bytes.size());
  }
  if (!status.ok()) return status;
  if (Name(path).starts_with("MANIFEST")) KeepNamesOf(Parent(path));
  node->synced_bytes = node->bytes.size();
  Observe(Moment::kAfter, Operation::kSync, path);
  return status;
}

void FaultEnv::KeepNamesOf(const std::string& directory) {
  const auto is_child = [&](const auto& name) {
    return name.first != "/" && Parent(name.first) == directory;
  };
  std::erase_if(durable_names_, is_child);
  for (const auto& name : names_) {
    if (is_child(name)) durable_names_.insert(name);
  }
  // What was in a directory that is gone for good went with it. Parents come before their children.
  std::erase_if(durable_names_, [&](const auto& name) {
    const std::string parent = Parent(name.first);
    return name.first != "/" && !names_.contains(parent) && !durable_names_.contains(parent);
  });
}

leveldb::Status FaultEnv::SyncDir(const std::string& path) {
  WaitFor(Operation::kSyncDir, path);
  const std::lock_guard lock(mutex_);
  if (Find(path) == nullptr) return NoSuchFile(path);
  const leveldb::Status status = BeforeChange(Operation::kSyncDir, path);
  if (!status.ok()) return status;
  KeepNamesOf(Clean(path));
  Observe(Moment::kAfter, Operation::kSyncDir, path);
  return status;
}

bool FaultEnv::FileExists(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return Find(path) != nullptr;
}

leveldb::Status FaultEnv::GetChildren(const std::string& path, std::vector<std::string>* names) {
  const std::lock_guard lock(mutex_);
  names->clear();
  const std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) return NoSuchFile(path);
  if (!node->is_directory) return leveldb::Status::IOError(path, "Not a directory");
  const leveldb::Status status = BeforeLook(Look::kList, path);
  if (!status.ok()) return status;
  for (const auto& [child, unused] : names_) {
    if (child != "/" && Parent(child) == Clean(path)) names->push_back(Name(child));
  }
  return leveldb::Status::OK();
}

leveldb::Status FaultEnv::RemoveFile(const std::string& path) {
  WaitFor(Operation::kRemove, path);
  const std::lock_guard lock(mutex_);
  const std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) return NoSuchFile(path);
  if (node->is_directory) return leveldb::Status::IOError(path, "Is a directory");
  const leveldb::Status status = BeforeChange(Operation::kRemove, path);
  if (!status.ok()) return status;
  names_.erase(path);
  Observe(Moment::kAfter, Operation::kRemove, path);
  return status;
}

leveldb::Status FaultEnv::CreateDir(const std::string& path) {
  WaitFor(Operation::kMakeDir, path);
  const std::lock_guard lock(mutex_);
  if (Find(path) != nullptr) return leveldb::Status::IOError(path, "File exists");
  const std::shared_ptr<Node> parent = Find(Parent(Clean(path)));
  if (parent == nullptr) return NoSuchFile(path);
  if (!parent->is_directory) return leveldb::Status::IOError(path, "Not a directory");
  const leveldb::Status status = BeforeChange(Operation::kMakeDir, path);
  if (!status.ok()) return status;
  names_[Clean(path)] = std::make_shared<Node>(Node{.is_directory = true, .bytes = {}});
  Observe(Moment::kAfter, Operation::kMakeDir, path);
  return status;
}

leveldb::Status FaultEnv::RemoveDir(const std::string& path) {
  WaitFor(Operation::kRemoveDir, path);
  const std::lock_guard lock(mutex_);
  const std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) return NoSuchFile(path);
  const bool empty = std::none_of(names_.begin(), names_.end(), [&](const auto& name) {
    return name.first != "/" && Parent(name.first) == Clean(path);
  });
  if (!empty) return leveldb::Status::IOError(path, "Directory not empty");
  const leveldb::Status status = BeforeChange(Operation::kRemoveDir, path);
  if (!status.ok()) return status;
  names_.erase(Clean(path));
  Observe(Moment::kAfter, Operation::kRemoveDir, path);
  return status;
}

leveldb::Status FaultEnv::GetFileSize(const std::string& path, uint64_t* bytes) {
  const std::lock_guard lock(mutex_);
  const std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) return NoSuchFile(path);
  const leveldb::Status status = BeforeLook(Look::kSize, path);
  if (status.ok()) *bytes = node->size();
  return status;
}

leveldb::Status FaultEnv::RenameFile(const std::string& from, const std::string& to) {
  WaitFor(Operation::kRename, to);
  const std::lock_guard lock(mutex_);
  const std::shared_ptr<Node> node = Find(from);
  if (node == nullptr) return NoSuchFile(from);
  const leveldb::Status status = BeforeChange(Operation::kRename, to);
  if (!status.ok()) return status;
  names_.erase(from);
  names_[to] = node;
  Observe(Moment::kAfter, Operation::kRename, to);
  return status;
}

leveldb::Status FaultEnv::LockFile(const std::string& path, leveldb::FileLock** file_lock) {
  const std::lock_guard lock(mutex_);
  *file_lock = nullptr;
  const std::shared_ptr<Node> parent = Find(Parent(path));
  if (parent == nullptr) return NoSuchFile(path);
  if (locked_.contains(path)) {
    return leveldb::Status::IOError("lock " + path, "already held by process");
  }
  if (Find(path) == nullptr) {
    const leveldb::Status status = BeforeChange(Operation::kCreate, path);
    if (!status.ok()) return status;
    names_[path] = std::make_shared<Node>();
    Observe(Moment::kAfter, Operation::kCreate, path);
  }
  const leveldb::Status status = BeforeLook(Look::kLock, path);
  if (!status.ok()) return status;
  locked_.insert(path);
  *file_lock = new Lock(path);
  return leveldb::Status::OK();
}

leveldb::Status FaultEnv::UnlockFile(leveldb::FileLock* file_lock) {
  const std::unique_ptr<Lock> lock_owner(static_cast<Lock*>(file_lock));
  const std::lock_guard lock(mutex_);
  locked_.erase(lock_owner->path());
  return leveldb::Status::OK();
}

}  // namespace baton::storage
