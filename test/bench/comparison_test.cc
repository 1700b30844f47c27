#include "test/bench/comparison.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

namespace baton::bench {
namespace {

Comparison Puts() { return {"put", {{"clients", 64}, {"api", "grpc"}}, "1/s", Better::kMore, "x"}; }

TEST(MedianTest, OfOddAndEvenCounts) {
  EXPECT_EQ(Median({7}), 7);
  EXPECT_EQ(Median({9, 1, 2}), 2);
  EXPECT_EQ(Median({4, 1, 3, 2}), 2.5);
}

TEST(ComparisonTest, MoreIsBetterOrLessIs) {
  Comparison rate = Puts();
  rate.AddRound(300, 100);
  EXPECT_EQ(rate.ratio(), 3);
  Comparison time("put", {}, "us", Better::kLess, "x");
  time.AddRound(300, 100);
  EXPECT_DOUBLE_EQ(*time.ratio(), 1.0 / 3);
}

// The medians of both sides would say 2: they are of different rounds.
TEST(ComparisonTest, TheRatioIsTheMedianOfTheRatiosOfRounds) {
  Comparison rate = Puts();
  rate.AddRound(100, 100);
  rate.AddRound(200, 200);
  rate.AddRound(300, 10);
  EXPECT_EQ(rate.ours(), 200);
  EXPECT_EQ(rate.peer(), 100);
  EXPECT_EQ(rate.ratio(), 1);
  EXPECT_EQ(rate.ratios().size(), 3u);
}

TEST(ComparisonTest, NothingIsNotInfinitelyBetter) {
  Comparison allocations("allocations", {}, "each", Better::kLess, "x");
  allocations.AddRound(0, 21);
  EXPECT_EQ(allocations.ratio(), Comparison::kRatioMax);
  Comparison worse("allocations", {}, "each", Better::kLess, "x");
  worse.AddRound(21, 0);
  EXPECT_DOUBLE_EQ(*worse.ratio(), 1 / Comparison::kRatioMax);
  Comparison none("allocations", {}, "each", Better::kLess, "x");
  none.AddRound(0, 0);
  EXPECT_EQ(none.ratio(), 1);
}

TEST(ComparisonTest, WithoutAPeerThereIsNoRatio) {
  Comparison rate = Puts();
  rate.AddRound(100, std::nullopt);
  EXPECT_EQ(rate.ours(), 100);
  EXPECT_EQ(rate.peer(), std::nullopt);
  EXPECT_EQ(rate.ratio(), std::nullopt);
}

TEST(ComparisonDeathTest, WhatIsNotANumberIsNotMeasured) {
  Comparison rate = Puts();
  EXPECT_DEATH(rate.AddRound(NAN, 1), "put");
  EXPECT_DEATH(rate.AddRound(1, -1), "put");
}

TEST(TableTest, HasOneLineForEach) {
  Comparison both = Puts();
  both.AddRound(9'876.4, 4'000);
  both.AddRound(9'876.4, 8'000);
  Comparison alone("lock", {}, "ms", Better::kLess, "x");
  alone.AddRound(1.234, std::nullopt);
  EXPECT_EQ(TableOf({both, alone}),
            "| measure | parameters           | unit | ours |    x |               ratio |\n"
            "|---------|----------------------|------|------|------|---------------------|\n"
            "| put     | clients 64, api grpc | 1/s  | 9876 | 6000 | 1.85 (1.23 to 2.47) |\n"
            "| lock    |                      | ms   | 1.23 |    - |                   - |\n");
}

TEST(TableTest, NamesThePeersWhenThereAreSeveral) {
  Comparison grpc = Puts();
  grpc.AddRound(2, 1);
  Comparison gateway("put", {}, "1/s", Better::kMore, "y");
  gateway.AddRound(2, 1);
  const std::string table = TableOf({grpc, gateway});
  EXPECT_NE(table.find("1.00 (x)"), std::string::npos) << table;
  EXPECT_NE(table.find("1.00 (y)"), std::string::npos) << table;
}

TEST(JsonTest, IsAListOfAllFields) {
  Comparison both = Puts();
  both.AddRound(300, 100);
  Comparison alone("lock", {}, "ms", Better::kLess, "x");
  const nlohmann::json list = nlohmann::json::parse(JsonOf({both, alone}));
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0], nlohmann::json::parse(R"({"measure": "put", "unit": "1/s", "peer_name": "x",
      "parameters": {"clients": 64, "api": "grpc"}, "ours": 300.0, "peer": 100.0, "ratio": 3.0,
      "ratios": [3.0]})"));
  EXPECT_TRUE(list[1]["ours"].is_null());
  EXPECT_TRUE(list[1]["ratio"].is_null());
  EXPECT_EQ(nlohmann::json::parse(JsonOf({})), nlohmann::json::array());
}

TEST(WriteWholeTest, MakesTheDirectoryAndReplaces) {
  const std::string directory = std::string(std::getenv("TEST_TMPDIR")) + "/made";
  const std::string path = directory + "/bench.json";
  ASSERT_TRUE(WriteWhole(path, "older and longer").ok());
  ASSERT_TRUE(WriteWhole(path, "new").ok());
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_EQ(text.str(), "new");
  EXPECT_EQ(WriteWhole(path + "/below-a-file", "x").code(), Code::kUnavailable);
}

}  // namespace
}  // namespace baton::bench
