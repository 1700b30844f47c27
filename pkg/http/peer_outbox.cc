#include "pkg/http/peer_outbox.h"

#include <chrono>
#include <utility>

namespace baton::http {
namespace {

constexpr size_t kMessageOverheadBytes = 128;

struct PayloadBytes {
  size_t operator()(const raft::Message& message) const {
    const auto* append = std::get_if<raft::AppendRequest>(&message.body);
    if (append == nullptr) return 0;
    size_t bytes = 0;
    for (const raft::Entry& entry : append->entries) bytes += entry.ApproximateBytes();
    return bytes;
  }
  size_t operator()(const node::ForwardRequest& request) const { return request.command.size(); }
  size_t operator()(const node::ForwardReply& reply) const {
    return reply.reply.size() + reply.status.message().size();
  }
};

}  // namespace

size_t ApproximateBytes(const node::PeerMessage& message) {
  return std::visit(PayloadBytes{}, message) + kMessageOverheadBytes;
}

bool PeerOutbox::Put(node::PeerMessage message) {
  const size_t bytes = ApproximateBytes(message);
  {
    const std::lock_guard lock(mutex_);
    if (closed_ || items_.size() >= messages_max_) return false;
    if (!items_.empty() && bytes_ + bytes > bytes_max_) return false;
    bytes_ += bytes;
    items_.push_back({std::move(message), bytes});
  }
  changed_.notify_one();
  return true;
}

std::vector<node::PeerMessage> PeerOutbox::Take(size_t bytes_max) {
  std::vector<node::PeerMessage> taken;
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closed_ || !items_.empty(); });
  size_t bytes = 0;
  while (!closed_ && !items_.empty()) {
    Item& first = items_.front();
    if (!taken.empty() && bytes + first.bytes > bytes_max) break;
    bytes += first.bytes;
    bytes_ -= first.bytes;
    taken.push_back(std::move(first.message));
    items_.pop_front();
  }
  return taken;
}

void PeerOutbox::Pause(int64_t timeout_ms) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [&] { return closed_; });
}

void PeerOutbox::Close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    items_.clear();
    bytes_ = 0;
  }
  changed_.notify_all();
}

}  // namespace baton::http
