#include "cmd/batonctl/duration.h"

#include <gtest/gtest.h>

namespace baton::batonctl {
namespace {

TEST(ParseDurationMsTest, TakesANumberAndAUnit) {
  EXPECT_EQ(*ParseDurationMs("0s"), 0);
  EXPECT_EQ(*ParseDurationMs("1500ms"), 1500);
  EXPECT_EQ(*ParseDurationMs("30s"), 30'000);
  EXPECT_EQ(*ParseDurationMs("5m"), 300'000);
  EXPECT_EQ(*ParseDurationMs("24h"), 86'400'000);
  EXPECT_EQ(*ParseDurationMs("86400000ms"), 86'400'000);
}

TEST(ParseDurationMsTest, RefusesEverythingElse) {
  for (const std::string text :
       {"", "5", "s", "ms", "five s", "5 s", "5sec", "1.5s", "+5s", "0x5s", "5s ", "5d", "-5sx"}) {
    const auto duration = ParseDurationMs(text);
    ASSERT_FALSE(duration.ok()) << text;
    EXPECT_NE(duration.status().message().find("is not a duration"), std::string::npos) << text;
  }
  for (const std::string text :
       {"-1s", "25h", "86400001ms", "1441m", "9223372036854775807s", "99999999999999999999999h"}) {
    const auto duration = ParseDurationMs(text);
    ASSERT_FALSE(duration.ok()) << text;
    EXPECT_NE(duration.status().message().find("is not between"), std::string::npos) << text;
  }
  EXPECT_LT(ParseDurationMs(std::string(1'000'000, '9')).status().message().size(), 200U);
}

TEST(FormatDurationMsTest, IsWhatTheApiReads) {
  EXPECT_EQ(FormatDurationMs(1500), "1500ms");
  EXPECT_EQ(*ParseDurationMs(FormatDurationMs(86'400'000)), 86'400'000);
}

}  // namespace
}  // namespace baton::batonctl
