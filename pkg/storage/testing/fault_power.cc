// What a crash leaves, and the disk as tests see it.
#include <algorithm>

#include "pkg/base/check.h"
#include "pkg/storage/testing/fault_node.h"

namespace baton::storage {
namespace {

using Node = FaultEnv::Node;
constexpr size_t kPageBytes = 4096;

// The process is dead, and nobody writes over the zeros any more.
void KeepZeros(Node* node, Random* tear) {
  const size_t zeros = node->size() - node->bytes.size();
  node->filled_bytes = 0;
  if (zeros == 0) return;
  node->bytes.resize(node->bytes.size() + (tear != nullptr ? tear->Below(zeros + 1) : zeros));
}

void Tear(Node* node, Random* random) {
  if (random->Chance(1, 3)) return;  // the kernel had just written all of it
  const size_t unsynced = node->bytes.size() - node->synced_bytes;
  node->bytes.resize(node->synced_bytes + random->Below(unsynced + 1));
  for (size_t page = 0; page < node->bytes.size(); page += kPageBytes) {
    if (!random->Chance(1, 4)) continue;
    const size_t begin = std::max(page, node->synced_bytes);
    const size_t end = std::min(page + kPageBytes, node->bytes.size());
    if (begin < end) std::fill(node->bytes.begin() + begin, node->bytes.begin() + end, '\0');
  }
}

// What failed syncs did not keep was never on the disk.
void LoseDropped(Node* node) {
  for (const auto& [begin, end] : node->dropped) {
    if (begin >= node->bytes.size()) continue;
    const auto first = node->bytes.begin() + static_cast<ptrdiff_t>(begin);
    const size_t size = std::min(end, node->bytes.size()) - begin;
    std::fill(first, first + static_cast<ptrdiff_t>(size), '\0');
  }
  node->dropped.clear();
}

}  // namespace

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
    KeepZeros(node.get(), tear);
    LoseDropped(node.get());
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
  for (const auto& [path, node] : names_) KeepZeros(node.get(), nullptr);
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
  return Whole(*node);
}

void FaultEnv::SetContents(const std::string& path, const std::string& contents) {
  const std::lock_guard lock(mutex_);
  names_[path] = durable_names_[path] =
      std::make_shared<Node>(Node{.bytes = contents, .synced_bytes = contents.size()});
}

bool FaultEnv::Damage(const std::string& path,
                      const std::function<void(std::string* bytes)>& change) {
  const std::lock_guard lock(mutex_);
  const std::shared_ptr<Node> node = Find(path);
  if (node == nullptr || node->bytes.empty()) return false;
  const size_t before = node->bytes.size();
  change(&node->bytes);
  if (node->bytes.size() < before) node->filled_bytes = 0;  // cut
  node->synced_bytes = std::min(node->synced_bytes, node->bytes.size());
  return true;
}

FaultEnv::Image FaultEnv::TakeImage() const {
  const std::lock_guard lock(mutex_);
  Image image;
  for (const auto& [path, node] : names_) {
    if (path == "/") continue;
    image.emplace(node->is_directory ? path + "/" : path, Whole(*node));
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

// Directories and files keep their identity: a file that was renamed and not synced has two names,
// one of them durable.
std::shared_ptr<const FaultEnv::Disk> FaultEnv::TakeDisk() const {
  const std::lock_guard lock(mutex_);
  std::map<const Node*, std::shared_ptr<Node>> copies;
  const auto copy = [&](const Names& names) {
    Names copied;
    for (const auto& [path, node] : names) {
      std::shared_ptr<Node>& twin = copies[node.get()];
      if (twin == nullptr) twin = std::make_shared<Node>(*node);
      copied.emplace(path, twin);
    }
    return copied;
  };
  auto disk = std::make_shared<Disk>();
  disk->names = copy(names_);
  disk->durable_names = copy(durable_names_);
  return disk;
}

void FaultEnv::PutDisk(const Disk& disk) {
  const std::lock_guard lock(mutex_);
  CHECK(locked_.empty()) << "somebody still uses the files";
  names_ = disk.names;
  durable_names_ = disk.durable_names;
  const std::shared_ptr<const Disk> own = TakeDisk();  // nodes of its own
  names_ = own->names;
  durable_names_ = own->durable_names;
}

}  // namespace baton::storage
