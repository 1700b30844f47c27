// /v1/kv over a real listener.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "pkg/http/base64.h"
#include "pkg/http/testing/api_server.h"
#include "pkg/http/testing/raw_client.h"

namespace baton::http {
namespace {

using nlohmann::json;

class KvHandlersTest : public testing::Test {
 protected:
  void Put(const std::string& key, const std::string& value) {
    EXPECT_EQ(api_.Send("PUT", "/v1/kv/" + PercentEncode(key, true), value).status, 200);
  }

  ApiServer api_;
};

TEST_F(KvHandlersTest, PutAndGetRawBytes) {
  const std::string bytes("\0\xff\r\n{", 5);
  const ClientResponse put =
      api_.Send("PUT", "/v1/kv/config/color", bytes, {{"Content-Type", "image/png"}});
  EXPECT_EQ(put.status, 200);
  EXPECT_EQ(HeaderOf(put, "etag"), "\"1\"");
  EXPECT_EQ(HeaderOf(put, "x-mod-revision"), "1");
  EXPECT_EQ(HeaderOf(put, "x-revision"), "1");
  EXPECT_EQ(json::parse(put.body), (json{{"key", "config/color"},
                                         {"create_revision", 1},
                                         {"mod_revision", 1},
                                         {"version", 1},
                                         {"revision", 1}}));
  const ClientResponse get = api_.Send("GET", "/v1/kv/config/color");
  EXPECT_EQ(get.status, 200);
  EXPECT_EQ(get.body, bytes);
  EXPECT_EQ(HeaderOf(get, "content-type"), "application/octet-stream");
  EXPECT_EQ(HeaderOf(get, "etag"), "\"1\"");
  EXPECT_EQ(HeaderOf(get, "x-mod-revision"), "1");
  EXPECT_EQ(HeaderOf(get, "x-create-revision"), "1");
  EXPECT_EQ(HeaderOf(get, "x-version"), "1");
  EXPECT_EQ(HeaderOf(get, "x-consistency"), "linearizable");
  EXPECT_EQ(HeaderOf(get, "x-staleness-ms"), "0");
}

TEST_F(KvHandlersTest, EnvelopeOnRequest) {
  Put("a", "green");
  Put("a", "blue");
  const json get = api_.SendJson(200, "GET", "/v1/kv/a", "", {{"Accept", "application/json"}});
  EXPECT_EQ(get, (json{{"key", "a"},
                       {"value", "blue"},
                       {"create_revision", 1},
                       {"mod_revision", 2},
                       {"version", 2},
                       {"revision", 2}}));
  Put("b", "\xff\xfe");
  const json binary = api_.SendJson(200, "GET", "/v1/kv/b", "", {{"Accept", "application/json"}});
  EXPECT_FALSE(binary.contains("value"));
  EXPECT_EQ(binary.value("value_b64", ""), "//4=");
}

TEST_F(KvHandlersTest, HeadHasTheHeadersOnly) {
  Put("a", "green");
  const ClientResponse head = api_.Send("HEAD", "/v1/kv/a");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(HeaderOf(head, "etag"), "\"1\"");
  EXPECT_EQ(head.body, "");
  EXPECT_EQ(api_.Send("HEAD", "/v1/kv/none").status, 404);
}

TEST_F(KvHandlersTest, EmptyAndLargestValues) {
  Put("empty", "");
  EXPECT_EQ(api_.Send("GET", "/v1/kv/empty").body, "");
  const std::string largest(1 << 20, 'x');
  Put("large", largest);
  EXPECT_EQ(api_.Send("GET", "/v1/kv/large").body, largest);
  const json problem = api_.ExpectProblem(413, "too_large", "PUT", "/v1/kv/large", largest + "x");
  EXPECT_NE(problem.value("detail", "").find("1048576"), std::string::npos);
}

TEST_F(KvHandlersTest, KeysOfAnyBytes) {
  const std::string key("a/\xff\0 z", 7);
  const std::string target = "/v1/kv?key_b64=" + Base64UrlEncode(key);
  EXPECT_EQ(api_.Send("PUT", target, "v").status, 200);
  EXPECT_EQ(api_.Send("GET", target).body, "v");
  const json get = api_.SendJson(200, "GET", target, "", {{"Accept", "application/json"}});
  EXPECT_EQ(get.value("key_b64", ""), Base64Encode(key));
  EXPECT_EQ(api_.Send("DELETE", target).status, 204);
  EXPECT_EQ(api_.Send("GET", target).status, 404);
  Put("with space/\xc3\xa4/%2F", "v");
  EXPECT_EQ(api_.Send("GET", "/v1/kv/with%20space/%c3%a4/%252F").body, "v");

  api_.ExpectProblem(400, "malformed_parameter", "PUT", "/v1/kv", "v");
  api_.ExpectProblem(400, "malformed_parameter", "DELETE", "/v1/kv");
  api_.ExpectProblem(400, "malformed_base64", "GET", "/v1/kv?key_b64=***");
  api_.ExpectProblem(400, "invalid_argument", "PUT", "/v1/kv?key_b64=", "v");
}

TEST_F(KvHandlersTest, KeyBytesAreBounded) {
  Put(std::string(1024, 'k'), "v");
  const json problem =
      api_.ExpectProblem(413, "too_large", "PUT", "/v1/kv/" + std::string(1025, 'k'), "v");
  EXPECT_NE(problem.value("detail", "").find("key has 1025 bytes; the limit is 1024"),
            std::string::npos);
  EXPECT_EQ(problem["outcome"], "not_applied");
}

TEST_F(KvHandlersTest, NoSuchKey) {
  const json problem = api_.ExpectProblem(404, "key_not_found", "GET", "/v1/kv/none");
  EXPECT_EQ(problem["retryable"], false);
  EXPECT_EQ(problem["retry_after_ms"], nullptr);
  EXPECT_EQ(problem["leader"], "pod-1");
  EXPECT_EQ(problem["revision"], 0);
  api_.ExpectProblem(404, "key_not_found", "DELETE", "/v1/kv/none");
}

TEST_F(KvHandlersTest, DeleteIsDoneOnce) {
  Put("a", "green");
  const ClientResponse gone = api_.Send("DELETE", "/v1/kv/a");
  EXPECT_EQ(gone.status, 204);
  EXPECT_EQ(HeaderOf(gone, "x-revision"), "2");
  EXPECT_EQ(gone.body, "");
  api_.ExpectProblem(404, "key_not_found", "DELETE", "/v1/kv/a");
}

TEST_F(KvHandlersTest, CompareAndSet) {
  EXPECT_EQ(api_.Send("PUT", "/v1/kv/a", "1", {{"If-None-Match", "*"}}).status, 200);
  const json exists = api_.ExpectProblem(412, "precondition_failed", "PUT", "/v1/kv/a", "2",
                                         {{"If-None-Match", "*"}});
  EXPECT_EQ(exists["current"]["mod_revision"], 1);
  EXPECT_FALSE(exists["current"].contains("value"));
  EXPECT_EQ(api_.Send("PUT", "/v1/kv/a", "2", {{"If-Match", "\"1\""}}).status, 200);
  const json moved = api_.ExpectProblem(412, "precondition_failed", "PUT",
                                        "/v1/kv/a?return=current", "3", {{"If-Match", "\"1\""}});
  EXPECT_EQ(moved["current"]["mod_revision"], 2);
  EXPECT_EQ(moved["current"]["value"], "2");
  EXPECT_EQ(moved["outcome"], "not_applied");
  api_.ExpectProblem(412, "precondition_failed", "DELETE", "/v1/kv/a", "", {{"If-Match", "1"}});
  const json absent = api_.ExpectProblem(412, "precondition_failed", "PUT", "/v1/kv/none", "x",
                                         {{"If-Match", "\"7\""}});
  EXPECT_EQ(absent["current"], nullptr);
  EXPECT_EQ(api_.Send("DELETE", "/v1/kv/a", "", {{"If-Match", "2"}}).status, 204);
}

TEST_F(KvHandlersTest, MalformedPreconditions) {
  for (const char* tag : {"", "\"\"", "\"abc\"", "\"1", "W/\"1\"", "\"1\", \"2\"", "\"0\"", "-1",
                          "\"99999999999999999999\""}) {
    api_.ExpectProblem(400, "malformed_precondition", "PUT", "/v1/kv/a", "x", {{"If-Match", tag}});
  }
  api_.ExpectProblem(400, "malformed_precondition", "PUT", "/v1/kv/a", "x",
                     {{"If-None-Match", "\"1\""}});
  api_.ExpectProblem(400, "malformed_precondition", "PUT", "/v1/kv/a", "x",
                     {{"If-None-Match", "*"}, {"If-Match", "\"1\""}});
  api_.ExpectProblem(501, "unimplemented", "PUT", "/v1/kv/a", "x", {{"If-Match", "*"}});
  EXPECT_EQ(api_.Send("GET", "/v1/kv/a").status, 404) << "nothing may have been written";
}

// Over a raw connection: the library's client waits for the body that a 304 does not have.
TEST_F(KvHandlersTest, ConditionalGet) {
  Put("a", "green");
  RawClient client(api_.port());
  for (const char* tag : {"\"1\"", "W/\"1\"", "*", "\"7\", \"1\""}) {
    ASSERT_TRUE(client.Send(
        "GET /v1/kv/a HTTP/1.1\r\nHost: a\r\nIf-None-Match: " + std::string(tag) + "\r\n\r\n"));
    const auto get = client.ReadResponse(/*to_head=*/true);
    ASSERT_TRUE(get.has_value());
    EXPECT_EQ(get->status, 304) << tag;
    EXPECT_EQ(get->headers.at("etag"), "\"1\"");
  }
  EXPECT_EQ(api_.Send("GET", "/v1/kv/a", "", {{"If-None-Match", "\"2\""}}).status, 200);
  EXPECT_EQ(api_.Send("GET", "/v1/kv/a", "", {{"If-None-Match", "garbage"}}).status, 200);
}

TEST_F(KvHandlersTest, EphemeralKeysEndWithTheirSession) {
  const std::string session = api_.CreateSession("1s");
  EXPECT_EQ(api_.Send("PUT", "/v1/kv/here?session=" + session, "me").status, 200);
  const json get = api_.SendJson(200, "GET", "/v1/kv/here", "", {{"Accept", "application/json"}});
  EXPECT_EQ(get.value("session", ""), session);
  api_.service().AdvanceMs(1'500);
  EXPECT_EQ(api_.Send("GET", "/v1/kv/here").status, 404);
  api_.ExpectProblem(404, "session_not_found", "PUT", "/v1/kv/here?session=" + session, "me");
  api_.ExpectProblem(400, "malformed_session_id", "PUT", "/v1/kv/here?session=abc", "me");
}

TEST_F(KvHandlersTest, GuardedKeysRefuseStaleTokens) {
  const std::string session = api_.CreateSession();
  const json lock =
      api_.SendJson(200, "POST", "/v1/locks/l/acquire", json{{"session", session}}.dump());
  const std::string token = lock["token"].dump();
  EXPECT_EQ(api_.Send("PUT", "/v1/kv/g?lock=l&token=" + token, "1").status, 200);
  const json get = api_.SendJson(200, "GET", "/v1/kv/g", "", {{"Accept", "application/json"}});
  EXPECT_EQ(get.value("guard_lock", ""), "l");
  api_.ExpectProblem(428, "guard_required", "PUT", "/v1/kv/g", "2");
  api_.ExpectProblem(409, "stale_token", "PUT", "/v1/kv/g?lock=l&token=99", "2");
  api_.ExpectProblem(409, "guarded_by_other_lock", "PUT", "/v1/kv/g?lock=m&token=" + token, "2");
  api_.ExpectProblem(428, "guard_required", "DELETE", "/v1/kv/g");
  api_.ExpectProblem(400, "malformed_parameter", "PUT", "/v1/kv/g?lock=l", "2");
  api_.ExpectProblem(400, "malformed_parameter", "PUT", "/v1/kv/g?token=1", "2");
  api_.ExpectProblem(422, "out_of_range", "PUT", "/v1/kv/g?lock=l&token=0", "2");
  EXPECT_EQ(api_.Send("DELETE", "/v1/kv/g?lock=l&token=" + token).status, 204);
}

TEST_F(KvHandlersTest, ConsistencyAndStaleness) {
  Put("a", "green");
  api_.service().ChangeStatus([](node::StatusView* view) { view->last_leader_contact_ms = 250; });
  const ClientResponse stale = api_.Send("GET", "/v1/kv/a?consistency=stale");
  EXPECT_EQ(HeaderOf(stale, "x-consistency"), "stale");
  EXPECT_EQ(HeaderOf(stale, "x-staleness-ms"), "250");
  api_.ExpectProblem(400, "malformed_parameter", "GET", "/v1/kv/a?consistency=eventual");
  EXPECT_EQ(api_.Send("GET", "/v1/kv/a?min_revision=1").status, 200);
  api_.ExpectProblem(400, "malformed_parameter", "GET", "/v1/kv/a?min_revision=one");
  api_.ExpectProblem(422, "out_of_range", "GET", "/v1/kv/a?min_revision=99999999999999999");
}

TEST_F(KvHandlersTest, TimeoutsAreBounded) {
  EXPECT_EQ(api_.Send("GET", "/v1/kv").status, 200);
  EXPECT_EQ(api_.service().last_timeout_ms(), 10'000);
  EXPECT_EQ(api_.Send("GET", "/v1/kv?timeout=3s").status, 200);
  EXPECT_EQ(api_.service().last_timeout_ms(), 3'000);
  EXPECT_EQ(api_.Send("PUT", "/v1/kv/a", "x", {{"Request-Timeout", "1500ms"}}).status, 200);
  EXPECT_EQ(api_.service().last_timeout_ms(), 1'500);
  EXPECT_EQ(api_.Send("GET", "/v1/kv?timeout=10m").status, 200);
  api_.ExpectProblem(422, "out_of_range", "GET", "/v1/kv?timeout=0");
  api_.ExpectProblem(422, "out_of_range", "GET", "/v1/kv?timeout=600001");
  api_.ExpectProblem(422, "out_of_range", "GET", "/v1/kv?timeout=99999h");
  api_.ExpectProblem(400, "malformed_duration", "GET", "/v1/kv?timeout=soon");
  api_.ExpectProblem(400, "malformed_duration", "PUT", "/v1/kv/a", "x",
                     {{"Request-Timeout", "soon"}});
}

TEST_F(KvHandlersTest, UnknownParametersNameTheNearest) {
  const json near =
      api_.ExpectProblem(400, "unknown_parameter", "GET", "/v1/kv/a?consitency=stale");
  EXPECT_NE(near.value("detail", "").find("did you mean \"consistency\"?"), std::string::npos);
  const json far = api_.ExpectProblem(400, "unknown_parameter", "PUT", "/v1/kv/a?zzzzzz=1", "x");
  EXPECT_NE(far.value("detail", "").find("known: session, lock, token, return, timeout"),
            std::string::npos);
  api_.ExpectProblem(400, "repeated_parameter", "GET", "/v1/kv?limit=1&limit=2");
  EXPECT_EQ(api_.Send("GET", "/v1/kv/a").status, 404);
}

TEST_F(KvHandlersTest, ListInPages) {
  for (int i = 0; i < 5; ++i) Put("p/" + std::to_string(i), std::to_string(i));
  Put("q", "other");
  const json first = api_.SendJson(200, "GET", "/v1/kv?prefix=p/&limit=3");
  ASSERT_EQ(first["items"].size(), 3u);
  EXPECT_EQ(first["items"][0]["key"], "p/0");
  EXPECT_EQ(first["items"][0]["value"], "0");
  EXPECT_EQ(first["more"], true);
  EXPECT_EQ(first["revision"], 6);
  const json second = api_.SendJson(
      200, "GET", "/v1/kv?prefix=p/&limit=3&cursor=" + first["cursor"].get<std::string>());
  ASSERT_EQ(second["items"].size(), 2u);
  EXPECT_EQ(second["items"][1]["key"], "p/4");
  EXPECT_EQ(second["more"], false);
  EXPECT_EQ(second["cursor"], nullptr);
  const json keys = api_.SendJson(200, "GET", "/v1/kv?keys_only");
  EXPECT_EQ(keys["items"].size(), 6u);
  EXPECT_FALSE(keys["items"][0].contains("value"));
  EXPECT_EQ(api_.SendJson(200, "GET", "/v1/kv?prefix=none")["items"], json::array());
  EXPECT_EQ(api_.SendJson(200, "GET", "/v1/kv?prefix_b64=cC8")["items"].size(), 5u);
}

TEST_F(KvHandlersTest, ListBounds) {
  EXPECT_EQ(api_.Send("GET", "/v1/kv?limit=1000").status, 200);
  api_.ExpectProblem(422, "out_of_range", "GET", "/v1/kv?limit=1001");
  api_.ExpectProblem(422, "out_of_range", "GET", "/v1/kv?limit=0");
  api_.ExpectProblem(422, "out_of_range", "GET", "/v1/kv?limit=99999999999999999999999");
  api_.ExpectProblem(400, "malformed_parameter", "GET", "/v1/kv?limit=-1");
  api_.ExpectProblem(400, "malformed_parameter", "GET", "/v1/kv?limit=");
  api_.ExpectProblem(400, "malformed_parameter", "GET", "/v1/kv?cursor=***");
  api_.ExpectProblem(400, "malformed_parameter", "GET", "/v1/kv?cursor=");
  api_.ExpectProblem(400, "malformed_parameter", "GET", "/v1/kv?keys_only=perhaps");
  api_.ExpectProblem(400, "malformed_parameter", "GET", "/v1/kv?prefix=a&prefix_b64=YQ");
}

TEST_F(KvHandlersTest, IdempotencyKeys) {
  const Headers key = {{"Idempotency-Key", "put-1"}};
  const ClientResponse first = api_.Send("PUT", "/v1/kv/a", "1", key);
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(HeaderOf(first, "idempotency-replayed"), "(none)");
  Put("a", "2");
  const ClientResponse again = api_.Send("PUT", "/v1/kv/a", "1", key);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(HeaderOf(again, "idempotency-replayed"), "true");
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(api_.Send("GET", "/v1/kv/a").body, "2");
  api_.ExpectProblem(422, "idempotency_key_reused", "PUT", "/v1/kv/a", "other", key);

  const Headers refused = {{"Idempotency-Key", "put-2"}, {"If-None-Match", "*"}};
  api_.ExpectProblem(412, "precondition_failed", "PUT", "/v1/kv/a", "3", refused);
  const ClientResponse replay = api_.Send("PUT", "/v1/kv/a", "3", refused);
  EXPECT_EQ(replay.status, 412);
  EXPECT_EQ(HeaderOf(replay, "idempotency-replayed"), "true");
}

TEST_F(KvHandlersTest, IdempotencyKeysAreBounded) {
  for (const std::string& key : {std::string("k"), std::string(255, 'k'), std::string("!~")}) {
    const ClientResponse first = api_.Send("PUT", "/v1/kv/a", "1", {{"Idempotency-Key", key}});
    EXPECT_EQ(first.status, 200);
    const ClientResponse again = api_.Send("PUT", "/v1/kv/a", "1", {{"Idempotency-Key", key}});
    EXPECT_EQ(HeaderOf(again, "idempotency-replayed"), "true") << key;
  }
  const auto expect_refused = [&](const std::string& key, const std::string& detail) {
    for (const auto& [method, target, body] :
         {std::tuple("PUT", "/v1/kv/new", "1"), std::tuple("DELETE", "/v1/kv/new", ""),
          std::tuple("POST", "/v1/sessions", "{\"ttl\":9999}")}) {
      const json problem = api_.ExpectProblem(400, "malformed_idempotency_key", method, target,
                                              body, {{"Idempotency-Key", key}});
      EXPECT_NE(problem["detail"].get<std::string>().find(detail), std::string::npos) << problem;
      EXPECT_EQ(problem["outcome"], "not_applied");
    }
  };
  const std::string limit = "1 to 255 visible ASCII characters";
  for (const size_t size : {256, 257, 7000}) {
    expect_refused(std::string(size, 'k'), std::to_string(size) + " bytes; it must be " + limit);
  }
  for (const char* invisible : {"two words", "a\tb", "\xc3\xa4", "a\xff", "\x80"}) {
    expect_refused(invisible, limit);
  }
  EXPECT_EQ(api_.Send("GET", "/v1/kv/new").status, 404);
  EXPECT_EQ(api_.SendJson(200, "GET", "/v1/sessions")["sessions"].size(), 0U);
}

// As bytes: the library's client sends each header once, and none that is empty.
TEST_F(KvHandlersTest, HeadersOfOneValueComeOnce) {
  const std::string length = "Content-Length: 1\r\n";
  Put("a", "1");
  RawClient client(api_.port());
  const auto answer = [&](const std::string& start, const std::string& headers,
                          const std::string& body) {
    client.Send(start + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n" + body);
    return client.ReadResponse().value();
  };
  const std::pair<const char*, const char*> once[] = {
      {"Idempotency-Key", "k"},  {"If-Match", "\"1\""},  {"If-None-Match", "*"},
      {"Request-Timeout", "1s"}, {"Last-Event-ID", "1"}, {"Content-Type", "text/plain"},
  };
  for (const auto& [name, value] : once) {
    const std::string header = std::string(name) + ": " + value + "\r\n";
    const std::string other = std::string(name) + ": \"2\"\r\n";
    for (const std::string& headers :
         {header + header, header + other, other + header, header + header + other}) {
      const RawResponse put = answer("PUT /v1/kv/a", headers + length, "2");
      EXPECT_EQ(put.status, 400) << headers;
      EXPECT_NE(put.body.find("\"code\":\"repeated_header\""), std::string::npos) << put.body;
      EXPECT_NE(put.body.find("the header " + std::string(name)), std::string::npos) << put.body;
      EXPECT_EQ(answer("DELETE /v1/kv/a", headers, "").status, 400) << headers;
      EXPECT_EQ(answer("GET /v1/kv/a", headers, "").status, 400) << headers;
    }
  }
  EXPECT_EQ(answer("GET /v1/kv/a", "If-None-Match: \"2\", \"1\"\r\n", "").status, 304) << "a list";
  EXPECT_EQ(answer("GET /v1/kv/a", "Accept: a/b\r\nAccept: */*\r\n", "").body, "1");
  EXPECT_EQ(answer("PUT /v1/kv/a", "Idempotency-Key: \r\n" + length, "2").status, 400) << "empty";
  EXPECT_EQ(answer("GET /v1/kv/a", "", "").body, "1") << "nothing was changed";
  EXPECT_EQ(
      answer("PUT /v1/kv/a", "If-Match: \"1\"\r\nIdempotency-Key: k\r\n" + length, "2").status,
      200);
}

}  // namespace
}  // namespace baton::http
