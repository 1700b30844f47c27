// File: api_client.h
//
// Calls of the HTTP API that survive a node: when one does not answer, or answers 503, the same
// request goes to the next. Changes carry one Idempotency-Key through all attempts, so that one
// that was applied before its answer was lost is not applied again.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/base/clock.h"
#include "pkg/base/status.h"
#include "pkg/http/client.h"

namespace baton::batonctl {

struct ApiRequest {
  std::string method = "GET";
  std::string target;  // path and query, percent-encoded
  std::map<std::string, std::string> headers;
  std::string body;
  // How long the server may take because it was asked to wait.
  int64_t server_wait_ms = 0;
  // Beyond that, one node may be silent for so long before the next is asked.
  int64_t attempt_timeout_ms = 5'000;
  // Off for what may be repeated without harm (a keepalive): nothing to remember on the server.
  bool idempotency_key = true;
};

struct ApiResponse {
  int status = 0;
  std::multimap<std::string, std::string> headers;  // names in lower case
  std::string body;
  std::string endpoint;  // which node answered
  int64_t sent_ms = 0;   // monotonic: when the attempt that was answered began

  std::string Header(const std::string& lower_case_name) const;
  bool ok() const { return status >= 200 && status < 300; }
};

// One call at a time; Cancel from any thread.
class ApiClient {
 public:
  ApiClient(std::vector<std::string> endpoints, const Clock* clock);

  // Tries until there is an answer other than 503, or timeout_ms (plus server_wait_ms) is over.
  // Then: the last answer, if it was a 503 or 504; kUnavailable with the last reason, if no node
  // could be reached; kUnavailable/"cancelled".
  Result<ApiResponse> Call(const ApiRequest& request, int64_t timeout_ms);

  // A stream of pieces from the node that answers first. Like Call until the first piece is there;
  // from then on nothing is asked again, and the answer is OK when the stream has ended, be it by a
  // broken connection or because on_piece gave false.
  Result<ApiResponse> Stream(const ApiRequest& request, int64_t timeout_ms,
                             const std::function<bool(std::string_view)>& on_piece);

  // Ends a call under way and all later ones.
  void Cancel();

  const std::vector<std::string>& endpoints() const { return endpoints_; }

 private:
  using Attempt = std::function<Result<http::ClientResponse>(http::Client*)>;

  Result<ApiResponse> Repeat(int64_t timeout_ms, int64_t silence_ms, const Attempt& attempt);
  Result<http::ClientResponse> Try(int64_t silence_ms, const Attempt& attempt);
  bool Sleep(int64_t duration_ms);  // false: cancelled
  bool cancelled();

  const std::vector<std::string> endpoints_;
  const Clock* const clock_;
  size_t current_ = 0;  // where the last answer came from; kept between calls

  std::mutex mutex_;
  std::condition_variable changed_;
  bool cancelled_ = false;                   // guarded by mutex_
  std::unique_ptr<http::Client> under_way_;  // guarded by mutex_; used by the calling thread
};

// 32 hexadecimal digits from the system's entropy.
std::string MakeIdempotencyKey();

}  // namespace baton::batonctl
