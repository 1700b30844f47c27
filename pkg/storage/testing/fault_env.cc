#include "pkg/storage/testing/fault_env.h"

#include <algorithm>
#include <cstring>

#include "pkg/base/check.h"

namespace baton::storage {

struct FaultEnv::Node {
  bool is_directory = false;
  std::string bytes;
  size_t synced_bytes = 0;
};

namespace {

using Node = FaultEnv::Node;
constexpr size_t kPageBytes = 4096;

std::string Clean(const std::string& path) {
  return path.size() > 1 && path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
}

std::string Parent(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

std::string Name(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

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

class Reader final : public leveldb::SequentialFile, public leveldb::RandomAccessFile {
 public:
  Reader(std::mutex* mutex, std::shared_ptr<Node> node) : mutex_(mutex), node_(std::move(node)) {}

  leveldb::Status Read(uint64_t offset, size_t n, leveldb::Slice* result,
                       char* scratch) const override {
    const std::lock_guard lock(*mutex_);
    const size_t from = std::min<size_t>(offset, node_->bytes.size());
    const size_t size = std::min(n, node_->bytes.size() - from);
    std::memcpy(scratch, node_->bytes.data() + from, size);
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
  const std::shared_ptr<Node> node_;
  uint64_t offset_ = 0;
};

void Tear(Node* node, Random* random) {
  const size_t unsynced = node->bytes.size() - node->synced_bytes;
  node->bytes.resize(node->synced_bytes + random->Below(unsynced + 1));
  for (size_t page = 0; page < node->bytes.size(); page += kPageBytes) {
    if (!random->Chance(1, 4)) continue;
    const size_t begin = std::max(page, node->synced_bytes);
    const size_t end = std::min(page + kPageBytes, node->bytes.size());
    if (begin < end) std::fill(node->bytes.begin() + begin, node->bytes.begin() + end, '\0');
  }
}

}  // namespace

class FaultWritableFile final : public leveldb::WritableFile {
 public:
  FaultWritableFile(FaultEnv* env, std::string path, std::shared_ptr<Node> node)
      : env_(env), path_(std::move(path)), node_(std::move(node)) {}

  leveldb::Status Append(const leveldb::Slice& bytes) override {
    return env_->Append(node_.get(), path_, bytes);
  }
  leveldb::Status Sync() override { return env_->Sync(node_.get(), path_); }
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

uint64_t FaultEnv::changes() const {
  const std::lock_guard lock(mutex_);
  return changes_;
}

void FaultEnv::PowerOff() {
  const std::lock_guard lock(mutex_);
  powered_off_ = true;
}

void FaultEnv::PowerOn(Random* tear) {
  const std::lock_guard lock(mutex_);
  powered_off_ = false;
  locked_.clear();
  if (tear != nullptr) KeepSomeNames(tear);
  names_.clear();
  for (const auto& [path, node] : durable_names_) {  // a parent comes before its children
    if (path != "/" && !names_.contains(Parent(path))) continue;
    if (tear != nullptr) {
      Tear(node.get(), tear);
    } else {
      node->bytes.resize(node->synced_bytes);
    }
    node->synced_bytes = node->bytes.size();
    names_[path] = node;
  }
  durable_names_ = names_;
}

// Each change of a name that was not synced reaches the disk or not, on its own.
void FaultEnv::KeepSomeNames(Random* tear) {
  Names all = durable_names_;
  all.insert(names_.begin(), names_.end());
  for (const auto& [path, unused] : all) {
    const auto now = names_.find(path);
    if (!tear->Chance(1, 2)) continue;
    if (now == names_.end()) {
      durable_names_.erase(path);
    } else {
      durable_names_[path] = now->second;
    }
  }
}

void FaultEnv::Restart() {
  const std::lock_guard lock(mutex_);
  powered_off_ = false;
  locked_.clear();
}

std::vector<std::string> FaultEnv::Files() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> paths;
  for (const auto& [path, node] : names_) {
    if (!node->is_directory) paths.push_back(path);
  }
  return paths;
}

std::string FaultEnv::Contents(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const std::shared_ptr<Node> node = Find(path);
  CHECK(node != nullptr) << path;
  return node->bytes;
}

void FaultEnv::SetContents(const std::string& path, const std::string& contents) {
  const std::lock_guard lock(mutex_);
  names_[path] = durable_names_[path] =
      std::make_shared<Node>(Node{.bytes = contents, .synced_bytes = contents.size()});
}

FaultEnv::Image FaultEnv::TakeImage() const {
  const std::lock_guard lock(mutex_);
  Image image;
  for (const auto& [path, node] : names_) {
    if (path == "/") continue;
    image.emplace(node->is_directory ? path + "/" : path, node->bytes);
  }
  return image;
}

void FaultEnv::PutImage(const Image& image) {
  const std::lock_guard lock(mutex_);
  CHECK(locked_.empty()) << "somebody still uses the files";
  std::erase_if(names_, [](const auto& name) { return name.first != "/"; });
  for (const auto& [path, bytes] : image) {
    names_[Clean(path)] = std::make_shared<Node>(
        Node{.is_directory = path.ends_with('/'), .bytes = bytes, .synced_bytes = bytes.size()});
  }
  durable_names_ = names_;
}

leveldb::Status FaultEnv::BeforeChange(Operation operation, const std::string& path) {
  ++changes_;
  if (powered_off_) return leveldb::Status::IOError(path, "the power is off");
  return fault_ ? fault_(operation, path) : leveldb::Status::OK();
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
  *file = new Reader(&mutex_, node);
  return leveldb::Status::OK();
}

leveldb::Status FaultEnv::NewRandomAccessFile(const std::string& path,
                                              leveldb::RandomAccessFile** file) {
  const std::lock_guard lock(mutex_);
  *file = nullptr;
  const std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) return NoSuchFile(path);
  *file = new Reader(&mutex_, node);
  return leveldb::Status::OK();
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
  }
  *file = new FaultWritableFile(this, path, std::move(node));
  return leveldb::Status::OK();
}

leveldb::Status FaultEnv::NewWritableFile(const std::string& path, leveldb::WritableFile** file) {
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
  if (status.ok()) node->bytes.append(bytes.data(), bytes.size());
  return status;
}

leveldb::Status FaultEnv::Sync(Node* node, const std::string& path) {
  const std::lock_guard lock(mutex_);
  const leveldb::Status status = BeforeChange(Operation::kSync, path);
  if (!status.ok()) return status;
  if (Name(path).starts_with("MANIFEST")) KeepNamesOf(Parent(path));
  node->synced_bytes = node->bytes.size();
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
}

leveldb::Status FaultEnv::SyncDir(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (Find(path) == nullptr) return NoSuchFile(path);
  const leveldb::Status status = BeforeChange(Operation::kSyncDir, path);
  if (status.ok()) KeepNamesOf(Clean(path));
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
  for (const auto& [child, unused] : names_) {
    if (child != "/" && Parent(child) == Clean(path)) names->push_back(Name(child));
  }
  return leveldb::Status::OK();
}

leveldb::Status FaultEnv::RemoveFile(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) return NoSuchFile(path);
  if (node->is_directory) return leveldb::Status::IOError(path, "Is a directory");
  const leveldb::Status status = BeforeChange(Operation::kRemove, path);
  if (status.ok()) names_.erase(path);
  return status;
}

leveldb::Status FaultEnv::CreateDir(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (Find(path) != nullptr) return leveldb::Status::IOError(path, "File exists");
  const std::shared_ptr<Node> parent = Find(Parent(Clean(path)));
  if (parent == nullptr) return NoSuchFile(path);
  if (!parent->is_directory) return leveldb::Status::IOError(path, "Not a directory");
  const leveldb::Status status = BeforeChange(Operation::kMakeDir, path);
  if (status.ok())
    names_[Clean(path)] = std::make_shared<Node>(Node{.is_directory = true, .bytes = {}});
  return status;
}

leveldb::Status FaultEnv::RemoveDir(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) return NoSuchFile(path);
  const bool empty = std::none_of(names_.begin(), names_.end(), [&](const auto& name) {
    return name.first != "/" && Parent(name.first) == Clean(path);
  });
  if (!empty) return leveldb::Status::IOError(path, "Directory not empty");
  const leveldb::Status status = BeforeChange(Operation::kRemoveDir, path);
  if (status.ok()) names_.erase(Clean(path));
  return status;
}

leveldb::Status FaultEnv::GetFileSize(const std::string& path, uint64_t* bytes) {
  const std::lock_guard lock(mutex_);
  const std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) return NoSuchFile(path);
  *bytes = node->bytes.size();
  return leveldb::Status::OK();
}

leveldb::Status FaultEnv::RenameFile(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  const std::shared_ptr<Node> node = Find(from);
  if (node == nullptr) return NoSuchFile(from);
  const leveldb::Status status = BeforeChange(Operation::kRename, to);
  if (!status.ok()) return status;
  names_.erase(from);
  names_[to] = node;
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
  }
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
