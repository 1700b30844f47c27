#include "test/integration/retrying_client.h"

#include <algorithm>
#include <utility>

#include "pkg/base/check.h"
#include "test/integration/cluster.h"

namespace baton::integration {
namespace {

constexpr int64_t kAttemptTimeoutMs = 5000;

bool IsDefinite(const Result<http::ClientResponse>& answer) {
  return answer.ok() && answer->status < 500 && answer->status != 429;
}

}  // namespace

RetryingClient::RetryingClient(std::vector<std::string> urls, std::string name, size_t first)
    : urls_(std::move(urls)), name_(std::move(name)), current_(first % urls_.size()) {}

http::ClientResponse RetryingClient::Change(const std::string& method, const std::string& target,
                                            const std::string& body, int64_t timeout_ms,
                                            std::map<std::string, std::string> headers) {
  headers["Idempotency-Key"] = name_ + "-" + std::to_string(++sequence_);
  return Repeat({.method = method, .target = target, .headers = std::move(headers), .body = body},
                timeout_ms);
}

http::ClientResponse RetryingClient::Get(const std::string& target, int64_t timeout_ms) {
  return Repeat({.method = "GET", .target = target, .headers = {}, .body = {}}, timeout_ms);
}

http::ClientResponse RetryingClient::Repeat(const http::ClientRequest& request,
                                            int64_t timeout_ms) {
  const int64_t deadline_ms = NowMs() + timeout_ms;
  http::ClientResponse response;
  const bool answered = WaitUntil(timeout_ms, [&] {
    if (client_ == nullptr) {
      auto client = http::Client::Create(
          urls_[current_],
          {.connect_timeout_ms = 500,
           .request_timeout_ms = std::min(kAttemptTimeoutMs, deadline_ms - NowMs() + 1)});
      CHECK(client.ok()) << client.status().ToString();
      client_ = std::move(*client);
    }
    auto answer = client_->Send(request);
    if (!IsDefinite(answer)) {
      ++retries_;
      NextNode();
      return false;
    }
    response = std::move(*answer);
    return true;
  });
  if (!answered) response.status = 0;
  return response;
}

void RetryingClient::NextNode() {
  current_ = (current_ + 1) % urls_.size();
  client_.reset();
}

}  // namespace baton::integration
