#include "test/chaos/monitor.h"

#include <gtest/gtest.h>

namespace baton::chaos {
namespace {

TEST(ReportJudgeTest, OneLeaderInATerm) {
  ReportJudge judge;
  EXPECT_EQ(judge.Take(0, {.term = 1, .leads = true}), std::nullopt);
  EXPECT_EQ(judge.Take(0, {.term = 1, .leads = true}), std::nullopt);
  EXPECT_EQ(judge.Take(1, {.term = 1}), std::nullopt);
  EXPECT_EQ(judge.Take(1, {.term = 2, .leads = true}), std::nullopt);
  EXPECT_EQ(judge.leaders_seen(), 2u);
  EXPECT_EQ(judge.Take(2, {.term = 1, .leads = true}), "node 3 and node 1 both lead in term 1");
}

TEST(ReportJudgeTest, OneStateAtAnIndex) {
  ReportJudge judge;
  EXPECT_EQ(judge.Take(0, {.state_index = 5, .state_hash = "aa"}), std::nullopt);
  EXPECT_EQ(judge.Take(1, {.state_index = 5, .state_hash = "aa"}), std::nullopt);
  EXPECT_EQ(judge.Take(1, {.state_index = 6, .state_hash = "bb"}), std::nullopt);
  EXPECT_EQ(judge.Take(2, {.state_index = 5, .state_hash = "cc"}),
            "node 3 has state cc at index 5, node 1 has aa");
}

TEST(ReportJudgeTest, AReportIsRead) {
  const auto report =
      ParseReport(R"({"term":3,"role":"leader","leader_id":2,"state_index":9,"state_hash":"ab"})");
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->term, 3u);
  EXPECT_TRUE(report->leads);
  EXPECT_EQ(report->leader, 2u);
  EXPECT_EQ(report->state_index, 9u);
  EXPECT_EQ(report->state_hash, "ab");
  EXPECT_FALSE(ParseReport("no JSON").has_value());
}

}  // namespace
}  // namespace baton::chaos
