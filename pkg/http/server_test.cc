// The server over loopback: what a client sees of the life of a request.
#include "pkg/http/server.h"

#include <future>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

#include "pkg/http/testing/eventually.h"
#include "pkg/http/testing/raw_client.h"
#include "pkg/http/testing/test_server.h"

namespace baton::http {
namespace {

std::string Get(const std::string& path, const std::string& headers = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}

std::string Post(const std::string& path, const std::string& body,
                 const std::string& headers = "") {
  return "POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + headers + "\r\n" + body;
}

// Everything a handler sees, as text.
std::string Describe(const Request& request) {
  std::string text = request.method + "|" + request.path + "|" + request.route + "|";
  for (const auto& [name, value] : request.captures) text += name + "=" + value + ";";
  text += "|";
  for (const auto& [name, value] : request.query) text += name + "=" + value + ";";
  text += "|" + request.remote_address + "|" + request.body;
  return text;
}

Router SomeRoutes() {
  Router router;
  router.Handle("GET", "/hello", [](std::shared_ptr<Exchange> exchange) {
    exchange->Respond(Response::Text(200, "hello"));
  });
  router.Handle("POST", "/echo", [](std::shared_ptr<Exchange> exchange) {
    exchange->Respond(Response::Text(200, exchange->request().body));
  });
  const auto describe = [](std::shared_ptr<Exchange> exchange) {
    exchange->Respond(Response::Text(200, Describe(exchange->request())));
  };
  router.Handle("GET", "/v1/kv/{key...}", describe);
  router.Handle("POST", "/v1/kv/{key...}", describe);
  router.Handle("GET", "/header/{name}", [](std::shared_ptr<Exchange> exchange) {
    const Request& request = exchange->request();
    const std::string* value = request.Header(request.captures.at("name"));
    exchange->Respond(Response::Text(200, value == nullptr ? "(none)" : *value));
  });
  router.Handle("GET", "/throws",
                [](std::shared_ptr<Exchange>) { throw std::runtime_error("the secret text"); });
  router.Handle("GET", "/drops", [](std::shared_ptr<Exchange>) {});
  router.Handle("GET", "/empty", [](std::shared_ptr<Exchange> exchange) {
    exchange->Respond({204, {}, "not sent"});
  });
  return router;
}

TEST(Server, AnswersAndKeepsTheConnection) {
  TestServer server(SomeRoutes());
  RawClient client(server.port());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.Send(Get("/hello")));
    const auto response = client.ReadResponse();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "hello");
    EXPECT_TRUE(response->headers.contains("date"));
    EXPECT_FALSE(response->headers.contains("connection"));
  }
  EXPECT_EQ(server->Stats().connections_open, 1u);
  client.Close();
  EXPECT_TRUE(Eventually([&] { return server->Stats().connections_open == 0; }));
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  TestServer server(SomeRoutes());
  RawClient client(server.port());
  std::string all;
  for (int i = 0; i < 3000; ++i) all += Post("/echo", std::to_string(i));
  std::thread sender([&] { client.Send(all); });
  for (int i = 0; i < 3000; ++i) {
    const auto response = client.ReadResponse();
    ASSERT_TRUE(response.has_value()) << i;
    EXPECT_EQ(response->body, std::to_string(i));
  }
  sender.join();
}

TEST(Server, TakesARequestByteByByte) {
  TestServer server(SomeRoutes());
  RawClient client(server.port());
  for (const char byte : Post("/echo", "abc")) ASSERT_TRUE(client.Send(std::string(1, byte)));
  EXPECT_EQ(client.ReadResponse().value().body, "abc");
}

TEST(Server, HandsTheHandlerWhatWasSent) {
  TestServer server(SomeRoutes());
  RawClient client(server.port());
  client.Send(Post("/v1/kv/a%2Fb/c%20d?x=1&x=2&token=abc==&q=a?b+c", "{\"a\":1}",
                   "Content-Type: application/x-www-form-urlencoded\r\n"));
  EXPECT_EQ(client.ReadResponse().value().body,
            "POST|/v1/kv/a/b/c d|/v1/kv/{key...}|key=a/b/c d;|q=a?b c;token=abc==;x=1;x=2;|"
            "127.0.0.1|{\"a\":1}");
}

TEST(Server, HeadersArriveAsSent) {
  TestServer server(SomeRoutes());
  RawClient client(server.port());
  const auto header = [&](const std::string& name, const std::string& headers) {
    client.Send(Get("/header/" + name, headers));
    return client.ReadResponse().value().body;
  };
  EXPECT_EQ(header("evil", "Evil: a%0d%0aB: c\r\n"), "a%0d%0aB: c");
  EXPECT_EQ(header("remote_addr", "A: b\r\n"), "(none)");
  EXPECT_EQ(header("empty", "Empty:\r\n"), "");
  EXPECT_EQ(header("range", "Range: bytes=zz\r\n"), "bytes=zz");
}

TEST(Server, RefusesMalformedEncodingAndGoesOn) {
  TestServer server(SomeRoutes());
  RawClient client(server.port());
  for (const char* path : {"/v1/kv/%zz", "/v1/kv/a%00b", "/v1/kv/a?x=%", "/v1/kv/%u0041"}) {
    client.Send(Get(path));
    EXPECT_EQ(client.ReadResponse().value().status, 400) << path;
  }
  client.Send(Get("/hello"));
  EXPECT_EQ(client.ReadResponse().value().status, 200);
}

TEST(Server, KnowsItsPathsAndMethods) {
  TestServer server(SomeRoutes());
  RawClient client(server.port());
  client.Send(Get("/nothing"));
  EXPECT_EQ(client.ReadResponse().value().status, 404);
  client.Send(Get("/echo"));
  const auto response = client.ReadResponse().value();
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.headers.at("allow"), "POST");
}

TEST(Server, HeadHasTheHeadersOfGetAndNoBody) {
  TestServer server(SomeRoutes());
  RawClient client(server.port());
  client.Send("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n" + Get("/hello"));
  const auto head = client.ReadResponse(true).value();
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("content-length"), "5");
  EXPECT_EQ(client.ReadResponse().value().body, "hello");
}

TEST(Server, NoContentHasNoBody) {
  TestServer server(SomeRoutes());
  RawClient client(server.port());
  client.Send(Get("/empty") + Get("/hello"));
  EXPECT_EQ(client.ReadResponse().value().status, 204);
  EXPECT_EQ(client.ReadResponse().value().body, "hello");
}

TEST(Server, ClosesWhenAsked) {
  TestServer server(SomeRoutes());
  RawClient client(server.port());
  client.Send(Get("/hello", "Connection: close\r\n") + Get("/hello"));
  const auto response = client.ReadResponse().value();
  EXPECT_EQ(response.headers.at("connection"), "close");
  EXPECT_EQ(client.ReadUntilClosed(), "");
}

TEST(Server, SpeaksHttp10) {
  TestServer server(SomeRoutes());
  RawClient keeps(server.port());
  for (int i = 0; i < 2; ++i) {
    keeps.Send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(keeps.ReadResponse().value().headers.at("connection"), "keep-alive");
  }
  RawClient closes(server.port());
  closes.Send("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_EQ(closes.ReadResponse().value().body, "hello");
  EXPECT_EQ(closes.ReadUntilClosed(), "");
}

TEST(Server, SaysContinue) {
  TestServer server(SomeRoutes());
  RawClient client(server.port());
  client.Send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(client.ReadResponse().value().status, 100);
  client.Send("abc");
  EXPECT_EQ(client.ReadResponse().value().body, "abc");
}

TEST(Server, RefusesTooMuchBeforeItIsSent) {
  TestServer server(SomeRoutes());
  RawClient client(server.port());
  client.Send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n");
  EXPECT_EQ(client.ReadResponse().value().status, 413);
  EXPECT_EQ(client.ReadUntilClosed(), "");
}

TEST(Server, TakesLargeBodiesAndGivesThemBack) {
  TestServer server(SomeRoutes());
  RawClient client(server.port());
  const std::string body(Limits().body_bytes_max, 'x');
  for (int i = 0; i < 2; ++i) {
    std::thread sender([&] { client.Send(Post("/echo", body)); });
    EXPECT_EQ(client.ReadResponse().value().body, body);
    sender.join();
  }
}

TEST(Server, TakesChunkedBodies) {
  TestServer server(SomeRoutes());
  RawClient client(server.port());
  client.Send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (const char* piece : {"5\r\nhello\r\n", "1\r\n \r\n", "5\r\nworld\r\n", "0\r\n", "\r\n"}) {
    ASSERT_TRUE(client.Send(piece));
  }
  EXPECT_EQ(client.ReadResponse().value().body, "hello world");
}

TEST(Server, AnswersAClientThatEndsItsSide) {
  TestServer server(SomeRoutes());
  RawClient client(server.port());
  client.Send(Get("/hello") + Get("/hello"));
  client.ShutdownSend();
  EXPECT_EQ(client.ReadResponse().value().body, "hello");
  EXPECT_EQ(client.ReadResponse().value().body, "hello");
  EXPECT_EQ(client.ReadUntilClosed(), "");
}

TEST(Server, WhatAHandlerThrowsStaysHere) {
  TestServer server(SomeRoutes());
  RawClient client(server.port());
  client.Send(Get("/throws") + Get("/hello"));
  const auto response = client.ReadResponse().value();
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body.find("secret"), std::string::npos);
  for (const auto& [name, value] : response.headers) {
    EXPECT_EQ(value.find("secret"), std::string::npos) << name;
  }
  EXPECT_EQ(client.ReadResponse().value().body, "hello");
}

TEST(Server, ARequestThatIsDroppedIsAnswered500) {
  TestServer server(SomeRoutes());
  RawClient client(server.port());
  client.Send(Get("/drops") + Get("/hello"));
  EXPECT_EQ(client.ReadResponse().value().status, 500);
  EXPECT_EQ(client.ReadResponse().value().body, "hello");
}

TEST(Server, MakesRequestIdsUnlessTheClientHasASaneOne) {
  Router router;
  router.Handle("GET", "/id", [](std::shared_ptr<Exchange> exchange) {
    exchange->Respond(Response::Text(200, exchange->request().request_id));
  });
  TestServer server(std::move(router));
  RawClient client(server.port());
  const auto id = [&](const std::string& headers) {
    client.Send(Get("/id", headers));
    return client.ReadResponse().value().body;
  };
  EXPECT_EQ(id("X-Request-Id: a-B.c_9\r\n"), "a-B.c_9");
  const std::string made = id("");
  EXPECT_GE(made.size(), 18u);
  EXPECT_NE(id(""), made);
  EXPECT_NE(id("X-Request-Id: a b\r\n"), "a b");
  EXPECT_NE(id("X-Request-Id: " + std::string(65, 'a') + "\r\n"), std::string(65, 'a'));
  EXPECT_EQ(id("X-Request-Id: " + std::string(64, 'a') + "\r\n"), std::string(64, 'a'));
}

TEST(Server, DecoratesEveryResponseAndRendersErrors) {
  TestServer server(SomeRoutes(), [](ListenOptions* options) {
    options->decorate = [](const Request& request, Response* response) {
      response->headers.emplace_back("X-Request-Id", request.request_id);
    };
    options->on_error = [](const Status& status, int http_status, const std::string& request_id) {
      return Response::Json(http_status, status.reason() + "/" + request_id);
    };
  });
  const auto check = [&](const std::string& request, int status, const std::string& reason) {
    RawClient client(server.port());
    client.Send(request);
    const auto response = client.ReadResponse().value();
    EXPECT_EQ(response.status, status);
    ASSERT_FALSE(response.headers.at("x-request-id").empty());
    if (!reason.empty()) {
      EXPECT_EQ(response.body, reason + "/" + response.headers.at("x-request-id"));
    }
  };
  check(Get("/hello"), 200, "");
  check(Get("/nothing"), 404, "unknown_path");
  check(Get("/echo"), 405, "method_not_allowed");
  check(Get("/throws"), 500, "internal");
  check("GET /hello HTTP/1.1\r\n\r\n", 400, "missing_host");
}

TEST(Server, AnswersFromAnotherThread) {
  std::promise<std::shared_ptr<Exchange>> waiting;
  Router router = SomeRoutes();
  router.Handle("GET", "/wait", [&](std::shared_ptr<Exchange> exchange) {
    waiting.set_value(std::move(exchange));
  });
  TestServer server(std::move(router));
  RawClient client(server.port());
  client.Send(Get("/wait") + Get("/hello"));
  const std::shared_ptr<Exchange> exchange = waiting.get_future().get();
  // Others are served meanwhile; this client's next request waits its turn.
  RawClient other(server.port());
  other.Send(Get("/hello"));
  EXPECT_EQ(other.ReadResponse().value().body, "hello");
  EXPECT_EQ(server->Stats().requests_in_flight, 1u);
  exchange->Respond(Response::Text(200, "late"));
  exchange->Respond(Response::Text(200, "later"));
  EXPECT_EQ(client.ReadResponse().value().body, "late");
  EXPECT_EQ(client.ReadResponse().value().body, "hello");
  EXPECT_TRUE(Eventually([&] { return server->Stats().requests_in_flight == 0; }));
}

TEST(Server, ManyThreadsAnswerManyClients) {
  std::mutex mutex;
  std::vector<std::shared_ptr<Exchange>> waiting;
  Router router;
  router.Handle("POST", "/wait", [&](std::shared_ptr<Exchange> exchange) {
    const std::lock_guard<std::mutex> lock(mutex);
    waiting.push_back(std::move(exchange));
  });
  TestServer server(std::move(router));
  std::atomic<bool> stop{false};
  std::vector<std::thread> answerers;
  for (int i = 0; i < 3; ++i) {
    answerers.emplace_back([&] {
      while (!stop) {
        std::vector<std::shared_ptr<Exchange>> batch;
        {
          const std::lock_guard<std::mutex> lock(mutex);
          batch.swap(waiting);
        }
        for (auto& exchange : batch) {
          exchange->Respond(Response::Text(200, exchange->request().body));
        }
        std::this_thread::yield();
      }
    });
  }
  std::vector<std::thread> clients;
  std::atomic<int> right{0};
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&, i] {
      RawClient client(server.port());
      for (int j = 0; j < 100; ++j) {
        const std::string body = std::to_string(i) + "/" + std::to_string(j);
        client.Send(Post("/wait", body));
        const auto response = client.ReadResponse();
        if (response.has_value() && response->body == body) ++right;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  stop = true;
  for (std::thread& answerer : answerers) answerer.join();
  EXPECT_EQ(right.load(), 800);
}

TEST(Server, RunsPostedWorkOnItsThread) {
  Router router;
  router.Handle("GET", "/thread", [](std::shared_ptr<Exchange> exchange) {
    const auto loop = std::this_thread::get_id();
    std::thread([exchange, loop] {
      exchange->Post([exchange, loop] {
        const bool same = std::this_thread::get_id() == loop;
        exchange->Respond(Response::Text(200, same ? "same" : "other"));
      });
    }).detach();
  });
  TestServer server(std::move(router));
  RawClient client(server.port());
  client.Send(Get("/thread"));
  EXPECT_EQ(client.ReadResponse().value().body, "same");
}

// A handler that answers another connection's waiting request, while that one has more to ask: the
// handlers must not nest.
TEST(Server, AnswersToOthersDoNotNestHandlers) {
  std::shared_ptr<Exchange> waiting;  // the loop's
  std::promise<void> waits;
  int depth = 0;
  int depth_max = 0;
  Router router;
  router.Handle("GET", "/wait", [&](std::shared_ptr<Exchange> exchange) {
    waiting = std::move(exchange);
    waits.set_value();
  });
  router.Handle("GET", "/release", [&](std::shared_ptr<Exchange> exchange) {
    depth_max = std::max(depth_max, ++depth);
    if (waiting) std::exchange(waiting, nullptr)->Respond(Response::Text(200, "released"));
    exchange->Respond(Response::Text(200, ""));
    --depth;
  });
  TestServer server(std::move(router));
  RawClient waiter(server.port());
  waiter.Send(Get("/wait") + Get("/release"));
  waits.get_future().wait();
  RawClient releaser(server.port());
  releaser.Send(Get("/release"));
  EXPECT_EQ(releaser.ReadResponse().value().status, 200);
  EXPECT_EQ(waiter.ReadResponse().value().body, "released");
  EXPECT_EQ(waiter.ReadResponse().value().status, 200);
  server->Stop(1000);
  EXPECT_EQ(depth_max, 1);
}

TEST(Server, CountsByRouteMethodAndStatus) {
  TestServer server(SomeRoutes());
  RawClient client(server.port());
  for (int i = 0; i < 3; ++i) {
    client.Send(Get("/v1/kv/secret" + std::to_string(i)));
    client.ReadResponse();
  }
  client.Send(Get("/no/such/path"));
  client.ReadResponse();
  client.Send("BREW / HTTP/1.1\r\n");
  client.ReadResponse();
  const ServerStats stats = server->Stats();
  ASSERT_EQ(stats.requests.size(), 3u);
  EXPECT_EQ(stats.requests[0].route, "/v1/kv/{key...}");
  EXPECT_EQ(stats.requests[0].total, 3u);
  EXPECT_EQ(stats.requests[1].route, "other");
  EXPECT_EQ(stats.requests[1].status, 404);
  EXPECT_EQ(stats.requests[2].method, "OTHER");
  EXPECT_EQ(stats.requests[2].status, 501);
  EXPECT_EQ(stats.framing_errors_total, 1u);
  EXPECT_EQ(stats.latency_by_route.size(), 2u);
}

TEST(Server, ClosesAfterSoManyRequests) {
  TestServer server(SomeRoutes(), [](ListenOptions* options) {
    options->limits.requests_per_connection_max = 2;
  });
  RawClient client(server.port());
  client.Send(Get("/hello") + Get("/hello") + Get("/hello"));
  EXPECT_FALSE(client.ReadResponse().value().headers.contains("connection"));
  EXPECT_EQ(client.ReadResponse().value().headers.at("connection"), "close");
  EXPECT_EQ(client.ReadUntilClosed(), "");
}

Status StatusOfListening(const TestServer::Change& change) {
  NullLogger logger;
  ListenOptions options;
  change(&options);
  return Server::Listen(std::move(options), {}, &logger).status();
}

TEST(ServerListen, NamesWhyItCannot) {
  TestServer server(SomeRoutes());
  const Status used =
      StatusOfListening([&](ListenOptions* options) { options->port = server.port(); });
  EXPECT_EQ(used.code(), Code::kIo);
  EXPECT_EQ(used.message(), "cannot listen on 127.0.0.1 port " + std::to_string(server.port()) +
                                ": address already in use");
  const Status name =
      StatusOfListening([](ListenOptions* options) { options->address = "localhost"; });
  EXPECT_EQ(name.code(), Code::kInvalidArgument);
  const Status limit = StatusOfListening(
      [](ListenOptions* options) { options->limits.request_line_bytes_max = 8193; });
  EXPECT_NE(limit.message().find("request_line_bytes_max"), std::string::npos);
}

TEST(ServerListen, TheSamePortAgainAtOnce) {
  uint16_t port = 0;
  {
    TestServer server(SomeRoutes());
    port = server.port();
    RawClient client(port);
    client.Send(Get("/hello", "Connection: close\r\n"));
    client.ReadResponse();
  }
  TestServer server(SomeRoutes(), [port](ListenOptions* options) { options->port = port; });
  RawClient client(port);
  client.Send(Get("/hello"));
  EXPECT_EQ(client.ReadResponse().value().body, "hello");
}

TEST(ServerListen, NeverStartedItEnds) {
  NullLogger logger;
  auto server = Server::Listen(ListenOptions(), {}, &logger);
  ASSERT_TRUE(server.ok());
  EXPECT_NE((*server)->port(), 0);
  (*server)->Stop(0);
}

}  // namespace
}  // namespace baton::http
