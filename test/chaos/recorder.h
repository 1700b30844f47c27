// File: recorder.h
//
// Where all clients write down what they did. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "test/history/operation.h"

namespace baton::chaos {

// Microseconds of the machine's monotonic clock: the times of the history.
int64_t NowUs();

class Recorder {
 public:
  void Add(history::Record record);
  // How many operations ended, whatever their outcome; how many of them happened.
  uint64_t operations() const { return operations_; }
  uint64_t acknowledged() const { return acknowledged_; }
  // Of all answers to those that happened.
  uint64_t newest_revision() const { return newest_revision_; }

  // All so far, and from now on without it.
  history::History Take();

 private:
  std::atomic<uint64_t> operations_{0};
  std::atomic<uint64_t> acknowledged_{0};
  std::atomic<uint64_t> newest_revision_{0};  // written with mutex_
  std::mutex mutex_;
  history::History history_;  // guarded by mutex_
};

}  // namespace baton::chaos
