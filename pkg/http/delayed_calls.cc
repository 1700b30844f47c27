#include "pkg/http/delayed_calls.h"

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace baton::http {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

class DelayedCallsThread final : public DelayedCalls {
 public:
  DelayedCallsThread() : thread_([this] { Run(); }) {
    pthread_setname_np(thread_.native_handle(), "delayed-calls");
  }

  ~DelayedCallsThread() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  uint64_t After(int64_t delay_ms, std::function<void()> work) override {
    const SteadyTime due = std::chrono::steady_clock::now() + std::chrono::milliseconds(delay_ms);
    bool is_next = false;
    uint64_t id = 0;
    {
      const std::lock_guard lock(mutex_);
      id = ++last_id_;
      const auto added = by_due_.emplace(due, Call{id, std::move(work)});
      by_id_.emplace(id, added);
      is_next = added == by_due_.begin();
    }
    if (is_next) changed_.notify_one();
    return id;
  }

  void Cancel(uint64_t id) override {
    std::function<void()> dropped;  // destroyed outside the lock: it may hold anything
    const std::lock_guard lock(mutex_);
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return;
    dropped = std::move(found->second->second.work);
    by_due_.erase(found->second);
    by_id_.erase(found);
  }

 private:
  struct Call {
    uint64_t id = 0;
    std::function<void()> work;
  };
  using Schedule = std::multimap<SteadyTime, Call>;

  void Run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      if (by_due_.empty()) {
        changed_.wait(lock);
        continue;
      }
      const SteadyTime due = by_due_.begin()->first;
      if (due > std::chrono::steady_clock::now()) {
        changed_.wait_until(lock, due);
        continue;
      }
      Call call = std::move(by_due_.begin()->second);
      by_id_.erase(call.id);
      by_due_.erase(by_due_.begin());
      lock.unlock();
      call.work();
      call.work = nullptr;
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  // State below is protected by mutex_.
  Schedule by_due_;
  std::map<uint64_t, Schedule::iterator> by_id_;
  uint64_t last_id_ = 0;
  bool stopping_ = false;

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace

std::unique_ptr<DelayedCalls> DelayedCalls::Start() {
  return std::make_unique<DelayedCallsThread>();
}

}  // namespace baton::http
