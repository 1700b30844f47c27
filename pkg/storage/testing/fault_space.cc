// How much a FaultEnv holds.
#include <algorithm>

#include "pkg/storage/testing/fault_env.h"
#include "pkg/storage/testing/fault_node.h"

namespace baton::storage {

void FaultEnv::SetCapacity(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  capacity_bytes_ = bytes;
}

uint64_t FaultEnv::used_bytes() const {
  const std::lock_guard lock(mutex_);
  uint64_t used = 0;
  for (const auto& [path, node] : names_) {
    used += std::max<uint64_t>(node->bytes.size(), node->placed_bytes);
  }
  return used;
}

// The node's first `bytes` have their place, or there is none. Requires mutex_.
leveldb::Status FaultEnv::Place(Node* node, const std::string& path, uint64_t bytes) {
  const uint64_t has = std::max<uint64_t>(node->bytes.size(), node->placed_bytes);
  if (bytes <= has) return leveldb::Status::OK();
  if (capacity_bytes_ > 0 && used_bytes() + (bytes - has) > capacity_bytes_) {
    return leveldb::Status::IOError(path, "No space left on device");
  }
  node->placed_bytes = bytes;
  return leveldb::Status::OK();
}

leveldb::Status FaultEnv::Allocate(const std::string& path, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  const std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) return leveldb::Status::NotFound(path, "No such file or directory");
  return Place(node.get(), path, bytes);
}

leveldb::Status FaultEnv::Trim(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) return leveldb::Status::NotFound(path, "No such file or directory");
  node->placed_bytes = 0;
  return leveldb::Status::OK();
}

leveldb::Status FaultEnv::Resize(const std::string& path, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (Find(Parent(path)) == nullptr) {
    return leveldb::Status::NotFound(path, "No such file or directory");
  }
  std::shared_ptr<Node>& node = names_[path];
  if (node == nullptr) node = std::make_shared<Node>();
  const leveldb::Status placed = Place(node.get(), path, bytes);
  if (placed.ok()) node->bytes.resize(bytes);
  if (placed.ok()) node->placed_bytes = bytes;
  return placed;
}

leveldb::Status FaultEnv::FillWithZeros(const std::string& path, uint64_t, uint64_t to) {
  WaitFor(Operation::kFill, path);
  const std::lock_guard lock(mutex_);
  const std::shared_ptr<Node> node = Find(path);
  if (node == nullptr) return leveldb::Status::NotFound(path, "No such file or directory");
  leveldb::Status status = BeforeChange(Operation::kFill, path);
  if (status.ok()) status = Place(node.get(), path, to);
  if (!status.ok()) return status;
  node->filled_bytes = to;
  Observe(Moment::kAfter, Operation::kFill, path);
  return status;
}

leveldb::Status FaultEnv::FreeBytes(const std::string& path, uint64_t* bytes) {
  const std::lock_guard lock(mutex_);
  if (capacity_bytes_ == 0) return leveldb::Status::NotSupported(path, "no end is set");
  *bytes = capacity_bytes_ - std::min(capacity_bytes_, used_bytes());
  return leveldb::Status::OK();
}

}  // namespace baton::storage
