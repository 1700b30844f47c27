#include "cmd/batonctl/api_client.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "cmd/batonctl/fake_api.h"
#include "pkg/base/system_clock.h"

namespace baton::batonctl {
namespace {

constexpr int64_t kPatienceMs = 30'000;

class ApiClientTest : public ::testing::Test {
 protected:
  // The address of a node that is gone.
  static std::string DeadUrl() { return FakeApi().url(); }

  static ApiRequest Put() {
    ApiRequest request;
    request.method = "PUT";
    request.target = "/v1/kv/a";
    request.body = "1";
    return request;
  }
  static std::string KeyOf(const http::Request& request) {
    const std::string* key = request.Header("idempotency-key");
    return key == nullptr ? "" : *key;
  }

  SystemClock clock_;
  FakeApi first_, second_;
};

TEST_F(ApiClientTest, AsksTheFirstNode) {
  first_.Always("PUT", "/v1/kv/{key...}", 200, R"({"ok":1})");
  ApiClient api({first_.url(), second_.url()}, &clock_);
  const int64_t before_ms = clock_.MonotonicMs();
  const auto response = api.Call(Put(), kPatienceMs);
  ASSERT_TRUE(response.ok()) << response.status().ToString();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, R"({"ok":1})");
  EXPECT_EQ(response->endpoint, first_.url());
  EXPECT_GE(response->sent_ms, before_ms);
  EXPECT_LE(response->sent_ms, clock_.MonotonicMs());
  EXPECT_EQ(first_.requests("PUT", "/v1/kv/a").at(0).body, "1");
  EXPECT_TRUE(second_.requests().empty());
}

TEST_F(ApiClientTest, ADeadNodeIsPassedOver) {
  ApiClient api({DeadUrl(), second_.url()}, &clock_);
  EXPECT_EQ(api.Call(Put(), kPatienceMs)->endpoint, second_.url());
  EXPECT_EQ(api.Call(Put(), kPatienceMs)->endpoint, second_.url());
  EXPECT_EQ(second_.requests().size(), 2U) << "and remembered";
}

TEST_F(ApiClientTest, ANodeThatCannotAnswerIsPassedOverWithTheSameKey) {
  first_.Always("PUT", "/v1/kv/{key...}", 503, ProblemBody("no_leader", "No leader."));
  ApiClient api({first_.url(), second_.url()}, &clock_);
  EXPECT_EQ(api.Call(Put(), kPatienceMs)->endpoint, second_.url());
  const std::string key = KeyOf(first_.requests().at(0));
  EXPECT_EQ(key.size(), 32U);
  EXPECT_EQ(KeyOf(second_.requests().at(0)), key);
  EXPECT_TRUE(api.Call(Put(), kPatienceMs)->ok());
  EXPECT_NE(KeyOf(second_.requests().at(1)), key) << "another change, another key";
}

TEST_F(ApiClientTest, AnUnknownOutcomeIsTriedAgainWithTheSameKey) {
  first_.Always("PUT", "/v1/kv/{key...}", 504, ProblemBody("timeout", "Too late.", "unknown"));
  ApiClient api({first_.url(), second_.url()}, &clock_);
  EXPECT_EQ(api.Call(Put(), kPatienceMs)->status, 200);
  EXPECT_EQ(KeyOf(second_.requests().at(0)), KeyOf(first_.requests().at(0)));
}

TEST_F(ApiClientTest, AHangingNodeIsPassedOver) {
  first_.On("PUT", "/v1/kv/{key...}", [](const http::Request&) { return std::nullopt; });
  ApiClient api({first_.url(), second_.url()}, &clock_);
  ApiRequest request = Put();
  request.attempt_timeout_ms = 100;
  EXPECT_EQ(api.Call(request, kPatienceMs)->endpoint, second_.url());
}

TEST_F(ApiClientTest, ReadsAndKeepalivesCarryNoKey) {
  ApiClient api({first_.url()}, &clock_);
  ApiRequest get;
  get.target = "/v1/kv/a";
  EXPECT_TRUE(api.Call(get, kPatienceMs)->ok());
  ApiRequest keepalive;
  keepalive.method = "POST";
  keepalive.target = "/v1/sessions/1/keepalive";
  keepalive.idempotency_key = false;
  EXPECT_TRUE(api.Call(keepalive, kPatienceMs)->ok());
  EXPECT_EQ(KeyOf(first_.requests().at(0)), "");
  EXPECT_EQ(KeyOf(first_.requests().at(1)), "");
}

TEST_F(ApiClientTest, OtherAnswersAreFinal) {
  ApiClient api({first_.url(), second_.url()}, &clock_);
  for (const int status : {400, 404, 409, 412, 413, 429, 500, 507}) {
    first_.Always("PUT", "/v1/kv/{key...}", status, "{}");
    const auto response = api.Call(Put(), kPatienceMs);
    EXPECT_EQ(response->status, status);
    EXPECT_FALSE(response->ok());
  }
  EXPECT_TRUE(second_.requests().empty());
}

TEST_F(ApiClientTest, WhenTimeIsOverTheLastAnswerStands) {
  first_.Always("PUT", "/v1/kv/{key...}", 503, ProblemBody("no_leader", "No leader."));
  ApiClient api({first_.url(), DeadUrl()}, &clock_);
  const auto response = api.Call(Put(), 300);
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->status, 503);
  EXPECT_GE(first_.requests().size(), 2U) << "it was tried again";
}

TEST_F(ApiClientTest, WhenNoNodeCanBeReachedItSaysWhy) {
  const std::string dead = DeadUrl();
  ApiClient api({dead}, &clock_);
  const auto response = api.Call(Put(), 200);
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.status().code(), Code::kUnavailable);
  EXPECT_TRUE(response.status().message().starts_with(dead)) << response.status().message();
}

TEST_F(ApiClientTest, AnAddressThatIsNoneFailsAtOnce) {
  ApiClient api({"http://a:99999"}, &clock_);
  EXPECT_EQ(api.Call(Put(), kPatienceMs).status().code(), Code::kInvalidArgument);
}

TEST_F(ApiClientTest, CancelEndsACallUnderWayAndAllLaterOnes) {
  first_.On("PUT", "/v1/kv/{key...}", [](const http::Request&) { return std::nullopt; });
  ApiClient api({first_.url()}, &clock_);
  std::thread canceller([&] {
    first_.WaitFor("PUT", "/v1/kv/a", 1);
    api.Cancel();
  });
  const auto response = api.Call(Put(), kPatienceMs);
  canceller.join();
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.status().reason(), "cancelled");
  EXPECT_EQ(api.Call(Put(), kPatienceMs).status().reason(), "cancelled");
  EXPECT_EQ(first_.requests().size(), 1U);
}

TEST_F(ApiClientTest, CancelEndsAPauseBetweenAttempts) {
  first_.Always("PUT", "/v1/kv/{key...}", 503, "{}");
  ApiClient api({first_.url()}, &clock_);
  std::thread canceller([&] {
    first_.WaitFor("PUT", "/v1/kv/a", 3);
    api.Cancel();
  });
  EXPECT_FALSE(api.Call(Put(), 24 * 3600 * 1000).ok());
  canceller.join();
}

TEST_F(ApiClientTest, StreamsPiecesUntilTheReaderHasEnough) {
  first_.Always("GET", "/v1/watch", 503, "{}");
  second_.OnStream("/v1/watch", [](const http::Request&) {
    return std::vector<std::string>{"one\n", "two\n", "three\n"};
  });
  ApiClient api({first_.url(), second_.url()}, &clock_);
  ApiRequest request;
  request.target = "/v1/watch";
  std::string all;
  const auto response = api.Stream(request, kPatienceMs, [&](std::string_view piece) {
    all += piece;
    return true;
  });
  ASSERT_TRUE(response.ok()) << response.status().ToString();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(all, "one\ntwo\nthree\n");
}

TEST(MakeIdempotencyKeyTest, IsHexadecimalAndDoesNotRepeat) {
  std::set<std::string> keys;
  for (int i = 0; i < 100; ++i) {
    const std::string key = MakeIdempotencyKey();
    EXPECT_EQ(key.size(), 32U);
    EXPECT_EQ(key.find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_TRUE(keys.insert(key).second);
  }
}

}  // namespace
}  // namespace baton::batonctl
