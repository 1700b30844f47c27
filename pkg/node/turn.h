// File: turn.h
//
// Whose turn it is to run the node. Mostly the raft thread's; while that sleeps, a thread that
// brings work may take a turn and do the work itself, instead of waking the raft thread and waiting
// until it is awake (D. Hendler, I. Incze, N. Shavit, M. Tzafrir, "Flat Combining and the
// Synchronization-Parallelism Tradeoff", 2010, section 2). One at a time, and each sees what those
// before it have done.
//
// Thread-safe.
#pragma once

#include <condition_variable>
#include <mutex>

namespace baton::node {

class Turn {
 public:
  // The raft thread, whose turn it is from the start: waits for the next one. Nobody comes before
  // it then.
  void Begin();
  // Another thread, or one in the middle of its own turn: never waits. False: somebody has the
  // turn, or the raft thread waits for it.
  bool TryBegin();
  void End();
  // The raft thread waits for its turn.
  bool awaited() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  // State below is protected by mutex_.
  bool taken_ = true;
  bool awaited_ = false;
};

}  // namespace baton::node
