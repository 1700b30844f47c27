// Each bound at the limit, one beyond, and far beyond.
#include "pkg/load/settings.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

namespace baton::load {
namespace {

Settings Good() {
  Settings settings;
  settings.endpoints = {"http://127.0.0.1:1"};
  settings.prefix = "p/";
  return settings;
}

std::string Refusal(const std::function<void(Settings*)>& change) {
  Settings settings = Good();
  change(&settings);
  const Status status = CheckSettings(settings);
  if (!status.ok()) {
    EXPECT_EQ(status.code(), Code::kInvalidArgument);
  }
  return status.message();
}

struct Case {
  std::string option;
  Bound bound;
  std::function<void(Settings*, uint64_t)> set;
  bool zero_means_none = false;
};

std::vector<Case> Cases() {
  return {
      {"--clients", kClients,
       [](Settings* s, uint64_t v) {
         s->clients = v;
         s->connections = 1;
       }},
      {"--connections", kConnections,
       [](Settings* s, uint64_t v) {
         s->clients = kClients.max;
         s->connections = v;
       }},
      {"--threads", kThreads, [](Settings* s, uint64_t v) { s->threads = v; }},
      {"--rate", kRate, [](Settings* s, uint64_t v) { s->rate_per_s = v; }, true},
      {"--total", kTotal, [](Settings* s, uint64_t v) { s->total = v; }, true},
      {"--duration", kDurationMs, [](Settings* s, uint64_t v) { s->duration_ms = v; }},
      {"--timeout", kTimeoutMs, [](Settings* s, uint64_t v) { s->timeout_ms = v; }},
      {"--keys", kKeys, [](Settings* s, uint64_t v) { s->keys = v; }},
      {"--key-size",
       {6, kKeySize.max},
       [](Settings* s, uint64_t v) {
         s->prefix = "abc";
         s->key_size = v;
       }},
      {"--value-size", kValueSize, [](Settings* s, uint64_t v) { s->value_size = v; }},
      {"--value-size", kWatchValueSize,
       [](Settings* s, uint64_t v) {
         s->bench = Bench::kWatch;
         s->value_size = v;
       }},
      {"--locks", kLocks,
       [](Settings* s, uint64_t v) {
         s->clients = kClients.max;
         s->locks = v;
       },
       true},
      {"--watchers", kWatchers, [](Settings* s, uint64_t v) { s->watchers = v; }},
      {"--idle", kIdleSessions, [](Settings* s, uint64_t v) { s->idle_sessions = v; }},
      {"--keepalives", kKeepalives, [](Settings* s, uint64_t v) { s->keepalives = v; }},
      {"--ttl", kTtlMs, [](Settings* s, uint64_t v) { s->ttl_ms = v; }},
      {"--read-percent", {0, 85}, [](Settings* s, uint64_t v) { s->read_percent = v; }},
      {"--write-percent", {0, 20}, [](Settings* s, uint64_t v) { s->write_percent = v; }},
  };
}

TEST(SettingsTest, EveryBound) {
  for (const Case& one : Cases()) {
    const auto with = [&one](uint64_t value) {
      return Refusal([&](Settings* settings) { one.set(settings, value); });
    };
    EXPECT_EQ(with(one.bound.min), "") << one.option;
    EXPECT_EQ(with(one.bound.max), "") << one.option;
    EXPECT_TRUE(with(one.bound.max + 1).starts_with("--")) << one.option;
    EXPECT_NE(with(one.bound.max + 1).find(one.option), std::string::npos) << one.option;
    EXPECT_NE(with(std::numeric_limits<uint64_t>::max()).find(one.option), std::string::npos);
    if (one.bound.min > 0 && !one.zero_means_none) {
      EXPECT_NE(with(one.bound.min - 1).find(one.option), std::string::npos) << one.option;
    }
  }
}

TEST(SettingsTest, Prefixes) {
  const auto with = [](const std::string& prefix) {
    return Refusal([&](Settings* settings) {
      settings->prefix = prefix;
      settings->key_size = 1024;
    });
  };
  EXPECT_EQ(with("a"), "");
  EXPECT_EQ(with("bench/a-B_9/"), "");
  EXPECT_EQ(with(std::string(200, 'a')), "");
  for (const std::string prefix : {"", "/a", "a//b", "a b", "a%2F", "a\"", "a.b", "\xc3\xa4"}) {
    EXPECT_NE(with(prefix).find("--prefix"), std::string::npos) << prefix;
  }
  EXPECT_NE(with(std::string(201, 'a')).find("--prefix"), std::string::npos);
  EXPECT_NE(with(std::string(1 << 20, 'a')).find("--prefix"), std::string::npos);
}

TEST(SettingsTest, AKeyHasRoomForPrefixAndNumber) {
  EXPECT_EQ(NumberWidth(1), 1u);
  EXPECT_EQ(NumberWidth(10), 1u);
  EXPECT_EQ(NumberWidth(11), 2u);
  EXPECT_EQ(NumberWidth(10'000'000), 7u);
  const auto with = [](uint64_t key_size) {
    return Refusal([&](Settings* settings) {
      settings->prefix = "0123456789";
      settings->keys = 1001;
      settings->key_size = key_size;
    });
  };
  EXPECT_EQ(with(14), "");
  EXPECT_NE(with(13).find("at least 14"), std::string::npos);
}

TEST(SettingsTest, NoMoreOfOneThanOfAnother) {
  EXPECT_NE(Refusal([](Settings* s) { s->connections = s->clients + 1; }).find("the clients"),
            std::string::npos);
  EXPECT_NE(Refusal([](Settings* s) { s->locks = s->clients + 1; }).find("the clients"),
            std::string::npos);
  EXPECT_NE(Refusal([](Settings* s) {
              s->connections = 2;
              s->threads = 3;
            }).find("the connections"),
            std::string::npos);
  EXPECT_NE(Refusal([](Settings* s) {
              s->locks = 2;
              s->threads = 3;
            }).find("the locks"),
            std::string::npos);
  EXPECT_EQ(Refusal([](Settings* s) { s->endpoints.clear(); }), "no endpoints");
}

}  // namespace
}  // namespace baton::load
