#include "cmd/batonctl/event.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <vector>

#include "pkg/base/check.h"

namespace baton::batonctl {

Event::Event() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  CHECK_GE(fd_, 0) << "no file descriptor left";
}

Event::~Event() { close(fd_); }

void Event::Set() { eventfd_write(fd_, 1); }

int WaitForAny(std::span<const int> fds, int64_t timeout_ms) {
  std::vector<pollfd> polled;
  for (const int fd : fds) polled.push_back({.fd = fd, .events = POLLIN, .revents = 0});
  const int timeout =
      static_cast<int>(std::clamp<int64_t>(timeout_ms, -1, std::numeric_limits<int>::max()));
  const int ready = poll(polled.data(), polled.size(), timeout);
  CHECK(ready >= 0 || errno == EINTR) << "poll failed";
  if (ready <= 0) return -1;
  for (size_t i = 0; i < polled.size(); ++i) {
    if (polled[i].revents != 0) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace baton::batonctl
