// File: poller.h
//
// epoll(7), as little of it as the generator needs: level-triggered, one registration for the life
// of a connection, and waits as short as the schedule wants them. Of one thread.
//
// Asio would serve as well, but it arms a socket anew for each wait, which is a system call per
// answer, and its timers end at milliseconds.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <span>

namespace baton::load {

class Poller {
 public:
  static constexpr size_t kEventsMax = 256;

  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // `what` comes back with each event. Errors of epoll itself are CHECKs: no descriptor was left,
  // or the descriptor is not what it should be.
  void Add(int descriptor, uint32_t events, void* what);
  void Change(int descriptor, uint32_t events, void* what);
  void Remove(int descriptor);
  // Waits up to timeout_ns; not at all below 0. The events are valid until the next Wait.
  std::span<const epoll_event> Wait(int64_t timeout_ns);

 private:
  int epoll_ = -1;
  bool has_nanoseconds_ = true;  // the kernel has epoll_pwait2(2)
  std::array<epoll_event, kEventsMax> events_{};
};

}  // namespace baton::load
