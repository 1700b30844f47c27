// File: snapshot_thread.h
//
// The SnapshotWorker of a process: a thread that does what arriving snapshots do to files, in
// order, so that the raft thread does not wait for the disk. It sleeps when none arrives.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "pkg/node/snapshots.h"

namespace baton::node {

class SnapshotThread final : public SnapshotWorker {
 public:
  // `written`, on this thread: the outcome of the piece under way.
  SnapshotThread(StateStore* state, std::function<void(SnapshotWritten)> written)
      : state_(state), written_(std::move(written)) {}
  ~SnapshotThread() override { Stop(); }

  void Start();
  // Does what it was given, then ends the thread.
  void Stop();

  void Write(SnapshotWork work) override;
  void Discard(std::unique_ptr<SnapshotWriter> writer) override;

 private:
  struct Job {
    bool discard = false;  // work.writer
    SnapshotWork work;
  };

  void Push(Job job);
  void Run();

  StateStore* const state_;
  const std::function<void(SnapshotWritten)> written_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // One piece at most, and what was discarded since: each of them was once a piece.
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace baton::node
