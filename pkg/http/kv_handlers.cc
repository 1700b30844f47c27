// /v1/kv: one key. kv_list_handlers.cc has lists.

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "pkg/http/accept.h"
#include "pkg/http/api_call.h"
#include "pkg/http/json.h"
#include "pkg/http/json_fields.h"
#include "pkg/http/json_writer.h"
#include "pkg/http/kv_handlers.h"
#include "pkg/http/kv_json.h"
#include "pkg/http/precondition.h"
#include "pkg/http/route_table.h"

namespace baton::http {
namespace {

constexpr std::string_view kRaw = "application/octet-stream";
constexpr std::string_view kJson = "application/json";

bool WantsJson(const Request& request) {
  // Whatever else is accepted: the bytes are of a type that only the client knows.
  return BestMediaType(request, {kRaw, kJson}) == kJson;
}

Status NoSuchKey() { return Status(Code::kNotFound, "key_not_found", "There is no such key."); }

void AddRevisionHeaders(const coord::KeyValue& item, Response* response) {
  response->headers.emplace_back("ETag", EntityTag(item.mod_revision));
  response->headers.emplace_back("X-Mod-Revision", std::to_string(item.mod_revision.value()));
}

Response RenderKey(const Request& request, const coord::KeyValue& item, Revision revision) {
  Response response;
  if (ClientHas(request, item.mod_revision)) {
    response.status = 304;
  } else if (WantsJson(request)) {
    nlohmann::json body = KeyValueJson(item, KvPart::kWithValue);
    body["revision"] = revision.value();
    response = Response::Json(200, JsonText(body));
  } else {
    response.headers.emplace_back("Content-Type", std::string(kRaw));
    response.headers.emplace_back("X-Create-Revision",
                                  std::to_string(item.create_revision.value()));
    response.headers.emplace_back("X-Version", std::to_string(item.version));
    response.body = item.value;
  }
  AddRevisionHeaders(item, &response);
  response.headers.emplace_back("Vary", "Accept");
  return response;
}

void GetKey(const Call& call, const std::string& key, QueryFields* query) {
  const ReadOptions options = ReadOptionsOf(query);
  if (!query->ok()) return call.Fail(query->status());
  ReadState(call, options, [call, key](const coord::StateMachine& state) -> Extracted {
    std::optional<coord::KeyValue> item = state.Get(key);
    const size_t bytes = item ? item->key.size() + item->value.size() : 0;
    return {[call, item = std::move(item), revision = state.revision()] {
              if (!item) return call.Problem(NoSuchKey(), {});
              return RenderKey(call.request(), *item, revision);
            },
            bytes};
  });
}

// What a PUT and a DELETE have in common.
struct Change {
  coord::Precondition precondition;
  std::optional<coord::Guard> guard;
  int64_t timeout_ms = 0;
  bool return_current = false;  // the value, too, when the precondition fails
};

std::optional<coord::Guard> ReadGuard(QueryFields* query) {
  if (query->Has("lock") != query->Has("token")) {
    query->Fail(Status(Code::kInvalidArgument, "malformed_parameter",
                       "query parameters \"lock\" and \"token\" belong together"));
  }
  if (!query->Has("lock")) return std::nullopt;
  coord::Guard guard;
  guard.lock = query->TextOr("lock", "");
  guard.token = Token(query->NumberOr("token", 0, 1, kRevisionMax));
  return guard;
}

Change ReadChange(const Request& request, QueryFields* query) {
  Change change;
  Result<coord::Precondition> precondition = PreconditionOf(request);
  if (precondition.ok()) {
    change.precondition = *precondition;
  } else {
    query->Fail(precondition.status());
  }
  change.guard = ReadGuard(query);
  change.timeout_ms = query->TimeoutMs();
  const std::string wanted = query->TextOr("return", "");
  if (query->Has("return") && wanted != "current") {
    query->Fail(Status(Code::kInvalidArgument, "malformed_parameter",
                       "query parameter \"return\" must be \"current\""));
  }
  change.return_current = wanted == "current";
  return change;
}

// After 412: the key as it is, so that the client can decide again without another read.
Response RenderRefusal(const Call& call, const coord::Reply& reply, bool return_current) {
  nlohmann::json members = nlohmann::json::object();
  if (reply.status.code() == Code::kPreconditionFailed) {
    const auto* body = std::get_if<coord::KvReply>(&reply.body);
    members["current"] = nullptr;
    if (body != nullptr && body->current) {
      members["current"] =
          KeyValueJson(*body->current, return_current ? KvPart::kWithValue : KvPart::kWithoutValue);
    }
  }
  return call.Problem(reply.status, members);
}

const coord::KeyValue* CurrentOf(const coord::Reply& reply) {
  const auto* body = std::get_if<coord::KvReply>(&reply.body);
  return body != nullptr && body->current ? &*body->current : nullptr;
}

// What KeyValueJson says of the key without its value, and the revision.
Response RenderPut(const coord::KeyValue* item, Revision revision) {
  JsonWriter json;
  if (item != nullptr) {
    json.Number("create_revision", item->create_revision.value());
    if (!item->guard_lock.empty()) json.Bytes("guard_lock", item->guard_lock);
    json.Bytes("key", item->key);
    json.Number("mod_revision", item->mod_revision.value());
  }
  json.Number("revision", revision.value());
  if (item != nullptr) {
    if (item->session) json.Text("session", FormatSessionId(item->session));
    json.Number("version", item->version);
  }
  Response response = JsonTextAnswer(200, json.Take(), revision);
  if (item != nullptr) AddRevisionHeaders(*item, &response);
  return response;
}

void PutKey(const Call& call, std::string key, QueryFields* query) {
  const Change change = ReadChange(call.request(), query);
  coord::KvPut put;
  put.session = query->SessionOr("session", SessionId());
  if (!query->ok()) return call.Fail(query->status());
  put.key = std::move(key);
  put.value = call.request().body;
  put.precondition = change.precondition;
  put.guard = change.guard;
  const bool return_current = change.return_current;
  SubmitCommand(call, std::move(put), change.timeout_ms,
                [call, return_current](const coord::Reply& reply) {
                  if (!reply.status.ok()) return RenderRefusal(call, reply, return_current);
                  return RenderPut(CurrentOf(reply), reply.revision);
                });
}

void DeleteKey(const Call& call, std::string key, QueryFields* query) {
  const Change change = ReadChange(call.request(), query);
  if (!query->ok()) return call.Fail(query->status());
  coord::KvDelete del;
  del.key = std::move(key);
  del.precondition = change.precondition;
  del.guard = change.guard;
  const bool return_current = change.return_current;
  SubmitCommand(
      call, std::move(del), change.timeout_ms, [call, return_current](const coord::Reply& reply) {
        if (!reply.status.ok()) return RenderRefusal(call, reply, return_current);
        if (CurrentOf(reply) == nullptr) return call.Problem(NoSuchKey(), {});
        Response response;
        response.status = 204;
        response.headers.emplace_back("X-Revision", std::to_string(reply.revision.value()));
        return response;
      });
}

using Names = std::vector<std::string_view>;

// "/v1/kv/{key...}".
template <typename Handle>
CallHandler InPath(const Names& names, Handle handle) {
  return [names, handle](const Call& call) {
    QueryFields query(call.request(), names);
    handle(call, call.Capture("key"), &query);
  };
}

// "/v1/kv?key_b64=": for keys that are not UTF-8, or that no path can name.
template <typename Handle>
CallHandler InQuery(Names names, Handle handle) {
  names.push_back("key_b64");
  return [names, handle](const Call& call) {
    QueryFields query(call.request(), names);
    if (!query.Has("key_b64")) {
      query.Fail(Status(Code::kInvalidArgument, "malformed_parameter",
                        "name the key in the path, or in query parameter \"key_b64\""));
    }
    handle(call, query.BytesOr("key", ""), &query);
  };
}

}  // namespace

void AddKvRoutes(RouteTable* table) {
  const Names get_names = {"consistency", "min_revision"};
  const Names put_names = {"session", "lock", "token", "return"};
  const Names delete_names = {"lock", "token", "return"};
  table->AddShared("GET", "/v1/kv/{key...}", InPath(get_names, GetKey));
  table->AddShared("PUT", "/v1/kv/{key...}", InPath(put_names, PutKey));
  table->AddShared("DELETE", "/v1/kv/{key...}", InPath(delete_names, DeleteKey));
  table->AddShared("PUT", "/v1/kv", InQuery(put_names, PutKey));
  table->AddShared("DELETE", "/v1/kv", InQuery(delete_names, DeleteKey));
  table->AddShared("GET", "/v1/kv", [get = InQuery(get_names, GetKey)](const Call& call) {
    if (call.request().Query("key_b64") != nullptr) return get(call);
    ListKeys(call);
  });
}

}  // namespace baton::http
