// Streamed responses, clients that leave, and the end of a server.
#include <chrono>
#include <future>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

#include "pkg/http/server.h"
#include "pkg/http/testing/eventually.h"
#include "pkg/http/testing/raw_client.h"
#include "pkg/http/testing/test_server.h"

namespace baton::http {
namespace {

constexpr char kStream[] = "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr char kWait[] = "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr char kHello[] = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

// A server whose /stream and /wait hand their ends to the test.
class ServerStream : public testing::Test {
 protected:
  void Listen(const TestServer::Change& change = nullptr) {
    Router router;
    router.Handle("GET", "/stream", [this](std::shared_ptr<Exchange> exchange) {
      exchange->OnClientGone([this] { ++gone_; });
      Response head;
      head.headers.emplace_back("Content-Type", "text/event-stream");
      head.body = "first,";
      streams_.set_value(exchange->StartStream(std::move(head)));
    });
    router.Handle("GET", "/wait", [this](std::shared_ptr<Exchange> exchange) {
      exchange->OnClientGone([this] { ++gone_; });
      waits_.set_value(std::move(exchange));
    });
    router.Handle("GET", "/hello", [](std::shared_ptr<Exchange> exchange) {
      exchange->Respond(Response::Text(200, "hello"));
    });
    server_.emplace(std::move(router), change);
  }

  std::shared_ptr<ResponseStream> NextStream() {
    auto stream = streams_.get_future().get();
    streams_ = {};
    return stream;
  }
  std::shared_ptr<Exchange> NextWait() {
    auto exchange = waits_.get_future().get();
    waits_ = {};
    return exchange;
  }
  ServerStats Stats() { return (*server_)->Stats(); }

  std::atomic<int> gone_{0};
  std::promise<std::shared_ptr<ResponseStream>> streams_;
  std::promise<std::shared_ptr<Exchange>> waits_;
  std::optional<TestServer> server_;  // ends first: its thread uses the above
};

TEST_F(ServerStream, SendsPiecesAsTheyComeAndThenTheEnd) {
  Listen();
  RawClient client(server_->port());
  client.Send(kStream);
  const auto stream = NextStream();
  std::string got;
  while (got.find("first,") == std::string::npos) {
    const std::string some = client.ReadSome();
    ASSERT_FALSE(some.empty());
    got += some;
  }
  EXPECT_NE(got.find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  EXPECT_EQ(Stats().streams_open, 1u);
  EXPECT_EQ(Stats().requests_in_flight, 1u);
  EXPECT_TRUE(stream->Write("second"));
  EXPECT_EQ(client.ReadSome(), "6\r\nsecond\r\n");
  stream->Close();
  EXPECT_FALSE(stream->Write("third"));
  EXPECT_EQ(client.ReadSome(), "0\r\n\r\n");
  // The connection goes on.
  client.Send(kHello);
  EXPECT_EQ(client.ReadResponse().value().body, "hello");
  EXPECT_EQ(Stats().streams_open, 0u);
  EXPECT_EQ(gone_, 0);
}

TEST_F(ServerStream, WritersOnOtherThreadsKeepTheirOrder) {
  Listen();
  RawClient client(server_->port());
  client.Send(kStream);
  const auto stream = NextStream();
  std::string expected = "first,";
  for (int i = 0; i < 2000; ++i) expected += std::to_string(i) + ",";
  std::thread writer([&] {
    for (int i = 0; i < 2000; ++i) stream->Write(std::to_string(i) + ",");
    stream->Close();
  });
  const auto response = client.ReadResponse();
  writer.join();
  ASSERT_TRUE(response.has_value());
  EXPECT_TRUE(response->complete);
  EXPECT_EQ(response->body, expected);
}

TEST_F(ServerStream, ANextRequestWaitsForTheEndOfTheStream) {
  Listen();
  RawClient client(server_->port());
  client.Send(std::string(kStream) + kHello);
  NextStream()->Close();
  EXPECT_EQ(client.ReadResponse().value().body, "first,");
  EXPECT_EQ(client.ReadResponse().value().body, "hello");
}

TEST_F(ServerStream, DroppedItIsCutWithoutTheLastChunk) {
  Listen();
  RawClient client(server_->port());
  client.Send(kStream);
  NextStream().reset();
  const auto response = client.ReadResponse().value();
  EXPECT_EQ(response.body, "first,");
  EXPECT_FALSE(response.complete);
  EXPECT_EQ(client.ReadUntilClosed(), "");
}

TEST_F(ServerStream, ToHttp10ItEndsWithTheConnection) {
  Listen();
  RawClient client(server_->port());
  client.Send("GET /stream HTTP/1.0\r\n\r\n");
  const auto stream = NextStream();
  stream->Write("second");
  stream->Close();
  const auto response = client.ReadResponse().value();
  EXPECT_FALSE(response.headers.contains("transfer-encoding"));
  EXPECT_EQ(client.ReadUntilClosed(), "first,second");
}

TEST_F(ServerStream, ToHeadItHasOnlyAHead) {
  Listen();
  RawClient client(server_->port());
  client.Send("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_FALSE(NextStream()->Write("x"));
  EXPECT_EQ(client.ReadResponse(true).value().status, 200);
  client.Send(kHello);
  EXPECT_EQ(client.ReadResponse().value().body, "hello");
}

TEST_F(ServerStream, NoticesThatTheReaderLeft) {
  Listen();
  for (const bool reset : {false, true}) {
    RawClient client(server_->port());
    client.Send(kStream);
    const auto stream = NextStream();
    const int before = gone_;
    reset ? client.Reset() : client.Close();
    EXPECT_TRUE(Eventually([&] { return gone_ == before + 1; }));
    EXPECT_FALSE(stream->Write("x"));
    EXPECT_TRUE(Eventually([&] { return Stats().connections_open == 0; }));
    EXPECT_EQ(Stats().streams_open, 0u);
    EXPECT_EQ(Stats().requests_in_flight, 0u);
  }
}

constexpr size_t kMoreThanTheKernelTakes = 32 << 20;

TEST_F(ServerStream, AReaderThatDoesNotReadIsBounded) {
  Listen([](ListenOptions* options) {
    options->limits.stream_buffer_bytes_max = kMoreThanTheKernelTakes;
  });
  RawClient slow(server_->port(), 4096);
  slow.Send(kStream);
  const auto stream = NextStream();
  const std::string piece(64 * 1024, 'x');
  size_t written = 0;
  while (stream->Write(piece)) ASSERT_LE(written += piece.size(), 2 * kMoreThanTheKernelTakes);
  EXPECT_GE(written, kMoreThanTheKernelTakes - 2 * piece.size());
  EXPECT_FALSE(stream->Write("x"));
  EXPECT_EQ(gone_, 0);
}

TEST_F(ServerStream, AReaderThatStopsIsGone) {
  Listen([](ListenOptions* options) {
    options->limits.stream_buffer_bytes_max = kMoreThanTheKernelTakes;
    options->limits.write_timeout_ms = 100;
  });
  RawClient slow(server_->port(), 4096);
  slow.Send(kStream);
  const auto stream = NextStream();
  while (stream->Write(std::string(64 * 1024, 'x'))) {
  }
  EXPECT_TRUE(Eventually([&] { return gone_ == 1; }));
  EXPECT_TRUE(Eventually([&] { return Stats().streams_open == 0; }));
}

TEST_F(ServerStream, AReaderThatStopsDoesNotHoldALargeAnswer) {
  Router router;
  router.Handle("GET", "/large", [](std::shared_ptr<Exchange> exchange) {
    exchange->Respond(Response::Text(200, std::string(32 << 20, 'x')));
  });
  TestServer server(std::move(router),
                    [](ListenOptions* options) { options->limits.write_timeout_ms = 100; });
  RawClient slow(server.port(), 4096);
  slow.Send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(Eventually([&] { return server->Stats().requests.size() == 1; }));
  EXPECT_TRUE(Eventually([&] { return server->Stats().connections_open == 0; }));
}

// Reads a megabyte at a time with pauses: progress, as far as the timeout of a single write can
// see. False when the server had enough of it.
bool TakesAllAtLeisure(RawClient* client) {
  std::promise<void> never;
  const auto pause = never.get_future();
  size_t got = 0;
  for (size_t wanted = 1 << 20; got < kMoreThanTheKernelTakes; wanted += 1 << 20) {
    while (got < wanted) {
      const size_t some = client->ReadSome().size();
      if (some == 0) return false;
      got += some;
    }
    (void)pause.wait_for(std::chrono::milliseconds(50));
  }
  return true;
}

TEST_F(ServerStream, AReaderThatDripsDoesNotHoldALargeAnswer) {
  Router router;
  router.Handle("GET", "/large", [](std::shared_ptr<Exchange> exchange) {
    exchange->Respond(Response::Text(200, std::string(kMoreThanTheKernelTakes, 'x')));
  });
  router.Handle("GET", "/stream", [](std::shared_ptr<Exchange> exchange) {
    const auto stream = exchange->StartStream(Response());
    stream->Write(std::string(kMoreThanTheKernelTakes, 'x'));
    stream->Close();
  });
  TestServer server(std::move(router), [](ListenOptions* options) {
    options->limits.write_timeout_ms = 500;
    options->limits.write_bytes_per_second_min = 1 << 30;
  });
  for (const char* target : {"/large", "/stream"}) {
    RawClient slow(server.port(), 4096);
    slow.Send("GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_FALSE(TakesAllAtLeisure(&slow)) << target;
    EXPECT_TRUE(Eventually([&] { return server->Stats().connections_open == 0; }));
    EXPECT_EQ(server->Stats().unsent_bytes, 0u);
  }
}

TEST_F(ServerStream, AnswersThatAreNotTakenAreBounded) {
  Router router;
  router.Handle("GET", "/large", [](std::shared_ptr<Exchange> exchange) {
    exchange->Respond(Response::Text(200, std::string(kMoreThanTheKernelTakes, 'x')));
  });
  router.Handle("GET", "/hello", [](std::shared_ptr<Exchange> exchange) {
    exchange->Respond(Response::Text(200, "hello"));
  });
  TestServer server(std::move(router),
                    [](ListenOptions* options) { options->limits.unsent_bytes_max = 1 << 20; });
  RawClient other(server.port());
  other.Send(kHello);
  EXPECT_EQ(other.ReadResponse().value().status, 200);
  for (const bool reads : {false, true}) {
    RawClient slow(server.port(), 4096);
    slow.Send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(Eventually([&] { return server->Stats().unsent_bytes > 1 << 20; }));
    other.Send(kHello);
    const RawResponse refused = other.ReadResponse().value();
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(refused.headers.at("retry-after"), "1");
    if (reads) {
      EXPECT_EQ(slow.ReadResponse().value().body.size(), kMoreThanTheKernelTakes);
    } else {
      slow.Reset();
    }
    EXPECT_TRUE(Eventually([&] { return server->Stats().unsent_bytes == 0; }));
    other.Send(kHello);
    EXPECT_EQ(other.ReadResponse().value().status, 200);
  }
}

// Those that were in flight already: changes are told what became of them, and so is who asked for
// little.
TEST_F(ServerStream, LargeAnswersToGetFindNoRoomEither) {
  std::mutex mutex;
  std::vector<std::shared_ptr<Exchange>> waiting;
  Router router;
  for (const char* method : {"GET", "POST"}) {
    router.Handle(method, "/wait", [&](std::shared_ptr<Exchange> exchange) {
      const std::lock_guard<std::mutex> lock(mutex);
      waiting.push_back(std::move(exchange));
    });
  }
  TestServer server(std::move(router),
                    [](ListenOptions* options) { options->limits.unsent_bytes_max = 1 << 20; });
  const std::string get = "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string post = "POST /wait HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
  std::vector<RawClient> clients;
  for (const std::string& request : {get, get, get, post}) {
    const size_t before = clients.size();
    clients.emplace_back(server.port(), before == 0 ? 4096 : 0);
    clients.back().Send(request);
    ASSERT_TRUE(Eventually([&] { return server->Stats().requests_in_flight == before + 1; }));
    ASSERT_TRUE(Eventually([&] {
      const std::lock_guard<std::mutex> lock(mutex);
      return waiting.size() == before + 1;
    }));
  }
  waiting[0]->Respond(Response::Text(200, std::string(kMoreThanTheKernelTakes, 'x')));
  ASSERT_TRUE(Eventually([&] { return server->Stats().unsent_bytes > 1 << 20; }));
  waiting[1]->Respond(Response::Text(200, std::string(16 * 1024 + 1, 'x')));
  waiting[2]->Respond(Response::Text(200, std::string(16 * 1024, 'x')));
  waiting[3]->Respond(Response::Text(200, std::string(16 * 1024 + 1, 'x')));
  const RawResponse refused = clients[1].ReadResponse().value();
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.headers.at("retry-after"), "1");
  EXPECT_EQ(clients[2].ReadResponse().value().status, 200);
  EXPECT_EQ(clients[3].ReadResponse().value().status, 200);
  EXPECT_EQ(clients[0].ReadResponse().value().body.size(), kMoreThanTheKernelTakes);
}

TEST_F(ServerStream, ASlowReaderThatReadsGetsEverything) {
  Listen([](ListenOptions* options) { options->limits.write_timeout_ms = 5'000; });
  RawClient slow(server_->port(), 4096);
  slow.Send(kStream);
  const auto stream = NextStream();
  const std::string piece(1000, 'x');
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(stream->Write(piece));
  stream->Close();
  EXPECT_EQ(slow.ReadResponse().value().body.size(), 6u + 500'000u);
}

// --- a client that leaves while its request waits ---

TEST_F(ServerStream, NoticesThatAWaitingClientLeft) {
  Listen();
  for (const bool reset : {false, true}) {
    RawClient client(server_->port());
    client.Send(kWait);
    const auto exchange = NextWait();
    const int before = gone_;
    reset ? client.Reset() : client.Close();
    EXPECT_TRUE(Eventually([&] { return gone_ == before + 1; }));
    exchange->Respond(Response::Text(200, "to nobody"));
    EXPECT_TRUE(Eventually([&] { return Stats().connections_open == 0; }));
    EXPECT_EQ(gone_, before + 1);
    EXPECT_EQ(Stats().requests_in_flight, 0u);
  }
}

TEST_F(ServerStream, NoticesItBehindAPipelinedRequestToo) {
  Listen();
  RawClient client(server_->port());
  client.Send(std::string(kWait) + kHello);
  const auto exchange = NextWait();
  client.Close();
  EXPECT_TRUE(Eventually([&] { return gone_ == 1; }));
  exchange->Respond(Response::Text(200, ""));
}

TEST_F(ServerStream, AnAnswerStillReachesAClientThatOnlyEndedItsSide) {
  Listen();
  RawClient client(server_->port());
  client.Send(kWait);
  const auto exchange = NextWait();
  client.ShutdownSend();
  EXPECT_TRUE(Eventually([&] { return gone_ == 1; }));
  exchange->Respond(Response::Text(200, "late"));
  EXPECT_EQ(client.ReadResponse().value().body, "late");
  EXPECT_EQ(client.ReadUntilClosed(), "");
}

TEST_F(ServerStream, ARequestThatIsReachedAfterTheClientLeftIsToldSo) {
  Listen();
  RawClient client(server_->port());
  client.Send(std::string(kWait) + kWait);
  const auto first = NextWait();
  client.ShutdownSend();
  EXPECT_TRUE(Eventually([&] { return gone_ == 1; }));
  first->Respond(Response::Text(200, "first"));
  const auto second = NextWait();
  EXPECT_TRUE(Eventually([&] { return gone_ == 2; }));
  second->Respond(Response::Text(200, "second"));
  EXPECT_EQ(client.ReadResponse().value().body, "first");
  EXPECT_EQ(client.ReadResponse().value().body, "second");
}

TEST_F(ServerStream, AnAnsweredClientIsNotGone) {
  Listen();
  RawClient client(server_->port());
  client.Send(kWait);
  NextWait()->Respond(Response::Text(200, ""));
  client.ReadResponse();
  client.Close();
  EXPECT_TRUE(Eventually([&] { return Stats().connections_open == 0; }));
  EXPECT_EQ(gone_, 0);
}

TEST_F(ServerStream, AClientThatSendsMoreAndMoreWhileItWaitsIsNotRead) {
  Listen();
  RawClient client(server_->port());
  client.Send(kWait);
  const auto exchange = NextWait();
  std::thread flood([&] {
    for (int i = 0; i < 2000; ++i) {
      if (!client.Send(kHello)) return;
    }
    client.Send("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  });
  exchange->Respond(Response::Text(200, "first"));
  EXPECT_EQ(client.ReadResponse().value().body, "first");
  for (int i = 0; i < 2001; ++i) ASSERT_EQ(client.ReadResponse().value().body, "hello") << i;
  flood.join();
}

// --- the end of a server ---

TEST_F(ServerStream, StoppingAnswersWhatIsInFlight) {
  Listen();
  RawClient waiting(server_->port());
  waiting.Send(kWait);
  const auto exchange = NextWait();
  RawClient idle(server_->port());
  idle.Send(kHello);
  idle.ReadResponse();
  std::thread stopper([&] { (*server_)->Stop(10'000); });
  EXPECT_EQ(idle.ReadUntilClosed(), "");
  exchange->Respond(Response::Text(200, "late"));
  const auto response = waiting.ReadResponse().value();
  EXPECT_EQ(response.body, "late");
  EXPECT_EQ(response.headers.at("connection"), "close");
  waiting.Close();
  stopper.join();
  EXPECT_FALSE(RawClient(server_->port()).connected());
  EXPECT_EQ(gone_, 0);
}

TEST_F(ServerStream, StoppingEndsStreams) {
  Listen();
  RawClient client(server_->port());
  client.Send(kStream);
  const auto stream = NextStream();
  std::thread stopper([&] { (*server_)->Stop(10'000); });
  const auto response = client.ReadResponse().value();
  EXPECT_TRUE(response.complete);
  EXPECT_EQ(response.body, "first,");
  EXPECT_EQ(client.ReadUntilClosed(), "");
  client.Close();
  stopper.join();
  EXPECT_EQ(gone_, 1);
  EXPECT_FALSE(stream->Write("x"));
}

TEST_F(ServerStream, StoppingDoesNotWaitForEver) {
  Listen();
  RawClient client(server_->port());
  client.Send(kWait);
  const auto exchange = NextWait();
  (*server_)->Stop(50);
  EXPECT_EQ(gone_, 1);
  EXPECT_FALSE(client.ReadResponse().has_value());
  // Answers after the end do no harm; nor does a second end.
  exchange->Respond(Response::Text(200, ""));
  exchange->Post([] { FAIL(); });
  (*server_)->Stop(50);
}

TEST_F(ServerStream, ExchangesOutliveTheServer) {
  Listen();
  RawClient client(server_->port());
  client.Send(kWait);
  auto exchange = NextWait();
  RawClient other(server_->port());
  other.Send(kStream);
  auto stream = NextStream();
  server_.reset();
  EXPECT_FALSE(stream->Write("x"));
  stream.reset();
  exchange.reset();
}

}  // namespace
}  // namespace baton::http
