#include "test/integration/raw_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "pkg/base/check.h"
#include "test/integration/cluster.h"
#include "test/integration/process.h"

namespace baton::integration {
namespace {

// True when there is something to read (or the end) before the deadline.
bool WaitReadable(int socket_fd, int64_t deadline_ms) {
  pollfd readable{.fd = socket_fd, .events = POLLIN, .revents = 0};
  const int64_t left_ms = deadline_ms - NowMs();
  return left_ms > 0 && poll(&readable, 1, static_cast<int>(left_ms)) > 0;
}

}  // namespace

RawSocket::RawSocket(const std::string& base_url, const std::string& source) {
  const auto port =
      static_cast<uint16_t>(std::atoi(base_url.substr(base_url.rfind(':') + 1).c_str()));
  socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK_GE(socket_, 0);
  // The kernel picks a port that is free for this destination, not for all.
  const int late = 1;
  CHECK_EQ(setsockopt(socket_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &late, sizeof(late)), 0);
  sockaddr_in from = LoopbackAddress(0);
  CHECK_EQ(inet_pton(AF_INET, source.c_str(), &from.sin_addr), 1) << source;
  CHECK_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&from), sizeof(from)), 0) << source;
  sockaddr_in to = LoopbackAddress(port);
  CHECK_EQ(connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0) << base_url;
}

RawSocket::RawSocket(RawSocket&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}

RawSocket::~RawSocket() {
  if (socket_ >= 0) close(socket_);
}

bool RawSocket::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

std::string RawSocket::ReadAll(int64_t timeout_ms, bool* closed) {
  const int64_t deadline_ms = NowMs() + timeout_ms;
  std::string received;
  *closed = false;
  std::array<char, 65536> buffer;
  while (WaitReadable(socket_, deadline_ms)) {
    const ssize_t size = recv(socket_, buffer.data(), buffer.size(), 0);
    if (size <= 0) {
      *closed = true;
      break;
    }
    received.append(buffer.data(), static_cast<size_t>(size));
  }
  return received;
}

std::string RawSocket::ReadUntil(std::string_view text, int64_t timeout_ms) {
  const int64_t deadline_ms = NowMs() + timeout_ms;
  std::string received;
  std::array<char, 4096> buffer;
  while (received.find(text) == std::string::npos && WaitReadable(socket_, deadline_ms)) {
    const ssize_t size = recv(socket_, buffer.data(), buffer.size(), 0);
    if (size <= 0) break;
    received.append(buffer.data(), static_cast<size_t>(size));
  }
  return received;
}

void RaiseFileLimit() {
  rlimit limit{};
  CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = limit.rlim_max;
  CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

}  // namespace baton::integration
