// Show: clients that send a byte now and then, in whatever part of a request, on many connections
// at once, are cut at the time limit of the whole, and others are served meanwhile.
#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "pkg/http/server.h"
#include "pkg/http/testing/eventually.h"
#include "pkg/http/testing/raw_client.h"
#include "pkg/http/testing/test_server.h"

namespace baton::http {
namespace {

constexpr int64_t kHeaderTimeoutMs = 300;
constexpr int64_t kRequestTimeoutMs = 3'000;
constexpr int kConnectionsOfAKind = 40;
constexpr auto kPause = std::chrono::milliseconds(20);  // far within any timeout of a single read

struct DripKind {
  const char* name;
  std::string start;    // sent at once
  std::string pattern;  // dripped, byte after byte, again and again
  int64_t limit_ms;     // of the part of the request that never ends
};

std::vector<DripKind> DripKinds() {
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
  const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
  return {
      {"method", "", "P", kHeaderTimeoutMs},
      {"request line", "GET /", "a", kHeaderTimeoutMs},
      {"header line", "GET / HTTP/1.1\r\nHost: a\r\nA: ", "a", kHeaderTimeoutMs},
      {"many headers", "GET / HTTP/1.1\r\nHost: a\r\n", "A: b\r\n", kHeaderTimeoutMs},
      {"body", post + "Content-Length: 100000\r\n\r\n", "a", kRequestTimeoutMs},
      {"chunk size", chunked, "0", kRequestTimeoutMs},
      {"chunk extension", chunked + "1;", "a", kRequestTimeoutMs},
      {"bytes of a chunk", chunked + "10000\r\n", "a", kRequestTimeoutMs},
      {"many chunks", chunked, "1\r\na\r\n", kRequestTimeoutMs},
      {"end of a chunk", chunked + "1\r\na\r", "", kRequestTimeoutMs},
      {"end of the trailer", chunked + "0\r\n\r", "", kRequestTimeoutMs},
  };
}

int64_t NowMs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

// Connections of one kind.
struct Drips {
  DripKind kind;
  std::vector<RawClient> clients;
  int64_t started_ms = 0;
};

// Sends one byte on each connection of each kind, again and again, until its end.
class Dripping {
 public:
  explicit Dripping(std::vector<Drips>* all)
      : thread_([this, all, stopped = stop_.get_future()] {
          while (stopped.wait_for(kPause) == std::future_status::timeout) {
            for (Drips& drips : *all) DripOnce(&drips, rounds_);
            ++rounds_;
          }
        }) {}
  ~Dripping() {
    stop_.set_value();
    thread_.join();
  }
  size_t rounds() const { return rounds_; }

 private:
  static void DripOnce(Drips* drips, size_t round) {
    const std::string& pattern = drips->kind.pattern;
    if (pattern.empty()) return;  // what would follow ends the request
    for (RawClient& client : drips->clients) {
      client.Send(std::string_view(pattern).substr(round % pattern.size(), 1));
    }
  }

  std::promise<void> stop_;
  std::atomic<size_t> rounds_{0};
  std::thread thread_;
};

Router HelloRouter() {
  Router router;
  const auto hello = [](std::shared_ptr<Exchange> exchange) {
    exchange->Respond(Response::Text(200, "hello"));
  };
  router.Handle("GET", "/", hello);
  router.Handle("POST", "/", hello);
  return router;
}

std::unique_ptr<TestServer> ServerWithShortTimes() {
  return std::make_unique<TestServer>(HelloRouter(), [](ListenOptions* options) {
    options->limits.header_timeout_ms = kHeaderTimeoutMs;
    options->limits.request_timeout_ms = kRequestTimeoutMs;
  });
}

bool IsServed(RawClient* client) {
  client->Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto response = client->ReadResponse();
  return response.has_value() && response->status == 200;
}

Drips Begin(uint16_t port, const DripKind& kind) {
  Drips drips{kind, {}, NowMs()};
  for (int i = 0; i < kConnectionsOfAKind; ++i) {
    drips.clients.emplace_back(port);
    EXPECT_TRUE(drips.clients.back().Send(kind.start)) << kind.name;
  }
  return drips;
}

void ExpectCutInTime(Drips* drips) {
  SCOPED_TRACE(drips->kind.name);
  for (RawClient& client : drips->clients) {
    const auto response = client.ReadResponse();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 408);
    EXPECT_EQ(response->headers.at("connection"), "close");
    // Not before its time, and heads not as late as bodies.
    EXPECT_GE(NowMs() - drips->started_ms, drips->kind.limit_ms);
    if (drips->kind.limit_ms == kHeaderTimeoutMs) {
      EXPECT_LT(NowMs() - drips->started_ms, kRequestTimeoutMs);
    }
  }
}

TEST(ServerDrip, EveryPartOfARequestIsCutAtItsTimeAndOthersAreServed) {
  const auto server = ServerWithShortTimes();
  RawClient other(server->port());
  std::vector<Drips> all;
  for (const DripKind& kind : DripKinds()) all.push_back(Begin(server->port(), kind));
  {
    const Dripping dripping(&all);
    for (Drips& drips : all) {
      EXPECT_TRUE(IsServed(&other)) << drips.kind.name;
      ExpectCutInTime(&drips);
      EXPECT_TRUE(IsServed(&other)) << drips.kind.name;
    }
    EXPECT_GT(dripping.rounds(), 10u) << "nobody dripped";
  }
  all.clear();
  EXPECT_TRUE(Eventually([&] { return (*server)->Stats().connections_open == 1; }));
  RawClient late(server->port());
  EXPECT_TRUE(IsServed(&late));
}

// What follows the last chunk is refused when it is seen, long before any time limit.
TEST(ServerDrip, ADrippedTrailerIsRefusedAtItsSecondByte) {
  const auto server = ServerWithShortTimes();
  RawClient other(server->port());
  std::vector<Drips> all;
  all.push_back(
      Begin(server->port(),
            {"trailer", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
             "X-Trailer: a\r\n", kRequestTimeoutMs}));
  const Dripping dripping(&all);
  for (RawClient& client : all[0].clients) {
    const auto response = client.ReadResponse();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 400);
    EXPECT_LT(NowMs() - all[0].started_ms, kRequestTimeoutMs);
  }
  EXPECT_TRUE(IsServed(&other));
}

// The limit of the head ends with the head: a slow body that is in time is taken.
TEST(ServerDrip, ASlowRequestThatIsInTimeIsServed) {
  const auto server = ServerWithShortTimes();
  std::vector<Drips> all;
  // 20 pauses are longer than the head may take, and far shorter than the whole may.
  all.push_back(Begin(server->port(),
                      {"short body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n",
                       "a", kRequestTimeoutMs}));
  const Dripping dripping(&all);
  for (RawClient& client : all[0].clients) {
    const auto response = client.ReadResponse();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 200);
    EXPECT_GE(NowMs() - all[0].started_ms, kHeaderTimeoutMs);
  }
}

}  // namespace
}  // namespace baton::http
