// File: acquirer.h
//
// Stands in line for a lock or an election from a thread of its own, so that the main thread can
// watch signals and the session meanwhile.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <variant>

#include "cmd/batonctl/api_client.h"
#include "cmd/batonctl/event.h"
#include "pkg/base/clock.h"

namespace baton::batonctl {

enum class HoldKind { kLock, kElection };

struct AcquireSpec {
  HoldKind kind = HoldKind::kLock;
  std::string name;
  std::string session;
  std::string value;
  // How long to wait for the turn; nullopt: for ever; 0: not at all.
  std::optional<int64_t> wait_ms;
  // How long to try to reach a node when there is nothing to wait for.
  int64_t timeout_ms = 10'000;
};

// How it ended.
struct Granted {
  uint64_t token = 0;
};
struct TimedOut {};  // the wait was over; the session may still be in line: end it
struct Refused {
  ApiResponse response;
};
struct Unanswered {
  Status status;
};
using AcquireOutcome = std::variant<TimedOut, Granted, Refused, Unanswered>;

class Acquirer {
 public:
  Acquirer(std::vector<std::string> endpoints, AcquireSpec spec, const Clock* clock);
  // Cancels and waits for the thread.
  ~Acquirer();

  void Start();
  void Cancel();
  // Readable when there is an outcome.
  int done_fd() const { return done_.fd(); }
  // After done_fd() was readable.
  const AcquireOutcome& outcome();

 private:
  AcquireOutcome Run();
  Result<ApiResponse> Ask(int64_t wait_ms, bool queue);

  const AcquireSpec spec_;
  const Clock* const clock_;
  ApiClient api_;           // used by thread_ alone, but for Cancel
  AcquireOutcome outcome_;  // written by thread_ before done_ is set
  Event done_;
  std::thread thread_;
};

// "/v1/locks/NAME" or "/v1/elections/NAME".
std::string QueuePath(HoldKind kind, std::string_view name);

}  // namespace baton::batonctl
