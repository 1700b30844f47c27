#include "pkg/node/log_writer_thread.h"

#include <pthread.h>

#include <utility>

namespace baton::node {

void LogWriterThread::Start() {
  thread_ = std::thread([this] { Run(); });
  pthread_setname_np(thread_.native_handle(), "log-writer");
}

void LogWriterThread::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void LogWriterThread::Write(WriteJob job) { Push(std::move(job)); }

void LogWriterThread::Compact(raft::SnapshotMeta start) { Push(std::move(start)); }

void LogWriterThread::Push(Job job) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void LogWriterThread::Run() {
  while (true) {
    std::deque<Job> jobs;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      jobs.swap(jobs_);
    }
    if (!Do(std::move(jobs))) return;
  }
}

bool LogWriterThread::Do(std::deque<Job> jobs) {
  std::vector<WriteJob> writes;
  for (Job& job : jobs) {
    if (auto* write = std::get_if<WriteJob>(&job)) {
      writes.push_back(std::move(*write));
      continue;
    }
    if (!WriteBatch(std::exchange(writes, {}))) return false;
    if (!CompactTo(std::get<raft::SnapshotMeta>(job))) return false;
  }
  return WriteBatch(std::move(writes));
}

bool LogWriterThread::WriteBatch(std::vector<WriteJob> jobs) {
  if (jobs.empty()) return true;
  std::vector<LogWrite> writes;
  writes.reserve(jobs.size());
  bool must_sync = false;
  for (WriteJob& job : jobs) {
    writes.push_back(std::move(job.write));
    must_sync = must_sync || job.must_sync;
  }
  const int64_t before_us = parts_.clock->MonotonicUs();
  const Status written = parts_.log->Write(writes, must_sync);
  if (!written.ok()) {
    parts_.fatal(written);
    return false;
  }
  if (parts_.bytes_written != nullptr) {
    for (const LogWrite& write : writes) {
      for (const raft::Entry& entry : write.entries) {
        parts_.bytes_written->Add(entry.ApproximateBytes());
      }
    }
  }
  if (must_sync) parts_.log_sync->ObserveUs(parts_.clock->MonotonicUs() - before_us);
  for (WriteJob& job : jobs) {
    for (raft::Message& message : job.messages) {
      const NodeId to = message.to;
      parts_.transport->Send(to, std::move(message));
    }
  }
  parts_.persisted(jobs.back().mark);
  return true;
}

bool LogWriterThread::CompactTo(const raft::SnapshotMeta& start) {
  Status done = parts_.state->Sync();
  if (done.ok()) done = parts_.log->Compact(start);
  if (!done.ok()) {
    parts_.fatal(done);
    return false;
  }
  parts_.compacted();
  return true;
}

}  // namespace baton::node
