// File: log_writer_thread.h
//
// The LogWriter of a process: a thread that takes everything that waits, makes it durable with one
// synced write, sends the messages that had to wait for it, and reports. While the disk works on
// one write, the next gathers: batching without a knob. A job that only moves the commit index is
// no reason to wake anybody: it waits for the next one, or for Stop. Of several acknowledgements to
// one peer in a batch the last is sent, which covers the others.
//
// Any error ends the work for good (a failed sync leaves the disk in an unknown state): `fatal` is
// told, and nothing is written, sent or reported any more.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <span>
#include <thread>
#include <variant>
#include <vector>

#include "pkg/base/clock.h"
#include "pkg/base/histogram.h"
#include "pkg/node/log_writer.h"
#include "pkg/node/ports.h"

namespace baton::node {

class LogWriterThread final : public LogWriter {
 public:
  struct Parts {
    LogStore* log = nullptr;
    StateStore* state = nullptr;
    Transport* transport = nullptr;
    const Clock* clock = nullptr;
    LatencyHistogram* log_sync = nullptr;
    Counter* bytes_written = nullptr;  // may be null
    // On the writer's thread:
    std::function<void(raft::LogMark)> persisted;
    std::function<void()> compacted;
    std::function<void(const Status&)> fatal;
  };

  explicit LogWriterThread(Parts parts) : parts_(std::move(parts)) {}
  ~LogWriterThread() override { Stop(); }

  void Start();
  // Finishes what it was given, then ends the thread.
  void Stop();

  void Write(WriteJob job) override;
  void Compact(raft::SnapshotMeta start) override;

 private:
  using Job = std::variant<WriteJob, raft::SnapshotMeta>;

  void Push(Job job);
  // Requires mutex_: the newest job is one that waits for the next.
  bool NewestWaits() const;
  void Run();
  // False: the disk failed.
  bool Do(std::deque<Job> jobs);
  bool WriteBatch(std::vector<WriteJob> jobs);
  bool CompactTo(const raft::SnapshotMeta& start);

  const Parts parts_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  bool due_ = false;  // some of them do not wait
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace baton::node
