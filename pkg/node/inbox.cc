#include "pkg/node/inbox.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace baton::node {
namespace {

Status ShuttingDown() {
  return Status(Code::kUnavailable, "shutting_down", "This node is shutting down");
}

}  // namespace

Status Inbox::Push(std::deque<InboxItem>* queue, size_t max, InboxItem item) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (closed_) return ShuttingDown();
    if (queue->size() >= max) {
      return Status(Code::kUnavailable, "overloaded",
                    "This node has as much work waiting as it takes; retry later");
    }
    queue->push_back(std::move(item));
  }
  changed_.notify_one();
  return Status::Ok();
}

void Inbox::PushCompletion(std::function<void(Node&)> run) {
  (void)Push(&completions_, SIZE_MAX, {std::move(run)}).ok();  // closed: nobody is interested
}

Status Inbox::PushPeer(InboxItem item) { return Push(&peers_, items_max_, std::move(item)); }

Status Inbox::PushClient(InboxItem item) { return Push(&clients_, items_max_, std::move(item)); }

void Inbox::PushCancel(std::function<void(Node&)> run) {
  // Behind the request that it cancels, which may be in this queue.
  (void)Push(&clients_, SIZE_MAX, {std::move(run)}).ok();
}

std::vector<InboxItem> Inbox::Take(int64_t wait_us) {
  std::unique_lock<std::mutex> lock(mutex_);
  const auto something = [this] {
    return woken_ || !completions_.empty() || !peers_.empty() || !clients_.empty();
  };
  if (wait_us > 0) changed_.wait_for(lock, std::chrono::microseconds(wait_us), something);
  woken_ = false;
  std::vector<InboxItem> items;
  const size_t clients = std::min(clients_.size(), kClientItemsPerTake);
  items.reserve(completions_.size() + peers_.size() + clients);
  const auto take = [&items](std::deque<InboxItem>* queue, size_t count) {
    const auto end = queue->begin() + static_cast<std::ptrdiff_t>(count);
    std::move(queue->begin(), end, std::back_inserter(items));
    queue->erase(queue->begin(), end);
  };
  take(&completions_, completions_.size());
  take(&peers_, peers_.size());
  take(&clients_, clients);
  return items;
}

void Inbox::Wake() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    woken_ = true;
  }
  changed_.notify_one();
}

void Inbox::Close() {
  std::deque<InboxItem> left;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    closed_ = true;
    for (std::deque<InboxItem>* queue : {&completions_, &peers_, &clients_}) {
      std::move(queue->begin(), queue->end(), std::back_inserter(left));
      queue->clear();
    }
  }
  for (const InboxItem& item : left) {
    if (item.refuse) item.refuse(ShuttingDown());
  }
}

size_t Inbox::size() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return completions_.size() + peers_.size() + clients_.size();
}

}  // namespace baton::node
