#include "test/chaos/operation_http.h"

#include <gtest/gtest.h>

namespace baton::chaos {
namespace {

using history::Kind;
using history::Operation;
using history::Outcome;
using history::Space;

Operation Of(Kind kind, const std::string& key = "a") {
  Operation operation;
  operation.kind = kind;
  operation.key = key;
  operation.space = kind == Kind::kProclaim ? Space::kElection : Space::kLock;
  operation.session = 255;
  operation.token = 7;
  operation.value = "v";
  return operation;
}

http::ClientRequest Request(const Operation& operation) {
  return RequestOf(operation, {.idempotency_key = "k", .timeout_ms = 900, .wait_ms = 50});
}

Operation Answered(Operation operation, int status, const std::string& body,
                   const std::string& revision = "9") {
  http::ClientResponse response;
  response.status = status;
  response.body = body;
  response.headers.emplace("x-revision", revision);
  TakeAnswer(response, &operation);
  return operation;
}

TEST(OperationHttpTest, ChangesOfKeys) {
  Operation put = Of(Kind::kPut, "a/b");
  put.guard_lock = "l";
  put.expected_revision = 3;
  const http::ClientRequest request = Request(put);
  EXPECT_EQ(request.method, "PUT");
  EXPECT_EQ(request.target, "/v1/kv/a%2Fb?session=00000000000000ff&lock=l&token=7&return=current");
  EXPECT_EQ(request.headers.at("If-Match"), "\"3\"");
  EXPECT_EQ(request.headers.at("Idempotency-Key"), "k");
  EXPECT_EQ(request.headers.at("Request-Timeout"), "900ms");
  EXPECT_EQ(request.body, "v");
  put.expected_revision = 0;
  EXPECT_EQ(Request(put).headers.at("If-None-Match"), "*");
}

TEST(OperationHttpTest, ReadsHaveNoKey) {
  for (const Kind kind : {Kind::kGet, Kind::kGetStale, Kind::kVerify, Kind::kHolder}) {
    EXPECT_FALSE(Request(Of(kind)).headers.contains("Idempotency-Key"));
  }
  EXPECT_EQ(Request(Of(Kind::kGetStale)).target, "/v1/kv/a?consistency=stale");
}

TEST(OperationHttpTest, LinesOfLocksAndElections) {
  EXPECT_EQ(Request(Of(Kind::kAcquire)).target, "/v1/locks/a/acquire");
  EXPECT_EQ(Request(Of(Kind::kAcquire)).body,
            R"({"session":"00000000000000ff","value":"v","wait":50})");
  EXPECT_EQ(Request(Of(Kind::kRelease)).body, R"({"session":"00000000000000ff","token":7})");
  EXPECT_EQ(Request(Of(Kind::kProclaim)).target, "/v1/elections/a/proclaim");
  EXPECT_EQ(Request(Of(Kind::kHolder)).target, "/v1/locks/a");
  Operation compact = Of(Kind::kCompact, "");
  compact.compact_to = 12;
  EXPECT_EQ(Request(compact).target, "/v1/admin/compact");
  EXPECT_EQ(Request(compact).body, R"({"revision":12})");
}

TEST(OperationHttpTest, AnswersThatSayWhatWasFound) {
  const Operation read =
      Answered(Of(Kind::kGet), 200, R"({"key":"a","value":"x","mod_revision":5,"session":"0a"})");
  EXPECT_EQ(read.outcome, Outcome::kOk);
  EXPECT_TRUE(read.found);
  EXPECT_EQ(read.found_value, "x");
  EXPECT_EQ(read.found_mod_revision, 5u);
  EXPECT_EQ(read.found_session, 10u);
  EXPECT_EQ(read.revision, 9u);
  const Operation absent =
      Answered(Of(Kind::kGet), 404, R"({"code":"key_not_found","outcome":"not_applied"})");
  EXPECT_EQ(absent.outcome, Outcome::kOk);
  EXPECT_FALSE(absent.found);
  EXPECT_EQ(absent.revision, 9u);
  const Operation granted = Answered(Of(Kind::kAcquire), 200, R"({"token":12})");
  EXPECT_EQ(granted.granted_token, 12u);
  const Operation held =
      Answered(Of(Kind::kHolder), 200, R"({"holder":{"session":"0b","token":3,"value":"x"}})");
  EXPECT_TRUE(held.found);
  EXPECT_EQ(held.found_value, "x");
  EXPECT_EQ(held.holder_session, 11u);
  EXPECT_FALSE(Answered(Of(Kind::kHolder), 200, R"({"holder":null})").found);
  EXPECT_EQ(Answered(Of(Kind::kSessionCreate), 201, R"({"id":"ff00000000000000"})").session,
            0xff00000000000000u);
}

TEST(OperationHttpTest, ARefusalIsADecision) {
  const Operation refused = Answered(Of(Kind::kPut), 412,
                                     R"({"code":"precondition_failed","outcome":"not_applied",)"
                                     R"("current":{"key":"a","value":"x","mod_revision":5}})");
  EXPECT_EQ(refused.outcome, Outcome::kRefused);
  EXPECT_EQ(refused.error, "precondition_failed");
  EXPECT_EQ(refused.found_value, "x");
  EXPECT_EQ(refused.revision, 0u) << "an error speaks of the node that wrote it";
  const Operation held =
      Answered(Of(Kind::kAcquire), 409,
               R"({"code":"lock_held","outcome":"not_applied","holder":{"token":3}})");
  EXPECT_EQ(held.outcome, Outcome::kRefused);
  EXPECT_EQ(held.granted_token, 0u) << "that token is somebody else's";
}

TEST(OperationHttpTest, WhatIsLeftOpen) {
  const auto outcome = [](int status, const std::string& word) {
    return Answered(Of(Kind::kPut), status, R"({"code":"no_leader","outcome":")" + word + "\"}")
        .outcome;
  };
  EXPECT_EQ(outcome(503, "not_applied"), Outcome::kNotApplied);
  EXPECT_EQ(outcome(504, "unknown"), Outcome::kUnknown);
  EXPECT_EQ(
      Answered(Of(Kind::kAcquire), 409, R"({"code":"grant_ended","outcome":"applied"})").outcome,
      Outcome::kUnknown);
  EXPECT_EQ(Answered(Of(Kind::kPut), 502, "not JSON").outcome, Outcome::kUnknown);
  Operation broken = Of(Kind::kPut);
  TakeAnswer(
      Status(Code::kUnavailable, "connection_broken", "").SetOutcome(baton::Outcome::kUnknown),
      &broken);
  EXPECT_EQ(broken.outcome, Outcome::kUnknown);
  TakeAnswer(Status(Code::kUnavailable, "cannot_connect", ""), &broken);
  EXPECT_EQ(broken.outcome, Outcome::kNotApplied);
}

TEST(OperationHttpTest, SessionsAsText) {
  for (const uint64_t session : {uint64_t{1}, uint64_t{255}, UINT64_MAX}) {
    EXPECT_EQ(SessionNumber(SessionText(session)), session);
  }
  EXPECT_EQ(SessionText(255), "00000000000000ff");
  EXPECT_EQ(SessionNumber(""), 0u);
}

}  // namespace
}  // namespace baton::chaos
