#include "pkg/http/peer_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace baton::http {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* addresses) const { freeaddrinfo(addresses); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Addresses Resolve(const HostAndPort& server) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(server.port);
  if (getaddrinfo(server.host.c_str(), port.c_str(), &hints, &found) != 0) return nullptr;
  return Addresses(found);
}

Status CannotConnect(const HostAndPort& server, const std::string& why) {
  return Status(
      Code::kUnavailable, "cannot_connect",
      "cannot connect to " + server.host + ":" + std::to_string(server.port) + ": " + why);
}

std::string ErrorText(int error) { return std::generic_category().message(error); }

int MillisecondsOf(int64_t timeout_ms) {
  constexpr int64_t kLongestMs = 3'600'000;  // who waits for longer looks again
  return timeout_ms < 0 ? -1 : static_cast<int>(std::min(timeout_ms, kLongestMs));
}

bool WouldBlock(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

Status PeerSocket::Connect(int64_t timeout_ms, const std::function<bool()>& stopped) {
  Close();
  const Addresses addresses = Resolve(server_);
  if (addresses == nullptr) return CannotConnect(server_, "the name is not known");
  Status connected = CannotConnect(server_, "it has no address");
  for (const addrinfo* one = addresses.get(); one != nullptr; one = one->ai_next) {
    connected = ConnectTo(*one, timeout_ms, stopped);
    if (connected.ok() || connected.reason() == "aborted") return connected;
    Close();
  }
  return connected;
}

Status PeerSocket::ConnectTo(const addrinfo& address, int64_t timeout_ms,
                             const std::function<bool()>& stopped) {
  descriptor_ =
      socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, address.ai_protocol);
  if (descriptor_ < 0) return CannotConnect(server_, ErrorText(errno));
  const int on = 1;
  (void)setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (connect(descriptor_, address.ai_addr, address.ai_addrlen) == 0) return Status::Ok();
  if (errno != EINPROGRESS) return CannotConnect(server_, ErrorText(errno));
  using SteadyClock = std::chrono::steady_clock;
  const auto deadline = SteadyClock::now() + std::chrono::milliseconds(timeout_ms);
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now());
    if (left.count() <= 0) {
      return CannotConnect(server_, "no answer within " + std::to_string(timeout_ms) + " ms");
    }
    const bool done = Wait({.write = true}, left.count()).writable;
    if (stopped()) return Status(Code::kUnavailable, "aborted", "the connecting was aborted");
    if (!done) continue;
    int error = 0;
    socklen_t size = sizeof(error);
    (void)getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
    return error == 0 ? Status::Ok() : CannotConnect(server_, ErrorText(error));
  }
}

void PeerSocket::Close() {
  if (descriptor_ >= 0) close(std::exchange(descriptor_, -1));
}

IoResult PeerSocket::Read(char* to, size_t bytes_max) {
  const ssize_t bytes = recv(descriptor_, to, bytes_max, 0);
  if (bytes > 0) return {IoOutcome::kDone, static_cast<size_t>(bytes)};
  if (bytes == 0) return {IoOutcome::kEnd, 0};
  return {WouldBlock(errno) ? IoOutcome::kWouldBlock : IoOutcome::kFailed, 0};
}

IoResult PeerSocket::Write(const std::string_view* pieces, size_t count) {
  std::array<iovec, kWritePiecesMax> vectors;
  msghdr message{};
  message.msg_iov = vectors.data();
  for (; message.msg_iovlen < std::min(count, kWritePiecesMax); ++message.msg_iovlen) {
    const std::string_view piece = pieces[message.msg_iovlen];
    // What is sent is only read.
    vectors[message.msg_iovlen] = {const_cast<char*>(piece.data()), piece.size()};
  }
  const ssize_t bytes = sendmsg(descriptor_, &message, MSG_NOSIGNAL);
  if (bytes >= 0) return {IoOutcome::kDone, static_cast<size_t>(bytes)};
  return {WouldBlock(errno) ? IoOutcome::kWouldBlock : IoOutcome::kFailed, 0};
}

PeerSocket::Ready PeerSocket::Wait(Wanted wanted, int64_t timeout_ms) {
  std::array<pollfd, 2> waits{};
  waits[0] = {wakeup_->descriptor(), POLLIN, 0};
  waits[1] = {descriptor_, POLLRDHUP, 0};
  if (wanted.read) waits[1].events |= POLLIN;
  if (wanted.write) waits[1].events |= POLLOUT;
  // Interrupted by a signal: nothing is ready, and the caller looks again.
  if (poll(waits.data(), waits.size(), MillisecondsOf(timeout_ms)) <= 0) return {};
  Ready ready;
  ready.rung = waits[0].revents != 0;
  if (ready.rung) wakeup_->Clear();
  ready.readable = (waits[1].revents & (POLLIN | POLLRDHUP | POLLHUP | POLLERR)) != 0;
  ready.writable = (waits[1].revents & (POLLOUT | POLLHUP | POLLERR)) != 0;
  return ready;
}

}  // namespace baton::http
