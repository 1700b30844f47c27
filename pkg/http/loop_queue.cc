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
  const std::lock_guard<std::mutex> lock(mutex_);
  return loop_thread_ == std::this_thread::get_id();
}

void LoopQueue::Enter() {
  const std::lock_guard<std::mutex> lock(mutex_);
  loop_thread_ = std::this_thread::get_id();
}

void LoopQueue::RunPending() {
  std::vector<Work> work;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    work.swap(pending_);
    awake_ = false;
  }
  for (Work& each : work) {
    each();
    each = nullptr;  // frees what it holds in order, and before the next one runs
  }
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
