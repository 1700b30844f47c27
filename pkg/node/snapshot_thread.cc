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

void SnapshotThread::Write(SnapshotWriter* writer, std::string chunk, bool last) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    CHECK(!piece_.has_value()) << "one piece at a time";
    piece_ = Piece{writer, std::move(chunk), last};
  }
  changed_.notify_one();
}

void SnapshotThread::Run() {
  while (true) {
    Piece piece;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || piece_.has_value(); });
      if (!piece_) return;
      piece = std::move(*piece_);
      piece_.reset();
    }
    Status status = piece.writer->Append(piece.chunk);
    if (status.ok() && piece.last) status = piece.writer->Finish();
    written_(status);
  }
}

}  // namespace baton::node
