#include "pkg/http/api_call.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "pkg/base/check.h"
#include "pkg/coord/limits.h"
#include "pkg/http/json.h"
#include "pkg/http/problem.h"
#include "pkg/http/quote.h"

namespace baton::http {
namespace {

// "application/json; charset=utf-8" -> "application/json".
std::string MediaType(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find(';')));
  while (type.ends_with(' ')) type.pop_back();
  std::transform(type.begin(), type.end(), type.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return type;
}

// Visible ASCII, so that it can be shown in logs and headers.
Status CheckIdempotencyKey(const std::string& key) {
  const bool visible =
      std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7f; });
  const bool fits = !key.empty() && key.size() <= coord::kIdempotencyKeyBytesMax;
  if (fits && visible) return Status::Ok();
  return Status(Code::kInvalidArgument, "malformed_idempotency_key",
                "the header Idempotency-Key is " + Quoted(key) + ", " + std::to_string(key.size()) +
                    " bytes; it must be 1 to " + std::to_string(coord::kIdempotencyKeyBytesMax) +
                    " visible ASCII characters");
}

// A command under way: in memory once, however many functions it is handed through.
struct Submission {
  Call call;
  RenderReply render;
  std::optional<Result<coord::Reply>> reply;  // from the raft thread to the loop's

  void Answer() const {
    if (!reply->ok()) return call.Fail(reply->status());
    const coord::Reply& replied = **reply;
    Response response = render(replied);
    MarkReplayed(replied.replayed, &response);
    MarkLinearizable(&response);
    call.Answer(std::move(response));
  }
};

Status TooManyReads() {
  return Status(Code::kUnavailable, "overloaded",
                "This node has copied as much for reads as it may hold; retry later");
}

}  // namespace

void Call::Fail(const Status& status) const {
  Answer(ProblemResponse(status, request().request_id, context));
}

void Call::Fail(const Status& status, const nlohmann::json& members) const {
  Answer(Problem(status, members));
}

Response Call::Problem(const Status& status, const nlohmann::json& members) const {
  return MakeProblem(status, request().request_id, context, members);
}

const std::string& Call::Capture(const std::string& name) const {
  const auto found = request().captures.find(name);
  CHECK(found != request().captures.end()) << name;
  return found->second;
}

Result<std::string_view> JsonBody(const Request& request) {
  const std::string* content_type = request.Header("content-type");
  if (content_type != nullptr) {
    const std::string type = MediaType(*content_type);
    static constexpr std::string_view kAccepted[] = {
        "", "application/json", "application/x-www-form-urlencoded", "text/plain"};
    if (std::find(std::begin(kAccepted), std::end(kAccepted), type) == std::end(kAccepted)) {
      return Status(Code::kInvalidArgument, "unsupported_media_type",
                    "the content type is " + Quoted(type) + "; the body must be application/json");
    }
  }
  return std::string_view(request.body);
}

Response JsonAnswer(int http_status, const nlohmann::json& body, Revision revision) {
  return JsonTextAnswer(http_status, JsonText(body), revision);
}

Response JsonTextAnswer(int http_status, std::string text, Revision revision) {
  Response response = Response::Json(http_status, std::move(text));
  response.headers.emplace_back("X-Revision", std::to_string(revision.value()));
  return response;
}

Result<coord::Command> MakeCommand(const Request& request, coord::CommandBody body) {
  coord::Command command;
  command.body = std::move(body);
  if (const std::string* key = request.Header("idempotency-key")) {
    BATON_RETURN_IF_ERROR(CheckIdempotencyKey(*key));
    command.idempotency_key = *key;
  }
  BATON_RETURN_IF_ERROR(coord::Validate(command));
  return command;
}

void MarkReplayed(bool replayed, Response* response) {
  if (replayed) response->headers.emplace_back("Idempotency-Replayed", "true");
}

void MarkLinearizable(Response* response) {
  response->headers.emplace_back("X-Consistency", "linearizable");
  response->headers.emplace_back("X-Staleness-Ms", "0");
}

Status RefusalOf(const coord::Reply& reply) {
  if (!reply.status.ok()) return reply.status;
  return Status(Code::kInternal, "The answer to the command could not be read")
      .SetOutcome(Outcome::kApplied);
}

void SubmitCommand(const Call& call, coord::CommandBody body, int64_t timeout_ms,
                   RenderReply render) {
  Result<coord::Command> command = MakeCommand(call.request(), std::move(body));
  if (!command.ok()) return call.Fail(command.status());
  const auto submission = std::make_shared<Submission>(Submission{call, std::move(render), {}});
  call.service().Submit(*std::move(command), timeout_ms, [submission](Result<coord::Reply> reply) {
    submission->reply = std::move(reply);
    submission->call.exchange->Post([submission] { submission->Answer(); });
  });
}

ReadOptions ReadOptionsOf(QueryFields* query) {
  ReadOptions options;
  options.consistency = query->ReadConsistency();
  options.min_revision = query->MinRevision();
  options.timeout_ms = query->TimeoutMs();
  return options;
}

void ReadState(const Call& call, const ReadOptions& options, Extract extract) {
  const auto on_read = [call, extract = std::move(extract)](Result<node::ReadView> view) {
    if (!view.ok()) {
      call.exchange->Post([call, status = view.status()] { call.Fail(status); });
      return;
    }
    const bool stale = view->consistency == node::Consistency::kStale;
    const std::shared_ptr<ReadBudget>& budget = call.context->read_budget;
    if (!budget->HasRoom()) return call.exchange->Post([call] { call.Fail(TooManyReads()); });
    Extracted extracted = extract(view->state);
    auto charge = ReadBudget::Charge(budget, ReadBudget::kReadBytes + extracted.bytes);
    call.exchange->Post([call, stale, revision = view->state.revision(),
                         finish = std::move(extracted.finish), charge = std::move(charge)] {
      Response response = finish();
      response.headers.emplace_back("X-Revision", std::to_string(revision.value()));
      if (!stale) MarkLinearizable(&response);  // the default is stale
      call.Answer(std::move(response));
    });
  };
  call.service().Read(options.consistency, options.min_revision, options.timeout_ms, on_read);
}

int64_t ClusterTimeMs(const ApiContext& context, int64_t state_now_ms) {
  return std::max(context.service->GetStatus()->cluster_time_ms, state_now_ms);
}

}  // namespace baton::http
