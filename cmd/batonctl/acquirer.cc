#include "cmd/batonctl/acquirer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cmd/batonctl/answer.h"
#include "cmd/batonctl/duration.h"

namespace baton::batonctl {
namespace {

// The longest that one call waits. A dead connection is noticed after it; the place in the line
// does not depend on the connection.
constexpr int64_t kWaitSliceMs = 20'000;

std::optional<uint64_t> TokenOf(const ApiResponse& response) {
  const nlohmann::json body = BodyOf(response);
  if (!body.is_object()) return std::nullopt;
  const auto token = body.find("token");
  if (token == body.end() || !token->is_number_unsigned()) return std::nullopt;
  return token->get<uint64_t>();
}

AcquireOutcome NotUnderstood(const ApiResponse& response) {
  return Unanswered{Status(Code::kInternal, response.endpoint + " granted without a token")};
}

}  // namespace

std::string QueuePath(HoldKind kind, std::string_view name) {
  return (kind == HoldKind::kLock ? "/v1/locks/" : "/v1/elections/") + http::PercentEncode(name);
}

Acquirer::Acquirer(std::vector<std::string> endpoints, AcquireSpec spec, const Clock* clock)
    : spec_(std::move(spec)), clock_(clock), api_(std::move(endpoints), clock) {}

Acquirer::~Acquirer() {
  Cancel();
  if (thread_.joinable()) thread_.join();
}

void Acquirer::Start() {
  thread_ = std::thread([this] {
    outcome_ = Run();
    done_.Set();
  });
}

void Acquirer::Cancel() { api_.Cancel(); }

const AcquireOutcome& Acquirer::outcome() {
  if (thread_.joinable()) thread_.join();
  return outcome_;
}

Result<ApiResponse> Acquirer::Ask(int64_t wait_ms, bool queue) {
  nlohmann::json body = {{"session", spec_.session}};
  if (wait_ms > 0) body["wait"] = FormatDurationMs(wait_ms);
  if (queue) body["queue"] = true;
  if (!spec_.value.empty()) body["value"] = spec_.value;
  ApiRequest request = JsonRequest("POST",
                                   QueuePath(spec_.kind, spec_.name) +
                                       (spec_.kind == HoldKind::kLock ? "/acquire" : "/campaign"),
                                   body);
  request.server_wait_ms = wait_ms;
  return api_.Call(request, spec_.timeout_ms);
}

AcquireOutcome Acquirer::Run() {
  const bool try_only = spec_.wait_ms == 0;
  const int64_t deadline_ms = spec_.wait_ms ? clock_->MonotonicMs() + *spec_.wait_ms : INT64_MAX;
  while (true) {
    const int64_t left_ms = deadline_ms - clock_->MonotonicMs();
    if (!try_only && left_ms <= 0) return TimedOut{};
    const int64_t slice_ms = try_only ? 0 : std::min(left_ms, kWaitSliceMs);
    // "queue": the place is kept when the slice is over or the connection breaks; the next call of
    // the same session finds itself in it.
    Result<ApiResponse> response = Ask(slice_ms, !try_only);
    if (!response.ok()) {
      // Who stands in line stays there while no node answers: the session says when it is over.
      if (try_only || response.status().reason() == "cancelled" ||
          response.status().code() == Code::kInvalidArgument) {
        return Unanswered{response.status()};
      }
      continue;
    }
    const bool unavailable = response->status == 503 || response->status == 504;
    if (response->status == 202 || (unavailable && !try_only)) continue;
    if (!response->ok()) return Refused{*std::move(response)};
    const std::optional<uint64_t> token = TokenOf(*response);
    if (!token) return NotUnderstood(*response);
    return Granted{*token};
  }
}

}  // namespace baton::batonctl
