#include "pkg/http/problem.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "pkg/base/check.h"
#include "pkg/http/json.h"

namespace baton::http {
namespace {

// Retry soon: something is about to change. Later: somebody must do something first.
constexpr int64_t kSoonMs = 250;
constexpr int64_t kLaterMs = 1'000;
constexpr int64_t kMuchLaterMs = 5'000;
constexpr int64_t kNever = -1;
// The HTTP status is the code's: the same mistake is 400 in a path or query and 422 in a body.
constexpr int kByCode = 0;

// One line for each Code, in the order of the enumeration.
const ProblemKind& KindOfCode(Code code) {
  static const std::vector<ProblemKind> kinds = {
      {"ok", "Ok", 200, kNever},
      {"invalid_argument", "The request is malformed", 400, kNever},
      {"unprocessable", "The request is well-formed but wrong", 422, kNever},
      {"unauthenticated", "Who asks is not known", 401, kNever},
      {"permission_denied", "Not allowed", 403, kNever},
      {"not_found", "Not found", 404, kNever},
      {"conflict", "Somebody else has it", 409, kNever},
      {"gone", "Not there any more", 410, kNever},
      {"precondition_failed", "The precondition does not hold", 412, kNever},
      {"too_large", "Too large", 413, kNever},
      {"precondition_required", "A token or a revision is required", 428, kNever},
      {"resource_exhausted", "A limit is reached", 429, kLaterMs},
      {"unavailable", "Not available", 503, kSoonMs},
      {"deadline_exceeded", "Time ran out", 504, kSoonMs},
      {"storage_full", "The storage is full", 507, kMuchLaterMs},
      {"corruption", "Stored bytes are not what was written", 500, kNever},
      {"io", "The operating system refused", 500, kNever},
      {"unimplemented", "Not built in", 501, kNever},
      {"internal", "Internal error", 500, kNever},
  };
  const auto number = static_cast<size_t>(code);
  CHECK_LT(number, kinds.size());
  return kinds[number];
}

std::vector<ProblemKind> ProblemsOfResources() {
  return {
      // Of keys.
      {"key_not_found", "No such key", 404, kNever},
      {"guard_required", "The key is guarded by a lock", 428, kNever},
      {"guarded_by_other_lock", "The key is guarded by another lock", 409, kNever},
      {"stale_token", "The token is not the live one", 409, kNever},
      {"compacted", "The revision is compacted", 410, kNever},
      {"malformed_precondition", "The precondition is malformed", 400, kNever},
      // Of sessions, locks and elections.
      {"session_not_found", "No such session", 404, kNever},
      {"session_exists", "The session id is taken", 409, kSoonMs},
      {"malformed_session_id", "The session id is malformed", kByCode, kNever},
      {"too_many_sessions", "Too many sessions", 429, kMuchLaterMs},
      {"too_many_owned", "The session owns too much", 429, kLaterMs},
      {"lock_held", "The lock is held", 409, kSoonMs},
      {"leadership_held", "Another candidate leads", 409, kSoonMs},
      {"wait_timed_out", "The wait is over", 409, kSoonMs},
      {"grant_ended", "The grant is over", 409, kSoonMs},
      {"wait_ended", "The wait has ended", 409, kSoonMs},
      {"too_many_waiters", "The line is too long", 429, kLaterMs},
      {"ticket_not_found", "Not in the line", 404, kNever},
      // Of watches.
      {"too_many_watches", "Too many watches", 503, kLaterMs},
      {"slow_watcher", "The client did not keep up", 429, kSoonMs},
      {"future_revision", "The revision is yet to come", 422, kNever},
  };
}

std::vector<ProblemKind> ProblemsOfNodes() {
  return {
      // Of the node and its cluster.
      {"too_many_backups", "Too many backups", 503, kMuchLaterMs},
      {"no_leader", "No leader", 503, kSoonMs},
      {"not_leader", "This node does not lead", 503, kSoonMs},
      {"leader_lost", "The leader was lost", 503, kSoonMs},
      {"leadership_lost", "Leadership was lost", 503, kSoonMs},
      {"no_successor", "Nobody could take the leadership", 503, kLaterMs},
      {"transfer_under_way", "Leadership is being handed over", 409, kSoonMs},
      {"unknown_member", "No such member", kByCode, kNever},
      {"malformed_member", "What is said of the member is malformed", 422, kNever},
      {"already_member", "A member already", 409, kNever},
      {"already_voter", "A voter already", 409, kNever},
      {"name_taken", "The name is another member's", 409, kNever},
      {"too_many_members", "Too many members", 409, kNever},
      {"member_leads", "The member leads", 409, kSoonMs},
      {"quorum_would_be_lost", "The cluster would lose its quorum", 409, kMuchLaterMs},
      {"change_in_progress", "Another change of the members is being made", 409, kSoonMs},
      {"config_not_applied", "The last change of the members is not applied yet", 503, kSoonMs},
      {"members_not_heard", "The leader has not heard of its members yet", 503, kSoonMs},
      {"learner_behind", "The learner has not caught up", 412, kLaterMs},
      {"not_a_member", "This node is no member", 503, kLaterMs},
      {"member_removed", "This node was removed", 503, kMuchLaterMs},
      {"overloaded", "Overloaded", 503, kSoonMs},
      {"shutting_down", "Shutting down", 503, kSoonMs},
      {"wrong_cluster", "Another cluster's", 403, kNever},
      {"unknown_peer", "Not another node", 403, kNever},
  };
}

std::vector<ProblemKind> ProblemsOfRequests() {
  return {
      // Of the request.
      {"idempotency_key_reused", "The idempotency key was used for another request", 422, kNever},
      {"malformed_idempotency_key", "The idempotency key is malformed", 400, kNever},
      {"malformed_json", "Not JSON as it is understood here", 400, kNever},
      {"malformed_duration", "The duration is malformed", kByCode, kNever},
      {"malformed_base64", "The base64 is malformed", kByCode, kNever},
      {"unknown_parameter", "Unknown query parameter", 400, kNever},
      {"repeated_parameter", "A query parameter is repeated", 400, kNever},
      {"repeated_header", "A header is repeated", 400, kNever},
      {"malformed_parameter", "A query parameter is malformed", 400, kNever},
      {"unknown_field", "Unknown field", 422, kNever},
      {"missing_field", "A field is missing", 422, kNever},
      {"wrong_type", "A field has the wrong type", 422, kNever},
      {"out_of_range", "A value is out of range", 422, kNever},
      {"unsupported_media_type", "The body must be JSON", 415, kNever},
      {"not_acceptable", "None of the accepted types can be made", 406, kNever},
      // Of the bytes of the request, before any handler.
      {"cross_site", "Asked for by a page of another site", 403, kNever},
      {"unknown_path", "Nothing at this path", 404, kNever},
      {"method_not_allowed", "The path does not know this method", 405, kNever},
      {"request_timeout", "The request did not arrive in time", 408, kSoonMs},
      {"request_line_too_long", "The request line is too long", 414, kNever},
      {"content_encoding_not_supported", "The content encoding is not supported", 415, kNever},
      {"unknown_expectation", "The expectation is not known", 417, kNever},
      {"too_many_headers", "Too many headers", 431, kNever},
      {"header_too_long", "A header is too long", 431, kNever},
      {"headers_too_large", "The headers are too large", 431, kNever},
      {"http_version_not_supported", "The HTTP version is not supported", 505, kNever},
  };
}

}  // namespace

const std::vector<ProblemKind>& KnownProblems() {
  static const std::vector<ProblemKind> problems = [] {
    std::vector<ProblemKind> all = ProblemsOfResources();
    for (const auto& more : {ProblemsOfNodes(), ProblemsOfRequests()}) {
      all.insert(all.end(), more.begin(), more.end());
    }
    return all;
  }();
  return problems;
}

ProblemKind KindOf(const Status& status) {
  const auto& known = KnownProblems();
  const auto found = std::find_if(known.begin(), known.end(), [&](const ProblemKind& kind) {
    return kind.reason == status.reason();
  });
  ProblemKind kind = KindOfCode(status.code());
  if (found == known.end()) return kind;
  const int http_status = found->http_status == kByCode ? kind.http_status : found->http_status;
  kind = *found;
  kind.http_status = http_status;
  return kind;
}

int HttpStatusOf(const Status& status) { return KindOf(status).http_status; }

Response MakeProblem(const Status& status, const std::string& request_id, const ApiContext* context,
                     const nlohmann::json& members) {
  CHECK(!status.ok());
  const ProblemKind kind = KindOf(status);
  nlohmann::json body = members.is_object() ? members : nlohmann::json::object();
  body["type"] = "/v1/problems/" + status.reason();
  body["title"] = kind.title;
  body["status"] = kind.http_status;
  body["detail"] = status.message();
  body["code"] = status.reason();
  body["request_id"] = request_id;
  body["outcome"] = OutcomeName(status.outcome());
  body["retryable"] = kind.retryable();
  body["retry_after_ms"] = nullptr;
  if (kind.retryable()) body["retry_after_ms"] = kind.retry_after_ms;
  body["leader"] = nullptr;
  body["revision"] = nullptr;
  if (context != nullptr) {
    const auto view = context->service->GetStatus();
    if (view->raft.leader) body["leader"] = NodeNameOf(*context, *view, view->raft.leader);
    body["revision"] = view->revision.value();
  }
  Response response;
  response.status = kind.http_status;
  response.headers.emplace_back("Content-Type", "application/problem+json");
  if (kind.retryable() && (kind.http_status == 503 || kind.http_status == 429)) {
    response.headers.emplace_back("Retry-After",
                                  std::to_string((kind.retry_after_ms + 999) / 1000));
  }
  response.body = JsonText(body);
  return response;
}

Response ProblemResponse(const Status& status, const std::string& request_id,
                         const ApiContext* context) {
  return MakeProblem(status, request_id, context, nlohmann::json::object());
}

}  // namespace baton::http
