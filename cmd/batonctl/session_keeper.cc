#include "cmd/batonctl/session_keeper.h"

#include <algorithm>

namespace baton::batonctl {
namespace {

constexpr int64_t kRetryPauseMs = 100;

}  // namespace

SessionKeeper::SessionKeeper(std::vector<std::string> endpoints, std::string session,
                             int64_t ttl_ms, int64_t created_sent_ms, const Clock* clock)
    : session_(std::move(session)),
      ttl_ms_(ttl_ms),
      clock_(clock),
      api_(std::move(endpoints), clock),
      certain_until_ms_(created_sent_ms + ttl_ms) {}

SessionKeeper::~SessionKeeper() { Stop(); }

void SessionKeeper::Start() {
  thread_ = std::thread([this] { Run(); });
}

void SessionKeeper::Stop() {
  stop_.Set();
  api_.Cancel();
  if (thread_.joinable()) thread_.join();
}

void SessionKeeper::Run() {
  const int64_t interval_ms = std::max<int64_t>(ttl_ms_ / 4, 1);
  const int stop_fd = stop_.fd();
  int64_t pause_ms = interval_ms;
  while (WaitForAny({&stop_fd, 1}, pause_ms) < 0) {
    switch (KeepAlive()) {
      case Outcome::kConfirmed:
        pause_ms = interval_ms;
        break;
      case Outcome::kUnknown:
        pause_ms = std::min(interval_ms, kRetryPauseMs);
        break;
      case Outcome::kEnded:
        ended_.Set();
        return;
    }
  }
}

SessionKeeper::Outcome SessionKeeper::KeepAlive() {
  ApiRequest request;
  request.method = "POST";
  request.target = "/v1/sessions/" + session_ + "/keepalive";
  request.headers["Content-Type"] = "application/json";
  request.body = "{}";
  request.idempotency_key = false;
  // Several nodes must have their turn within a quarter of the TTL.
  request.attempt_timeout_ms = std::max<int64_t>(ttl_ms_ / 8, 50);
  // Goes on after the TTL, too: when the nodes come back they may not have ended the session.
  const Result<ApiResponse> response = api_.Call(request, std::max<int64_t>(ttl_ms_ / 4, 100));
  if (!response.ok()) return Outcome::kUnknown;
  if (response->status == 404 || response->status == 410) return Outcome::kEnded;
  if (!response->ok()) return Outcome::kUnknown;
  certain_until_ms_.store(response->sent_ms + ttl_ms_);
  return Outcome::kConfirmed;
}

}  // namespace baton::batonctl
