// /v1/locks and /v1/elections. queue_acquire_handlers.cc has what waits.

#include "pkg/http/queue_handlers.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "pkg/http/json.h"
#include "pkg/http/json_fields.h"
#include "pkg/http/json_writer.h"
#include "pkg/http/queue_json.h"
#include "pkg/http/route_table.h"

namespace baton::http {
namespace {

// 200 with the revision, for changes that have nothing else to tell.
Response RenderDone(const Call& call, const coord::Reply& reply) {
  if (!reply.status.ok()) return call.Problem(reply.status, {});
  JsonWriter json;
  json.Number("revision", reply.revision.value());
  return JsonTextAnswer(200, json.Take(), reply.revision);
}

void Submit(const Call& call, const JsonFields& fields, coord::CommandBody body,
            int64_t timeout_ms) {
  if (!fields.ok()) return call.Fail(fields.status());
  SubmitCommand(call, std::move(body), timeout_ms,
                [call](const coord::Reply& reply) { return RenderDone(call, reply); });
}

// The body's text and the timeout; false when the request was answered with an error.
bool ReadEnvelope(const Call& call, std::string_view* text, int64_t* timeout_ms) {
  QueryFields query(call.request(), {});
  *timeout_ms = query.TimeoutMs();
  const Result<std::string_view> body = JsonBody(call.request());
  if (!query.ok() || !body.ok()) {
    call.Fail(query.ok() ? body.status() : query.status());
    return false;
  }
  *text = *body;
  return true;
}

void Release(const Call& call, const QueueWords& words) {
  std::string_view text;
  int64_t timeout_ms = 0;
  if (!ReadEnvelope(call, &text, &timeout_ms)) return;
  JsonFields fields(text, {"session", "token"});
  coord::Release release;
  release.kind = words.kind;
  release.name = call.Capture("name");
  release.session = fields.Session("session");
  release.token = fields.NumberId<Token>("token");
  Submit(call, fields, std::move(release), timeout_ms);
}

void Proclaim(const Call& call) {
  std::string_view text;
  int64_t timeout_ms = 0;
  if (!ReadEnvelope(call, &text, &timeout_ms)) return;
  JsonFields fields(text, {"session", "token", "value"});
  coord::Proclaim proclaim;
  proclaim.kind = coord::QueueKind::kElection;
  proclaim.name = call.Capture("name");
  proclaim.session = fields.Session("session");
  proclaim.token = fields.NumberId<Token>("token");
  proclaim.value = fields.String("value");
  Submit(call, fields, std::move(proclaim), timeout_ms);
}

void CancelWait(const Call& call, const QueueWords& words) {
  std::string_view text;
  int64_t timeout_ms = 0;
  if (!ReadEnvelope(call, &text, &timeout_ms)) return;
  JsonFields fields(text, {"ticket"});
  coord::CancelWait cancel;
  cancel.kind = words.kind;
  cancel.name = call.Capture("name");
  cancel.ticket = fields.NumberId<Ticket>("ticket");
  Submit(call, fields, std::move(cancel), timeout_ms);
}

// Always linearizable: a token that was live a moment ago proves nothing.
void Verify(const Call& call, const QueueWords& words) {
  std::string_view text;
  ReadOptions options;
  if (!ReadEnvelope(call, &text, &options.timeout_ms)) return;
  JsonFields fields(text, {"token"});
  const Token token = fields.NumberId<Token>("token");
  if (!fields.ok()) return call.Fail(fields.status());
  const std::string name = call.Capture("name");
  ReadState(
      call, options, [call, words, name, token](const coord::StateMachine& state) -> Extracted {
        return {[call, words, token, verdict = state.Verify(words.kind, name, token),
                 view = CopyQueue(state, words.kind, name, QueuePart::kHolder)] {
          const int64_t now_ms = ClusterTimeMs(*call.context, view.now_ms);
          const nlohmann::json holder = HolderJson(view.holder, now_ms);
          // In a problem, "leader" is the node that leads the cluster.
          if (!verdict.ok()) return call.Problem(verdict, {{"holder", holder}});
          return Response::Json(
              200, JsonText({{words.holder, holder}, {"token", token.value()}, {"valid", true}}));
        }};
      });
}

void GetQueue(const Call& call, const QueueWords& words) {
  QueryFields query(call.request(), {"consistency", "min_revision"});
  const ReadOptions options = ReadOptionsOf(&query);
  if (!query.ok()) return call.Fail(query.status());
  const std::string name = call.Capture("name");
  ReadState(call, options, [call, words, name](const coord::StateMachine& state) -> Extracted {
    QueueView view = CopyQueue(state, words.kind, name, QueuePart::kAll);
    size_t bytes = 0;
    for (const coord::Waiter& waiter : view.waiters) bytes += sizeof(waiter) + waiter.value.size();
    return {[call, words, view = std::move(view)] {
              const int64_t now_ms = ClusterTimeMs(*call.context, view.now_ms);
              return Response::Json(200, JsonText(QueueJson(words, view, now_ms)));
            },
            bytes};
  });
}

using QueueHandler = void (*)(const Call& call, const QueueWords& words);

CallHandler For(const QueueWords& words, QueueHandler handler) {
  return [words, handler](const Call& call) { handler(call, words); };
}

}  // namespace

void AddQueueRoutes(RouteTable* table) {
  const QueueWords& lock = LockWords();
  table->AddShared("GET", "/v1/locks/{name}", For(lock, GetQueue));
  table->AddShared("POST", "/v1/locks/{name}/acquire", For(lock, AcquireQueue));
  table->AddShared("POST", "/v1/locks/{name}/release", For(lock, Release));
  table->AddShared("POST", "/v1/locks/{name}/verify", For(lock, Verify));
  table->AddShared("POST", "/v1/locks/{name}/wait-cancel", For(lock, CancelWait));
  const QueueWords& election = ElectionWords();
  table->AddShared("GET", "/v1/elections/{name}", For(election, GetQueue));
  table->AddShared("POST", "/v1/elections/{name}/campaign", For(election, AcquireQueue));
  table->AddShared("POST", "/v1/elections/{name}/resign", For(election, Release));
  table->AddShared("POST", "/v1/elections/{name}/verify", For(election, Verify));
  table->AddShared("POST", "/v1/elections/{name}/wait-cancel", For(election, CancelWait));
  table->AddShared("POST", "/v1/elections/{name}/proclaim", Proclaim);
}

}  // namespace baton::http
