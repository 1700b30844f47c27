#include "pkg/node/log_writer_thread.h"

#include <pthread.h>

#include <utility>

namespace baton::node {
namespace {

bool Covers(const raft::Message& later, const raft::Message& earlier) {
  const auto* newer = std::get_if<raft::AppendResponse>(&later.body);
  const auto* older = std::get_if<raft::AppendResponse>(&earlier.body);
  return newer != nullptr && older != nullptr && later.to == earlier.to &&
         later.term == earlier.term && !newer->rejected && !older->rejected &&
         newer->match_index >= older->match_index && newer->amnesia == older->amnesia;
}

std::vector<raft::Message> MessagesOf(std::vector<WriteJob>* jobs) {
  std::vector<raft::Message> messages;
  for (WriteJob& job : *jobs) {
    for (raft::Message& message : job.messages) {
      if (!messages.empty() && Covers(message, messages.back())) messages.pop_back();
      messages.push_back(std::move(message));
    }
  }
  return messages;
}

}  // namespace

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

void LogWriterThread::Write(WriteJob job) {
  if (!OnlyMovesCommit(job)) return Push(std::move(job));
  const std::lock_guard<std::mutex> lock(mutex_);
  if (NewestWaits()) jobs_.pop_back();
  jobs_.push_back(std::move(job));
}

bool LogWriterThread::NewestWaits() const {
  const auto* newest = jobs_.empty() ? nullptr : std::get_if<WriteJob>(&jobs_.back());
  return newest != nullptr && OnlyMovesCommit(*newest);
}

void LogWriterThread::Compact(raft::SnapshotMeta start) { Push(std::move(start)); }

void LogWriterThread::Push(Job job) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    jobs_.push_back(std::move(job));
    due_ = true;
  }
  changed_.notify_one();
}

void LogWriterThread::Run() {
  while (true) {
    std::deque<Job> jobs;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || due_; });
      if (jobs_.empty()) return;
      jobs.swap(jobs_);
      due_ = false;
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
  for (raft::Message& message : MessagesOf(&jobs)) {
    const NodeId to = message.to;
    parts_.transport->Send(to, std::move(message));
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
