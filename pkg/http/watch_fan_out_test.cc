// A thousand watches whose clients do not read: what waits for them is bounded, and nobody else
// waits.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "pkg/http/testing/api_server.h"
#include "pkg/http/testing/eventually.h"
#include "pkg/http/testing/raw_client.h"

namespace baton::http {
namespace {

using nlohmann::json;

constexpr int kChanges = 100;
const std::string kValue(100'000, 'x');

class WatchFanOutTest : public testing::Test {
 protected:
  static constexpr size_t kStreamBytesMax = 16 << 20;

  // `target` is that of the i-th.
  void Watch(size_t count, const std::function<std::string(size_t i)>& target) {
    const size_t before = api_.service().watches();
    for (size_t i = 0; i < count; ++i) {
      clients_.push_back(std::make_unique<RawClient>(api_.port(), 32 * 1024));
      ASSERT_TRUE(clients_.back()->Send("GET " + target(i) + " HTTP/1.1\r\nHost: a\r\n\r\n"));
    }
    ASSERT_TRUE(Eventually([&] { return api_.service().watches() == before + count; }));
  }

  void Put(const std::string& key) {
    ASSERT_EQ(api_.Send("PUT", "/v1/kv/" + key, kValue).status, 200);
    ASSERT_LE(api_.Stats().stream_unsent_bytes, kStreamBytesMax);
  }

  // The messages of a stream that has ended, or of one whose server stops.
  static std::vector<json> Messages(RawClient* client) {
    std::vector<json> messages;
    const std::optional<RawResponse> response = client->ReadResponse();
    if (!response) return messages;
    for (size_t begin = 0; begin < response->body.size();) {
      const size_t end = response->body.find('\n', begin);
      if (end == std::string::npos) break;
      messages.push_back(json::parse(response->body.substr(begin, end - begin)));
      begin = end + 1;
    }
    return messages;
  }

  uint64_t evicted() { return api_.service().metrics().watches_evicted.value(); }

  ApiServer api_{ApiServer::Kind::kClient, [](ListenOptions* options) {
                   options->limits.buffered_bytes_max = kStreamBytesMax;
                   options->limits.write_timeout_ms = 60'000;
                 }};
  std::vector<std::unique_ptr<RawClient>> clients_;
};

// Ten gigabytes, if each had its own.
TEST_F(WatchFanOutTest, OfOnePrefixIsInMemoryOnce) {
  Watch(1000, [](size_t) { return "/v1/watch?prefix=p/"; });
  for (int i = 0; i < kChanges; ++i) {
    Put("p/" + std::to_string(i));
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(api_.Send("GET", "/v1/kv/p/0").body, kValue);
  // What is in the frames and texts below the bound of sharing is a few bytes for each.
  EXPECT_LT(api_.Stats().stream_unsent_bytes, kChanges * (kValue.size() + 1000) + 1000 * 8'000);
  // Those that held more than their share have been told where to go on; the others have it all.
  api_.service().EndWatches(Status(Code::kUnavailable, "shutting_down", "Bye"));
  const std::vector<json> messages = Messages(clients_.back().get());
  ASSERT_GT(messages.size(), 2u);
  EXPECT_EQ(messages.back()["resume_from"], messages[messages.size() - 2]["resume_from"]);
  for (size_t m = 1; m + 1 < messages.size(); ++m) EXPECT_EQ(messages[m]["revision"], m);
}

TEST_F(WatchFanOutTest, OfManyKeysIsSharedOutAndReadersAreServed) {
  constexpr size_t kSlow = 50;
  constexpr int kRounds = 8;
  Watch(kSlow, [](size_t i) { return "/v1/watch?key=slow" + std::to_string(i); });
  Watch(1, [](size_t) { return "/v1/watch?key=read"; });
  RawClient* const reader = clients_.back().get();
  size_t got = 0;
  for (int round = 0; round < kRounds; ++round) {
    for (size_t i = 0; i < kSlow; ++i) Put("slow" + std::to_string(i));
    Put("read");
    if (HasFatalFailure()) return;
    while (got < kValue.size() * static_cast<size_t>(round + 1)) {
      const size_t some = reader->ReadSome().size();
      ASSERT_GT(some, 0u) << "who reads is not evicted";
      got += some;
    }
  }
  EXPECT_GT(evicted(), 0u);
  EXPECT_EQ(api_.service().watches(), kSlow + 1 - evicted());
  const std::vector<json> messages = Messages(clients_[kSlow - 1].get());
  ASSERT_GT(messages.size(), 1u);
  EXPECT_EQ(messages.back()["type"], "evicted");
  EXPECT_EQ(messages.back()["code"], "slow_watcher");
  const uint64_t from = messages.back()["resume_from"];
  const json rest = api_.SendJson(
      200, "GET",
      "/v1/watch?key=slow" + std::to_string(kSlow - 1) + "&index=" + std::to_string(from - 1));
  EXPECT_EQ(rest["events"].size() + messages.size() - 2, size_t{kRounds}) << "nothing is left out";
}

}  // namespace
}  // namespace baton::http
