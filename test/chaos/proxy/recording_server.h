// File: recording_server.h
//
// What stands behind the proxy in its tests: answers each request with its own body and remembers
// the bodies in the order in which they arrived whole.
#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace baton::chaos {

class RecordingServer {
 public:
  RecordingServer();  // on a free port of 127.0.0.1
  ~RecordingServer();

  uint16_t port() const { return port_; }
  std::vector<std::string> bodies() const;
  // All bytes received, requests or not.
  uint64_t received_bytes() const;
  // Connections that are open, as far as this side knows.
  size_t open_connections() const;

 private:
  void Accept();
  void Serve(int socket);
  void Count(uint64_t bytes);

  int listener_ = -1;
  uint16_t port_ = 0;
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::vector<std::string> bodies_;
  uint64_t received_bytes_ = 0;
  std::set<int> open_;
  std::vector<std::thread> serving_;

  std::thread accepting_;
};

}  // namespace baton::chaos
