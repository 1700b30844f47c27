// What the server does with those who mean harm: tricks, floods, idleness, and crowds.
// server_drip_test.cc has the slow ones.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>

#include <gtest/gtest.h>

#include "pkg/http/server.h"
#include "pkg/http/testing/eventually.h"
#include "pkg/http/testing/malformed_requests.h"
#include "pkg/http/testing/raw_client.h"
#include "pkg/http/testing/test_server.h"

namespace baton::http {
namespace {

constexpr char kHello[] = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

Router HelloRouter() {
  Router router;
  const auto hello = [](std::shared_ptr<Exchange> exchange) {
    exchange->Respond(Response::Text(200, "hello"));
  };
  router.Handle("GET", "/hello", hello);
  router.Handle("GET", "/", hello);
  router.Handle("POST", "/", hello);
  return router;
}

// A "Name:   number" line of /proc/self/status.
int64_t ProcessStatus(const std::string& name) {
  std::ifstream status("/proc/self/status");
  std::string word;
  int64_t number = -1;
  while (status >> word) {
    if (word == name + ":") {
      status >> number;
      return number;
    }
  }
  return number;
}

bool IsServed(RawClient* client) {
  client->Send(kHello);
  const auto response = client->ReadResponse();
  return response.has_value() && response->status == 200;
}

// --- framing ---

TEST(ServerGuard, MalformedRequestsAreAnsweredAndClosed) {
  std::atomic<int> smuggled{0};
  Router router = HelloRouter();
  router.Handle("GET", "/smuggled", [&](std::shared_ptr<Exchange> exchange) {
    ++smuggled;
    exchange->Respond(Response::Text(200, ""));
  });
  TestServer server(std::move(router));
  for (const MalformedRequest& malformed : MalformedRequests()) {
    RawClient client(server.port());
    client.Send(malformed.bytes + kSmuggled);
    const auto response = client.ReadResponse();
    ASSERT_TRUE(response.has_value()) << malformed.name;
    EXPECT_EQ(response->status, malformed.status) << malformed.name;
    EXPECT_EQ(response->headers.at("connection"), "close") << malformed.name;
    // Nothing after it: no second response, and the connection ends.
    EXPECT_EQ(client.ReadUntilClosed(), "") << malformed.name;
  }
  EXPECT_EQ(smuggled, 0);
  EXPECT_EQ(server->Stats().framing_errors_total, MalformedRequests().size());
  RawClient client(server.port());
  EXPECT_TRUE(IsServed(&client));
}

TEST(ServerGuard, TheBodyOfAGetIsNotARequest) {
  std::atomic<int> smuggled{0};
  Router router = HelloRouter();
  router.Handle("GET", "/smuggled", [&](std::shared_ptr<Exchange> exchange) {
    ++smuggled;
    exchange->Respond(Response::Text(200, ""));
  });
  TestServer server(std::move(router));
  RawClient client(server.port());
  const std::string body(kSmuggled);
  client.Send("GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
              "\r\n\r\n" + body);
  EXPECT_EQ(client.ReadResponse().value().body, "hello");
  EXPECT_TRUE(IsServed(&client));
  EXPECT_EQ(smuggled, 0);
}

// --- floods ---

TEST(ServerFlood, AHeaderLineOf64MegabytesIsCutEarly) {
  TestServer server(HelloRouter());
  RawClient warm(server.port());
  ASSERT_TRUE(IsServed(&warm));
  const int64_t before_kb = ProcessStatus("VmHWM");
  RawClient flood(server.port());
  flood.Send("GET / HTTP/1.1\r\nHost: a\r\nA: ");
  const std::string piece(64 * 1024, 'a');
  int sent = 0;
  while (sent < 1024 && flood.Send(piece)) ++sent;
  // Refused after 8 KiB; a megabyte or two more is thrown away before the connection ends.
  EXPECT_LT(sent, 1024);
  EXPECT_LT(ProcessStatus("VmHWM") - before_kb, 8 * 1024);
  EXPECT_TRUE(IsServed(&warm));
}

TEST(ServerFlood, AnEndlessChunkedBodyIsCutAtTheBound) {
  TestServer server(HelloRouter());
  const int64_t before_kb = ProcessStatus("VmHWM");
  RawClient flood(server.port());
  flood.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string piece = "10000\r\n" + std::string(64 * 1024, 'a') + "\r\n";
  int sent = 0;
  while (sent < 1024 && flood.Send(piece)) ++sent;
  EXPECT_LT(sent, 1024);
  EXPECT_LT(ProcessStatus("VmHWM") - before_kb, 16 * 1024);
}

TEST(ServerFlood, UnansweredRequestsTogetherAreBounded) {
  std::promise<std::shared_ptr<Exchange>> waiting;
  Router router = HelloRouter();
  router.Handle("POST", "/wait", [&](std::shared_ptr<Exchange> exchange) {
    waiting.set_value(std::move(exchange));
  });
  TestServer server(std::move(router),
                    [](ListenOptions* options) { options->limits.buffered_bytes_max = 1 << 20; });
  const std::string rest = " HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n";
  const std::string body(900'000, 'x');
  RawClient first(server.port());
  first.Send("POST /wait" + rest + body);
  auto exchange = waiting.get_future().get();
  RawClient second(server.port());
  second.Send("POST /" + rest);
  second.Send(body);
  const auto refused = second.ReadResponse().value();
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.headers.at("retry-after"), "1");
  EXPECT_EQ(second.ReadUntilClosed(), "");
  // What was held is given back by the answer.
  exchange->Respond(Response::Text(200, "late"));
  EXPECT_EQ(first.ReadResponse().value().body, "late");
  second.Close();
  RawClient third(server.port());
  third.Send("POST /" + rest + body);
  EXPECT_EQ(third.ReadResponse().value().status, 200);
}

// --- time ---

void ShortTimes(ListenOptions* options) {
  options->limits.header_timeout_ms = 150;
  options->limits.request_timeout_ms = 300;
  options->limits.idle_timeout_ms = 5'000;
}

TEST(ServerTime, IdleConnectionsAreClosed) {
  TestServer server(HelloRouter(),
                    [](ListenOptions* options) { options->limits.idle_timeout_ms = 100; });
  RawClient silent(server.port());
  RawClient served(server.port());
  EXPECT_TRUE(IsServed(&served));
  EXPECT_EQ(silent.ReadUntilClosed(), "");
  EXPECT_EQ(served.ReadUntilClosed(), "");
}

TEST(ServerTime, AWaitingRequestHasNoDeadline) {
  std::promise<std::shared_ptr<Exchange>> waiting;
  Router router;
  router.Handle("GET", "/wait", [&](std::shared_ptr<Exchange> exchange) {
    waiting.set_value(std::move(exchange));
  });
  TestServer server(std::move(router), [](ListenOptions* options) {
    ShortTimes(options);
    options->limits.idle_timeout_ms = 100;
    options->limits.write_timeout_ms = 100;
  });
  RawClient client(server.port());
  client.Send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto exchange = waiting.get_future().get();
  // Others come and are closed for idleness, several times over.
  for (int i = 0; i < 4; ++i) EXPECT_EQ(RawClient(server.port()).ReadUntilClosed(), "");
  exchange->Respond(Response::Text(200, "late"));
  EXPECT_EQ(client.ReadResponse().value().body, "late");
}

// --- crowds ---

TEST(ServerCrowd, TooManyConnectionsAreTold) {
  TestServer server(HelloRouter(),
                    [](ListenOptions* options) { options->limits.connections_max = 3; });
  std::vector<RawClient> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back(server.port());
    EXPECT_TRUE(IsServed(&clients.back()));
  }
  RawClient refused(server.port());
  refused.Send(kHello);
  const auto response = refused.ReadResponse().value();
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.at("connection"), "close");
  EXPECT_EQ(response.headers.at("retry-after"), "1");
  EXPECT_EQ(refused.ReadUntilClosed(), "");
  EXPECT_EQ(server->Stats().connections_refused_total, 1u);
  EXPECT_TRUE(IsServed(&clients[0]));
  clients.pop_back();
  EXPECT_TRUE(Eventually([&] { return server->Stats().connections_open == 2; }));
  RawClient again(server.port());
  EXPECT_TRUE(IsServed(&again));
}

// The default bound: 2,000 from one address, and others are served still.
TEST(ServerCrowd, SoAreTooManyFromOneAddress) {
  TestServer server(HelloRouter());
  std::vector<RawClient> greedy;
  for (int i = 0; i < 2'000; ++i) {
    greedy.emplace_back(server.port(), "127.0.0.2");
    ASSERT_TRUE(greedy.back().connected()) << i;
  }
  EXPECT_TRUE(IsServed(&greedy.back()));
  for (int i = 0; i < 50; ++i) {
    RawClient refused(server.port(), "127.0.0.2");
    const auto response = refused.ReadResponse();
    ASSERT_TRUE(response.has_value()) << i;
    EXPECT_EQ(response->status, 503);
    EXPECT_EQ(response->headers.at("retry-after"), "1");
    EXPECT_EQ(response->headers.at("connection"), "close");
    EXPECT_EQ(response->body,
              "this address has 2000 connections, as many as may be at this node\n");
    EXPECT_EQ(refused.ReadUntilClosed(), "");
  }
  EXPECT_EQ(server->Stats().connections_open, 2'000u);
  RawClient other(server.port());
  EXPECT_TRUE(IsServed(&other));
  // A place that is left is free again.
  greedy.pop_back();
  EXPECT_TRUE(Eventually([&] { return server->Stats().connections_open == 2'000; }));
  RawClient again(server.port(), "127.0.0.2");
  EXPECT_TRUE(IsServed(&again));
}

TEST(ServerCrowd, AFloodOfRefusedConnectionsIsBounded) {
  TestServer server(HelloRouter(),
                    [](ListenOptions* options) { options->limits.connections_max = 1; });
  RawClient served(server.port());
  EXPECT_TRUE(IsServed(&served));
  std::vector<RawClient> refused;
  for (int i = 0; i < 500; ++i) refused.emplace_back(server.port());
  EXPECT_TRUE(Eventually([&] { return server->Stats().connections_refused_total == 500; }));
  EXPECT_EQ(server->Stats().connections_open, 1u);
  EXPECT_TRUE(IsServed(&served));
}

TEST(ServerCrowd, TooManyRequestsInFlightAreTold) {
  std::mutex mutex;
  std::vector<std::shared_ptr<Exchange>> waiting;
  Router router = HelloRouter();
  router.Handle("GET", "/wait", [&](std::shared_ptr<Exchange> exchange) {
    const std::lock_guard<std::mutex> lock(mutex);
    waiting.push_back(std::move(exchange));
  });
  TestServer server(std::move(router),
                    [](ListenOptions* options) { options->limits.requests_in_flight_max = 2; });
  RawClient first(server.port());
  RawClient second(server.port());
  first.Send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  second.Send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(Eventually([&] { return server->Stats().requests_in_flight == 2; }));
  RawClient third(server.port());
  third.Send(kHello);
  const auto refused = third.ReadResponse().value();
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.headers.at("retry-after"), "1");
  {
    const std::lock_guard<std::mutex> lock(mutex);
    waiting[0]->Respond(Response::Text(200, ""));
  }
  EXPECT_TRUE(Eventually([&] { return server->Stats().requests_in_flight == 1; }));
  EXPECT_TRUE(IsServed(&third));
  const std::lock_guard<std::mutex> lock(mutex);
  waiting.clear();
}

TEST(ServerCrowd, TwoThousandIdleConnectionsHoldNoThread) {
  TestServer server(HelloRouter());
  RawClient client(server.port());
  ASSERT_TRUE(IsServed(&client));
  const int64_t threads = ProcessStatus("Threads");
  const int64_t before_kb = ProcessStatus("VmRSS");
  std::vector<RawClient> idle;
  for (int i = 0; i < 2000; ++i) {
    idle.emplace_back(server.port(), "127.0.0.2");  // all that one address may have
    ASSERT_TRUE(idle.back().connected()) << i;
  }
  ASSERT_TRUE(Eventually([&] { return server->Stats().connections_open == 2001; }));
  EXPECT_EQ(ProcessStatus("Threads"), threads);
  EXPECT_LT(ProcessStatus("VmRSS") - before_kb, 32 * 1024);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(IsServed(&client));
  for (size_t i = 0; i < idle.size(); i += 100) EXPECT_TRUE(IsServed(&idle[i]));
}

TEST(ServerCrowd, AThousandWaitingRequestsHoldNoThread) {
  std::mutex mutex;
  std::vector<std::shared_ptr<Exchange>> waiting;
  Router router = HelloRouter();
  router.Handle("GET", "/wait", [&](std::shared_ptr<Exchange> exchange) {
    const std::lock_guard<std::mutex> lock(mutex);
    waiting.push_back(std::move(exchange));
  });
  TestServer server(std::move(router));
  const int64_t threads = ProcessStatus("Threads");
  std::vector<RawClient> clients;
  for (int i = 0; i < 1000; ++i) {
    clients.emplace_back(server.port());
    ASSERT_TRUE(clients.back().Send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n"));
  }
  ASSERT_TRUE(Eventually([&] { return server->Stats().requests_in_flight == 1000; }));
  EXPECT_EQ(ProcessStatus("Threads"), threads);
  RawClient other(server.port());
  EXPECT_TRUE(IsServed(&other));
  std::vector<std::shared_ptr<Exchange>> all;
  {
    const std::lock_guard<std::mutex> lock(mutex);
    all.swap(waiting);
  }
  for (const auto& exchange : all) exchange->Respond(Response::Text(200, "now"));
  for (RawClient& client : clients) EXPECT_EQ(client.ReadResponse().value().body, "now");
}

// Takes every descriptor that this process may have, under a soft limit just above those in use.
class NoDescriptors {
 public:
  NoDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlim_t highest = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      highest = std::max<rlim_t>(highest, std::stoul(entry.path().filename().string()));
    }
    rlimit now = before_;
    now.rlim_cur = highest + 1;
    setrlimit(RLIMIT_NOFILE, &now);
    for (int taken; (taken = open("/dev/null", O_RDONLY)) >= 0;) taken_.push_back(taken);
  }
  ~NoDescriptors() {
    setrlimit(RLIMIT_NOFILE, &before_);
    for (const int taken : taken_) close(taken);
  }
  void FreeOne() {
    ASSERT_FALSE(taken_.empty());
    close(taken_.back());
    taken_.pop_back();
  }

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

TEST(ServerCrowd, WithoutDescriptorsItShedsAndRecovers) {
  NullLogger logger;
  auto server = std::move(*Server::Listen(ListenOptions(), HelloRouter(), &logger));
  std::vector<RawClient> clients;  // in the backlog; the kernel has accepted them
  for (int i = 0; i < 20; ++i) {
    clients.emplace_back(server->port());
    ASSERT_TRUE(clients.back().connected());
  }
  clients.pop_back();  // at least one hole below the limit
  {
    NoDescriptors none;
    none.FreeOne();
    server->Start();
    // The first gets the one that is free; the others are told by a closed connection.
    EXPECT_TRUE(IsServed(&clients[0]));
    for (size_t i = 1; i < clients.size(); ++i) EXPECT_FALSE(IsServed(&clients[i])) << i;
    EXPECT_TRUE(IsServed(&clients[0]));
    EXPECT_EQ(server->Stats().connections_open, 1u);
  }
  EXPECT_GE(server->Stats().connections_refused_total, 18u);
  EXPECT_TRUE(Eventually([&] {
    RawClient again(server->port());
    return IsServed(&again);
  }));
}

}  // namespace
}  // namespace baton::http
