// /v1/cluster/members: who takes part, and changing it. Any node takes a change and passes it to
// the leader, which knows what may be done.

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "pkg/http/api_call.h"
#include "pkg/http/json.h"
#include "pkg/http/json_fields.h"
#include "pkg/http/member_json.h"
#include "pkg/http/quote.h"
#include "pkg/http/route_table.h"

namespace baton::http {
namespace {

using Kind = node::MembershipRequest::Kind;

Status UnknownMember(const std::string& text) {
  return Status(Code::kNotFound, "unknown_member",
                "No member has the name or the number " + Quoted(text));
}

void ListMembers(const Call& call) {
  const QueryFields query(call.request(), {});
  if (!query.ok()) return call.Fail(query.status());
  const auto view = call.service().GetStatus();
  call.Answer(JsonAnswer(200,
                         {{"members", MembersJson(*call.context, *view)},
                          {"waiting", WaitingJson(*call.context)},
                          {"config_index", view->raft.config_index.value()}},
                         view->revision));
}

// What the body says of the node, and what the node has said itself.
Result<node::MembershipRequest> ReadAddition(const Call& call, std::string_view text) {
  JsonFields fields(text, {"id", "name", "peer_address", "client_url"});
  node::MembershipRequest request;
  if (fields.Has("id")) request.id = fields.NumberId<NodeId>("id");
  request.info.name = fields.StringOr("name", "");
  if (!request.id && request.info.name.empty()) (void)fields.String("name");
  if (!fields.ok()) return fields.status();
  const ApiContext& context = *call.context;
  const int64_t now_ms = context.clock->MonotonicMs();
  const std::optional<node::Hello> waiting =
      request.id ? context.candidates->FindById(request.id, now_ms)
                 : context.candidates->FindByName(request.info.name, now_ms);
  if (!request.id && !waiting) {
    return Status(Code::kNotFound, "unknown_member",
                  "No node called " + Quoted(request.info.name) +
                      " has told this one lately that it waits to be added; is it running, and "
                      "does it find its peers?");
  }
  const node::MemberInfo said = waiting ? waiting->info : node::MemberInfo();
  if (waiting) request.id = waiting->id;
  if (request.info.name.empty()) request.info.name = said.name;
  request.info.peer_address = fields.StringOr("peer_address", said.peer_address);
  request.info.client_url = fields.StringOr("client_url", said.client_url);
  if (request.info.peer_address.empty()) (void)fields.String("peer_address");
  if (!fields.ok()) return fields.status();
  BATON_RETURN_IF_ERROR(node::CheckMemberInfo(request.info));
  return request;
}

// Asks for it, and answers with `response` when it is committed.
void Change(const Call& call, node::MembershipRequest request, int64_t timeout_ms,
            Response response) {
  call.service().ChangeMembers(std::move(request), timeout_ms,
                               [call, response = std::move(response)](const Status& status) {
                                 call.exchange->Post([call, status, response] {
                                   if (!status.ok()) return call.Fail(status);
                                   Response answer = response;
                                   MarkLinearizable(&answer);
                                   call.Answer(std::move(answer));
                                 });
                               });
}

void AddMember(const Call& call) {
  QueryFields query(call.request(), {});
  const int64_t timeout_ms = query.TimeoutMs();
  const Result<std::string_view> text = JsonBody(call.request());
  if (!query.ok()) return call.Fail(query.status());
  if (!text.ok()) return call.Fail(text.status());
  Result<node::MembershipRequest> request = ReadAddition(call, *text);
  if (!request.ok()) return call.Fail(request.status());
  const nlohmann::json body = {{"id", request->id.value()},
                               {"name", request->info.name},
                               {"voter", false},
                               {"peer_address", request->info.peer_address},
                               {"client_url", request->info.client_url}};
  Response response = Response::Json(201, JsonText(body));
  response.headers.emplace_back("Location",
                                "/v1/cluster/members/" + std::to_string(request->id.value()));
  Change(call, *std::move(request), timeout_ms, std::move(response));
}

// The {member} of the route.
NodeId MemberOf(const Call& call) {
  return FindMember(*call.context, *call.service().GetStatus(), call.Capture("member"));
}

void GetMember(const Call& call) {
  const QueryFields query(call.request(), {});
  if (!query.ok()) return call.Fail(query.status());
  const auto view = call.service().GetStatus();
  const NodeId id = FindMember(*call.context, *view, call.Capture("member"));
  for (const nlohmann::json& member : MembersJson(*call.context, *view)) {
    if (id && member["id"] == id.value()) {
      return call.Answer(JsonAnswer(200, member, view->revision));
    }
  }
  call.Fail(UnknownMember(call.Capture("member")));
}

void PromoteMember(const Call& call) {
  QueryFields query(call.request(), {});
  const int64_t timeout_ms = query.TimeoutMs();
  const Result<std::string_view> text = JsonBody(call.request());
  if (!query.ok()) return call.Fail(query.status());
  if (!text.ok()) return call.Fail(text.status());
  const JsonFields fields(*text, {});
  if (!fields.ok()) return call.Fail(fields.status());
  const NodeId id = MemberOf(call);
  if (!id) return call.Fail(UnknownMember(call.Capture("member")));
  const nlohmann::json body = {{"id", id.value()}, {"voter", true}};
  Change(call, {.kind = Kind::kPromote, .id = id}, timeout_ms, Response::Json(200, JsonText(body)));
}

void RemoveMember(const Call& call) {
  QueryFields query(call.request(), {});
  const int64_t timeout_ms = query.TimeoutMs();
  if (!query.ok()) return call.Fail(query.status());
  const NodeId id = MemberOf(call);
  if (!id) return call.Fail(UnknownMember(call.Capture("member")));
  Response response;
  response.status = 204;
  Change(call, {.kind = Kind::kRemove, .id = id}, timeout_ms, std::move(response));
}

}  // namespace

void AddMemberRoutes(RouteTable* table) {
  table->Add("GET", "/v1/cluster/members", ListMembers);
  table->Add("GET", "/v1/cluster/members/{member}", GetMember);
  table->AddShared("POST", "/v1/cluster/members", AddMember);
  table->AddShared("POST", "/v1/cluster/members/{member}/promote", PromoteMember);
  table->AddShared("DELETE", "/v1/cluster/members/{member}", RemoveMember);
}

}  // namespace baton::http
