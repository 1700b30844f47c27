// File: raw_client.h
//
// A TCP client for tests that says what it is told, byte for byte. Every wait is bounded (10 s), so
// that a server that does not answer fails a test instead of hanging it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace baton::http {

struct RawResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;                            // de-chunked
  bool complete = true;                        // false: the connection ended within the body
};

class RawClient {
 public:
  // Connects to 127.0.0.1. receive_buffer_bytes > 0 makes a client that can hold little unread.
  explicit RawClient(uint16_t port, int receive_buffer_bytes = 0);
  // Connects to 127.0.0.1 from `source`, another address of the loopback: "127.0.0.2".
  RawClient(uint16_t port, const std::string& source);
  ~RawClient();
  RawClient(RawClient&& other) noexcept;
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return descriptor_ >= 0; }
  // False: the server has closed, or takes nothing more.
  bool Send(std::string_view bytes);
  // nullopt: the connection ended (or 10 s passed) before a complete head. 100 Continue is a
  // response of its own here. `to_head`: the answer to a HEAD has no body.
  std::optional<RawResponse> ReadResponse(bool to_head = false);
  // Whatever comes until the server closes, without what ReadResponse has taken. nullopt after 10
  // s.
  std::optional<std::string> ReadUntilClosed();
  // One read: some bytes; empty at the end.
  std::string ReadSome();
  void ShutdownSend();
  void Close();
  void Reset();  // closes with RST

 private:
  void Open(int receive_buffer_bytes);
  void Connect(uint16_t port);
  bool Fill();  // one more read into received_
  std::optional<std::string> TakeLine();
  bool TakeBytes(size_t count, std::string* body);
  bool TakeChunks(std::string* body);

  int descriptor_ = -1;
  std::string received_;
  bool timed_out_ = false;
};

}  // namespace baton::http
