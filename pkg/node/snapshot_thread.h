// File: snapshot_thread.h
//
// The SnapshotWorker of a process: a thread that writes the pieces of an arriving snapshot, one at
// a time, so that the raft thread does not wait for the disk. It sleeps when none arrives.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "pkg/base/status.h"
#include "pkg/node/snapshots.h"

namespace baton::node {

class SnapshotThread final : public SnapshotWorker {
 public:
  // `written`, on this thread: the outcome of the piece under way.
  explicit SnapshotThread(std::function<void(const Status&)> written)
      : written_(std::move(written)) {}
  ~SnapshotThread() override { Stop(); }

  void Start();
  // Finishes the piece under way, then ends the thread. The writers may be destroyed afterwards.
  void Stop();

  void Write(SnapshotWriter* writer, std::string chunk, bool last) override;

 private:
  struct Piece {
    SnapshotWriter* writer = nullptr;
    std::string chunk;
    bool last = false;
  };

  void Run();

  const std::function<void(const Status&)> written_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Piece> piece_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace baton::node
