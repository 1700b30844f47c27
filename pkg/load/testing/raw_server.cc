#include "pkg/load/testing/raw_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "pkg/base/check.h"

namespace baton::load {
namespace {

constexpr int kPollMs = 20;

void SendAll(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

}  // namespace

RawServer::RawServer(RawAnswers answers) : answers_(std::move(answers)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  CHECK_EQ(bind(listener_, reinterpret_cast<const sockaddr*>(&address), size), 0);
  CHECK_EQ(listen(listener_, 128), 0);
  CHECK_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  thread_ = std::thread([this] { Run(); });
}

RawServer::~RawServer() {
  stopped_ = true;
  thread_.join();
  close(listener_);
}

void RawServer::Run() {
  std::vector<pollfd> all = {{.fd = listener_, .events = POLLIN, .revents = 0}};
  while (!stopped_) {
    if (poll(all.data(), all.size(), kPollMs) <= 0) continue;
    std::vector<pollfd> next = {all[0]};
    for (size_t i = 1; i < all.size(); ++i) {
      if (all[i].revents == 0 || Serve(all[i].fd)) {
        next.push_back(all[i]);
      } else {
        close(all[i].fd);
      }
    }
    if (all[0].revents != 0) {
      const int descriptor = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (descriptor >= 0 && Greet(descriptor)) {
        next.push_back({.fd = descriptor, .events = POLLIN, .revents = 0});
      } else if (descriptor >= 0) {
        close(descriptor);
      }
    }
    all = std::move(next);
  }
  for (size_t i = 1; i < all.size(); ++i) close(all[i].fd);
}

bool RawServer::Greet(int descriptor) const {
  if (answers_.greeting.empty()) return true;
  SendAll(descriptor, answers_.greeting);
  return !answers_.closes;
}

bool RawServer::Serve(int descriptor) {
  std::array<char, 4096> bytes;
  const ssize_t count = recv(descriptor, bytes.data(), bytes.size(), 0);
  if (count <= 0 || answered_ >= answers_.answers_max) return false;
  ++answered_;
  SendAll(descriptor, answers_.answer);
  return !answers_.closes;
}

}  // namespace baton::load
