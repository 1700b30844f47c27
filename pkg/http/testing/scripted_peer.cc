#include "pkg/http/testing/scripted_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "pkg/base/check.h"

namespace baton::http {
namespace {

constexpr int kPatienceMs = 10'000;
constexpr std::string_view kLength = "\r\nContent-Length: ";

bool IsReadable(int descriptor, int timeout_ms) {
  pollfd wait{descriptor, POLLIN, 0};
  return poll(&wait, 1, timeout_ms) == 1;
}

}  // namespace

ScriptedPeer::ScriptedPeer(int receive_buffer_bytes) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(listener_ >= 0);
  if (receive_buffer_bytes > 0) {
    CHECK_EQ(setsockopt(listener_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
                        sizeof(receive_buffer_bytes)),
             0);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  CHECK_EQ(bind(listener_, generic, size), 0);
  CHECK_EQ(listen(listener_, 8), 0);
  CHECK_EQ(getsockname(listener_, generic, &size), 0);
  port_ = ntohs(address.sin_port);
}

ScriptedPeer::~ScriptedPeer() {
  Close();
  StopListening();
}

bool ScriptedPeer::HasCaller() const { return IsReadable(listener_, 0); }

bool ScriptedPeer::Accept() {
  Close();
  received_.clear();
  if (!IsReadable(listener_, kPatienceMs)) return false;
  connection_ = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  return connection_ >= 0;
}

bool ScriptedPeer::HasBytes() const { return !received_.empty() || IsReadable(connection_, 0); }

std::string ScriptedPeer::ReadSome() {
  if (!received_.empty()) return std::exchange(received_, "");
  if (!IsReadable(connection_, kPatienceMs)) return "";
  std::array<char, 64 * 1024> buffer;
  const ssize_t size = recv(connection_, buffer.data(), buffer.size(), 0);
  return size > 0 ? std::string(buffer.data(), static_cast<size_t>(size)) : "";
}

std::optional<std::string> ScriptedPeer::ReadRequest() {
  std::string text;
  while (true) {
    const size_t head_bytes = text.find("\r\n\r\n");
    if (head_bytes != std::string::npos) {
      head_ = text.substr(0, head_bytes);
      const size_t length_at = head_.find(kLength);
      CHECK(length_at != std::string::npos);
      const size_t length = std::strtoul(&head_[length_at + kLength.size()], nullptr, 10);
      const size_t end = head_bytes + 4 + length;
      if (text.size() >= end) {
        received_ = text.substr(end);
        return text.substr(head_bytes + 4, length);
      }
    }
    const std::string more = ReadSome();
    if (more.empty()) return std::nullopt;
    text += more;
  }
}

void ScriptedPeer::Send(std::string_view bytes) {
  CHECK_EQ(send(connection_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
           static_cast<ssize_t>(bytes.size()));
}

void ScriptedPeer::Close() {
  if (connection_ >= 0) close(std::exchange(connection_, -1));
}

void ScriptedPeer::StopListening() {
  if (listener_ >= 0) close(std::exchange(listener_, -1));
}

}  // namespace baton::http
