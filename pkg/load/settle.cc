#include "pkg/load/settle.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>

#include "pkg/load/connection.h"
#include "pkg/load/monotonic.h"

namespace baton::load {
namespace {

constexpr int64_t kTryNs = 1'000'000'000;

// Between tries.
bool Rest() {
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  return true;
}

// Empty: it was read.
std::string ReadNewest(const Api& api, const Endpoint& endpoint, int64_t until_ns) {
  Poller poller;
  Connection connection(&poller, nullptr);
  std::array<char, 16 * 1024> scratch;
  connection.Connect(&endpoint);
  for (int64_t now_ns = NowNs(); now_ns < until_ns; now_ns = NowNs()) {
    for (const epoll_event& event : poller.Wait(until_ns - now_ns)) {
      switch (connection.OnReady(event.events, scratch)) {
        case Connection::Event::kConnected:
          api.GetNewest(0, {connection.host(), connection.Begin()});
          connection.Send();
          break;
        case Connection::Event::kAnswer:
          return api.ErrorOf(Ask::kGet, {connection.answer().status(), connection.answer().body()});
        case Connection::Event::kBroken:
          return std::string(connection.reason());
        case Connection::Event::kHead:
        case Connection::Event::kNothing:
          break;
      }
    }
  }
  return "timed_out";
}

}  // namespace

Status Settle(const Api& api, const std::vector<Endpoint>& endpoints, int64_t timeout_ms,
              const std::function<bool()>& interrupted) {
  const int64_t until_ns = NowNs() + timeout_ms * 1'000'000;
  for (const Endpoint& endpoint : endpoints) {
    std::string error;
    do {
      error = ReadNewest(api, endpoint, std::min(until_ns, NowNs() + kTryNs));
    } while (!error.empty() && !interrupted() && Rest() && NowNs() < until_ns);
    if (error.empty()) continue;
    return Status(Code::kUnavailable, "not_prepared",
                  endpoint.url + " does not show what the run needs: " + error);
  }
  return Status::Ok();
}

}  // namespace baton::load
