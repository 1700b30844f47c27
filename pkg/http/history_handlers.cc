// POST /v1/admin/compact: forgets the events that nobody needs to watch from any more.

#include <nlohmann/json.hpp>

#include "pkg/http/api_call.h"
#include "pkg/http/json_fields.h"
#include "pkg/http/route_table.h"

namespace baton::http {
namespace {

Response RenderCompacted(const Call& call, const coord::Reply& reply) {
  const auto* body = std::get_if<coord::CompactReply>(&reply.body);
  if (!reply.status.ok() || body == nullptr) return call.Problem(RefusalOf(reply), {});
  return JsonAnswer(
      200,
      {{"compact_revision", body->compact_revision.value()}, {"revision", reply.revision.value()}},
      reply.revision);
}

void CompactHistory(const Call& call) {
  QueryFields query(call.request(), {});
  const int64_t timeout_ms = query.TimeoutMs();
  const Result<std::string_view> text = JsonBody(call.request());
  if (!query.ok()) return call.Fail(query.status());
  if (!text.ok()) return call.Fail(text.status());
  JsonFields fields(*text, {"revision"});
  const coord::CompactHistory compact{fields.NumberId<Revision>("revision")};
  if (!fields.ok()) return call.Fail(fields.status());
  SubmitCommand(call, compact, timeout_ms,
                [call](const coord::Reply& reply) { return RenderCompacted(call, reply); });
}

}  // namespace

void AddHistoryRoutes(RouteTable* table) {
  table->AddShared("POST", "/v1/admin/compact", CompactHistory);
}

}  // namespace baton::http
