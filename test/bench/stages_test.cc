#include "test/bench/stages.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace baton::bench {
namespace {

PutTimes Times() {
  PutTimes times;
  times.client_us = 1000;
  times.request_us = 900;
  times.commit_us = 700;
  times.apply_us = 30;
  times.state_us = 20;
  times.leader_sync_us = 250;
  times.follower_sync_us = 300;
  return times;
}

double SumOf(const std::vector<Stage>& stages) {
  double sum = 0;
  for (const Stage& stage : stages) sum += stage.beside ? 0 : stage.us;
  return sum;
}

TEST(StagesTest, FollowEachOtherAndAddUp) {
  const std::vector<Stage> stages = StagesOf(Times());
  ASSERT_EQ(stages.size(), 7u);
  EXPECT_DOUBLE_EQ(SumOf(stages), 1000);
  const std::vector<double> wanted = {100, 150, 400, 300, 30, 20};
  double at_us = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_DOUBLE_EQ(stages[i].us, wanted[i]) << stages[i].name;
    EXPECT_DOUBLE_EQ(stages[i].begin_us, at_us) << stages[i].name;
    EXPECT_FALSE(stages[i].beside) << stages[i].name;
    at_us += wanted[i];
  }
  EXPECT_TRUE(stages[6].beside);
  EXPECT_DOUBLE_EQ(stages[6].us, 250);
  EXPECT_DOUBLE_EQ(stages[6].begin_us, 250);  // with the commit
}

// A slow follower among two makes the mean of their writes longer than a commit.
TEST(StagesTest, WhatDoesNotFitIntoTheCommitIsBesideIt) {
  PutTimes times = Times();
  times.follower_sync_us = 701;
  const std::vector<Stage> stages = StagesOf(times);
  ASSERT_EQ(stages.size(), 7u);
  EXPECT_DOUBLE_EQ(SumOf(stages), 1000);
  EXPECT_DOUBLE_EQ(stages[2].us, 700);
  EXPECT_TRUE(stages[6].beside);
  EXPECT_DOUBLE_EQ(stages[6].us, 701);
  EXPECT_DOUBLE_EQ(stages[6].begin_us, 250);
}

TEST(StagesTest, NoStageIsBelowNothing) {
  PutTimes times = Times();
  times.client_us = 890;
  EXPECT_DOUBLE_EQ(StagesOf(times)[0].us, 0);
  for (const Stage& stage : StagesOf({})) EXPECT_DOUBLE_EQ(stage.us, 0) << stage.name;
}

TEST(StagesTest, AreShownAsATableAPictureAndJson) {
  const std::vector<Stage> stages = StagesOf(Times());
  const std::string table = TableOfStages(stages);
  EXPECT_NE(table.find("| a follower's synced write "), std::string::npos) << table;
  EXPECT_NE(table.find("|     300 | 30.0 % |"), std::string::npos) << table;
  EXPECT_NE(table.find("| together "), std::string::npos) << table;
  EXPECT_NE(table.find("|    1000 |        |"), std::string::npos) << table;
  const std::string picture = PictureOfStages(stages, "one put");
  EXPECT_NE(picture.find(">300 us<"), std::string::npos) << picture;
  const nlohmann::json list = nlohmann::json::parse(JsonOfStages(stages));
  ASSERT_EQ(list.size(), stages.size());
  EXPECT_EQ(list[3]["us"], 300.0);
  EXPECT_EQ(list[6]["beside"], true);
}

TEST(StagesTest, NothingMeasuredIsDrawnToo) {
  EXPECT_NE(PictureOfStages(StagesOf({}), "none").find("</svg>"), std::string::npos);
  EXPECT_NE(TableOfStages(StagesOf({})).find("together"), std::string::npos);
}

}  // namespace
}  // namespace baton::bench
