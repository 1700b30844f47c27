// kv, session, status and version against a node that the test plays.

#include "cmd/batonctl/commands.h"

#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "cmd/batonctl/exit_codes.h"
#include "cmd/batonctl/fake_api.h"
#include "cmd/batonctl/test_run.h"

namespace baton::batonctl {
namespace {

using nlohmann::json;

class CommandsTest : public ::testing::Test {
 protected:
  void SetUp() override { run_.environment["BATON_ENDPOINTS"] = api_.url(); }

  std::string Header(const http::Request& request, const std::string& name) const {
    const std::string* value = request.Header(name);
    return value == nullptr ? "" : *value;
  }
  std::string Query(const http::Request& request, const std::string& name) const {
    const std::string* value = request.Query(name);
    return value == nullptr ? "" : *value;
  }

  FakeApi api_;
  TestRun run_;
};

TEST_F(CommandsTest, KvGetPrintsTheBytes) {
  const std::string value("a\nb\0c", 5);
  api_.On("GET", "/v1/kv/{key...}",
          [&](const http::Request&) { return http::Response::Text(200, value); });
  const RunResult result = run_.Run({"kv", "get", "config/a b%"});
  EXPECT_EQ(result.exit_code, kExitOk);
  EXPECT_EQ(result.out, value);
  EXPECT_EQ(api_.requests().at(0).path, "/v1/kv/config/a b%");
}

TEST_F(CommandsTest, KvGetAsJsonIsTheServersAnswer) {
  api_.Always("GET", "/v1/kv/{key...}", 200, R"({"key":"a","value":"1"})");
  const RunResult result = run_.Run({"kv", "get", "a", "--output=json", "--stale"});
  EXPECT_EQ(result.out, "{\"key\":\"a\",\"value\":\"1\"}\n");
  EXPECT_EQ(Header(api_.requests().at(0), "accept"), "application/json");
  EXPECT_EQ(Query(api_.requests().at(0), "consistency"), "stale");
}

TEST_F(CommandsTest, RefusalsAreSaidAndHaveTheirCode) {
  api_.Always("GET", "/v1/kv/{key...}", 404,
              ProblemBody("key_not_found", "There is no key \"a\"."));
  RunResult result = run_.Run({"kv", "get", "a"});
  EXPECT_EQ(result.exit_code, kExitRefused);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, "batonctl: key_not_found: There is no key \"a\".\n");
  result = run_.Run({"kv", "get", "a", "--output=json"});
  EXPECT_EQ(json::parse(result.err)["code"], "key_not_found");
  api_.Always("GET", "/v1/kv/{key...}", 500, "not a problem body");
  EXPECT_EQ(run_.Run({"kv", "get", "a"}).err, "batonctl: " + api_.url() + " answered 500\n");
}

TEST_F(CommandsTest, AnUnknownOutcomeIsSaid) {
  api_.Always("PUT", "/v1/kv/{key...}", 504, ProblemBody("timeout", "Too late.", "unknown"));
  const RunResult result = run_.Run({"kv", "put", "a", "1", "--timeout=100ms"});
  EXPECT_EQ(result.exit_code, kExitUnavailable);
  EXPECT_EQ(result.err, "batonctl: timeout: Too late. (the change may or may not have happened)\n");
}

TEST_F(CommandsTest, NobodyThere) {
  run_.environment["BATON_ENDPOINTS"] = FakeApi().url();
  const RunResult result = run_.Run({"kv", "get", "a", "--timeout=100ms"});
  EXPECT_EQ(result.exit_code, kExitUnavailable);
  EXPECT_TRUE(result.err.starts_with("batonctl: http://127.0.0.1:")) << result.err;
  const RunResult as_json = run_.Run({"kv", "get", "a", "--timeout=100ms", "--output=json"});
  EXPECT_EQ(json::parse(as_json.err)["code"], "cannot_connect");
}

TEST_F(CommandsTest, KvPutSendsTheValueAndPrintsTheRevision) {
  api_.On("PUT", "/v1/kv/{key...}", [](const http::Request&) {
    http::Response response = http::Response::Json(200, R"({"key":"a"})");
    response.headers.emplace_back("X-Revision", "12");
    return response;
  });
  const RunResult result = run_.Run({"kv", "put", "a", "one two"});
  EXPECT_EQ(result.exit_code, kExitOk);
  EXPECT_EQ(result.out, "revision 12\n");
  EXPECT_EQ(api_.requests().at(0).body, "one two");
  EXPECT_EQ(Header(api_.requests().at(0), "idempotency-key").size(), 32U);
  EXPECT_EQ(run_.Run({"kv", "put", "a", "1", "--output=json"}).out, "{\"key\":\"a\"}\n");
}

TEST_F(CommandsTest, KvPutReadsStandardInput) {
  const std::string value("x\0y\n", 4);
  EXPECT_EQ(run_.Run({"kv", "put", "a", "-"}, value).exit_code, kExitOk);
  EXPECT_EQ(api_.requests().at(0).body, value);
}

TEST_F(CommandsTest, KvPutConditions) {
  run_.Run({"kv", "put", "a", "1", "--if-absent", "--session", "00000000000000ab"});
  EXPECT_EQ(Header(api_.requests().at(0), "if-none-match"), "*");
  EXPECT_EQ(Query(api_.requests().at(0), "session"), "00000000000000ab");
  run_.Run({"kv", "put", "a", "1", "--if-revision=12", "--lock=l&x", "--token=5"});
  EXPECT_EQ(Header(api_.requests().at(1), "if-match"), "\"12\"");
  EXPECT_EQ(Query(api_.requests().at(1), "lock"), "l&x");
  EXPECT_EQ(Query(api_.requests().at(1), "token"), "5");
}

TEST_F(CommandsTest, WrongConditions) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"kv", "put", "a", "1", "--if-absent", "--if-revision=1"},
           {"kv", "put", "a", "1", "--lock=l"},
           {"kv", "put", "a", "1", "--token=1"},
           {"kv", "put", "a", "1", "--lock=l", "--token=x"},
           {"kv", "del", "a", "--if-revision=x"},
           {"kv", "list", "--limit=x"},
           {"kv", "list", "--limit=0"},
           {"session", "list", "--limit=0"},
           {"kv", "watch", "--from=x"},
           {"kv", "watch", "--count=0"},
           {"session", "create", "--ttl=x"}}) {
    EXPECT_EQ(run_.Run(arguments).exit_code, kExitUsage);
  }
  EXPECT_TRUE(api_.requests().empty());
}

TEST_F(CommandsTest, KvDelete) {
  EXPECT_EQ(run_.Run({"kv", "del", "a", "--if-revision=3"}).exit_code, kExitOk);
  EXPECT_EQ(api_.requests().at(0).method, "DELETE");
  EXPECT_EQ(Header(api_.requests().at(0), "if-match"), "\"3\"");
}

TEST_F(CommandsTest, KvListFollowsThePages) {
  api_.On("GET", "/v1/kv", [this](const http::Request& request) {
    if (Query(request, "cursor").empty()) {
      return http::Response::Json(
          200,
          R"({"items":[{"key":"p/a","value":"1","mod_revision":5,"version":1}],"cursor":"c1"})");
    }
    return http::Response::Json(
        200, R"({"items":[{"key":"p/b","value_b64":"//4=","mod_revision":12,"version":3}],)"
             R"("cursor":null})");
  });
  const RunResult table = run_.Run({"kv", "list", "p/"});
  EXPECT_EQ(table.out,
            "KEY  REVISION  VERSION  VALUE\n"
            "p/a  5         1        1\n"
            "p/b  12        3        base64://4=\n");
  EXPECT_EQ(Query(api_.requests().at(0), "prefix"), "p/");
  EXPECT_EQ(Query(api_.requests().at(1), "cursor"), "c1");
  const RunResult as_json = run_.Run({"kv", "list", "--output=json"});
  EXPECT_EQ(json::parse(as_json.out)["items"].size(), 2U);
  const RunResult limited = run_.Run({"kv", "list", "--limit=1"});
  EXPECT_EQ(limited.out, "KEY  REVISION  VERSION  VALUE\np/a  5         1        1\n");
  EXPECT_EQ(Query(api_.requests().back(), "limit"), "1");
}

TEST_F(CommandsTest, KvWatchPrintsChangesAndGoesOnWhereAStreamBroke) {
  std::atomic<int> streams = 0;
  api_.OnStream("/v1/watch", [&](const http::Request&) -> std::vector<std::string> {
    switch (++streams) {
      case 1:  // ends within revision 6
        return {
            "{\"type\":\"put\",\"revision\":5,\"key\":\"a\",\"value\":\"1\"}\n{\"type\":\"put\",",
            "\"revision\":6,\"key\":\"b\",\"value\":\"x\\ny\"}\n"};
      case 2:  // revision 6 comes again, whole
        return {"{\"type\":\"put\",\"revision\":6,\"key\":\"b\",\"value\":\"x\\ny\"}\n",
                "{\"type\":\"delete\",\"revision\":6,\"key\":\"c\"}\n",
                "{\"type\":\"bookmark\",\"revision\":9,\"resume_from\":10}\n"};
      default:
        return {"{\"type\":\"put\",\"revision\":10,\"key\":\"d\",\"value\":\"\"}\n"};
    }
  });
  const RunResult result = run_.Run({"kv", "watch", "p/", "--count=4"});
  EXPECT_EQ(result.exit_code, kExitOk) << result.err;
  EXPECT_EQ(result.out, "5 put a 1\n6 put b x\\ny\n6 delete c\n10 put d \n");
  const auto requests = api_.requests("GET", "/v1/watch");
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(Header(requests[0], "accept"), "application/x-ndjson");
  EXPECT_EQ(Query(requests[0], "prefix"), "p/");
  EXPECT_EQ(Query(requests[0], "from"), "");
  EXPECT_EQ(Query(requests[1], "from"), "6");
  EXPECT_EQ(Query(requests[2], "from"), "10");
}

TEST_F(CommandsTest, KvWatchGoesOnAfterTheLastWholeRevisionAndAfterAnEviction) {
  std::atomic<int> streams = 0;
  api_.OnStream("/v1/watch", [&](const http::Request&) -> std::vector<std::string> {
    switch (++streams) {
      case 1:
        return {
            "{\"type\":\"put\",\"revision\":5,\"key\":\"a\",\"value\":\"1\",\"resume_from\":6}\n"};
      case 2:
        return {"{\"type\":\"evicted\",\"code\":\"slow_watcher\",\"resume_from\":8}\n"};
      default:
        return {"{\"type\":\"put\",\"revision\":8,\"key\":\"b\",\"value_b64\":\"//4=\"}\n"};
    }
  });
  const RunResult result = run_.Run({"kv", "watch", "--count=2"});
  EXPECT_EQ(result.out, "5 put a 1\n8 put b base64://4=\n") << result.err;
  const auto requests = api_.requests("GET", "/v1/watch");
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(Query(requests[1], "from"), "6");
  EXPECT_EQ(Query(requests[2], "from"), "8");
}

TEST_F(CommandsTest, AListWithoutItemsIsNoEmptyList) {
  EXPECT_EQ(run_.Run({"kv", "list"}).exit_code, kExitUnavailable);
  api_.Always("GET", "/v1/kv", 200, R"({"items":[],"cursor":null})");
  EXPECT_EQ(run_.Run({"kv", "list"}).out, "KEY  REVISION  VERSION  VALUE\n");
}

TEST_F(CommandsTest, KvWatchAsJsonAndFromARevision) {
  const std::string line = R"({"type":"put","revision":5,"key":"a","value":"1"})";
  api_.OnStream("/v1/watch",
                [&](const http::Request&) { return std::vector<std::string>{line + "\n"}; });
  EXPECT_EQ(run_.Run({"kv", "watch", "--from=5", "--count=1", "--output=json"}).out, line + "\n");
  EXPECT_EQ(Query(api_.requests().at(0), "from"), "5");
}

TEST_F(CommandsTest, KvWatchSaysWhyItCannotGoOn) {
  api_.Always("GET", "/v1/watch", 410, ProblemBody("compacted", "Revision 5 is gone."));
  const RunResult before = run_.Run({"kv", "watch", "--from=5"});
  EXPECT_EQ(before.exit_code, kExitRefused);
  EXPECT_EQ(before.err, "batonctl: compacted: Revision 5 is gone.\n");
  api_.OnStream("/v1/watch", [](const http::Request&) {
    return std::vector<std::string>{"{\"type\":\"compacted\",\"compact_revision\":9}\n"};
  });
  const RunResult within = run_.Run({"kv", "watch"});
  EXPECT_EQ(within.exit_code, kExitRefused);
  EXPECT_NE(within.err.find("the watch ended"), std::string::npos);
}

TEST_F(CommandsTest, SessionCreatePrintsTheId) {
  const RunResult result = run_.Run({"session", "create", "--ttl=1m", "--name", "me"});
  EXPECT_EQ(result.exit_code, kExitOk);
  EXPECT_EQ(result.out, "00000000000000ab\n");
  const json body = json::parse(api_.requests().at(0).body);
  EXPECT_EQ(body["ttl"], "60000ms");
  EXPECT_EQ(body["name"], "me");
  EXPECT_EQ(json::parse(run_.Run({"session", "create", "--output=json"}).out)["ttl_ms"], 1000);
}

TEST_F(CommandsTest, SessionListGetKeepaliveDestroy) {
  const std::string session =
      R"({"id":"00000000000000ab","name":"me","ttl_ms":1000,"remaining_ms":900})";
  const std::string table =
      "ID                NAME  TTL_MS  REMAINING_MS\n"
      "00000000000000ab  me    1000    900\n";
  api_.Always("GET", "/v1/sessions", 200, "{\"sessions\":[" + session + "]}");
  api_.Always("GET", "/v1/sessions/{id}", 200, session);
  api_.Always("POST", "/v1/sessions/{id}/keepalive", 200, session);
  EXPECT_EQ(run_.Run({"session", "list"}).out, table);
  EXPECT_EQ(run_.Run({"session", "get", "00000000000000ab"}).out, table);
  EXPECT_EQ(run_.Run({"session", "keepalive", "00000000000000ab"}).out, table);
  EXPECT_EQ(run_.Run({"session", "get", "00000000000000ab", "--output=json"}).out, session + "\n");
  const RunResult destroyed = run_.Run({"session", "destroy", "00000000000000ab"});
  EXPECT_EQ(destroyed.exit_code, kExitOk);
  EXPECT_EQ(destroyed.out, "");
  EXPECT_EQ(api_.requests("DELETE", "/v1/sessions/00000000000000ab").size(), 1U);
}

TEST_F(CommandsTest, StatusAsksEachNode) {
  const std::string dead = FakeApi().url();
  run_.environment["BATON_ENDPOINTS"] = api_.url() + "," + dead;
  api_.Always("GET", "/v1/cluster", 200, R"({"node_id":1,"leader_id":1,"term":3,"role":"leader"})");
  const RunResult result = run_.Run({"status", "--timeout=300ms"});
  EXPECT_EQ(result.exit_code, kExitOk);
  EXPECT_NE(result.out.find(api_.url() + "  1"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("unreachable"), std::string::npos) << result.out;
  const json nodes =
      json::parse(run_.Run({"status", "--timeout=300ms", "--output=json"}).out)["nodes"];
  EXPECT_EQ(nodes[0]["cluster"]["term"], 3);
  EXPECT_EQ(nodes[1]["endpoint"], dead);
  EXPECT_TRUE(nodes[1].contains("error"));
  run_.environment["BATON_ENDPOINTS"] = dead;
  EXPECT_EQ(run_.Run({"status", "--timeout=300ms"}).exit_code, kExitUnavailable);
}

TEST_F(CommandsTest, VersionOfBoth) {
  api_.Always("GET", "/version", 200, R"({"version":"9.9.9"})");
  EXPECT_NE(run_.Run({"version"}).out.find("batond 9.9.9\n"), std::string::npos);
  EXPECT_EQ(json::parse(run_.Run({"version", "--output=json"}).out)["batond"], "9.9.9");
}

TEST_F(CommandsTest, CompactSendsTheRevisionAndPrintsHowFarItIs) {
  api_.Always("POST", "/v1/admin/compact", 200, R"({"compact_revision":15,"revision":20})");
  const RunResult result = run_.Run({"compact", "12"});
  EXPECT_EQ(result.exit_code, kExitOk);
  EXPECT_EQ(result.out, "compacted up to revision 15\n");
  EXPECT_EQ(json::parse(api_.requests().at(0).body), (json{{"revision", 12}}));
  EXPECT_EQ(run_.Run({"compact", "12", "--output=json"}).out,
            "{\"compact_revision\":15,\"revision\":20}\n");
  api_.Always("POST", "/v1/admin/compact", 422, ProblemBody("future_revision", "Too far."));
  EXPECT_EQ(run_.Run({"compact", "99"}).exit_code, kExitRefused);
  for (const std::string wrong : {"", "0", "-1", "x", "1x", "99999999999999999999"}) {
    EXPECT_EQ(run_.Run({"compact", wrong}).exit_code, kExitUsage) << wrong;
  }
}

}  // namespace
}  // namespace baton::batonctl
