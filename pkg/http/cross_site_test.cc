// Show: a page of another site changes nothing, whatever it makes a browser send; programs, and
// pages that the node's own address serves, do.
#include "pkg/http/cross_site.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pkg/http/testing/api_server.h"
#include "pkg/http/testing/raw_client.h"

namespace baton::http {
namespace {

using nlohmann::json;

using FieldMap = std::multimap<std::string, std::string>;

Request RequestWith(const std::string& method, const FieldMap& fields) {
  Request request;
  request.method = method;
  request.headers = fields;
  return request;
}

bool IsRefused(const std::string& host, const std::string& origin) {
  const Request request = RequestWith("PUT", {{"host", host}, {"origin", origin}});
  return CheckSite(request).reason() == "cross_site";
}

TEST(CheckSiteTest, AnOriginIsOursWhenItIsTheHost) {
  const std::vector<std::pair<std::string, std::string>> ours = {
      {"baton:7400", "http://baton:7400"},
      {"baton:7400", "https://baton:7400"},
      {"Baton:7400", "HTTP://bATON:7400"},
      {"[::1]:7400", "http://[::1]:7400"},
      {"baton", "http://baton"},
      {"baton", "https://baton"},
      {"baton", "http://baton:80"},
      {"baton:80", "http://baton"},
      {"baton", "https://baton:443"},
      {"baton:443", "https://baton"},
      {"127.0.0.1:80", "http://127.0.0.1:80"},
  };
  for (const auto& [host, origin] : ours) EXPECT_FALSE(IsRefused(host, origin)) << origin;
}

TEST(CheckSiteTest, AnyOtherOriginIsForeign) {
  const std::vector<std::string> foreign = {
      "http://evil",
      "http://evil:7400",
      "http://baton",
      "http://baton:7401",
      "http://baton:80",
      "http://baton:74000",
      "http://baton:7400.evil",
      "http://evil.baton:7400",
      "null",
      "NULL",
  };
  for (const std::string& origin : foreign) EXPECT_TRUE(IsRefused("baton:7400", origin)) << origin;
  EXPECT_TRUE(IsRefused("baton", "http://baton:443"));
  EXPECT_TRUE(IsRefused("baton:443", "http://baton"));
  EXPECT_TRUE(IsRefused("baton", "https://baton:80"));
}

TEST(CheckSiteTest, AnOriginThatIsNoneIsForeign) {
  const std::vector<std::string> malformed = {
      "",
      " ",
      "baton:7400",
      "//baton:7400",
      "http:",
      "http:/",
      "http://",
      "http:baton:7400",
      "http://baton:7400/",
      "http://baton:7400/a",
      "http://baton:7400?",
      "http://baton:7400#",
      "http://user@baton:7400",
      "http://evil@baton:7400",
      "http://baton:7400 ",
      "http://baton:7400 http://evil",
      "http://evil http://baton:7400",
      "http://baton:7400,http://evil",
      "http://baton:7400\t",
      "ftp://baton:7400",
      "file://baton:7400",
      "chrome-extension://baton:7400",
      "xhttp://baton:7400",
      "http://" + std::string(8000, 'a'),
  };
  for (const std::string& origin : malformed) {
    EXPECT_TRUE(IsRefused("baton:7400", origin)) << origin;
  }
}

TEST(CheckSiteTest, WithoutAHostEveryOriginIsForeign) {
  EXPECT_EQ(CheckSite(RequestWith("POST", {{"origin", "http://baton"}})).reason(), "cross_site");
  EXPECT_EQ(CheckSite(RequestWith("POST", {{"origin", "http://"}})).reason(), "cross_site");
  EXPECT_TRUE(CheckSite(RequestWith("POST", {})).ok()) << "a program of HTTP/1.0";
}

TEST(CheckSiteTest, EachOfRepeatedHeadersIsLookedAt) {
  const std::string own = "http://baton";
  const auto reason = [](const FieldMap& headers) {
    return CheckSite(RequestWith("DELETE", headers)).reason();
  };
  const std::string evil = "http://evil";
  EXPECT_EQ(reason({{"host", "baton"}, {"origin", own}, {"origin", evil}}), "cross_site");
  EXPECT_EQ(reason({{"host", "baton"}, {"origin", evil}, {"origin", own}}), "cross_site");
  EXPECT_TRUE(
      CheckSite(RequestWith("DELETE", {{"host", "baton"}, {"origin", own}, {"origin", own}})).ok());
  EXPECT_EQ(reason({{"sec-fetch-site", "same-origin"}, {"sec-fetch-site", "cross-site"}}),
            "cross_site");
}

// What a browser says, and whether the change may happen.
struct Browser {
  std::string site;  // Sec-Fetch-Site; empty: not sent
  std::string origin;
  bool may_change;
};

// With the address of the server in place of "SELF".
std::vector<Browser> Browsers() {
  return {
      {"", "", true},
      {"", "http://SELF", true},
      {"", "http://evil.example", false},
      {"", "null", false},
      {"", "not an origin", false},
      {"none", "", true},
      {"none", "null", false},
      {"same-origin", "", true},
      {"same-origin", "http://SELF", true},
      {"same-origin", "http://evil.example", false},
      {"same-site", "", true},
      {"same-site", "http://SELF", true},
      {"same-site", "http://127.0.0.1:1", false},
      {"cross-site", "", false},
      {"Cross-Site", "", false},
      {"cross-site", "http://SELF", false},
      {"cross-site", "http://evil.example", false},
      {"cross-site", "null", false},
      {"cross-site", "not an origin", false},
  };
}

Headers HeadersOf(const Browser& browser, uint16_t port) {
  Headers headers;
  if (!browser.site.empty()) headers["Sec-Fetch-Site"] = browser.site;
  std::string origin = browser.origin;
  const size_t self = origin.find("SELF");
  if (self != std::string::npos) origin.replace(self, 4, "127.0.0.1:" + std::to_string(port));
  if (!origin.empty()) headers["Origin"] = origin;
  return headers;
}

class CrossSiteTest : public testing::Test {
 protected:
  ApiServer api_;
};

TEST_F(CrossSiteTest, ChangesOnTheClientPort) {
  const std::string session = api_.CreateSession("10m");
  int number = 0;
  for (const Browser& browser : Browsers()) {
    SCOPED_TRACE(browser.site + " / " + browser.origin);
    const Headers headers = HeadersOf(browser, api_.port());
    const std::string key = "/v1/kv/" + std::to_string(++number);
    if (browser.may_change) {
      EXPECT_EQ(api_.Send("PUT", key, "a", headers).status, 200);
      EXPECT_EQ(api_.Send("DELETE", key, "", headers).status, 204);
      EXPECT_EQ(api_.Send("POST", "/v1/sessions", R"({"ttl":"1s"})", headers).status, 201);
      continue;
    }
    const json problem = api_.ExpectProblem(403, "cross_site", "PUT", key, "a", headers);
    EXPECT_EQ(problem["outcome"], "not_applied");
    EXPECT_EQ(problem["retryable"], false);
    EXPECT_EQ(api_.Send("GET", key).status, 404) << "nothing was changed";
    api_.ExpectProblem(403, "cross_site", "DELETE", "/v1/sessions/" + session, "", headers);
    EXPECT_EQ(api_.Send("GET", "/v1/sessions/" + session).status, 200);
    api_.ExpectProblem(403, "cross_site", "POST", "/v1/sessions", R"({"ttl":"1s"})", headers);
    api_.ExpectProblem(403, "cross_site", "POST", "/v1/cluster/leader/transfer", "", headers);
    api_.ExpectProblem(403, "cross_site", "PATCH", "/nowhere", "", headers);
  }
}

TEST_F(CrossSiteTest, WhatChangesNothingIsAnsweredToAnybody) {
  api_.Send("PUT", "/v1/kv/a", "1");
  for (const Browser& browser : Browsers()) {
    SCOPED_TRACE(browser.site + " / " + browser.origin);
    const Headers headers = HeadersOf(browser, api_.port());
    EXPECT_EQ(api_.Send("GET", "/v1/kv/a", "", headers).body, "1");
    EXPECT_EQ(api_.Send("HEAD", "/v1/kv/a", "", headers).status, 200);
    EXPECT_EQ(api_.Send("OPTIONS", "/v1/kv/a", "", headers).status, 405);
  }
}

TEST_F(CrossSiteTest, TheOpsPortIsTheSame) {
  ApiServer ops(ApiServer::Kind::kOps);
  for (const Browser& browser : Browsers()) {
    SCOPED_TRACE(browser.site + " / " + browser.origin);
    const Headers headers = HeadersOf(browser, ops.port());
    EXPECT_EQ(ops.Send("GET", "/metrics", "", headers).status, 200);
    for (const char* method : {"POST", "PUT", "DELETE", "PATCH"}) {
      EXPECT_EQ(ops.Send(method, "/livez", "", headers).status, browser.may_change ? 405 : 403);
    }
  }
}

// As bytes: what no client library would send; and the connection goes on.
TEST_F(CrossSiteTest, ARefusalNamesTheHeaderAndKeepsTheConnection) {
  RawClient client(api_.port());
  client.Send(
      "POST /v1/sessions HTTP/1.1\r\nHost: a\r\nOrigin: \r\nContent-Length: 12\r\n\r\n"
      "{\"ttl\":\"1s\"}");
  const RawResponse empty = client.ReadResponse().value();
  EXPECT_EQ(empty.status, 403);
  EXPECT_NE(empty.body.find("the header Origin is \\\"\\\""), std::string::npos) << empty.body;
  client.Send(
      "POST /v1/sessions HTTP/1.1\r\nHost: a\r\nSec-Fetch-Site: cross-site\r\n"
      "Content-Length: 12\r\n\r\n{\"ttl\":\"1s\"}");
  const RawResponse site = client.ReadResponse().value();
  EXPECT_EQ(site.status, 403);
  EXPECT_NE(site.body.find("the header Sec-Fetch-Site is \\\"cross-site\\\""), std::string::npos);
  client.Send("GET /v1/sessions HTTP/1.1\r\nHost: a\r\nOrigin: null\r\n\r\n");
  const RawResponse read = client.ReadResponse().value();
  EXPECT_EQ(read.status, 200);
  EXPECT_EQ(json::parse(read.body)["sessions"].size(), 0U) << "no session was created";
}

}  // namespace
}  // namespace baton::http
