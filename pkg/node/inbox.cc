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

Status Inbox::Push(Queue* queue, bool bounded, InboxItem item) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (closed_) return ShuttingDown();
    const bool full = queue->items.size() >= items_max_ ||
                      (!queue->items.empty() && queue->bytes + item.bytes > kBytesMax);
    if (bounded && full) {
      return Status(Code::kUnavailable, "overloaded",
                    "This node has as much work waiting as it takes; retry later");
    }
    queue->bytes += item.bytes;
    queue->items.push_back(std::move(item));
  }
  return Status::Ok();
}

void Inbox::PushCompletion(std::function<void(Node&)> run) {
  (void)Push(&completions_, false, {std::move(run)}).ok();  // closed: nobody is interested
}

Status Inbox::PushPeer(InboxItem item) { return Push(&peers_, true, std::move(item)); }

Status Inbox::PushClient(InboxItem item) { return Push(&clients_, true, std::move(item)); }

void Inbox::PushCancel(std::function<void(Node&)> run) {
  // Behind the request that it cancels, which may be in this queue.
  (void)Push(&clients_, false, {std::move(run)}).ok();
}

bool Inbox::HasItems() const {
  return !completions_.items.empty() || !peers_.items.empty() || !clients_.items.empty();
}

bool Inbox::Await(int64_t wait_us) {
  std::unique_lock<std::mutex> lock(mutex_);
  const bool something = changed_.wait_for(lock, std::chrono::microseconds(wait_us),
                                           [this] { return woken_ || HasItems(); });
  woken_ = false;
  return something;
}

std::vector<InboxItem> Inbox::Take() {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<InboxItem> taken;
  const auto take = [&taken](Queue* queue, size_t count) {
    for (; count > 0; --count) {
      queue->bytes -= queue->items.front().bytes;
      taken.push_back(std::move(queue->items.front()));
      queue->items.pop_front();
    }
  };
  const size_t clients = std::min(clients_.items.size(), kClientItemsPerTake);
  taken.reserve(completions_.items.size() + peers_.items.size() + clients);
  take(&completions_, completions_.items.size());
  take(&peers_, peers_.items.size());
  take(&clients_, clients);
  return taken;
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
    for (Queue* queue : {&completions_, &peers_, &clients_}) {
      std::move(queue->items.begin(), queue->items.end(), std::back_inserter(left));
      *queue = Queue();
    }
  }
  for (const InboxItem& item : left) {
    if (item.refuse) item.refuse(ShuttingDown());
  }
}

size_t Inbox::size() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return completions_.items.size() + peers_.items.size() + clients_.items.size();
}

}  // namespace baton::node
