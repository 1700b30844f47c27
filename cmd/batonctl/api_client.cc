#include "cmd/batonctl/api_client.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "pkg/base/bytes.h"
#include "pkg/base/check.h"

namespace baton::batonctl {
namespace {

constexpr int64_t kConnectTimeoutMs = 1'000;
// When all nodes have been asked: pauses that double from the first to the last.
constexpr int64_t kPauseFirstMs = 50;
constexpr int64_t kPauseMaxMs = 1'000;

http::ClientRequest WireRequest(const ApiRequest& request) {
  http::ClientRequest wire;
  wire.method = request.method;
  wire.target = request.target;
  wire.headers = request.headers;
  wire.body = request.body;
  if (request.method != "GET" && request.idempotency_key) {
    wire.headers["Idempotency-Key"] = MakeIdempotencyKey();
  }
  return wire;
}

}  // namespace

std::string MakeIdempotencyKey() {
  std::array<char, 16> bytes{};
  CHECK_EQ(getrandom(bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  return ToHex(std::string_view(bytes.data(), bytes.size()));
}

std::string ApiResponse::Header(const std::string& lower_case_name) const {
  const auto found = headers.find(lower_case_name);
  return found == headers.end() ? "" : found->second;
}

ApiClient::ApiClient(std::vector<std::string> endpoints, const Clock* clock)
    : endpoints_(std::move(endpoints)), clock_(clock) {
  CHECK(!endpoints_.empty());
}

Result<ApiResponse> ApiClient::Call(const ApiRequest& request, int64_t timeout_ms) {
  const http::ClientRequest wire = WireRequest(request);
  return Repeat(timeout_ms + request.server_wait_ms,
                request.attempt_timeout_ms + request.server_wait_ms,
                [&](http::Client* client) { return client->Send(wire); });
}

Result<ApiResponse> ApiClient::Stream(const ApiRequest& request, int64_t timeout_ms,
                                      const std::function<bool(std::string_view)>& on_piece) {
  const http::ClientRequest wire = WireRequest(request);
  bool begun = false;
  const auto take = [&](std::string_view piece) {
    begun = true;
    return on_piece(piece);
  };
  return Repeat(timeout_ms, request.attempt_timeout_ms + request.server_wait_ms,
                [&](http::Client* client) {
                  Result<http::ClientResponse> answer = client->Stream(wire, take);
                  if (answer.ok() || !begun) return answer;
                  // The stream broke. To ask again would repeat what was given already.
                  http::ClientResponse ended;
                  ended.status = 200;
                  return Result<http::ClientResponse>(std::move(ended));
                });
}

Result<ApiResponse> ApiClient::Repeat(int64_t timeout_ms, int64_t silence_ms,
                                      const Attempt& attempt) {
  const int64_t deadline_ms = clock_->MonotonicMs() + timeout_ms;
  Result<ApiResponse> last = Status(Code::kUnavailable, "no node was asked");
  int64_t pause_ms = kPauseFirstMs;
  for (size_t asked = 1;; ++asked) {
    const int64_t sent_ms = clock_->MonotonicMs();
    const int64_t left_ms = deadline_ms - sent_ms;
    if (cancelled()) return Status(Code::kUnavailable, "cancelled", "the call was cancelled");
    if (left_ms <= 0) return last;
    const std::string& endpoint = endpoints_[current_];
    Result<http::ClientResponse> answer = Try(std::min(silence_ms, left_ms), attempt);
    if (answer.ok()) {
      last = ApiResponse{answer->status, std::move(answer->headers), std::move(answer->body),
                         endpoint, sent_ms};
      if (last->status != 503 && last->status != 504) return last;
    } else if (const Code code = answer.status().code();
               code == Code::kInvalidArgument || code == Code::kTooLarge) {
      return answer.status();  // trying again cannot help
    } else if (!last.ok()) {
      last = Status(Code::kUnavailable, answer.status().reason(),
                    endpoint + ": " + answer.status().message())
                 .SetOutcome(answer.status().outcome());
    }
    current_ = (current_ + 1) % endpoints_.size();
    if (asked % endpoints_.size() != 0) continue;
    const int64_t rest_ms = deadline_ms - clock_->MonotonicMs();
    if (!Sleep(std::clamp<int64_t>(pause_ms, 0, std::max<int64_t>(rest_ms, 0)))) continue;
    pause_ms = std::min(pause_ms * 2, kPauseMaxMs);
  }
}

Result<http::ClientResponse> ApiClient::Try(int64_t silence_ms, const Attempt& attempt) {
  http::ClientOptions options;
  options.connect_timeout_ms = std::min(kConnectTimeoutMs, silence_ms);
  options.request_timeout_ms = silence_ms;
  Result<std::unique_ptr<http::Client>> made = http::Client::Create(endpoints_[current_], options);
  if (!made.ok()) return made.status();
  http::Client* client = made->get();
  {
    const std::lock_guard lock(mutex_);
    if (cancelled_) return Status(Code::kUnavailable, "cancelled", "the call was cancelled");
    under_way_ = *std::move(made);
  }
  Result<http::ClientResponse> answer = attempt(client);
  const std::lock_guard lock(mutex_);
  under_way_.reset();
  return answer;
}

void ApiClient::Cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  if (under_way_ != nullptr) under_way_->Abort();
  changed_.notify_all();
}

bool ApiClient::Sleep(int64_t duration_ms) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, std::chrono::milliseconds(duration_ms),
                            [this] { return cancelled_; });
}

bool ApiClient::cancelled() {
  const std::lock_guard lock(mutex_);
  return cancelled_;
}

}  // namespace baton::batonctl
