// File: event.h
//
// A thread tells another that sleeps in poll(2).
#pragma once

#include <cstdint>
#include <span>

namespace baton::batonctl {

// Set once, stays set. Set from any thread; fd() is readable from then on.
class Event {
 public:
  Event();
  ~Event();
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void Set();
  int fd() const { return fd_; }

 private:
  int fd_;
};

// Sleeps until one of `fds` is readable or timeout_ms is over (negative: no limit). Negative fds
// are passed over. Gives the position of the first readable one, -1 for none.
int WaitForAny(std::span<const int> fds, int64_t timeout_ms);

}  // namespace baton::batonctl
