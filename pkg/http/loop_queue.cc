#include "pkg/http/loop_queue.h"

#include <utility>

namespace baton::http {

void LoopQueue::Post(Work work) {
  // When dropped, `work` must die outside the lock: what it holds may post from its destructor.
  const std::lock_guard<std::mutex> lock(mutex_);
  if (closed_) return;
  pending_.push_back(std::move(work));
  if (awake_) return;
  awake_ = true;
  wake_();
}

bool LoopQueue::OnLoopThread() const {
  return loop_thread_.load(std::memory_order_relaxed) == std::this_thread::get_id();
}

void LoopQueue::Enter() {
  loop_thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
}

void LoopQueue::RunPending() {
  std::vector<Work> work;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    work.swap(pending_);
  }
  for (Work& each : work) {
    each();
    each = nullptr;  // frees what it holds in order, and before the next one runs
  }
  // What was posted meanwhile waits for the next round, so that the sockets have their turn. Its
  // posters saw a loop that is awake and did not pay for a wake-up; on this thread it costs little.
  const std::lock_guard<std::mutex> lock(mutex_);
  awake_ = !pending_.empty();
  if (awake_) wake_();
}

void LoopQueue::Close() {
  std::vector<Work> dropped;  // dies after the lock
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    closed_ = true;
    dropped.swap(pending_);
  }
}

}  // namespace baton::http
