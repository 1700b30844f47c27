#include "test/chaos/proxy/recording_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "pkg/base/check.h"
#include "test/chaos/proxy/request_frames.h"

namespace baton::chaos {

RecordingServer::RecordingServer() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK_GE(listener_, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  CHECK_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
  CHECK_EQ(listen(listener_, SOMAXCONN), 0);
  CHECK_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { Accept(); });
}

RecordingServer::~RecordingServer() {
  shutdown(listener_, SHUT_RDWR);
  accepting_.join();
  close(listener_);
  {
    const std::lock_guard lock(mutex_);
    for (const int socket : open_) shutdown(socket, SHUT_RDWR);
  }
  for (std::thread& thread : serving_) thread.join();
}

std::vector<std::string> RecordingServer::bodies() const {
  const std::lock_guard lock(mutex_);
  return bodies_;
}

uint64_t RecordingServer::received_bytes() const {
  const std::lock_guard lock(mutex_);
  return received_bytes_;
}

size_t RecordingServer::open_connections() const {
  const std::lock_guard lock(mutex_);
  return open_.size();
}

void RecordingServer::Accept() {
  while (true) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    const std::lock_guard lock(mutex_);
    open_.insert(socket);
    serving_.emplace_back([this, socket] { Serve(socket); });
  }
}

void RecordingServer::Serve(int socket) {
  RequestFrames frames;
  std::array<char, 4096> buffer;
  ssize_t bytes = 0;
  while ((bytes = recv(socket, buffer.data(), buffer.size(), 0)) > 0) {
    Count(static_cast<uint64_t>(bytes));
    for (const auto& unit : frames.Take({buffer.data(), static_cast<size_t>(bytes)})) {
      const std::string body = unit.bytes.substr(unit.bytes.find("\r\n\r\n") + 4);
      {
        const std::lock_guard lock(mutex_);
        bodies_.push_back(body);
      }
      const std::string answer =
          "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
      send(socket, answer.data(), answer.size(), MSG_NOSIGNAL);
    }
  }
  const std::lock_guard lock(mutex_);
  open_.erase(socket);
  close(socket);
}

void RecordingServer::Count(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  received_bytes_ += bytes;
}

}  // namespace baton::chaos
