// The server over loopback: what a client sees of the life of a request.
#include <atomic>
#include <future>
#include <thread>

#include <gtest/gtest.h>

#include "pkg/http/server.h"
#include "pkg/http/testing/raw_client.h"
#include "pkg/http/testing/test_server.h"

namespace baton::http {
namespace {

constexpr char kHello[] = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

Router HelloRouter() {
  Router router;
  router.Handle("GET", "/hello", [](std::shared_ptr<Exchange> exchange) {
    exchange->Respond(Response::Text(200, "hello"));
  });
  router.Handle("POST", "/echo", [](std::shared_ptr<Exchange> exchange) {
    exchange->Respond(Response::Text(200, exchange->request().body));
  });
  return router;
}

TEST(Server, AnswersAndKeepsTheConnection) {
  TestServer server(HelloRouter());
  RawClient client(server.port());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.Send(kHello));
    const auto response = client.ReadResponse();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "hello");
    EXPECT_TRUE(response->headers.contains("date"));
    EXPECT_FALSE(response->headers.contains("connection"));
  }
  EXPECT_EQ(server->Stats().connections_open, 1u);
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  TestServer server(HelloRouter());
  RawClient client(server.port());
  std::string all;
  for (int i = 0; i < 200; ++i) {
    const std::string body = std::to_string(i);
    all += "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
  }
  ASSERT_TRUE(client.Send(all));
  for (int i = 0; i < 200; ++i) {
    const auto response = client.ReadResponse();
    ASSERT_TRUE(response.has_value()) << i;
    EXPECT_EQ(response->body, std::to_string(i));
  }
}

}  // namespace
}  // namespace baton::http
