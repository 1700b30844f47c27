#include "pkg/node/turn.h"

namespace baton::node {

void Turn::Begin() {
  std::unique_lock lock(mutex_);
  awaited_ = true;
  ended_.wait(lock, [this] { return !taken_; });
  awaited_ = false;
  taken_ = true;
}

bool Turn::TryBegin() {
  const std::lock_guard lock(mutex_);
  if (taken_ || awaited_) return false;
  taken_ = true;
  return true;
}

bool Turn::awaited() const {
  const std::lock_guard lock(mutex_);
  return awaited_;
}

void Turn::End() {
  bool awaited = false;
  {
    const std::lock_guard lock(mutex_);
    taken_ = false;
    awaited = awaited_;
  }
  if (awaited) ended_.notify_one();
}

}  // namespace baton::node
