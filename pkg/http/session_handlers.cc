// /v1/sessions: who is alive. Locks, candidacies and ephemeral keys belong to a session.

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "pkg/base/random.h"
#include "pkg/coord/limits.h"
#include "pkg/http/api_call.h"
#include "pkg/http/json.h"
#include "pkg/http/json_fields.h"
#include "pkg/http/route_table.h"
#include "pkg/http/session_json.h"

namespace baton::http {
namespace {

constexpr uint64_t kLimitDefault = 100;
constexpr DurationBounds kTtlBounds = {.min_ms = coord::kSessionTtlMinMs,
                                       .max_ms = coord::kSessionTtlMaxMs};

Status NoSuchSession() {
  return Status(Code::kNotFound, "session_not_found", "The session does not exist or has ended.");
}

SessionId DrawId(Random* random) {
  while (true) {
    if (const SessionId id(random->NextU64()); id) return id;
  }
}

Response RenderCreated(const Call& call, const coord::Reply& reply) {
  const auto* body = std::get_if<coord::SessionReply>(&reply.body);
  if (!reply.status.ok() || body == nullptr) return call.Problem(RefusalOf(reply), {});
  Response response = JsonAnswer(201, SessionJson(body->session, reply.now_ms), reply.revision);
  response.headers.emplace_back("Location", "/v1/sessions/" + FormatSessionId(body->session.id));
  return response;
}

void CreateSession(const Call& call, Random* random) {
  QueryFields query(call.request(), {});
  const int64_t timeout_ms = query.TimeoutMs();
  const Result<std::string_view> text = JsonBody(call.request());
  if (!query.ok()) return call.Fail(query.status());
  if (!text.ok()) return call.Fail(text.status());
  JsonFields fields(*text, {"ttl", "name", "meta"});
  coord::SessionCreate create;
  create.id = DrawId(random);
  create.ttl_ms = fields.DurationMs("ttl", kTtlBounds);
  create.name = fields.StringOr("name", "");
  create.metadata = fields.StringOr("meta", "");
  if (!fields.ok()) return call.Fail(fields.status());
  SubmitCommand(call, std::move(create), timeout_ms,
                [call](const coord::Reply& reply) { return RenderCreated(call, reply); });
}

// The {id} of the route; an error is in *query.
SessionId IdOf(const Call& call, QueryFields* query) {
  const Result<SessionId> id = ParseSessionId("the id in the path", call.Capture("id"));
  if (id.ok()) return *id;
  query->Fail(id.status());
  return SessionId();
}

void GetSession(const Call& call) {
  QueryFields query(call.request(), {"consistency", "min_revision"});
  const SessionId id = IdOf(call, &query);
  const ReadOptions options = ReadOptionsOf(&query);
  if (!query.ok()) return call.Fail(query.status());
  ReadState(call, options, [call, id](const coord::StateMachine& state) -> Extracted {
    return {[call, session = state.Session(id), now_ms = state.now_ms()] {
      if (!session) return call.Problem(NoSuchSession(), {});
      const int64_t cluster_ms = ClusterTimeMs(*call.context, now_ms);
      return Response::Json(200, JsonText(SessionJson(*session, cluster_ms)));
    }};
  });
}

Response RenderSessions(const Call& call, const std::vector<coord::SessionInfo>& sessions,
                        uint64_t limit, int64_t now_ms, Revision revision) {
  const int64_t cluster_ms = ClusterTimeMs(*call.context, now_ms);
  const bool more = sessions.size() > limit;
  const size_t count = more ? limit : sessions.size();
  nlohmann::json list = nlohmann::json::array();
  for (size_t i = 0; i < count; ++i) list.push_back(SessionJson(sessions[i], cluster_ms));
  nlohmann::json body = {{"sessions", std::move(list)},
                         {"more", more},
                         {"cursor", nullptr},
                         {"revision", revision.value()}};
  if (more) body["cursor"] = FormatSessionId(sessions[count - 1].id);
  return Response::Json(200, JsonText(body));
}

void ListSessions(const Call& call) {
  QueryFields query(call.request(), {"limit", "cursor", "consistency", "min_revision"});
  const SessionId after = query.SessionOr("cursor", SessionId());
  // One less than the most, so that one more can be asked for, which tells whether there is more.
  const uint64_t limit = query.NumberOr("limit", kLimitDefault, 1, coord::kListItemsMax - 1);
  const ReadOptions options = ReadOptionsOf(&query);
  if (!query.ok()) return call.Fail(query.status());
  ReadState(call, options, [=](const coord::StateMachine& state) -> Extracted {
    std::vector<coord::SessionInfo> sessions = state.Sessions(after, limit + 1);
    size_t bytes = 0;
    for (const coord::SessionInfo& session : sessions) {
      bytes += sizeof(session) + session.name.size() + session.metadata.size();
    }
    return {[call, limit, sessions = std::move(sessions), now_ms = state.now_ms(),
             revision = state.revision()] {
              return RenderSessions(call, sessions, limit, now_ms, revision);
            },
            bytes};
  });
}

void DestroySession(const Call& call) {
  QueryFields query(call.request(), {});
  const SessionId id = IdOf(call, &query);
  const int64_t timeout_ms = query.TimeoutMs();
  if (!query.ok()) return call.Fail(query.status());
  SubmitCommand(call, coord::SessionDestroy{id}, timeout_ms, [call](const coord::Reply& reply) {
    if (!reply.status.ok()) return call.Problem(reply.status, {});
    Response response;
    response.status = 204;
    response.headers.emplace_back("X-Revision", std::to_string(reply.revision.value()));
    return response;
  });
}

void KeepSessionAlive(const Call& call) {
  QueryFields query(call.request(), {});
  const SessionId id = IdOf(call, &query);
  const int64_t timeout_ms = query.TimeoutMs();
  const Result<std::string_view> text = JsonBody(call.request());
  if (!query.ok()) return call.Fail(query.status());
  if (!text.ok()) return call.Fail(text.status());
  const JsonFields fields(*text, {});
  if (!fields.ok()) return call.Fail(fields.status());
  call.service().KeepAlive(id, timeout_ms, [call](Result<coord::SessionInfo> session) {
    call.exchange->Post([call, session = std::move(session)] {
      if (!session.ok()) return call.Fail(session.status());
      const int64_t now_ms = ClusterTimeMs(*call.context, 0);
      Response response = Response::Json(200, SessionText(*session, now_ms));
      MarkLinearizable(&response);
      call.Answer(std::move(response));
    });
  });
}

}  // namespace

void AddSessionRoutes(RouteTable* table) {
  // Drawn on the loop's thread only.
  auto random = std::make_shared<Random>(table->context().seed);
  table->AddShared("POST", "/v1/sessions",
                   [random](const Call& call) { CreateSession(call, random.get()); });
  table->AddShared("GET", "/v1/sessions", ListSessions);
  table->AddShared("GET", "/v1/sessions/{id}", GetSession);
  table->AddShared("DELETE", "/v1/sessions/{id}", DestroySession);
  table->AddShared("POST", "/v1/sessions/{id}/keepalive", KeepSessionAlive);
}

}  // namespace baton::http
