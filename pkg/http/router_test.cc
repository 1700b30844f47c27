#include <gtest/gtest.h>

#include "pkg/http/server.h"

namespace baton::http {
namespace {

using Captures = std::map<std::string, std::string>;

void Ignore(std::shared_ptr<Exchange>) {}

Router SomeRoutes() {
  Router router;
  router.Handle("GET", "/", Ignore);
  router.Handle("GET", "/v1/kv", Ignore);
  router.Handle("GET", "/v1/kv/{key...}", Ignore);
  router.Handle("PUT", "/v1/kv/{key...}", Ignore);
  router.Handle("GET", "/v1/locks/{name}", Ignore);
  router.Handle("POST", "/v1/locks/{name}/acquire", Ignore);
  router.Handle("POST", "/v1/locks/{name}", Ignore);
  router.Handle("POST", "/v1/locks/verify", Ignore);
  router.Handle("GET", "/v1/{kind}/list", Ignore);
  return router;
}

std::string RouteOf(const char* method, const char* path) {
  const Router router = SomeRoutes();
  const Router::Match match = router.Find(method, path);
  return match.handler == nullptr ? "none" : match.route;
}

TEST(Router, FindsLiterals) {
  EXPECT_EQ(RouteOf("GET", "/"), "/");
  EXPECT_EQ(RouteOf("GET", "/v1/kv"), "/v1/kv");
  EXPECT_EQ(RouteOf("GET", "/%761/kv"), "/v1/kv");
  EXPECT_EQ(RouteOf("GET", "/v2/kv"), "none");
  EXPECT_EQ(RouteOf("GET", "/v1"), "none");
  EXPECT_EQ(RouteOf("GET", "/V1/kv"), "none");
}

TEST(Router, CapturesOneSegment) {
  const Router router = SomeRoutes();
  EXPECT_EQ(router.Find("GET", "/v1/locks/a").captures, (Captures{{"name", "a"}}));
  EXPECT_EQ(router.Find("GET", "/v1/locks/a%2Fb%20c").captures, (Captures{{"name", "a/b c"}}));
  EXPECT_EQ(router.Find("GET", "/v1/locks/a%2Fb%20c").path, "/v1/locks/a/b c");
  EXPECT_EQ(router.Find("GET", "/v1/locks/..").captures, (Captures{{"name", ".."}}));
  EXPECT_EQ(RouteOf("GET", "/v1/locks/"), "none");
  EXPECT_EQ(RouteOf("GET", "/v1/locks/a/b"), "none");
}

TEST(Router, CapturesTheRest) {
  const Router router = SomeRoutes();
  EXPECT_EQ(router.Find("GET", "/v1/kv/a").captures, (Captures{{"key", "a"}}));
  EXPECT_EQ(router.Find("GET", "/v1/kv/a/b/c").captures, (Captures{{"key", "a/b/c"}}));
  EXPECT_EQ(router.Find("GET", "/v1/kv/a%2Fb/c").captures, (Captures{{"key", "a/b/c"}}));
  EXPECT_EQ(router.Find("GET", "/v1/kv//a").captures, (Captures{{"key", "/a"}}));
  EXPECT_EQ(router.Find("GET", "/v1/kv/a/").captures, (Captures{{"key", "a/"}}));
  EXPECT_EQ(RouteOf("GET", "/v1/kv/"), "none");
}

TEST(Router, ALiteralWinsOverACaptureAndThatOverTheRest) {
  EXPECT_EQ(RouteOf("POST", "/v1/locks/verify"), "/v1/locks/verify");
  EXPECT_EQ(RouteOf("POST", "/v1/locks/other"), "/v1/locks/{name}");
  EXPECT_EQ(RouteOf("POST", "/v1/locks/verify/acquire"), "/v1/locks/{name}/acquire");
  // The leftmost difference decides: "kv" says more than "{kind}".
  EXPECT_EQ(RouteOf("GET", "/v1/kv/list"), "/v1/kv/{key...}");
  EXPECT_EQ(RouteOf("GET", "/v1/x/list"), "/v1/{kind}/list");
}

TEST(Router, TheOrderOfHandleDoesNotMatter) {
  Router router;
  router.Handle("GET", "/{all...}", Ignore);
  router.Handle("GET", "/{one}", Ignore);
  router.Handle("GET", "/one", Ignore);
  EXPECT_EQ(router.Find("GET", "/one").route, "/one");
  EXPECT_EQ(router.Find("GET", "/two").route, "/{one}");
  EXPECT_EQ(router.Find("GET", "/two/three").route, "/{all...}");
}

TEST(Router, NamesTheMethodsOfAPath) {
  const Router router = SomeRoutes();
  const Router::Match match = router.Find("DELETE", "/v1/kv/a");
  EXPECT_EQ(match.handler, nullptr);
  EXPECT_TRUE(match.error.ok());
  EXPECT_EQ(match.allowed_methods, (std::vector<std::string>{"GET", "HEAD", "PUT"}));
  EXPECT_TRUE(match.route.empty());
  EXPECT_TRUE(router.Find("DELETE", "/nothing").allowed_methods.empty());
}

TEST(Router, HeadIsAnsweredByGet) {
  EXPECT_EQ(RouteOf("HEAD", "/v1/kv/a"), "/v1/kv/{key...}");
  EXPECT_EQ(RouteOf("HEAD", "/v1/locks/verify"), "/v1/locks/{name}");
  Router router;
  router.Handle("POST", "/only", Ignore);
  EXPECT_EQ(router.Find("HEAD", "/only").handler, nullptr);
}

TEST(Router, RefusesMalformedPaths) {
  const Router router = SomeRoutes();
  for (const char* path : {"/v1/kv/%", "/v1/kv/%zz", "/v1/kv/a%00", "/%u0041", "v1/kv", ""}) {
    const Router::Match match = router.Find("GET", path);
    EXPECT_EQ(match.handler, nullptr) << path;
    EXPECT_EQ(match.error.code(), Code::kInvalidArgument) << path;
  }
}

TEST(Router, DecodesThePath) {
  const Router router = SomeRoutes();
  for (const auto& [raw, decoded] : std::map<std::string, std::string>{
           {"/", "/"},
           {"//", "//"},
           {"/v1/kv/a%20b%2Fc+d", "/v1/kv/a b/c+d"},
           {"/%2f/..//%c3%a4/", "///..//\xc3\xa4/"},
           {"/" + std::string(8000, 'a'), "/" + std::string(8000, 'a')}}) {
    EXPECT_EQ(router.Find("GET", raw).path, decoded);
  }
}

TEST(Router, ListsItsRoutesInOrder) {
  Router router;
  router.Handle("PUT", "/b", Ignore);
  router.Handle("GET", "/a/{x}", Ignore);
  const std::vector<std::pair<std::string, std::string>> expected = {{"PUT", "/b"},
                                                                     {"GET", "/a/{x}"}};
  EXPECT_EQ(router.Routes(), expected);
}

TEST(RouterDeathTest, WrongPatterns) {
  Router router;
  router.Handle("GET", "/a", Ignore);
  EXPECT_DEATH(router.Handle("GET", "/a", Ignore), "has a handler already");
  EXPECT_DEATH(router.Handle("GET", "a", Ignore), "");
  EXPECT_DEATH(router.Handle("GET", "/{rest...}/b", Ignore), "nothing can follow the rest");
  EXPECT_DEATH(router.Handle("GET", "/{}", Ignore), "a capture needs a name");
  EXPECT_DEATH(router.Handle("GET", "/{open", Ignore), "");
}

TEST(Request, FindsTheFirstValue) {
  Request request;
  request.headers = {{"a", "1"}, {"a", "2"}};
  request.query = {{"b", ""}};
  ASSERT_NE(request.Header("a"), nullptr);
  EXPECT_EQ(*request.Header("a"), "1");
  EXPECT_EQ(request.Header("b"), nullptr);
  ASSERT_NE(request.Query("b"), nullptr);
  EXPECT_EQ(request.Query("a"), nullptr);
}

}  // namespace
}  // namespace baton::http
