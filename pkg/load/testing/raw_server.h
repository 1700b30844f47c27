// File: raw_server.h
//
// A server for tests that answers with bytes, whatever they mean.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

namespace baton::load {

struct RawAnswers {
  std::string greeting;        // sent to each connection as soon as it is there
  std::string answer;          // sent for each request (without a body)
  bool closes = false;         // after the greeting, if there is one, or after each answer
  uint64_t answers_max = ~0u;  // then connections are closed instead of being answered
};

// On loopback, one thread, any number of connections.
class RawServer {
 public:
  explicit RawServer(RawAnswers answers);
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  const std::string& url() const { return url_; }

 private:
  void Run();
  bool Greet(int descriptor) const;  // false: close it
  bool Serve(int descriptor);

  const RawAnswers answers_;
  int listener_ = -1;
  std::string url_;
  uint64_t answered_ = 0;  // of the thread
  std::atomic<bool> stopped_{false};
  std::thread thread_;
};

}  // namespace baton::load
