#include "pkg/http/httplib_bridge.h"

#include <gtest/gtest.h>

namespace baton::http {
namespace {

TEST(HttplibBridge, ParsesMethodAndPath) {
  HttplibBridge bridge;
  HttplibBridge::Parsed parsed;
  RequestHead head;
  for (const char* method : {"GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"}) {
    head.method = method;
    head.target = "/v1/kv/a%20b%2Fc+d?e=f?g&h=i#";
    ASSERT_TRUE(bridge.Parse(head, &parsed)) << method;
    EXPECT_EQ(parsed.method, method);
    EXPECT_EQ(parsed.path, "/v1/kv/a b/c+d");
  }
}

TEST(HttplibBridge, TakesTheLongestLineThatTheFramerPasses) {
  HttplibBridge bridge;
  HttplibBridge::Parsed parsed;
  RequestHead head;
  head.method = "OPTIONS";
  const size_t rest = std::string("OPTIONS  HTTP/1.1\r\n").size();
  head.target = "/" + std::string(Limits().request_line_bytes_max - rest - 1, 'a');
  ASSERT_TRUE(bridge.Parse(head, &parsed));
  EXPECT_EQ(parsed.path, head.target);
  head.target += "a";
  EXPECT_FALSE(bridge.Parse(head, &parsed));
}

TEST(HttplibBridge, SaysWhenTheLibraryRefuses) {
  HttplibBridge bridge;
  HttplibBridge::Parsed parsed;
  RequestHead head;
  head.method = "BREW";
  head.target = "/";
  EXPECT_FALSE(bridge.Parse(head, &parsed));
  head.method = "GET";
  EXPECT_TRUE(bridge.Parse(head, &parsed));
}

}  // namespace
}  // namespace baton::http
