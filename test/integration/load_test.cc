// Show: clients that trick, drip, idle, wait, watch and flood do not keep other clients from being
// answered, and cost the server no thread.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>
#include <vector>

#include "test/integration/cluster.h"
#include "test/integration/raw_socket.h"
#include "test/integration/retrying_client.h"

namespace baton::integration {
namespace {

using nlohmann::json;

constexpr int64_t kAnswerTimeoutMs = 10'000;
constexpr int64_t kPatienceMs = 30'000;
// A memory bound for what hostile bytes may cost, far below what they sent.
constexpr uint64_t kGrowthBytesMax = 32u << 20;

class LoadTest : public testing::Test {
 protected:
  void SetUp() override {
    RaiseFileLimit();
    cluster_.StartAll();
    leader_ = cluster_.WaitForLeader(kAnswerTimeoutMs);
    ASSERT_GE(leader_, 0) << cluster_.Log(0);
    writer_ = std::make_unique<RetryingClient>(std::vector{url()}, "load-test", 0);
    ExpectOthersAreAnswered("before");  // and every thread that is made on demand has been made
    threads_before_ = cluster_.process(leader_).Threads();
  }

  const std::string& url() const { return cluster_.client_url(leader_); }

  void ExpectOthersAreAnswered(const std::string& when) {
    const auto write = Request(url(), "PUT", "/v1/kv/other", when);
    ASSERT_TRUE(write.ok()) << when << ": " << write.status().ToString();
    EXPECT_EQ(write->status, 200) << when << ": " << write->body;
    const auto read = Request(url(), "GET", "/v1/kv/other");
    ASSERT_TRUE(read.ok()) << when << ": " << read.status().ToString();
    EXPECT_EQ(read->body, when);
  }

  void ExpectNoThreadMore() { EXPECT_EQ(cluster_.process(leader_).Threads(), threads_before_); }

  // As a client should: with a key, and again until the answer is definite.
  std::string CreateSession() {
    const auto session = writer_->Change("POST", "/v1/sessions", R"({"ttl":"10m"})", kPatienceMs);
    EXPECT_EQ(session.status, 201) << session.body;
    return json::parse(session.body, nullptr, false).value("id", "");
  }

  Cluster cluster_;
  std::unique_ptr<RetryingClient> writer_;
  int leader_ = -1;
  int threads_before_ = 0;
};

// The shapes that smuggled a second request, or were taken for another, by the library alone.
const std::vector<std::pair<const char*, const char*>> kFramingShapes = {
    {"empty header name", "PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n: 50\r\n\r\n"},
    {"length and chunked",
     "PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"hexadecimal length", "PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 0x5\r\n\r\n"},
    {"two lengths",
     "PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n"},
    {"bare line feed", "PUT /v1/kv/a HTTP/1.1\nHost: x\nContent-Length: 0\n\n"},
    {"space before colon", "PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length : 0\r\n\r\n"},
    {"folded header", "PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nX-A: b\r\n Content-Length: 0\r\n\r\n"},
};

TEST_F(LoadTest, FramingTricksAreRefusedAndTheConnectionIsClosed) {
  const std::string second =
      "PUT /v1/kv/smuggled HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1";
  for (const auto& [name, first] : kFramingShapes) {
    RawSocket socket(url());
    socket.Send(first + second);
    bool closed = false;
    const std::string answer = socket.ReadAll(kAnswerTimeoutMs, &closed);
    EXPECT_TRUE(closed) << name;
    EXPECT_EQ(answer.rfind("HTTP/1.1 400", 0), 0u) << name << ": " << answer;
    EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos) << name << ": two answers";
  }
  const auto smuggled = Request(url(), "GET", "/v1/kv/smuggled");
  ASSERT_TRUE(smuggled.ok());
  EXPECT_EQ(smuggled->status, 404);
  ExpectOthersAreAnswered("after tricks");
  ExpectNoThreadMore();
}

// The seventh shape of the list is legal and must be one request: the body is read, not run.
TEST_F(LoadTest, BodyOfAGetIsNotRunAsARequest) {
  const std::string inner = "PUT /v1/kv/smuggled HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1";
  RawSocket socket(url());
  socket.Send("GET /v1/kv/other HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " +
              std::to_string(inner.size()) + "\r\n\r\n" + inner);
  bool closed = false;
  const std::string answer = socket.ReadAll(kAnswerTimeoutMs, &closed);
  EXPECT_TRUE(closed);
  EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos) << "two answers: " << answer;
  const auto smuggled = Request(url(), "GET", "/v1/kv/smuggled");
  ASSERT_TRUE(smuggled.ok());
  EXPECT_EQ(smuggled->status, 404);
}

// A connection that gets a byte now and then, in some part of a request that never ends.
struct Drip {
  std::string pattern;   // byte after byte, again and again
  int64_t limit_ms = 0;  // of that part, by default settings
  RawSocket socket;
  int64_t started_ms = NowMs();
  size_t bytes = 0;
  std::string answer = "";

  // Drips once more, unless it is cut.
  void Step() {
    if (!answer.empty()) return;
    socket.Send(std::string_view(pattern).substr(bytes++ % pattern.size(), 1));
    answer = socket.ReadUntil("\r\n\r\n", 1);
    if (answer.empty()) return;
    EXPECT_EQ(answer.rfind("HTTP/1.1 408", 0), 0u) << answer;
    EXPECT_GE(NowMs() - started_ms, limit_ms) << "cut too early";
    EXPECT_GT(bytes, 10u) << "it was not dripping";
  }
};

// Each byte in time does not help: a head has 5 s, a request 15 s.
TEST_F(LoadTest, DrippingConnections) {
  const std::string post = "PUT /v1/kv/drip HTTP/1.1\r\nHost: x\r\n";
  const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
  const std::tuple<std::string, const char*, int64_t> kinds[] = {
      {"GET /v1/kv/other HTTP/1.1\r\nX-Drip: ", "a", 5'000},
      {"GET /v1/kv/other HTTP/1.1\r\n", "A: b\r\n", 5'000},
      {post + "Content-Length: 100000\r\n\r\n", "a", 15'000},
      {chunked, "0", 15'000},
      {chunked + "1;", "a", 15'000},
      {chunked, "1\r\na\r\n", 15'000},
  };
  std::vector<Drip> drips;
  for (const auto& [start, pattern, limit_ms] : kinds) {
    for (int i = 0; i < 20; ++i) {
      drips.push_back({pattern, limit_ms, RawSocket(url())});
      ASSERT_TRUE(drips.back().socket.Send(start));
    }
  }
  const auto all_cut = [&](int64_t limit_ms) {
    for (Drip& drip : drips) drip.Step();
    return std::all_of(drips.begin(), drips.end(), [&](const Drip& drip) {
      return drip.limit_ms > limit_ms || !drip.answer.empty();
    });
  };
  for (Drip& drip : drips) drip.Step();
  ExpectOthersAreAnswered("while heads and bodies drip");
  ExpectNoThreadMore();
  EXPECT_TRUE(WaitUntil(10'000, [&] { return all_cut(5'000); })) << "heads";
  ExpectOthersAreAnswered("while bodies drip");
  EXPECT_TRUE(WaitUntil(20'000, [&] { return all_cut(15'000); })) << "bodies";
  ExpectOthersAreAnswered("after dripping");
  ExpectNoThreadMore();
  EXPECT_EQ(Request(url(), "GET", "/v1/kv/drip")->status, 404) << "nothing that dripped happened";
}

// All that one address may have, and then some: other addresses do not notice.
TEST_F(LoadTest, IdleConnections) {
  std::vector<RawSocket> idle;
  for (int i = 0; i < 2000; ++i) idle.emplace_back(url(), "127.0.0.2");
  ExpectOthersAreAnswered("beside idle connections");
  ExpectNoThreadMore();
  ASSERT_TRUE(idle[1999].Send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_EQ(idle[1999].ReadUntil("\r\n\r\n", kAnswerTimeoutMs).rfind("HTTP/1.1 200", 0), 0u);
  for (int i = 0; i < 20; ++i) {
    RawSocket refused(url(), "127.0.0.2");
    bool closed = false;
    const std::string answer = refused.ReadAll(kAnswerTimeoutMs, &closed);
    EXPECT_TRUE(closed);
    EXPECT_EQ(answer.rfind("HTTP/1.1 503", 0), 0u) << answer;
    EXPECT_NE(answer.find(R"("code":"too_many_connections")"), std::string::npos) << answer;
    EXPECT_NE(answer.find(R"("outcome":"not_applied")"), std::string::npos) << answer;
  }
  ExpectOthersAreAnswered("beside refused connections");
}

TEST_F(LoadTest, WaitingAcquires) {
  const std::string holder = CreateSession();
  const json take = {{"session", holder}};
  const auto acquired = Request(url(), "POST", "/v1/locks/busy/acquire", take.dump());
  ASSERT_TRUE(acquired.ok());
  ASSERT_EQ(acquired->status, 200) << acquired->body;
  std::vector<RawSocket> waiting;
  for (int i = 0; i < 1000; ++i) {
    const std::string body = json{{"session", CreateSession()}, {"wait", "5m"}}.dump();
    waiting.emplace_back(url());
    ASSERT_TRUE(
        waiting.back().Send("POST /v1/locks/busy/acquire HTTP/1.1\r\nHost: x\r\nContent-Length: " +
                            std::to_string(body.size()) + "\r\n\r\n" + body));
  }
  EXPECT_TRUE(WaitUntil(30'000, [&] {
    const auto lock = Request(url(), "GET", "/v1/locks/busy");
    return lock.ok() && json::parse(lock->body)["waiters_total"] == 1000;
  }));
  ExpectOthersAreAnswered("beside waiting acquires");
  ExpectNoThreadMore();
  // Wake-up: the first in line gets it.
  const json give_back = {{"session", holder}, {"token", json::parse(acquired->body)["token"]}};
  const auto released = Request(url(), "POST", "/v1/locks/busy/release", give_back.dump());
  ASSERT_TRUE(released.ok());
  EXPECT_LT(released->status, 300) << released->body;
  EXPECT_EQ(waiting[0].ReadUntil("token", kAnswerTimeoutMs).rfind("HTTP/1.1 200", 0), 0u);
}

TEST_F(LoadTest, Watches) {
  std::vector<RawSocket> watching;
  for (int i = 0; i < 1000; ++i) {
    watching.emplace_back(url());
    ASSERT_TRUE(watching.back().Send(
        "GET /v1/watch?prefix=seen HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"));
  }
  for (RawSocket& watcher : watching) {
    EXPECT_EQ(watcher.ReadUntil("\r\n\r\n", kAnswerTimeoutMs).rfind("HTTP/1.1 200", 0), 0u);
  }
  ExpectOthersAreAnswered("beside watches");
  ExpectNoThreadMore();
  const auto write = Request(url(), "PUT", "/v1/kv/seen-by-all", "1");
  ASSERT_TRUE(write.ok());
  for (RawSocket& watcher : watching) {
    EXPECT_NE(watcher.ReadUntil("seen-by-all", kAnswerTimeoutMs).find("seen-by-all"),
              std::string::npos);
  }
}

TEST_F(LoadTest, HeaderLineOf64Megabytes) {
  const uint64_t before = cluster_.process(leader_).ResidentBytes();
  RawSocket socket(url());
  socket.Send("GET / HTTP/1.1\r\nHost: x\r\nX-Flood: ");
  const std::string piece(1 << 20, 'a');
  int sent = 0;
  while (sent < 64 && socket.Send(piece)) ++sent;
  EXPECT_LT(sent, 64) << "the server took it all";
  ExpectOthersAreAnswered("after the flood");
  ExpectNoThreadMore();
  EXPECT_LT(cluster_.process(leader_).ResidentBytes(), before + kGrowthBytesMax);
}

}  // namespace
}  // namespace baton::integration
