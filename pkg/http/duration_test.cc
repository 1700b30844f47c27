#include "pkg/http/duration.h"

#include <gtest/gtest.h>

#include "pkg/http/quote.h"

namespace baton::http {
namespace {

constexpr DurationBounds kDay = {.min_ms = 0, .max_ms = 24 * 3600 * 1000};

TEST(DurationTest, Units) {
  const std::pair<const char*, int64_t> durations[] = {
      {"0", 0},        {"1500", 1500},        {"0ms", 0},        {"1500ms", 1500},
      {"30s", 30'000}, {"5m", 300'000},       {"2h", 7'200'000}, {"24h", 86'400'000},
      {"007s", 7'000}, {"86400s", 86'400'000}};
  for (const auto& [text, duration_ms] : durations) {
    const Result<int64_t> parsed = ParseDurationMs("wait", text, kDay);
    ASSERT_TRUE(parsed.ok()) << text << ": " << parsed.status().ToString();
    EXPECT_EQ(*parsed, duration_ms) << text;
  }
}

TEST(DurationTest, Malformed) {
  for (const char* text : {"", "s", "ms", "-1s", "+1s", "1.5s", "1e3", " 1s", "1s ", "1 s", "1d",
                           "1S", "0x10", "1ss", "one", "1m30s", "\xff"}) {
    const Result<int64_t> parsed = ParseDurationMs("wait", text, kDay);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.status().code(), Code::kInvalidArgument) << text;
    EXPECT_EQ(parsed.status().reason(), "malformed_duration");
    EXPECT_TRUE(parsed.status().message().starts_with("wait is ")) << parsed.status().message();
  }
}

TEST(DurationTest, Bounds) {
  const DurationBounds bounds = {.min_ms = 100, .max_ms = 60'000};
  EXPECT_TRUE(ParseDurationMs("ttl", "100ms", bounds).ok());
  EXPECT_TRUE(ParseDurationMs("ttl", "1m", bounds).ok());
  for (const char* text : {"99ms", "60001", "61s", "2m", "24h", "9223372036854775807",
                           "9223372036854775808", "99999999999999999999999999h"}) {
    const Result<int64_t> parsed = ParseDurationMs("ttl", text, bounds);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.status().code(), Code::kUnprocessable) << text;
    EXPECT_EQ(parsed.status().reason(), "out_of_range");
    EXPECT_NE(parsed.status().message().find("from 100 to 60000 ms"), std::string::npos)
        << parsed.status().message();
  }
}

TEST(QuoteTest, ShowsAnythingInPrintableAscii) {
  EXPECT_EQ(Quoted("a b"), "\"a b\"");
  EXPECT_EQ(Quoted(""), "\"\"");
  EXPECT_EQ(Quoted("say \"\\\""), "\"say \\\"\\\\\\\"\"");
  EXPECT_EQ(Quoted("\x1b[2J\xff\n"), "\"\\x1b[2J\\xff\\x0a\"");
  EXPECT_EQ(Quoted(std::string(64, 'a')), "\"" + std::string(64, 'a') + "\"");
  EXPECT_EQ(Quoted(std::string(65, 'a')), "\"" + std::string(64, 'a') + "...\"");
  EXPECT_LT(Quoted(std::string(1 << 20, '\xff')).size(), 300u);
}

}  // namespace
}  // namespace baton::http
