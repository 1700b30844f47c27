// File: wakeup.h
//
// Wakes a thread that waits for descriptors.
#pragma once

#include <atomic>

#include "pkg/base/status.h"

namespace baton::http {

class Wakeup {
 public:
  Wakeup() = default;
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  // Once it is open it stays so. kResourceExhausted/"no_descriptor": try again later. One thread at
  // a time.
  Status Open();
  // Any thread. Before Open: nobody waits, and nothing happens.
  void Ring();
  // Readable from a Ring to the next Clear.
  int descriptor() const { return descriptor_.load(std::memory_order_acquire); }
  void Clear();

 private:
  std::atomic<int> descriptor_{-1};
};

}  // namespace baton::http
