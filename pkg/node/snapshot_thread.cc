#include "pkg/node/snapshot_thread.h"

#include <pthread.h>

#include <utility>

namespace baton::node {

void SnapshotThread::Start() {
  thread_ = std::thread([this] { Run(); });
  pthread_setname_np(thread_.native_handle(), "snapshot-in");
}

void SnapshotThread::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void SnapshotThread::Write(SnapshotWork work) { Push({false, std::move(work)}); }

void SnapshotThread::Discard(std::unique_ptr<SnapshotWriter> writer) {
  Push({true, {std::move(writer), "", false}});
}

void SnapshotThread::Push(Job job) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void SnapshotThread::Run() {
  while (true) {
    Job job;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    if (job.discard) continue;  // it goes with `job`
    written_(DoSnapshotWork(state_, std::move(job.work)));
  }
}

}  // namespace baton::node
