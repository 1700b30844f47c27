// File: api_call.h
//
// One request of the API on its way through a handler, and what handlers share: reading bodies,
// submitting commands, reading the state, answering.
//
// A handler runs on the loop's thread. It asks node::Service with a callback that is called on the
// raft thread, which must not be kept waiting: the callback copies what it needs and posts the
// rendering back to the loop.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "pkg/base/random.h"
#include "pkg/base/status.h"
#include "pkg/coord/command.h"
#include "pkg/coord/reply.h"
#include "pkg/http/api.h"
#include "pkg/http/query_fields.h"
#include "pkg/http/server.h"
#include "pkg/node/service.h"

namespace baton::http {

struct Call {
  ApiContext* context = nullptr;
  std::shared_ptr<Exchange> exchange;

  const Request& request() const { return exchange->request(); }
  node::Service& service() const { return *context->service; }

  // --- any thread ---
  void Answer(Response response) const { exchange->Respond(std::move(response)); }
  void Fail(const Status& status) const;
  // With more members than every problem has.
  void Fail(const Status& status, const nlohmann::json& members) const;
  Response Problem(const Status& status, const nlohmann::json& members) const;
  // The route's {name}.
  const std::string& Capture(const std::string& name) const;
};

// The body of a request that must be JSON: kInvalidArgument/"unsupported_media_type" when
// Content-Type says otherwise. What clients say who were not told what to say counts as JSON:
// nothing, a form (`curl -d`), or plain text (many libraries).
Result<std::string_view> JsonBody(const Request& request);

// Response::Json(200, ...) with the X-Revision it is of.
Response JsonAnswer(int http_status, const nlohmann::json& body, Revision revision);
// The same of a text that is JSON already.
Response JsonTextAnswer(int http_status, std::string text, Revision revision);

// Proposes the command, with the request's idempotency key. `render` turns the reply, which may be
// a refusal, into a response, on the loop's thread. Whatever goes wrong before that is answered as
// a problem.
using RenderReply = std::function<Response(const coord::Reply& reply)>;
void SubmitCommand(const Call& call, coord::CommandBody body, int64_t timeout_ms,
                   RenderReply render);
// Why a reply is no success: its refusal or, for one whose body is not what its command answers, an
// internal error. Never OK.
Status RefusalOf(const coord::Reply& reply);
// The command, with who asks and the key; not OK: it is not valid. For calls that do not end in
// Submit.
Result<coord::Command> MakeCommand(const Request& request, coord::CommandBody body);
// Marks an answer from the memory of idempotency keys.
void MarkReplayed(bool replayed, Response* response);

// X-Consistency: linearizable, for an answer that the log or a read index stands behind.
void MarkLinearizable(Response* response);

// How a read was asked for, and what its answer says about itself.
struct ReadOptions {
  node::Consistency consistency = node::Consistency::kLinearizable;
  Revision min_revision;
  int64_t timeout_ms = kTimeoutDefaultMs;
};
// From "consistency", "min_revision" and "timeout".
ReadOptions ReadOptionsOf(QueryFields* query);

// Reads the state. `extract` runs on the raft thread and returns the rest of the work, which runs
// on the loop's thread and makes the response. The answer gets X-Revision and X-Consistency. What
// was extracted is charged to the context's read_budget until the response is made.
using Finish = std::function<Response()>;
struct Extracted {
  Finish finish;
  size_t bytes = 0;  // of keys and values in it; what is smaller than ReadBudget::kReadBytes: 0
};
using Extract = std::function<Extracted(const coord::StateMachine& state)>;
void ReadState(const Call& call, const ReadOptions& options, Extract extract);

// Cluster time as this node knows it, for what remains of something: never behind the state's.
int64_t ClusterTimeMs(const ApiContext& context, int64_t state_now_ms);

}  // namespace baton::http
