// Each fault of a link, seen from both of its ends.
#include "test/chaos/proxy/proxy.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "pkg/base/system_clock.h"
#include "pkg/http/client.h"
#include "test/chaos/proxy/recording_server.h"

namespace baton::chaos {
namespace {

using Bodies = std::vector<std::string>;

constexpr int64_t kPatienceMs = 10'000;
// How long nothing must happen before we believe that it does not.
constexpr int64_t kSilenceMs = 300;
constexpr uint32_t kAlways = 1000;

int64_t NowMs() { return SystemClock().MonotonicMs(); }

template <typename Condition>
bool WaitUntil(const Condition& condition) {
  const int64_t deadline_ms = NowMs() + kPatienceMs;
  while (!condition() && NowMs() < deadline_ms) poll(nullptr, 0, 5);
  return condition();
}

class ProxyTest : public testing::Test {
 protected:
  ProxyTest() : proxy(Proxy::Start(1)) {
    link = *proxy->AddLink("127.0.0.1", {"127.0.0.1", server.port()});
  }

  std::unique_ptr<http::Client> NewClient(int64_t timeout_ms = kPatienceMs) {
    return *http::Client::Create("http://127.0.0.1:" + std::to_string(link.port),
                                 {.request_timeout_ms = timeout_ms});
  }
  // The answer's body, or the reason of the failure.
  static std::string Post(http::Client* client, const std::string& body) {
    const auto answer =
        client->Send({.method = "POST", .target = "/", .headers = {}, .body = body});
    return answer.ok() ? answer->body : answer.status().reason();
  }
  std::string Post(const std::string& body, int64_t timeout_ms = kPatienceMs) {
    return Post(NewClient(timeout_ms).get(), body);
  }
  bool Arrived(const Bodies& bodies) {
    return WaitUntil([&] { return server.bodies() == bodies; });
  }
  LinkCounts counts() { return proxy->Counts(link.id); }

  RecordingServer server;
  std::unique_ptr<Proxy> proxy;
  Proxy::Link link;
};

TEST_F(ProxyTest, AGoodCableChangesNothing) {
  const auto client = NewClient();
  const std::string large(3 << 20, 'x');
  EXPECT_EQ(Post(client.get(), "a"), "a");
  EXPECT_TRUE(Post(client.get(), large) == large);
  EXPECT_EQ(Post(client.get(), "b"), "b");
  EXPECT_EQ(server.bodies().size(), 3u);
  EXPECT_EQ(counts().connections, 1u);
  EXPECT_EQ(counts().requests, 3u);
  EXPECT_EQ(counts().bytes_to_target, server.received_bytes());
  EXPECT_EQ(counts().resets, 0u);
}

TEST_F(ProxyTest, ItsEndIsPassedOn) {
  auto client = NewClient();
  EXPECT_EQ(Post(client.get(), "a"), "a");
  EXPECT_EQ(server.open_connections(), 1u);
  client.reset();
  EXPECT_TRUE(WaitUntil([&] { return server.open_connections() == 0; }));
}

TEST_F(ProxyTest, NobodyBehindItIsAReset) {
  const auto nowhere = *proxy->AddLink("127.0.0.1", {"127.0.0.1", 1});
  link = nowhere;
  const std::string seen = Post("a");
  // The reset comes before or after the client has looked at its new connection.
  EXPECT_TRUE(seen == "connection_broken" || seen == "cannot_connect") << seen;
  EXPECT_EQ(counts().resets, 1u);
}

TEST_F(ProxyTest, DelayIsInBothDirections) {
  proxy->SetFaults(link.id, {.delay_min_ms = 100, .delay_max_ms = 150});
  const int64_t start_ms = NowMs();
  EXPECT_EQ(Post("a"), "a");
  EXPECT_GE(NowMs() - start_ms, 200);
}

TEST_F(ProxyTest, BandwidthIsLimited) {
  proxy->SetFaults(link.id, {.bytes_per_second = 100'000});
  const std::string body(15'000, 'x');
  const int64_t start_ms = NowMs();
  EXPECT_EQ(Post(body), body);
  EXPECT_GE(NowMs() - start_ms, 280);  // 15 kB there, then 15 kB back
}

TEST_F(ProxyTest, AClogHoldsAndLosesNothing) {
  const auto client = NewClient();
  EXPECT_EQ(Post(client.get(), "a"), "a");
  proxy->SetFaults(link.id, {.clogged = true});
  std::string answer;
  std::thread poster([&] { answer = Post(client.get(), "b"); });
  poll(nullptr, 0, kSilenceMs);
  EXPECT_EQ(server.bodies(), Bodies{"a"});
  proxy->SetFaults(link.id, {});
  poster.join();
  EXPECT_EQ(answer, "b");
  EXPECT_EQ(counts().connections, 1u);
}

TEST_F(ProxyTest, TowardsTheTargetAllIsLost) {
  const auto client = NewClient(kSilenceMs);
  EXPECT_EQ(Post(client.get(), "a"), "a");
  proxy->SetFaults(link.id, {.drops_to_target = true});
  EXPECT_EQ(Post(client.get(), "b"), "no_answer");
  EXPECT_EQ(Post("c", kSilenceMs), "no_answer");  // nor on a new connection
  EXPECT_EQ(server.bodies(), Bodies{"a"});
  EXPECT_GT(counts().bytes_dropped, 0u);
  proxy->SetFaults(link.id, {});
  EXPECT_EQ(Post("d"), "d");
  EXPECT_EQ(server.bodies(), (Bodies{"a", "d"}));
}

TEST_F(ProxyTest, TowardsTheSourceAllIsLost) {
  proxy->SetFaults(link.id, {.drops_to_source = true});
  EXPECT_EQ(Post("a", kSilenceMs), "no_answer");
  EXPECT_EQ(server.bodies(), Bodies{"a"});
  EXPECT_GT(counts().bytes_dropped, 0u);
}

// A stream with a hole in it would be another stream.
TEST_F(ProxyTest, AConnectionThatLostBytesIsReset) {
  const auto client = NewClient();
  EXPECT_EQ(Post(client.get(), "a"), "a");
  proxy->SetFaults(link.id, {.drops_to_target = true});
  std::string answer;
  std::thread poster([&] { answer = Post(client.get(), "b"); });
  EXPECT_TRUE(WaitUntil([&] { return counts().bytes_dropped > 0; }));
  proxy->SetFaults(link.id, {});
  poster.join();
  EXPECT_EQ(answer, "connection_broken");
  EXPECT_TRUE(WaitUntil([&] { return server.open_connections() == 0; }));
  EXPECT_EQ(server.bodies(), Bodies{"a"});
}

TEST_F(ProxyTest, HalfOpenAcceptsAndSaysNothing) {
  const auto before = NewClient();
  EXPECT_EQ(Post(before.get(), "a"), "a");
  proxy->SetFaults(link.id, {.half_open = true});
  EXPECT_EQ(Post("b", kSilenceMs), "no_answer");
  EXPECT_EQ(Post(before.get(), "c"), "c");  // only new connections
  EXPECT_EQ(server.bodies(), (Bodies{"a", "c"}));
  EXPECT_EQ(counts().silent_connections, 1u);
}

TEST_F(ProxyTest, TheTargetsSideClosesWithoutTheSourceBeingTold) {
  const auto client = NewClient(kSilenceMs);
  EXPECT_EQ(Post(client.get(), "a"), "a");
  proxy->Abandon(link.id);
  EXPECT_TRUE(WaitUntil([&] { return server.open_connections() == 0; }));
  EXPECT_EQ(Post(client.get(), "b"), "no_answer");
  EXPECT_EQ(server.bodies(), Bodies{"a"});
  EXPECT_EQ(Post("c"), "c");  // new connections are well
}

TEST_F(ProxyTest, AResetBreaksWhatIsUnderWay) {
  const auto client = NewClient();
  proxy->SetFaults(link.id, {.clogged = true});
  std::string answer;
  std::thread poster([&] { answer = Post(client.get(), "a"); });
  EXPECT_TRUE(WaitUntil([&] { return counts().requests == 1; }));
  proxy->Reset(link.id);
  poster.join();
  EXPECT_EQ(answer, "connection_broken");
}

TEST_F(ProxyTest, AResetInTheMiddleOfABody) {
  proxy->SetFaults(link.id, {.resets_per_mille = kAlways});
  EXPECT_EQ(Post(std::string(100'000, 'x')), "connection_broken");
  EXPECT_TRUE(WaitUntil([&] { return server.open_connections() == 0; }));
  EXPECT_EQ(server.bodies(), Bodies{});
  EXPECT_EQ(counts().resets, 1u);
}

TEST_F(ProxyTest, ALostAnswerWasGiven) {
  proxy->SetFaults(link.id, {.lost_answers_per_mille = kAlways});
  EXPECT_EQ(Post("a"), "connection_broken");
  EXPECT_EQ(server.bodies(), Bodies{"a"});
  EXPECT_EQ(counts().lost_answers, 1u);
}

TEST_F(ProxyTest, ADuplicateArrivesOnAnotherConnection) {
  proxy->SetFaults(link.id, {.duplicates_per_mille = kAlways});
  EXPECT_EQ(Post("a"), "a");
  EXPECT_TRUE(Arrived({"a", "a"}));
  EXPECT_EQ(counts().duplicates, 1u);
}

TEST_F(ProxyTest, ALateRequestArrivesAfterTheNext) {
  proxy->SetFaults(link.id, {.late_per_mille = kAlways});
  EXPECT_EQ(Post("a"), "connection_broken");
  proxy->SetFaults(link.id, {});
  EXPECT_EQ(Post("b"), "b");
  EXPECT_TRUE(Arrived({"b", "a"}));
  EXPECT_EQ(counts().late, 1u);
}

TEST_F(ProxyTest, ALateRequestArrivesAlsoWhenNoneFollows) {
  proxy->SetFaults(link.id, {.late_per_mille = kAlways});
  EXPECT_EQ(Post("a"), "connection_broken");
  EXPECT_EQ(server.bodies(), Bodies{});
  EXPECT_TRUE(Arrived({"a"}));
}

TEST_F(ProxyTest, TheSameSeedMeetsTheSameRequests) {
  Bodies fates[2];
  for (Bodies& fate : fates) {
    proxy = Proxy::Start(7);
    link = *proxy->AddLink("127.0.0.1", {"127.0.0.1", server.port()});
    proxy->SetFaults(link.id, {.lost_answers_per_mille = 500});
    for (int i = 0; i < 20; ++i) fate.push_back(Post("a"));
  }
  EXPECT_EQ(fates[0], fates[1]);
  const auto answered = std::count(fates[0].begin(), fates[0].end(), "a");
  EXPECT_GT(answered, 0);
  EXPECT_LT(answered, 20);
}

TEST_F(ProxyTest, WhereItCannotListenItSaysWhy) {
  EXPECT_EQ(proxy->AddLink("192.0.2.1", {"127.0.0.1", 1}).status().code(), Code::kIo);
  EXPECT_EQ(proxy->AddLink("nowhere", {"127.0.0.1", 1}).status().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace baton::chaos
