// A server that does nothing: it answers each HTTP request with 200 and "{}", without a look at it.
// What a load generator reaches here is the limit of the machine and of the generator, and no
// server that does something can be faster.
//
//   echo_server PORT SECONDS     127.0.0.1, one thread; it ends by itself
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <map>
#include <string>
#include <string_view>

#include "pkg/base/check.h"

namespace baton::bench {
namespace {

constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
constexpr size_t kBufferedMax = size_t{4} << 20;

// The size of the first request in `bytes`; 0: it is not whole yet.
size_t WholeRequest(std::string_view bytes) {
  const size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  constexpr std::string_view kLength = "\r\nContent-Length: ";
  const size_t length = bytes.substr(0, end).find(kLength);
  size_t body = 0;
  if (length != std::string_view::npos) {
    const char* const digits = bytes.data() + length + kLength.size();
    std::from_chars(digits, bytes.data() + end, body);
  }
  return bytes.size() >= end + 4 + body ? end + 4 + body : 0;
}

class EchoServer {
 public:
  explicit EchoServer(uint16_t port) : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK_EQ(bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    CHECK_EQ(listen(listener_, 4096), 0);
    Watch(listener_);
  }

  void Run(time_t seconds) {
    const time_t end = time(nullptr) + seconds;
    std::array<epoll_event, 256> events;
    while (time(nullptr) < end) {
      const int count = epoll_wait(epoll_, events.data(), events.size(), 100);
      for (int i = 0; i < count; ++i) {
        const int descriptor = events[static_cast<size_t>(i)].data.fd;
        if (descriptor == listener_) {
          Accept();
        } else if (!Serve(descriptor)) {
          unfinished_.erase(descriptor);
          close(descriptor);
        }
      }
    }
    std::printf("%llu requests\n", static_cast<unsigned long long>(served_));
  }

 private:
  void Watch(int descriptor) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    CHECK_EQ(epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event), 0);
  }

  void Accept() {
    while (true) {
      const int descriptor = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (descriptor < 0) return;
      const int on = 1;
      setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      Watch(descriptor);
    }
  }

  // False: the connection is over.
  bool Serve(int descriptor) {
    const ssize_t count = recv(descriptor, buffer_.data(), buffer_.size(), 0);
    if (count <= 0) return false;
    std::string_view bytes(buffer_.data(), static_cast<size_t>(count));
    const auto before = unfinished_.find(descriptor);
    if (before == unfinished_.end()) {
      bytes = AnswerAll(descriptor, bytes);
      if (!bytes.empty()) unfinished_[descriptor] = bytes;
      return true;
    }
    std::string& all = before->second;
    all.append(bytes);
    if (all.size() > kBufferedMax) return false;
    const std::string_view rest = AnswerAll(descriptor, all);
    all.erase(0, all.size() - rest.size());
    if (all.empty()) unfinished_.erase(before);
    return true;
  }

  std::string_view AnswerAll(int descriptor, std::string_view bytes) {
    while (const size_t size = WholeRequest(bytes)) {
      bytes.remove_prefix(size);
      ++served_;
      (void)!send(descriptor, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
    }
    return bytes;
  }

  const int epoll_;
  int listener_ = -1;
  std::array<char, 64 * 1024> buffer_{};
  std::map<int, std::string> unfinished_;  // by connection
  uint64_t served_ = 0;
};

}  // namespace
}  // namespace baton::bench

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: echo_server PORT SECONDS\n");
    return 2;
  }
  static baton::bench::EchoServer server(static_cast<uint16_t>(std::atoi(argv[1])));
  server.Run(std::atoi(argv[2]));
  return 0;
}
