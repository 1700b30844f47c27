// /v1/sessions over a real listener.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "pkg/http/testing/api_server.h"

namespace baton::http {
namespace {

using nlohmann::json;

class SessionHandlersTest : public testing::Test {
 protected:
  ApiServer api_;
};

TEST_F(SessionHandlersTest, CreateGetAndDestroy) {
  const ClientResponse created =
      api_.Send("POST", "/v1/sessions", R"({"ttl":"30s","name":"me","meta":"pod-a"})");
  EXPECT_EQ(created.status, 201);
  const json session = json::parse(created.body);
  const std::string id = session.value("id", "");
  EXPECT_EQ(id.size(), 16u);
  EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(HeaderOf(created, "location"), "/v1/sessions/" + id);
  EXPECT_EQ(session, (json{{"id", id},
                           {"name", "me"},
                           {"meta", "pod-a"},
                           {"ttl_ms", 30'000},
                           {"remaining_ms", 30'000}}));
  EXPECT_EQ(api_.SendJson(200, "GET", "/v1/sessions/" + id), session);
  api_.service().AdvanceMs(10'000);
  EXPECT_EQ(api_.SendJson(200, "GET", "/v1/sessions/" + id)["remaining_ms"], 20'000);
  EXPECT_EQ(api_.Send("DELETE", "/v1/sessions/" + id).status, 204);
  api_.ExpectProblem(404, "session_not_found", "GET", "/v1/sessions/" + id);
  api_.ExpectProblem(404, "session_not_found", "DELETE", "/v1/sessions/" + id);
}

TEST_F(SessionHandlersTest, IdsDiffer) {
  std::set<std::string> ids;
  for (int i = 0; i < 50; ++i) ids.insert(api_.CreateSession());
  EXPECT_EQ(ids.size(), 50u);
}

TEST_F(SessionHandlersTest, KeepAlive) {
  const std::string id = api_.CreateSession("1s");
  const std::string target = "/v1/sessions/" + id + "/keepalive";
  for (int i = 0; i < 5; ++i) {
    api_.service().AdvanceMs(800);
    const json alive = api_.SendJson(200, "POST", target, i % 2 == 0 ? "" : "{}");
    EXPECT_EQ(alive["ttl_ms"], 1'000);
    EXPECT_EQ(alive["remaining_ms"], 1'000);
    EXPECT_EQ(alive["id"], id);
  }
  api_.service().AdvanceMs(1'001);
  api_.ExpectProblem(404, "session_not_found", "POST", target);
  api_.ExpectProblem(422, "unknown_field", "POST", target, R"({"ttl":"1s"})");
}

TEST_F(SessionHandlersTest, ContentTypesThatAreJson) {
  const std::string body = R"({"ttl":"1s"})";
  for (const char* type : {"application/json", "application/json; charset=utf-8",
                           "APPLICATION/JSON", "application/x-www-form-urlencoded", "text/plain"}) {
    EXPECT_EQ(api_.Send("POST", "/v1/sessions", body, {{"Content-Type", type}}).status, 201)
        << type;
  }
  for (const char* type : {"application/xml", "text/html", "application/jsonp",
                           "multipart/form-data; boundary=x", "\xff"}) {
    api_.ExpectProblem(415, "unsupported_media_type", "POST", "/v1/sessions", body,
                       {{"Content-Type", type}});
  }
}

TEST_F(SessionHandlersTest, BadBodies) {
  const std::tuple<int, const char*, std::string> bad[] = {
      {422, "missing_field", ""},
      {422, "missing_field", "{}"},
      {422, "missing_field", R"({"ttl":null})"},
      {422, "wrong_type", "[]"},
      {422, "wrong_type", R"({"ttl":true})"},
      {422, "wrong_type", R"({"ttl":"1s","name":7})"},
      {422, "unknown_field", R"({"ttl":"1s","nam":"x"})"},
      {422, "unknown_field", R"({"ttl":"1s","metadata":"x"})"},
      {422, "malformed_duration", R"({"ttl":"soon"})"},
      {422, "out_of_range", R"({"ttl":"99ms"})"},
      {422, "out_of_range", R"({"ttl":86400001})"},
      {422, "out_of_range", R"({"ttl":-5})"},
      {400, "malformed_json", "ttl=1s"},
      {400, "malformed_json", R"({"ttl":"1s")"},
      {400, "malformed_json", R"({"ttl":"1s","ttl":"2s"})"},
      {400, "malformed_json", R"({"ttl":1e400})"},
      {400, "malformed_json", "{\"ttl\":\"1s\",\"name\":\"\xff\"}"},
      {400, "malformed_json", std::string(100'000, '[')},
      {400, "malformed_json", R"({"ttl":"1s"} x)"},
      {413, "too_large", R"({"ttl":"1s","name":")" + std::string(257, 'n') + "\"}"},
      {413, "too_large", R"({"ttl":"1s","meta":")" + std::string(4097, 'n') + "\"}"},
  };
  for (const auto& [status, code, body] : bad) {
    api_.ExpectProblem(status, code, "POST", "/v1/sessions", body);
  }
  EXPECT_EQ(api_.SendJson(200, "GET", "/v1/sessions")["sessions"].size(), 0u);
  EXPECT_EQ(api_.Send("POST", "/v1/sessions", R"({"ttl":100})").status, 201);
  EXPECT_EQ(api_.Send("POST", "/v1/sessions", R"({"ttl":"24h"})").status, 201);
  EXPECT_EQ(
      api_.Send("POST", "/v1/sessions", R"({"ttl":"1s","name":")" + std::string(256, 'n') + "\"}")
          .status,
      201);
}

TEST_F(SessionHandlersTest, MalformedIds) {
  for (const char* id : {"abc", "0000000000000000", "zzzzzzzzzzzzzzzz", "00000000000000001"}) {
    const std::string target = "/v1/sessions/" + std::string(id);
    api_.ExpectProblem(400, "malformed_session_id", "GET", target);
    api_.ExpectProblem(400, "malformed_session_id", "DELETE", target);
    api_.ExpectProblem(400, "malformed_session_id", "POST", target + "/keepalive");
  }
}

TEST_F(SessionHandlersTest, ListInPages) {
  std::set<std::string> created;
  for (int i = 0; i < 5; ++i) created.insert(api_.CreateSession());
  const json first = api_.SendJson(200, "GET", "/v1/sessions?limit=3");
  const json second = api_.SendJson(
      200, "GET", "/v1/sessions?limit=3&cursor=" + first["cursor"].get<std::string>());
  EXPECT_EQ(first["more"], true);
  EXPECT_EQ(second["more"], false);
  EXPECT_EQ(second["cursor"], nullptr);
  std::set<std::string> listed;
  for (const json& page : {first, second}) {
    for (const json& session : page["sessions"]) listed.insert(session["id"]);
  }
  EXPECT_EQ(listed, created);
  api_.ExpectProblem(422, "out_of_range", "GET", "/v1/sessions?limit=1000");
  EXPECT_EQ(api_.Send("GET", "/v1/sessions?limit=999").status, 200);
  api_.ExpectProblem(400, "malformed_session_id", "GET", "/v1/sessions?cursor=x");
}

TEST_F(SessionHandlersTest, RetriesGetTheFirstSession) {
  const Headers key = {{"Idempotency-Key", "create-1"}};
  const std::string body = R"({"ttl":"10s"})";
  const ClientResponse first = api_.Send("POST", "/v1/sessions", body, key);
  const ClientResponse again = api_.Send("POST", "/v1/sessions", body, key);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(json::parse(again.body)["id"], json::parse(first.body)["id"]);
  EXPECT_EQ(HeaderOf(again, "location"), HeaderOf(first, "location"));
  EXPECT_EQ(HeaderOf(again, "idempotency-replayed"), "true");
}

}  // namespace
}  // namespace baton::http
