// docs/api.md is complete: it has each route of the server and no other, and each code of an error.
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <string>

#include "pkg/http/api.h"
#include "pkg/http/problem.h"
#include "test/docs/console.h"
#include "test/integration/process.h"

namespace baton::docs {
namespace {

const std::string& Page() {
  static const std::string page = integration::ReadFile(PagePath("docs/api.md"));
  return page;
}

// "GET /v1/kv/{key...}" -> "GET /v1/kv/{key}": how many segments a capture takes is said in words.
std::string EntryOf(const std::string& method, std::string pattern) {
  const size_t dots = pattern.find("...}");
  if (dots != std::string::npos) pattern.erase(dots, 3);
  return method + " " + pattern;
}

std::set<std::string> EntriesOfServer() {
  http::ApiContext context;
  std::set<std::string> entries;
  for (const http::Router& router :
       {http::MakeClientRouter(&context), http::MakePeerRouter(&context),
        http::MakeOpsRouter(&context, [] { return std::string(); })}) {
    for (const auto& [method, pattern] : router.Routes()) entries.insert(EntryOf(method, pattern));
  }
  return entries;
}

// What stands in backquotes and begins with a method and a path.
std::set<std::string> EntriesOfPage() {
  std::set<std::string> entries;
  for (const std::string method : {"GET", "PUT", "POST", "DELETE"}) {
    const std::string start = "`" + method + " /";
    for (size_t at = 0; (at = Page().find(start, at)) != std::string::npos; ++at) {
      entries.insert(Page().substr(at + 1, Page().find('`', at + 1) - at - 1));
    }
  }
  return entries;
}

TEST(ApiPageTest, HasEveryRouteAndNoOther) {
  const std::set<std::string> server = EntriesOfServer();
  ASSERT_GT(server.size(), 30u);
  const std::set<std::string> page = EntriesOfPage();
  for (const std::string& entry : server) {
    EXPECT_TRUE(page.contains(entry)) << "docs/api.md says nothing about `" << entry << "`";
  }
  for (const std::string& entry : page) {
    EXPECT_TRUE(server.contains(entry)) << "docs/api.md has `" << entry << "`; the server has not";
  }
}

TEST(ApiPageTest, HasEveryCodeOfAnError) {
  ASSERT_FALSE(http::KnownProblems().empty());
  for (const http::ProblemKind& kind : http::KnownProblems()) {
    EXPECT_NE(Page().find("`" + std::string(kind.reason) + "`"), std::string::npos)
        << "docs/api.md says nothing about the error `" << kind.reason << "`";
  }
}

}  // namespace
}  // namespace baton::docs
