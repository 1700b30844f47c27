// /v1/locks and /v1/elections over a real listener.

#include <gtest/gtest.h>

#include <future>
#include <nlohmann/json.hpp>

#include "pkg/http/testing/api_server.h"
#include "pkg/http/testing/eventually.h"
#include "pkg/http/testing/raw_client.h"

namespace baton::http {
namespace {

using nlohmann::json;

constexpr char kAcquireL[] = "/v1/locks/l/acquire";

class QueueHandlersTest : public testing::Test {
 protected:
  static std::string Body(const std::string& session, const json& more = json::object()) {
    json body = more;
    body["session"] = session;
    return body.dump();
  }
  json Acquire(const std::string& session, const std::string& name = "l") {
    return api_.SendJson(200, "POST", "/v1/locks/" + name + "/acquire", Body(session));
  }
  // A call that waits, on a thread of its own.
  std::future<ClientResponse> Call(const std::string& target, const std::string& body) {
    return std::async(std::launch::async, [=, this] { return api_.Send("POST", target, body); });
  }
  bool WaitersAre(size_t count) {
    return Eventually([&] { return api_.service().waits() == count; });
  }

  ApiServer api_;
  const std::string a_ = api_.CreateSession("1h");
  const std::string b_ = api_.CreateSession("1h");
};

TEST_F(QueueHandlersTest, AcquireVerifyRelease) {
  const json acquired =
      api_.SendJson(200, "POST", "/v1/locks/l/acquire", Body(a_, {{"value", "pod-a"}}));
  EXPECT_EQ(acquired["token"], 1);
  EXPECT_EQ(acquired["session"], a_);
  EXPECT_EQ(acquired["name"], "l");
  EXPECT_EQ(acquired["mode"], "exclusive");
  EXPECT_EQ(acquired["remaining_ms"], 3'600'000);
  EXPECT_EQ(acquired["holder"]["session"], a_);
  EXPECT_EQ(acquired["holder"]["value"], "pod-a");
  EXPECT_EQ(acquired["holder"]["token"], 1);

  const json valid = api_.SendJson(200, "POST", "/v1/locks/l/verify", R"({"token":1})");
  EXPECT_EQ(valid["valid"], true);
  EXPECT_EQ(valid["token"], 1);
  EXPECT_EQ(valid["holder"]["session"], a_);
  const json stale =
      api_.ExpectProblem(409, "stale_token", "POST", "/v1/locks/l/verify", R"({"token":2})");
  EXPECT_EQ(stale["holder"]["token"], 1);

  const json released = api_.SendJson(200, "POST", "/v1/locks/l/release", Body(a_, {{"token", 1}}));
  EXPECT_GT(released["revision"], 0);
  api_.ExpectProblem(409, "stale_token", "POST", "/v1/locks/l/release", Body(a_, {{"token", 1}}));
  api_.ExpectProblem(409, "stale_token", "POST", "/v1/locks/l/verify", R"({"token":1})");
  EXPECT_EQ(Acquire(b_)["token"], 2);
}

// As by a node that is calm: the release answers, besides itself, who waits on another connection.
TEST_F(QueueHandlersTest, AnswersMayComeInsideTheCall) {
  api_.service().AnswerInsideTheCall();
  EXPECT_EQ(Acquire(a_)["token"], 1);
  std::future<ClientResponse> waiting = Call(kAcquireL, Body(b_, {{"wait", "1m"}}));
  ASSERT_TRUE(WaitersAre(1));
  api_.SendJson(200, "POST", "/v1/locks/l/release", Body(a_, {{"token", 1}}));
  const ClientResponse granted = waiting.get();
  EXPECT_EQ(granted.status, 200) << granted.body;
  EXPECT_EQ(json::parse(granted.body)["token"], 2);
  api_.SendJson(200, "POST", "/v1/locks/l/release", Body(b_, {{"token", 2}}));
}

TEST_F(QueueHandlersTest, TheHolderGetsItsTokenAgain) {
  EXPECT_EQ(Acquire(a_)["token"], 1);
  EXPECT_EQ(Acquire(a_)["token"], 1);
}

TEST_F(QueueHandlersTest, TryIsToldWhoHasIt) {
  api_.SendJson(200, "POST", "/v1/locks/l/acquire", Body(a_, {{"value", "pod-a"}}));
  const json held = api_.ExpectProblem(409, "lock_held", "POST", "/v1/locks/l/acquire", Body(b_));
  EXPECT_EQ(held["holder"]["session"], a_);
  EXPECT_EQ(held["holder"]["value"], "pod-a");
  EXPECT_EQ(held["retryable"], true);
  EXPECT_EQ(held["retry_after_ms"], 250);
  EXPECT_EQ(held["outcome"], "not_applied");
}

TEST_F(QueueHandlersTest, WaitsForItsTurn) {
  Acquire(a_);
  auto waiting = Call("/v1/locks/l/acquire", Body(b_, {{"wait", "10s"}, {"value", "pod-b"}}));
  ASSERT_TRUE(WaitersAre(1));
  const json lock = api_.SendJson(200, "GET", "/v1/locks/l");
  EXPECT_EQ(lock["waiters_total"], 1);
  EXPECT_EQ(lock["token"], 1);
  EXPECT_EQ(lock["holder"]["session"], a_);
  EXPECT_EQ(lock["waiters"][0]["position"], 1);
  EXPECT_EQ(lock["waiters"][0]["session"], b_);
  EXPECT_EQ(lock["waiters"][0]["value"], "pod-b");
  EXPECT_EQ(lock["waiters"][0]["remaining_ms"], 10'000);
  EXPECT_GT(lock["waiters"][0]["ticket"], 0);
  api_.SendJson(200, "POST", "/v1/locks/l/release", Body(a_, {{"token", 1}}));
  const ClientResponse granted = waiting.get();
  EXPECT_EQ(granted.status, 200) << granted.body;
  EXPECT_EQ(json::parse(granted.body)["token"], 2);
}

TEST_F(QueueHandlersTest, TheWaitEnds) {
  Acquire(a_);
  auto waiting = Call("/v1/locks/l/acquire", Body(b_, {{"wait", 5'000}}));
  ASSERT_TRUE(WaitersAre(1));
  api_.service().AdvanceMs(5'001);
  const ClientResponse ended = waiting.get();
  ExpectProblemBody(ended, 409, "wait_timed_out");
  EXPECT_EQ(json::parse(ended.body)["holder"]["session"], a_);
  EXPECT_EQ(api_.SendJson(200, "GET", "/v1/locks/l")["waiters_total"], 0);
}

TEST_F(QueueHandlersTest, QueuedWaitersGetATicket) {
  Acquire(a_);
  const json at_once =
      api_.SendJson(202, "POST", "/v1/locks/l/acquire", Body(b_, {{"queue", true}}));
  EXPECT_GT(at_once["ticket"], 0);
  EXPECT_EQ(at_once["position"], 1);
  EXPECT_EQ(at_once["holder"]["session"], a_);
  EXPECT_FALSE(at_once.contains("token"));
  auto patient = Call("/v1/locks/l/acquire", Body(b_, {{"queue", true}, {"wait", "3s"}}));
  ASSERT_TRUE(WaitersAre(1));
  api_.service().AdvanceMs(3'001);
  const ClientResponse still = patient.get();
  EXPECT_EQ(still.status, 202);
  EXPECT_EQ(json::parse(still.body)["ticket"], at_once["ticket"]);
  const json lock = api_.SendJson(200, "GET", "/v1/locks/l");
  EXPECT_EQ(lock["waiters"][0]["remaining_ms"], nullptr) << "it waits without limit";

  const std::string cancel = json{{"ticket", at_once["ticket"]}}.dump();
  EXPECT_EQ(api_.Send("POST", "/v1/locks/l/wait-cancel", cancel).status, 200);
  api_.ExpectProblem(404, "ticket_not_found", "POST", "/v1/locks/l/wait-cancel", cancel);
}

TEST_F(QueueHandlersTest, ATryInLineIsToldItsPlace) {
  Acquire(a_);
  const json queued =
      api_.SendJson(202, "POST", "/v1/locks/l/acquire", Body(b_, {{"queue", true}}));
  const json tried = api_.SendJson(202, "POST", "/v1/locks/l/acquire", Body(b_));
  EXPECT_EQ(tried["ticket"], queued["ticket"]);
  EXPECT_EQ(tried["position"], 1);
}

// A client that leaves gives up its place, unless it asked to keep it.
TEST_F(QueueHandlersTest, ClientsThatLeaveAreTakenOutOfTheLine) {
  Acquire(a_);
  for (const bool queue : {false, true}) {
    const std::string body = Body(b_, {{"wait", "1h"}, {"queue", queue}});
    {
      RawClient client(api_.port());
      ASSERT_TRUE(client.Send("POST /v1/locks/l/acquire HTTP/1.1\r\nHost: a\r\nContent-Length: " +
                              std::to_string(body.size()) + "\r\n\r\n" + body));
      ASSERT_TRUE(WaitersAre(1));
    }
    ASSERT_TRUE(WaitersAre(0));
    EXPECT_EQ(api_.SendJson(200, "GET", "/v1/locks/l")["waiters_total"], queue ? 1 : 0);
  }
  EXPECT_EQ(api_.service().acquires_cancelled(), 2u);
}

TEST_F(QueueHandlersTest, TheEndOfTheSessionEndsTheWait) {
  Acquire(a_);
  const std::string brief = api_.CreateSession("1s");
  auto waiting = Call("/v1/locks/l/acquire", Body(brief, {{"wait", "1h"}}));
  ASSERT_TRUE(WaitersAre(1));
  api_.service().AdvanceMs(1'001);
  ExpectProblemBody(waiting.get(), 404, "session_not_found");
}

TEST_F(QueueHandlersTest, TheEndOfTheHoldersSessionHandsOn) {
  const std::string brief = api_.CreateSession("1s");
  Acquire(brief);
  auto waiting = Call("/v1/locks/l/acquire", Body(a_, {{"wait", "1h"}}));
  ASSERT_TRUE(WaitersAre(1));
  api_.service().AdvanceMs(1'001);
  EXPECT_EQ(json::parse(waiting.get().body)["token"], 2);
}

TEST_F(QueueHandlersTest, ALockThatNobodyUsed) {
  const json lock = api_.SendJson(200, "GET", "/v1/locks/never");
  EXPECT_EQ(lock, (json{{"name", "never"},
                        {"holder", nullptr},
                        {"token", nullptr},
                        {"waiters", json::array()},
                        {"waiters_total", 0},
                        {"revision", lock["revision"]}}));
}

TEST_F(QueueHandlersTest, NamesOfAnyBytes) {
  const std::string target = "/v1/locks/a%2Fb%ff%20";
  const json acquired = api_.SendJson(200, "POST", target + "/acquire", Body(a_));
  EXPECT_EQ(acquired["name_b64"], "YS9i/yA=");
  EXPECT_EQ(api_.SendJson(200, "GET", target)["token"], 1);
  EXPECT_EQ(api_.SendJson(200, "GET", "/v1/locks/a")["token"], nullptr);
  const std::string longest(256, 'n');
  EXPECT_EQ(Acquire(a_, longest)["name"], longest);
  api_.ExpectProblem(413, "too_large", "POST", "/v1/locks/" + longest + "n/acquire", Body(a_));
}

TEST_F(QueueHandlersTest, BadBodies) {
  const std::tuple<int, const char*, const char*, json> bad[] = {
      {422, "missing_field", "acquire", json::object()},
      {422, "malformed_session_id", "acquire", {{"session", "abc"}}},
      {422, "wrong_type", "acquire", {{"session", 7}}},
      {404, "session_not_found", "acquire", {{"session", "00000000000000ff"}}},
      {422, "out_of_range", "acquire", {{"session", a_}, {"wait", "25h"}}},
      {422, "malformed_duration", "acquire", {{"session", a_}, {"wait", "soon"}}},
      {422, "wrong_type", "acquire", {{"session", a_}, {"queue", "yes"}}},
      {422, "unknown_field", "acquire", {{"session", a_}, {"waitt", "1s"}}},
      {501, "unimplemented", "acquire", {{"session", a_}, {"mode", "shared"}}},
      {422, "out_of_range", "acquire", {{"session", a_}, {"mode", "both"}}},
      {413, "too_large", "acquire", {{"session", a_}, {"value", std::string(4097, 'v')}}},
      {422, "missing_field", "release", {{"session", a_}}},
      {422, "wrong_type", "release", {{"session", a_}, {"token", "1"}}},
      {422, "out_of_range", "release", {{"session", a_}, {"token", 0}}},
      {422, "out_of_range", "verify", {{"token", -1}}},
      {422, "missing_field", "verify", json::object()},
      {422, "missing_field", "wait-cancel", json::object()},
      {404, "ticket_not_found", "wait-cancel", {{"ticket", 99}}},
  };
  for (const auto& [status, code, verb, body] : bad) {
    api_.ExpectProblem(status, code, "POST", "/v1/locks/l/" + std::string(verb), body.dump());
  }
  EXPECT_EQ(api_.SendJson(200, "GET", "/v1/locks/l")["holder"], nullptr);
}

TEST_F(QueueHandlersTest, RetriesOfAnAcquire) {
  const Headers key = {{"Idempotency-Key", "acquire-1"}};
  const ClientResponse first = api_.Send("POST", "/v1/locks/l/acquire", Body(a_), key);
  const ClientResponse again = api_.Send("POST", "/v1/locks/l/acquire", Body(a_), key);
  EXPECT_EQ(HeaderOf(first, "idempotency-replayed"), "(none)");
  EXPECT_EQ(HeaderOf(again, "idempotency-replayed"), "true");
  EXPECT_EQ(json::parse(again.body)["token"], 1);
}

// Refusals of every call: the same one again, marked, and with the same holder.
TEST_F(QueueHandlersTest, RetriesOfWhatWasRefused) {
  Acquire(a_, "l");
  api_.SendJson(200, "POST", "/v1/elections/e/campaign", Body(a_));
  const std::string gone = "00000000000000ff";
  const std::tuple<int, const char*, const char*, std::string> refused[] = {
      {409, "lock_held", "/v1/locks/l/acquire", Body(b_)},
      {404, "session_not_found", "/v1/locks/l/acquire", Body(gone)},
      {409, "leadership_held", "/v1/elections/e/campaign", Body(b_)},
      {409, "stale_token", "/v1/locks/l/release", Body(b_, {{"token", 1}})},
      {409, "stale_token", "/v1/elections/e/resign", Body(b_, {{"token", 1}})},
      {409, "stale_token", "/v1/elections/e/proclaim", Body(b_, {{"token", 1}, {"value", ""}})},
      {404, "ticket_not_found", "/v1/locks/l/wait-cancel", R"({"ticket":9})"},
      {404, "ticket_not_found", "/v1/elections/e/wait-cancel", R"({"ticket":9})"},
  };
  for (const auto& [status, code, target, body] : refused) {
    SCOPED_TRACE(target);
    const Headers key = {{"Idempotency-Key", std::string(code) + target}};
    const ClientResponse first = api_.Send("POST", target, body, key);
    ExpectProblemBody(first, status, code);
    EXPECT_EQ(HeaderOf(first, "idempotency-replayed"), "(none)");
    EXPECT_EQ(HeaderOf(first, "x-consistency"), "linearizable");
    const ClientResponse again = api_.Send("POST", target, body, key);
    ExpectProblemBody(again, status, code);
    EXPECT_EQ(HeaderOf(again, "idempotency-replayed"), "true");
    EXPECT_EQ(HeaderOf(again, "x-consistency"), "linearizable");
    EXPECT_EQ(json::parse(again.body).contains("holder"), std::string(code).ends_with("_held"));
  }
  // The lock is free by now; the refusal still names who had it.
  api_.SendJson(200, "POST", "/v1/locks/l/release", Body(a_, {{"token", 1}}));
  const Headers key = {{"Idempotency-Key", "lock_held/v1/locks/l/acquire"}};
  const json late =
      api_.ExpectProblem(409, "lock_held", "POST", "/v1/locks/l/acquire", Body(b_), key);
  EXPECT_EQ(late["holder"]["session"], a_);
  EXPECT_EQ(late["holder"]["token"], 1);
  EXPECT_GT(late["holder"]["remaining_ms"], 0);
  api_.Send("DELETE", "/v1/sessions/" + a_);
  EXPECT_EQ(api_.ExpectProblem(409, "lock_held", "POST", "/v1/locks/l/acquire", Body(b_),
                               key)["holder"]["remaining_ms"],
            nullptr)
      << "its session has ended";
}

TEST_F(QueueHandlersTest, ARetryOfAWaitThatIsOverWaitsAnew) {
  Acquire(a_);
  const Headers key = {{"Idempotency-Key", "wait-1"}};
  const std::string body = Body(b_, {{"wait", 5'000}});
  for (int i = 0; i < 2; ++i) {
    auto waiting =
        std::async(std::launch::async, [&] { return api_.Send("POST", kAcquireL, body, key); });
    ASSERT_TRUE(WaitersAre(1));
    api_.service().AdvanceMs(5'001);
    const ClientResponse refused = waiting.get();
    ExpectProblemBody(refused, 409, "wait_timed_out");
    EXPECT_EQ(HeaderOf(refused, "idempotency-replayed"), "(none)");
    EXPECT_EQ(json::parse(refused.body)["holder"]["session"], a_);
  }
}

// A session that owns all it may is told who is before it.
TEST_F(QueueHandlersTest, ALimitNamesTheHolder) {
  Acquire(a_);
  for (int i = 0; i < 10'000; ++i) {
    coord::Command command;
    coord::KvPut put;
    put.key = "k" + std::to_string(i);
    put.session = SessionId(std::stoull(b_, nullptr, 16));
    command.body = std::move(put);
    api_.service().Submit(std::move(command), 1'000, [](const Result<coord::Reply>&) {});
  }
  const json full =
      api_.ExpectProblem(429, "too_many_owned", "POST", kAcquireL, Body(b_, {{"wait", "1s"}}));
  EXPECT_EQ(full["holder"]["session"], a_);
  EXPECT_EQ(api_.ExpectProblem(429, "too_many_owned", "POST", "/v1/locks/free/acquire",
                               Body(b_))["holder"],
            nullptr)
      << "nobody has it";
}

TEST_F(QueueHandlersTest, Elections) {
  const json elected =
      api_.SendJson(200, "POST", "/v1/elections/e/campaign", Body(a_, {{"value", "pod-a:8080"}}));
  EXPECT_EQ(elected["token"], 1);
  EXPECT_EQ(elected["leader"]["value"], "pod-a:8080");
  EXPECT_EQ(elected["leader"]["session"], a_);
  const json held =
      api_.ExpectProblem(409, "leadership_held", "POST", "/v1/elections/e/campaign", Body(b_));
  EXPECT_EQ(held["holder"]["value"], "pod-a:8080");
  EXPECT_EQ(held["leader"], "pod-1") << "of the cluster";

  api_.SendJson(202, "POST", "/v1/elections/e/campaign",
                Body(b_, {{"queue", true}, {"value", "pod-b"}}));
  json election = api_.SendJson(200, "GET", "/v1/elections/e");
  EXPECT_EQ(election["leader"]["token"], 1);
  EXPECT_EQ(election["token"], 1);
  EXPECT_EQ(election["candidates_total"], 1);
  EXPECT_EQ(election["candidates"][0]["value"], "pod-b");
  EXPECT_EQ(election["candidates"][0]["position"], 1);

  api_.SendJson(200, "POST", "/v1/elections/e/proclaim",
                Body(a_, {{"token", 1}, {"value", "pod-a:9090"}}));
  EXPECT_EQ(api_.SendJson(200, "GET", "/v1/elections/e")["leader"]["value"], "pod-a:9090");
  api_.ExpectProblem(409, "stale_token", "POST", "/v1/elections/e/proclaim",
                     Body(b_, {{"token", 1}, {"value", "x"}}));
  EXPECT_EQ(api_.SendJson(200, "POST", "/v1/elections/e/verify", R"({"token":1})")["valid"], true);

  api_.SendJson(200, "POST", "/v1/elections/e/resign", Body(a_, {{"token", 1}}));
  election = api_.SendJson(200, "GET", "/v1/elections/e");
  EXPECT_EQ(election["leader"]["session"], b_);
  EXPECT_EQ(election["token"], 2);
  EXPECT_EQ(election["candidates_total"], 0);
  EXPECT_EQ(api_.SendJson(200, "GET", "/v1/locks/e")["holder"], nullptr) << "another name space";
}

}  // namespace
}  // namespace baton::http
