// Reads against a state machine, without a cluster: how many are answered at once.
#include "pkg/node/reads.h"

#include <gtest/gtest.h>

#include "pkg/coord/memory_tables.h"

namespace baton::node {
namespace {

class ReadsTest : public ::testing::Test {
 protected:
  void AddStale(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      reads_.Add(Consistency::kStale, Revision(), 1'000'000,
                 [this](const Result<ReadView>& view) { ++(view.ok() ? answered_ : failed_); });
    }
  }

  size_t answered_ = 0;
  size_t failed_ = 0;
  coord::MemoryTables tables_;
  coord::StateMachine machine_{&tables_};
  StepTime time_;
  // Reads that are content with what this node has ask nobody.
  Reads reads_{{.pending_max = 10'000}, &time_, nullptr, &machine_};
};

TEST_F(ReadsTest, AFewAreAnsweredPerStep) {
  AddStale(Reads::kRunsPerStep);
  EXPECT_EQ(answered_, 0u);
  EXPECT_FALSE(reads_.Run());
  EXPECT_EQ(answered_, Reads::kRunsPerStep);
  AddStale(Reads::kRunsPerStep + 1);
  EXPECT_TRUE(reads_.Run()) << "one is left";
  EXPECT_EQ(answered_, 2 * Reads::kRunsPerStep);
  EXPECT_FALSE(reads_.Run());
  EXPECT_EQ(answered_, 2 * Reads::kRunsPerStep + 1);
  AddStale(10'000);
  size_t steps = 1;
  while (reads_.Run()) ++steps;
  EXPECT_EQ(steps, 10'000 / Reads::kRunsPerStep);
  EXPECT_EQ(reads_.pending(), 0u);
}

TEST_F(ReadsTest, TheOthersCountAsPending) {
  AddStale(10'001);
  EXPECT_EQ(failed_, 1u) << "beyond the bound";
  EXPECT_TRUE(reads_.Run());
  EXPECT_EQ(reads_.pending(), 10'000 - Reads::kRunsPerStep);
  reads_.Close(Status(Code::kUnavailable, "shutting_down", "Bye"));
  EXPECT_EQ(answered_ + failed_, 10'001u) << "each is answered once";
  EXPECT_EQ(reads_.pending(), 0u);
  EXPECT_FALSE(reads_.Run());
}

TEST_F(ReadsTest, WhatWaitedForItsTurnForTooLongFails) {
  AddStale(2 * Reads::kRunsPerStep);
  time_.now_us = 999'999;
  EXPECT_TRUE(reads_.Run());
  EXPECT_EQ(answered_, Reads::kRunsPerStep) << "just in time";
  time_.now_us = 1'000'000;
  EXPECT_FALSE(reads_.Run());
  EXPECT_EQ(answered_, Reads::kRunsPerStep);
  EXPECT_EQ(failed_, Reads::kRunsPerStep);
  EXPECT_EQ(reads_.pending(), 0u);
}

// A callback may ask again.
TEST_F(ReadsTest, ReadsFromWithinAReadWaitTheirTurn) {
  reads_.Add(Consistency::kStale, Revision(), 1'000'000,
             [this](const Result<ReadView>&) { AddStale(Reads::kRunsPerStep); });
  EXPECT_TRUE(reads_.Run());
  EXPECT_EQ(answered_, Reads::kRunsPerStep - 1);
}

}  // namespace
}  // namespace baton::node
