#include "pkg/http/outbox.h"

#include <chrono>
#include <utility>

#include "pkg/http/envelope.h"

namespace baton::http {

bool Outbox::Push(node::PeerMessage message) {
  const size_t bytes = EncodedBytesMax(message);
  bool awaited = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_ || items_.size() >= limits_.messages_max || bytes_ + bytes > limits_.bytes_max) {
      return false;
    }
    items_.push_back({std::move(message), bytes});
    bytes_ += bytes;
    awaited = std::exchange(awaited_, false);
  }
  if (awaited) wakeup_->Ring();
  return true;
}

std::vector<node::PeerMessage> Outbox::Take(size_t batch_bytes_max) {
  const std::lock_guard lock(mutex_);
  std::vector<node::PeerMessage> batch;
  size_t batch_bytes = 0;
  while (!closed_ && !items_.empty()) {
    Item& oldest = items_.front();
    if (!batch.empty() && batch_bytes + oldest.bytes > batch_bytes_max) break;
    batch_bytes += oldest.bytes;
    bytes_ -= oldest.bytes;
    batch.push_back(std::move(oldest.message));
    items_.pop_front();
  }
  awaited_ = batch.empty();
  taken_ = taken_ || !batch.empty();
  return batch;
}

void Outbox::Settle() {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(taken_, false)) return;
  if (items_.empty()) changed_.notify_all();
}

std::vector<node::PeerMessage> Outbox::Clear() {
  const std::lock_guard lock(mutex_);
  std::vector<node::PeerMessage> dropped;
  for (Item& item : items_) dropped.push_back(std::move(item.message));
  items_.clear();
  bytes_ = 0;
  taken_ = false;
  changed_.notify_all();
  return dropped;
}

bool Outbox::WaitUntilIdle(int64_t timeout_ms) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                           [this] { return closed_ || (items_.empty() && !taken_); });
}

bool Outbox::Pause(int64_t pause_ms) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, std::chrono::milliseconds(pause_ms), [this] { return closed_; });
}

void Outbox::Close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
  wakeup_->Ring();
}

bool Outbox::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

size_t Outbox::size() const {
  const std::lock_guard lock(mutex_);
  return items_.size();
}

}  // namespace baton::http
