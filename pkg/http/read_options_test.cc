// Show: which options each GET route takes, and that it refuses every other one by name.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "pkg/http/api.h"
#include "pkg/http/testing/api_server.h"

namespace baton::http {
namespace {

using nlohmann::json;

struct GetRoute {
  std::string pattern;
  std::string target;  // with its '?' or '&' for one more parameter; SESSION stands for an id
  bool reads_state;    // takes consistency and min_revision
  bool takes_timeout;
};

const std::vector<GetRoute>& ClientRoutes() {
  static const std::vector<GetRoute> routes = {
      {"/v1/kv/{key...}", "/v1/kv/a?", true, true},
      {"/v1/kv", "/v1/kv?", true, true},
      {"/v1/kv", "/v1/kv?prefix=a&", true, true},
      {"/v1/kv", "/v1/kv?key_b64=YQ&", true, true},
      {"/v1/sessions", "/v1/sessions?", true, true},
      {"/v1/sessions/{id}", "/v1/sessions/SESSION?", true, true},
      {"/v1/locks/{name}", "/v1/locks/l?", true, true},
      {"/v1/elections/{name}", "/v1/elections/e?", true, true},
      {"/v1/elections/{name}/observe", "/v1/elections/e/observe?", false, true},
      {"/v1/elections/{name}/observe", "/v1/elections/e/observe?from=1&", false, true},
      {"/v1/watch", "/v1/watch?", false, true},
      {"/v1/watch", "/v1/watch?index=1&", false, true},
      {"/v1/cluster", "/v1/cluster?", false, true},
      {"/v1/cluster/members", "/v1/cluster/members?", false, true},
      {"/v1/cluster/members/{member}", "/v1/cluster/members/1?", false, true},
      {"/v1/admin/hash", "/v1/admin/hash?", false, true},
      {"/v1/admin/snapshot", "/v1/admin/snapshot?", true, true},
      {"/v1", "/v1?", false, true},
      {"/", "/?", false, true},
      {"/livez", "/livez?", false, false},
      {"/startupz", "/startupz?", false, false},
      {"/readyz", "/readyz?", false, false},
      {"/version", "/version?", false, false},
  };
  return routes;
}

const std::vector<GetRoute>& OpsRoutes() {
  static const std::vector<GetRoute> routes = {
      {"/livez", "/livez?", false, false},     {"/startupz", "/startupz?", false, false},
      {"/readyz", "/readyz?", false, false},   {"/version", "/version?", false, false},
      {"/metrics", "/metrics?", false, false},
  };
  return routes;
}

class ReadOptionsTest : public testing::TestWithParam<ApiServer::Kind> {
 protected:
  void SetUp() override {
    if (GetParam() != ApiServer::Kind::kClient) return;
    session_ = api_.CreateSession("1h");
    ASSERT_EQ(api_.Send("PUT", "/v1/kv/a", "1").status, 200);
  }

  const std::vector<GetRoute>& Routes() const {
    return GetParam() == ApiServer::Kind::kClient ? ClientRoutes() : OpsRoutes();
  }

  std::string Target(const GetRoute& route, const std::string& parameter) const {
    std::string target = route.target + parameter;
    const size_t at = target.find("SESSION");
    if (at != std::string::npos) target.replace(at, 7, session_);
    return target;
  }

  // HEAD is answered as GET is, but for the body: no stream goes on.
  void ExpectTaken(const GetRoute& route, const std::string& parameter) const {
    const std::string target = Target(route, parameter);
    EXPECT_EQ(api_.Send("HEAD", target).status, 200) << target;
  }

  void ExpectRefused(const GetRoute& route, const std::string& parameter, int status,
                     const std::string& code, const std::string& named) const {
    const json problem = api_.ExpectProblem(status, code, "GET", Target(route, parameter));
    EXPECT_NE(problem.value("detail", "").find("\"" + named + "\""), std::string::npos) << problem;
  }

  ApiServer api_{GetParam()};
  std::string session_;
};

TEST_P(ReadOptionsTest, TheTableHasEveryGetRoute) {
  std::set<std::string> in_table;
  for (const GetRoute& route : Routes()) in_table.insert(route.pattern);
  std::set<std::string> in_router;
  const Router router = GetParam() == ApiServer::Kind::kClient
                            ? MakeClientRouter(&api_.context())
                            : MakeOpsRouter(&api_.context(), [] { return std::string(); });
  for (const auto& [method, pattern] : router.Routes()) {
    if (method == "GET") in_router.insert(pattern);
  }
  EXPECT_EQ(in_table, in_router);
}

TEST_P(ReadOptionsTest, Consistency) {
  for (const GetRoute& route : Routes()) {
    if (!route.reads_state) {
      ExpectRefused(route, "consistency=stale", 400, "unknown_parameter", "consistency");
      ExpectRefused(route, "consistency=linearizable", 400, "unknown_parameter", "consistency");
      continue;
    }
    ExpectTaken(route, "consistency=stale");
    ExpectTaken(route, "consistency=linearizable");
    ExpectRefused(route, "consistency=", 400, "malformed_parameter", "consistency");
    ExpectRefused(route, "consistency=Stale", 400, "malformed_parameter", "consistency");
    ExpectRefused(route, "consistency=stale&consistency=stale", 400, "repeated_parameter",
                  "consistency");
  }
}

TEST_P(ReadOptionsTest, MinRevision) {
  for (const GetRoute& route : Routes()) {
    if (!route.reads_state) {
      ExpectRefused(route, "min_revision=1", 400, "unknown_parameter", "min_revision");
      continue;
    }
    ExpectTaken(route, "min_revision=0");
    ExpectTaken(route, "min_revision=1");
    ExpectTaken(route, "min_revision=1&consistency=stale");
    ExpectRefused(route, "min_revision=", 400, "malformed_parameter", "min_revision");
    ExpectRefused(route, "min_revision=-1", 400, "malformed_parameter", "min_revision");
    for (const char* too_large :
         {"9007199254740993", "18446744073709551616", "99999999999999999999999999999999"}) {
      ExpectRefused(route, std::string("min_revision=") + too_large, 422, "out_of_range",
                    "min_revision");
    }
    ExpectRefused(route, "min_revision=1&min_revision=1", 400, "repeated_parameter",
                  "min_revision");
  }
}

TEST_P(ReadOptionsTest, Timeout) {
  for (const GetRoute& route : Routes()) {
    if (!route.takes_timeout) {
      ExpectRefused(route, "timeout=1s", 400, "unknown_parameter", "timeout");
      continue;
    }
    ExpectTaken(route, "timeout=1m");
    ExpectTaken(route, "timeout=10m");
    for (const char* out_of_range : {"0", "600001", "11m", "99999h"}) {
      ExpectRefused(route, std::string("timeout=") + out_of_range, 422, "out_of_range", "timeout");
    }
    ExpectRefused(route, "timeout=", 400, "malformed_duration", "timeout");
    ExpectRefused(route, "timeout=soon", 400, "malformed_duration", "timeout");
    ExpectRefused(route, "timeout=1s&timeout=1s", 400, "repeated_parameter", "timeout");
    for (const auto& [value, status, code] : {std::tuple("soon", 400, "malformed_duration"),
                                              std::tuple("600001", 422, "out_of_range")}) {
      api_.ExpectProblem(status, code, "GET", Target(route, ""), "", {{"Request-Timeout", value}});
    }
  }
}

TEST_P(ReadOptionsTest, WhatNoRouteKnowsIsRefusedByName) {
  for (const GetRoute& route : Routes()) {
    for (const char* name : {"unknown", "Timeout", "consistencyy", "session", "x"}) {
      ExpectRefused(route, std::string(name) + "=1", 400, "unknown_parameter", name);
      ExpectRefused(route, name, 400, "unknown_parameter", name);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Ports, ReadOptionsTest,
                         testing::Values(ApiServer::Kind::kClient, ApiServer::Kind::kOps),
                         [](const testing::TestParamInfo<ApiServer::Kind>& kind) {
                           return kind.param == ApiServer::Kind::kClient ? "Client" : "Ops";
                         });

}  // namespace
}  // namespace baton::http
