// File: raw_socket.h
//
// A bare TCP connection, for saying to a server what no HTTP client would.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace baton::integration {

class RawSocket {
 public:
  // Connects to "http://127.0.0.1:PORT"; CHECK-fails when it cannot.
  // From another address of the loopback when `source` names one ("127.0.0.2").
  explicit RawSocket(const std::string& base_url, const std::string& source = "127.0.0.1");
  RawSocket(RawSocket&& other) noexcept;
  ~RawSocket();

  // False when the other side has closed.
  bool Send(std::string_view bytes);
  // Everything received until the other side closes or timeout_ms passes. `closed` says which.
  std::string ReadAll(int64_t timeout_ms, bool* closed);
  // Reads until the text appears, the other side closes, or timeout_ms passes.
  std::string ReadUntil(std::string_view text, int64_t timeout_ms);

 private:
  int socket_ = -1;
};

// Lets this process open as many files as the system allows.
void RaiseFileLimit();

}  // namespace baton::integration
