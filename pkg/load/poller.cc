#include "pkg/load/poller.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "pkg/base/check.h"

namespace baton::load {

Poller::Poller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) { CHECK_GE(epoll_, 0) << errno; }

Poller::~Poller() { close(epoll_); }

void Poller::Add(int descriptor, uint32_t events, void* what) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = what;
  CHECK_EQ(epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event), 0) << errno;
}

void Poller::Change(int descriptor, uint32_t events, void* what) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = what;
  CHECK_EQ(epoll_ctl(epoll_, EPOLL_CTL_MOD, descriptor, &event), 0) << errno;
}

void Poller::Remove(int descriptor) {
  CHECK_EQ(epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr), 0) << errno;
}

std::span<const epoll_event> Poller::Wait(int64_t timeout_ns) {
  constexpr int64_t kSecondNs = 1'000'000'000;
  const int64_t wait_ns = std::max<int64_t>(timeout_ns, 0);
  int count = -1;
  if (has_nanoseconds_) {
    const timespec wait{.tv_sec = wait_ns / kSecondNs, .tv_nsec = wait_ns % kSecondNs};
    count = epoll_pwait2(epoll_, events_.data(), kEventsMax, &wait, nullptr);
    if (count < 0 && (errno == ENOSYS || errno == EPERM)) has_nanoseconds_ = false;
  }
  if (!has_nanoseconds_) {  // early rather than late
    count = epoll_wait(epoll_, events_.data(), kEventsMax, static_cast<int>(wait_ns / 1'000'000));
  }
  CHECK(count >= 0 || errno == EINTR) << errno;
  return {events_.data(), static_cast<size_t>(std::max(count, 0))};
}

}  // namespace baton::load
