#include <nlohmann/json.hpp>
#include <utility>

#include "pkg/coord/limits.h"
#include "pkg/http/json.h"
#include "pkg/http/json_fields.h"
#include "pkg/http/json_writer.h"
#include "pkg/http/queue_handlers.h"

namespace baton::http {
namespace {

constexpr DurationBounds kWaitBounds = {.min_ms = 0, .max_ms = coord::kWaitMaxMs};

// The word "mode" is reserved for what is not there yet.
void CheckMode(const QueueWords& words, JsonFields* fields) {
  const std::string mode = fields->StringOr("mode", "exclusive");
  if (mode == "exclusive") return;
  if (mode == "shared" && words.kind == coord::QueueKind::kLock) {
    fields->Fail(Status(Code::kUnimplemented,
                        "Shared locks are not built in; mode must be "
                        "\"exclusive\"."));
  }
  fields->Fail(
      Status(Code::kUnprocessable, "out_of_range", "field \"mode\" must be \"exclusive\""));
}

void WriteHolderOrNull(const QueueWords& words, const std::optional<coord::Holder>& holder,
                       int64_t now_ms, JsonWriter* json) {
  if (!holder) return json->Null(words.holder);
  JsonWriter members;
  WriteHolder(*holder, now_ms, &members);
  json->Object(words.holder, &members);
}

Response RenderAcquired(const Call& call, const QueueWords& words, SessionId session,
                        const node::AcquireResult& result) {
  const bool granted = static_cast<bool>(result.token);
  JsonWriter json;
  WriteHolderOrNull(words, result.holder, ClusterTimeMs(*call.context, 0), &json);
  if (granted) json.Text("mode", "exclusive");
  json.Bytes("name", call.Capture("name"));
  if (!granted) json.Number("position", result.position);
  json.SignedNumber("remaining_ms", result.session_remaining_ms);
  json.Number("revision", result.revision.value());
  json.Text("session", FormatSessionId(session));
  if (granted) {
    json.Number("token", result.token.value());
  } else {
    json.Number("ticket", result.ticket.value());
  }
  return JsonTextAnswer(granted ? 200 : 202, json.Take(), result.revision);
}

// The same refusal in the words of elections.
Status InWordsOf(const QueueWords& words, const Status& status) {
  if (words.kind == coord::QueueKind::kLock || status.reason() != "lock_held") return status;
  return Status(status.code(), "leadership_held", "Another candidate leads.");
}

// Says who has it where that is the reason, or keeps the line from moving. "holder" for elections
// as well: in a problem, "leader" is the node that leads the cluster.
Response RenderRefused(const Call& call, const QueueWords& words,
                       const node::AcquireResult& result) {
  const Status status = InWordsOf(words, result.refusal);
  const bool is_taken =
      status.code() == Code::kConflict || status.code() == Code::kResourceExhausted;
  if (!is_taken) return call.Problem(status, {});
  nlohmann::json holder;
  if (result.holder) {
    holder = HolderJson(*result.holder, ClusterTimeMs(*call.context, 0));
    holder["remaining_ms"] = nullptr;
    if (result.holder_remaining_ms) holder["remaining_ms"] = *result.holder_remaining_ms;
  }
  return call.Problem(status, {{"holder", std::move(holder)}});
}

void AnswerAcquire(const Call& call, const QueueWords& words, SessionId session,
                   const Result<node::AcquireResult>& result) {
  if (!result.ok()) return call.Fail(result.status());
  Response response = result->refusal.ok() ? RenderAcquired(call, words, session, *result)
                                           : RenderRefused(call, words, *result);
  MarkReplayed(result->replayed, &response);
  MarkLinearizable(&response);
  call.Answer(std::move(response));
}

}  // namespace

void AcquireQueue(const Call& call, const QueueWords& words) {
  QueryFields query(call.request(), {});
  const int64_t timeout_ms = query.TimeoutMs();
  const Result<std::string_view> text = JsonBody(call.request());
  if (!query.ok()) return call.Fail(query.status());
  if (!text.ok()) return call.Fail(text.status());
  JsonFields fields(*text, {"session", "wait", "queue", "value", "mode"});
  coord::Acquire acquire;
  acquire.kind = words.kind;
  acquire.name = call.Capture("name");
  acquire.session = fields.Session("session");
  acquire.wait_ms = fields.DurationMsOr("wait", 0, kWaitBounds);
  acquire.stay_queued = fields.BoolOr("queue", false);
  acquire.value = fields.StringOr("value", "");
  CheckMode(words, &fields);
  if (!fields.ok()) return call.Fail(fields.status());
  const SessionId session = acquire.session;
  Result<coord::Command> command = MakeCommand(call.request(), std::move(acquire));
  if (!command.ok()) return call.Fail(command.status());
  const auto answer = [call, words, session](const Result<node::AcquireResult>& result) {
    AnswerAcquire(call, words, session, result);
  };
  const uint64_t number = call.service().Acquire(
      *std::move(command), timeout_ms, [call, answer](Result<node::AcquireResult> result) {
        call.exchange->Post([answer, result = std::move(result)] { answer(result); });
      });
  node::Service* const service = call.context->service;
  call.exchange->OnClientGone([service, number] { service->CancelAcquire(number); });
}

}  // namespace baton::http
