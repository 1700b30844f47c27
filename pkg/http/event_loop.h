// File: event_loop.h
//
// The event loop and the sockets it watches, as the rest of this room sees them. event_loop.cc is
// the only file that knows Asio. Sockets never block: a call does what can be done now, and Wait*
// tells when there is more. Everything but EventLoop::Post and Stop belongs to the thread in Run.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "pkg/base/status.h"

namespace baton::http {

// Whom a socket tells that it is ready. Also told when the peer closed or the connection broke: the
// next Read or Write says so.
class ReadinessListener {
 public:
  virtual ~ReadinessListener() = default;
  virtual void OnReadable() = 0;
  virtual void OnWritable() = 0;
};

enum class IoOutcome {
  kDone,           // at least one byte
  kWouldBlock,     // none now
  kEnd,            // the peer sends no more (Read only)
  kFailed,         // the connection is broken
  kNoDescriptors,  // the process or the system has none left (Accept only)
};

struct IoResult {
  IoOutcome outcome = IoOutcome::kDone;
  size_t bytes = 0;
};

// How many pieces one Write takes.
inline constexpr size_t kWritePiecesMax = 8;

class Socket {
 public:
  virtual ~Socket() = default;  // closes

  virtual IoResult Read(char* to, size_t bytes_max) = 0;
  // Looks at no more than kWritePiecesMax pieces.
  virtual IoResult Write(const std::string_view* pieces, size_t count) = 0;
  // Calls once, soon after the socket is ready; not after Close. At most one of each at a time. The
  // listener is kept until then.
  virtual void WaitReadable(std::shared_ptr<ReadinessListener> listener) = 0;
  virtual void WaitWritable(std::shared_ptr<ReadinessListener> listener) = 0;
  virtual void ShutdownSend() = 0;
  virtual void Close() = 0;
};

// A port that accepts connections.
class Acceptor {
 public:
  struct Accepted {
    IoOutcome outcome = IoOutcome::kDone;
    std::unique_ptr<Socket> socket;  // with kDone
    std::string remote_address;      // the IP address
  };

  virtual ~Acceptor() = default;  // closes

  virtual uint16_t port() const = 0;
  virtual Accepted Accept() = 0;
  // Calls once, when Accept has something to say; not after Close.
  virtual void WaitAcceptable(std::function<void()> then) = 0;
  virtual void Close() = 0;
};

class EventLoop {
 public:
  static std::unique_ptr<EventLoop> Create();
  virtual ~EventLoop() = default;

  // kInvalidArgument: not an IP address. kIo: the operating system refuses, and why.
  virtual Result<std::unique_ptr<Acceptor>> Listen(const std::string& address, uint16_t port) = 0;
  // Calls once, after delay_ms, unless the loop ends before.
  virtual void After(int64_t delay_ms, std::function<void()> then) = 0;
  // Until Stop, on the calling thread.
  virtual void Run() = 0;

  // Any thread.
  virtual void Post(std::function<void()> work) = 0;
  virtual void Stop() = 0;
};

}  // namespace baton::http
