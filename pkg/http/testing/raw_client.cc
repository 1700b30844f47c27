#include "pkg/http/testing/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

namespace baton::http {
namespace {

constexpr time_t kPatienceSeconds = 10;

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

template <typename Value>
void SetOption(int descriptor, int level, int name, const Value& value) {
  setsockopt(descriptor, level, name, &value, sizeof(value));
}

sockaddr_in LoopbackAddress(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

sockaddr* AsAddress(sockaddr_in* address) { return reinterpret_cast<sockaddr*>(address); }

}  // namespace

RawClient::RawClient(uint16_t port, int receive_buffer_bytes) {
  Open(receive_buffer_bytes);
  Connect(port);
}

RawClient::RawClient(uint16_t port, const std::string& source) {
  Open(0);
  SetOption(descriptor_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);  // by source and destination
  sockaddr_in address = LoopbackAddress(0);
  const bool known = inet_pton(AF_INET, source.c_str(), &address.sin_addr) == 1;
  if (known && bind(descriptor_, AsAddress(&address), sizeof(address)) == 0) {
    Connect(port);
  } else {
    Close();
  }
}

void RawClient::Open(int receive_buffer_bytes) {
  descriptor_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor_ < 0) return;
  if (receive_buffer_bytes > 0) SetOption(descriptor_, SOL_SOCKET, SO_RCVBUF, receive_buffer_bytes);
  const timeval patience{kPatienceSeconds, 0};
  SetOption(descriptor_, SOL_SOCKET, SO_RCVTIMEO, patience);
  SetOption(descriptor_, SOL_SOCKET, SO_SNDTIMEO, patience);
  SetOption(descriptor_, IPPROTO_TCP, TCP_NODELAY, 1);
}

void RawClient::Connect(uint16_t port) {
  sockaddr_in address = LoopbackAddress(port);
  if (connect(descriptor_, AsAddress(&address), sizeof(address)) != 0) Close();
}

RawClient::~RawClient() { Close(); }

RawClient::RawClient(RawClient&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      received_(std::move(other.received_)),
      timed_out_(other.timed_out_) {}

bool RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

std::string RawClient::ReadSome() {
  std::array<char, 65536> buffer;
  const ssize_t size = recv(descriptor_, buffer.data(), buffer.size(), 0);
  if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) timed_out_ = true;
  return size > 0 ? std::string(buffer.data(), static_cast<size_t>(size)) : std::string();
}

bool RawClient::Fill() {
  const std::string more = ReadSome();
  received_ += more;
  return !more.empty();
}

std::optional<std::string> RawClient::TakeLine() {
  size_t end;
  while ((end = received_.find("\r\n")) == std::string::npos) {
    if (!Fill()) return std::nullopt;
  }
  std::string line = received_.substr(0, end);
  received_.erase(0, end + 2);
  return line;
}

bool RawClient::TakeBytes(size_t count, std::string* body) {
  while (received_.size() < count) {
    if (!Fill()) break;
  }
  const size_t taken = std::min(count, received_.size());
  body->append(received_, 0, taken);
  received_.erase(0, taken);
  return taken == count;
}

bool RawClient::TakeChunks(std::string* body) {
  while (true) {
    const auto size_line = TakeLine();
    if (!size_line.has_value()) return false;
    const size_t size = std::strtoul(size_line->c_str(), nullptr, 16);
    if (!TakeBytes(size, body) || !TakeLine().has_value()) return false;
    if (size == 0) return true;
  }
}

std::optional<RawResponse> RawClient::ReadResponse(bool to_head) {
  const auto status_line = TakeLine();
  if (!status_line.has_value() || status_line->size() < 12) return std::nullopt;
  RawResponse response;
  response.status = std::atoi(status_line->substr(9, 3).c_str());
  while (true) {
    const auto line = TakeLine();
    if (!line.has_value()) return std::nullopt;
    if (line->empty()) break;
    const size_t colon = line->find(": ");
    response.headers[Lower(line->substr(0, colon))] = line->substr(colon + 2);
  }
  if (to_head || response.status == 100) return response;
  if (response.headers.contains("transfer-encoding")) {
    response.complete = TakeChunks(&response.body);
  } else if (response.headers.contains("content-length")) {
    const size_t length = std::strtoul(response.headers["content-length"].c_str(), nullptr, 10);
    response.complete = TakeBytes(length, &response.body);
  }
  return response;
}

std::optional<std::string> RawClient::ReadUntilClosed() {
  while (Fill()) {
  }
  if (timed_out_) return std::nullopt;
  return std::exchange(received_, std::string());
}

void RawClient::ShutdownSend() { shutdown(descriptor_, SHUT_WR); }

void RawClient::Close() {
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = -1;
}

void RawClient::Reset() {
  SetOption(descriptor_, SOL_SOCKET, SO_LINGER, linger{1, 0});
  Close();
}

}  // namespace baton::http
