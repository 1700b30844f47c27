#include "pkg/load/connection.h"

#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>

#include "pkg/base/check.h"

namespace baton::load {
namespace {

bool WouldBlock(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

void Connection::Connect(const Endpoint* endpoint) {
  CHECK(state_ == State::kClosed);
  endpoint_ = endpoint;
  reason_ = {};
  descriptor_ = socket(endpoint->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  CHECK_GE(descriptor_, 0) << "no descriptor is left: " << errno;
  const int on = 1;
  (void)setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  state_ = State::kConnecting;
  // A failure is told by the poller: a socket that is not connected is ready for everything.
  (void)connect(descriptor_, reinterpret_cast<const sockaddr*>(&endpoint->address),
                endpoint->address_size);
  watched_ = EPOLLOUT;
  poller_->Add(descriptor_, watched_, what_);
}

void Connection::Close() {
  if (descriptor_ >= 0) {
    poller_->Remove(descriptor_);
    close(descriptor_);
  }
  descriptor_ = -1;
  state_ = State::kClosed;
}

std::string* Connection::Begin(BodySink* sink) {
  CHECK(state_ == State::kOpen);
  out_.clear();
  sent_ = 0;
  streams_ = sink != nullptr;
  head_told_ = false;
  reader_.Begin(sink);
  return &out_;
}

void Connection::Send() {
  state_ = State::kBusy;
  // When it breaks, the next event says so: level-triggered, it comes as long as it is true.
  (void)Flush();
}

bool Connection::Flush() {
  while (sent_ < out_.size()) {
    const ssize_t count = send(descriptor_, out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (count < 0 && WouldBlock(errno)) {
      Watch(EPOLLIN | EPOLLOUT);
      return true;
    }
    if (count < 0) return false;
    sent_ += static_cast<size_t>(count);
  }
  Watch(EPOLLIN);
  return true;
}

void Connection::Watch(uint32_t events) {
  if (events == watched_) return;
  watched_ = events;
  poller_->Change(descriptor_, events, what_);
}

Connection::Event Connection::Break(std::string_view reason) {
  reason_ = reason;
  Close();
  return Event::kBroken;
}

Connection::Event Connection::FinishConnect() {
  int error = 0;
  socklen_t size = sizeof(error);
  if (getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  sockaddr_storage peer{};
  socklen_t peer_size = sizeof(peer);
  const bool connected =
      error == 0 && getpeername(descriptor_, reinterpret_cast<sockaddr*>(&peer), &peer_size) == 0;
  if (!connected) return Break("cannot_connect");
  state_ = State::kOpen;
  reader_.Begin();
  Watch(EPOLLIN);
  return Event::kConnected;
}

Connection::Event Connection::OnReady(uint32_t events, std::span<char> scratch) {
  if (state_ == State::kClosed) return Event::kNothing;  // an event from before it was closed
  if (state_ == State::kConnecting) return FinishConnect();
  // An answer may have come before the connection broke: reading is first, and tells the end, too.
  if ((events & EPOLLOUT) != 0 && !Flush() && (events & EPOLLIN) == 0) {
    return Break("connection_lost");
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return Event::kNothing;
  return Read(scratch);
}

Connection::Event Connection::Read(std::span<char> scratch) {
  while (true) {
    const ssize_t count = recv(descriptor_, scratch.data(), scratch.size(), 0);
    if (count < 0 && WouldBlock(errno)) return Event::kNothing;
    if (count <= 0) return Break("connection_lost");
    const auto size = static_cast<size_t>(count);
    const Event event = Take({scratch.data(), size});
    // A full buffer: there is more, most likely. Else the poller tells when there is.
    if (event != Event::kNothing || size < scratch.size()) return event;
  }
}

Connection::Event Connection::Take(std::string_view bytes) {
  if (state_ == State::kOpen) {
    size_t used = 0;
    reader_.Begin();
    (void)reader_.Feed(bytes, &used);
    return Break("unasked_answer");
  }
  size_t used = 0;
  const AnswerReader::State state = reader_.Feed(bytes, &used);
  if (state == AnswerReader::State::kMalformed || used < bytes.size()) {
    return Break("malformed_answer");
  }
  if (state == AnswerReader::State::kDone) {
    state_ = State::kOpen;
    // An answer that came before its request was out: the rest would be taken for the next one.
    if (!reader_.keep_alive() || sent_ < out_.size()) Close();
    return Event::kAnswer;
  }
  if (!streams_ || head_told_ || !reader_.head_done()) return Event::kNothing;
  head_told_ = true;
  return Event::kHead;
}

}  // namespace baton::load
