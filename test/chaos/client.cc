#include "test/chaos/client.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "pkg/base/check.h"
#include "test/chaos/operation_http.h"

namespace baton::chaos {
namespace {

using history::Outcome;

constexpr int64_t kConnectTimeoutMs = 300;
// Beyond the time that a node may take to answer, for the way there and back.
constexpr int64_t kTravelMs = 500;
constexpr int kPauseMinMs = 10;
constexpr int kPauseSpreadMs = 50;

}  // namespace

Client::Client(const ClientOptions& options, Recorder* recorder)
    : options_(options), recorder_(recorder), random_(options.seed) {}

history::Operation Client::Do(history::Operation operation, const Call& call) {
  const int64_t start_us = NowUs();
  int node = call.node.value_or(options_.home.value_or(AnyNode()));
  key_ = call.is_retried ? "c" + std::to_string(options_.number) + "-" + std::to_string(++changes_)
                         : "";
  operation.client = options_.number;
  operation.call_us = start_us;
  bool may_have_happened = false;
  const int64_t patience_us = (options_.patience_ms + call.wait_ms) * 1000;
  for (operation.attempts = 1;; ++operation.attempts) {
    Attempt(node, call, &operation);
    may_have_happened = may_have_happened || operation.outcome == Outcome::kUnknown;
    const bool is_definite =
        operation.outcome == Outcome::kOk || operation.outcome == Outcome::kRefused;
    if (is_definite || !call.is_retried || NowUs() - start_us > patience_us) break;
    poll(nullptr, 0, kPauseMinMs + static_cast<int>(random_.Below(kPauseSpreadMs)));
    node = NextNode(node);
  }
  // An earlier attempt may still arrive, whatever the last one was told.
  if (may_have_happened && operation.outcome == Outcome::kNotApplied) {
    operation.outcome = Outcome::kUnknown;
  }
  if (operation.outcome != Outcome::kUnknown) operation.return_us = NowUs();
  recorder_->Add(operation);
  return operation;
}

void Client::Attempt(int node, const Call& call, history::Operation* operation) {
  operation->node = static_cast<uint64_t>(node) + 1;
  const int64_t timeout_ms = options_.attempt_timeout_ms;
  if (connected_to_ != node || call.wait_ms > 0) {
    auto connection =
        http::Client::Create(options_.urls.at(static_cast<size_t>(node)),
                             {.connect_timeout_ms = kConnectTimeoutMs,
                              .request_timeout_ms = timeout_ms + kTravelMs + call.wait_ms});
    CHECK(connection.ok()) << connection.status().ToString();
    connection_ = *std::move(connection);
    connected_to_ = node;
  }
  const http::ClientRequest request = RequestOf(
      *operation, {.idempotency_key = key_, .timeout_ms = timeout_ms, .wait_ms = call.wait_ms});
  TakeAnswer(connection_->Send(request), operation);
  if (operation->outcome == Outcome::kUnknown || operation->outcome == Outcome::kNotApplied) {
    connected_to_ = -1;
  }
}

// Mostly another one; sometimes the same node again.
int Client::NextNode(int node) {
  const auto count = static_cast<int>(options_.urls.size());
  if (count == 1 || random_.Chance(1, 4)) return node;
  return (node + 1 + static_cast<int>(random_.Below(static_cast<uint64_t>(count - 1)))) % count;
}

}  // namespace baton::chaos
