// File: peer_socket.h
//
// A TCP connection to a peer, for the one thread that uses it: reading and writing never block,
// connecting and waiting end when the wakeup is rung.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

#include "pkg/base/status.h"
#include "pkg/http/base_url.h"
#include "pkg/http/event_loop.h"
#include "pkg/http/wakeup.h"

struct addrinfo;

namespace baton::http {

class PeerSocket {
 public:
  // The wakeup must outlive the socket.
  PeerSocket(HostAndPort server, Wakeup* wakeup) : server_(std::move(server)), wakeup_(wakeup) {}
  ~PeerSocket() { Close(); }
  PeerSocket(const PeerSocket&) = delete;
  PeerSocket& operator=(const PeerSocket&) = delete;

  bool open() const { return descriptor_ >= 0; }
  // Resolves the name, and tries each address for timeout_ms, until `stopped`, which is asked when
  // the wakeup is rung. kUnavailable/"cannot_connect" or "aborted". How long the resolver takes is
  // the system's affair.
  Status Connect(int64_t timeout_ms, const std::function<bool()>& stopped);
  void Close();

  // As those of Socket.
  IoResult Read(char* to, size_t bytes_max);
  IoResult Write(const std::string_view* pieces, size_t count);

  struct Wanted {
    bool read = false;
    bool write = false;
  };
  struct Ready {
    bool readable = false;  // or broken, or ended: Read says which
    bool writable = false;
    bool rung = false;
  };
  // Until the wakeup was rung (and is cleared by that), the socket is what is wanted, or the peer
  // has ended or broken it, or timeout_ms are over; below 0: no limit. Without a connection: the
  // wakeup alone.
  Ready Wait(Wanted wanted, int64_t timeout_ms);

 private:
  // Not OK: why not.
  Status ConnectTo(const addrinfo& address, int64_t timeout_ms,
                   const std::function<bool()>& stopped);

  const HostAndPort server_;
  Wakeup* const wakeup_;
  int descriptor_ = -1;
};

}  // namespace baton::http
