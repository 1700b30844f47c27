// File: loop_queue.h
//
// Work from other threads for the loop's thread. A burst of posts costs one wake-up, and so does a
// burst that goes on while the loop works on its beginning. Outlives the loop: once closed it drops
// what it is given, so that an answer that comes after the server's end does no harm.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace baton::http {

class LoopQueue {
 public:
  using Work = std::function<void()>;

  // `wake` makes the loop's thread call RunPending soon. Called on any thread, never after Close.
  explicit LoopQueue(std::function<void()> wake) : wake_(std::move(wake)) {}

  // Any thread. Dropped (and destroyed on this thread) once closed.
  void Post(Work work);
  // Any thread.
  bool OnLoopThread() const;

  // On the loop's thread; the first call says which one that is.
  void Enter();
  // Runs what has been posted; what that posts in turn waits for the next call.
  void RunPending();
  // Any thread. Drops what waits.
  void Close();

 private:
  mutable std::mutex mutex_;
  // State below is protected by mutex_.
  std::function<void()> wake_;
  std::vector<Work> pending_;
  bool awake_ = false;  // wake_ was called and RunPending has not ended since
  bool closed_ = false;

  std::atomic<std::thread::id> loop_thread_;
};

}  // namespace baton::http
