// File: scripted_peer.h
//
// A peer that does what a test tells it, step by step: takes connections and requests when it is
// told to, and answers with any bytes. Every wait is bounded (10 s). One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace baton::http {

class ScriptedPeer {
 public:
  // receive_buffer_bytes > 0: a peer whose kernel holds little unread.
  explicit ScriptedPeer(int receive_buffer_bytes = 0);
  ~ScriptedPeer();
  ScriptedPeer(const ScriptedPeer&) = delete;
  ScriptedPeer& operator=(const ScriptedPeer&) = delete;

  uint16_t port() const { return port_; }
  // The next connection takes the place of the one before, which is closed. False: none came.
  bool Accept();
  // Whether one waits to be accepted.
  bool HasCaller() const;
  // The body of the next request. nullopt: the connection ended, or nothing came.
  std::optional<std::string> ReadRequest();
  // The head of the request that was read last.
  const std::string& head() const { return head_; }
  // Some bytes, as they came; empty: the connection ended.
  std::string ReadSome();
  // Bytes that can be read now without waiting?
  bool HasBytes() const;
  void Send(std::string_view bytes);
  void Close();
  void StopListening();

 private:
  int listener_ = -1;
  int connection_ = -1;
  uint16_t port_ = 0;
  std::string received_;
  std::string head_;
};

}  // namespace baton::http
