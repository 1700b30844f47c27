// The one table from a Status to HTTP, entry by entry.

#include "pkg/http/problem.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "pkg/http/testing/api_server.h"
#include "pkg/http/testing/fake_service.h"

namespace baton::http {
namespace {

using nlohmann::json;

TEST(HttpStatusTest, EveryCode) {
  const std::pair<Code, int> table[] = {{Code::kInvalidArgument, 400},
                                        {Code::kUnprocessable, 422},
                                        {Code::kUnauthenticated, 401},
                                        {Code::kPermissionDenied, 403},
                                        {Code::kNotFound, 404},
                                        {Code::kConflict, 409},
                                        {Code::kGone, 410},
                                        {Code::kPreconditionFailed, 412},
                                        {Code::kTooLarge, 413},
                                        {Code::kPreconditionRequired, 428},
                                        {Code::kResourceExhausted, 429},
                                        {Code::kUnavailable, 503},
                                        {Code::kDeadlineExceeded, 504},
                                        {Code::kStorageFull, 507},
                                        {Code::kCorruption, 500},
                                        {Code::kIo, 500},
                                        {Code::kUnimplemented, 501},
                                        {Code::kInternal, 500}};
  std::set<Code> seen;
  for (const auto& [code, http_status] : table) {
    EXPECT_EQ(HttpStatusOf(Status(code, "why")), http_status) << CodeName(code);
    EXPECT_EQ(HttpStatusOf(Status(code, "a_word_without_a_line", "why")), http_status);
    seen.insert(code);
  }
  EXPECT_EQ(seen.size(), static_cast<size_t>(Code::kInternal)) << "a code is missing here";
  EXPECT_EQ(HttpStatusOf(Status()), 200);
}

TEST(HttpStatusTest, ReasonsWithAStatusOfTheirOwn) {
  const std::tuple<Code, const char*, int> table[] = {
      {Code::kUnimplemented, "method_not_allowed", 405},
      {Code::kInvalidArgument, "not_acceptable", 406},
      {Code::kDeadlineExceeded, "request_timeout", 408},
      {Code::kTooLarge, "request_line_too_long", 414},
      {Code::kInvalidArgument, "unsupported_media_type", 415},
      {Code::kUnprocessable, "content_encoding_not_supported", 415},
      {Code::kUnprocessable, "unknown_expectation", 417},
      {Code::kTooLarge, "too_many_headers", 431},
      {Code::kTooLarge, "header_too_long", 431},
      {Code::kTooLarge, "headers_too_large", 431},
      {Code::kResourceExhausted, "too_many_watches", 503},
      {Code::kUnimplemented, "http_version_not_supported", 505},
      // The same mistake in a path or query, and in a body.
      {Code::kInvalidArgument, "malformed_session_id", 400},
      {Code::kUnprocessable, "malformed_session_id", 422},
      {Code::kInvalidArgument, "malformed_duration", 400},
      {Code::kUnprocessable, "malformed_duration", 422},
  };
  for (const auto& [code, reason, http_status] : table) {
    EXPECT_EQ(HttpStatusOf(Status(code, reason, "why")), http_status) << reason;
  }
}

TEST(KnownProblemsTest, WordsAndNumbersMakeSense) {
  std::set<std::string_view> reasons;
  for (const ProblemKind& kind : KnownProblems()) {
    EXPECT_TRUE(reasons.insert(kind.reason).second) << kind.reason << " stands twice";
    EXPECT_EQ(kind.reason.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"),
              std::string::npos);
    EXPECT_FALSE(kind.title.empty()) << kind.reason;
    EXPECT_TRUE(kind.http_status == 0 || (kind.http_status >= 400 && kind.http_status < 600))
        << kind.reason;
    const bool temporary = kind.http_status == 503 || kind.http_status == 429;
    EXPECT_TRUE(!temporary || kind.retryable()) << kind.reason << " must say when to come back";
    const bool for_good =
        kind.http_status == 400 || kind.http_status == 404 || kind.http_status == 422;
    EXPECT_TRUE(!for_good || !kind.retryable()) << kind.reason;
  }
}

TEST(ProblemTest, EveryMember) {
  FakeService service;
  ApiContext context;
  context.service = &service;
  context.node_names = {{NodeId(1), "pod-1"}};
  const Status status =
      Status(Code::kConflict, "lock_held", "It is held.").SetOutcome(Outcome::kUnknown);
  const Response response = MakeProblem(status, "r-1", &context, {{"holder", 7}});
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(json::parse(response.body), (json{{"type", "/v1/problems/lock_held"},
                                              {"title", "The lock is held"},
                                              {"status", 409},
                                              {"detail", "It is held."},
                                              {"code", "lock_held"},
                                              {"request_id", "r-1"},
                                              {"outcome", "unknown"},
                                              {"retryable", true},
                                              {"retry_after_ms", 250},
                                              {"leader", "pod-1"},
                                              {"revision", 0},
                                              {"holder", 7}}));
  service.ChangeStatus([](node::StatusView* view) { view->raft.leader = NodeId(); });
  const json leaderless =
      json::parse(ProblemResponse(Status(Code::kNotFound, "Nothing"), "r", &context).body);
  EXPECT_EQ(leaderless["leader"], nullptr);
  EXPECT_EQ(leaderless["retry_after_ms"], nullptr);
  EXPECT_EQ(leaderless["retryable"], false);
  const json without_context =
      json::parse(ProblemResponse(Status(Code::kNotFound, "Nothing"), "r", nullptr).body);
  EXPECT_EQ(without_context["revision"], nullptr);
}

TEST(ProblemTest, RetryAfterIsInWholeSeconds) {
  const auto retry_after = [](const Status& status) -> std::string {
    for (const auto& [name, value] : ProblemResponse(status, "r", nullptr).headers) {
      if (name == "Retry-After") return value;
    }
    return "(none)";
  };
  EXPECT_EQ(retry_after(Status(Code::kUnavailable, "no_leader", "why")), "1");
  EXPECT_EQ(retry_after(Status(Code::kResourceExhausted, "too_many_sessions", "why")), "5");
  EXPECT_EQ(retry_after(Status(Code::kConflict, "lock_held", "why")), "(none)");
  EXPECT_EQ(retry_after(Status(Code::kNotFound, "why")), "(none)");
}

TEST(ProblemTest, SentencesWithBytesThatAreNotText) {
  const Response response =
      ProblemResponse(Status(Code::kInvalidArgument, "\xff\xfe"), "r", nullptr);
  EXPECT_TRUE(json::parse(response.body, nullptr, false).is_object());
}

// What a node may answer, through a handler: the row of each status that no input causes.
TEST(ProblemTest, AnswersOfTheNode) {
  ApiServer api;
  const std::tuple<Code, const char*, int> answers[] = {
      {Code::kUnauthenticated, "unauthenticated", 401},
      {Code::kPermissionDenied, "permission_denied", 403},
      {Code::kResourceExhausted, "too_many_owned", 429},
      {Code::kInternal, "internal", 500},
      {Code::kUnavailable, "no_leader", 503},
      {Code::kUnavailable, "overloaded", 503},
      {Code::kUnavailable, "shutting_down", 503},
      {Code::kUnavailable, "leader_lost", 503},
      {Code::kDeadlineExceeded, "deadline_exceeded", 504},
      {Code::kStorageFull, "storage_full", 507},
  };
  for (const auto& [code, reason, http_status] : answers) {
    api.service().FailNext(Status(code, reason, "why").SetOutcome(Outcome::kUnknown));
    const json put = api.ExpectProblem(http_status, reason, "PUT", "/v1/kv/a", "x");
    EXPECT_EQ(put["outcome"], "unknown");
    api.service().FailNext(Status(code, reason, "why"));
    const json get = api.ExpectProblem(http_status, reason, "GET", "/v1/kv/a");
    EXPECT_EQ(get["outcome"], "not_applied");
  }
}

TEST(ProblemTest, BeforeAnyHandler) {
  ApiServer api;
  api.ExpectProblem(404, "unknown_path", "GET", "/v2/kv/a");
  const ClientResponse method = api.Send("POST", "/v1/kv/a", "x");
  ExpectProblemBody(method, 405, "method_not_allowed");
  EXPECT_EQ(HeaderOf(method, "allow"), "DELETE, GET, HEAD, PUT");
  api.ExpectProblem(400, "malformed_percent_encoding", "GET", "/v1/kv/%zz");
  api.ExpectProblem(413, "body_too_large", "PUT", "/v1/kv/a", std::string(1536 * 1024 + 1, 'x'));
  api.ExpectProblem(431, "header_too_long", "GET", "/v1/kv/a", "",
                    {{"X-Long", std::string(9000, 'x')}});
  api.ExpectProblem(414, "request_line_too_long", "GET", "/v1/kv/" + std::string(9000, 'x'));
}

}  // namespace
}  // namespace baton::http
