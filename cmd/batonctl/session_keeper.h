// File: session_keeper.h
//
// Keeps a session alive from a thread of its own and knows, by this machine's monotonic clock
// alone, until when it is certain to live: the server counts the TTL from when it took the
// keepalive, which is after it was sent, so "sent + TTL" is never too late. (Clocks that run at
// different rates are what fencing tokens are for.)
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "cmd/batonctl/api_client.h"
#include "cmd/batonctl/event.h"
#include "pkg/base/clock.h"

namespace baton::batonctl {

class SessionKeeper {
 public:
  // `created_sent_ms`: when the request that created the session was sent.
  SessionKeeper(std::vector<std::string> endpoints, std::string session, int64_t ttl_ms,
                int64_t created_sent_ms, const Clock* clock);
  // Stops.
  ~SessionKeeper();

  void Start();
  // Ends the thread; the session is left to whoever destroys it.
  void Stop();

  // The session is certain to live until then (monotonic). Any thread.
  int64_t certain_until_ms() const { return certain_until_ms_.load(); }
  // Readable once the server has said that the session has ended.
  int ended_fd() const { return ended_.fd(); }

 private:
  enum class Outcome { kConfirmed, kUnknown, kEnded };

  void Run();
  Outcome KeepAlive();

  const std::string session_;
  const int64_t ttl_ms_;
  const Clock* const clock_;
  ApiClient api_;  // used by thread_ alone, but for Cancel
  std::atomic<int64_t> certain_until_ms_;
  Event ended_;
  Event stop_;
  std::thread thread_;
};

}  // namespace baton::batonctl
