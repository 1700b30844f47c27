#include "pkg/raft/membership_history.h"

#include <gtest/gtest.h>

namespace baton::raft {
namespace {

ConfigState OneVoter(uint64_t id) {
  ConfigState config;
  config.voters = {NodeId(id)};
  return config;
}

class MembershipHistoryTest : public ::testing::Test {
 protected:
  MembershipHistoryTest() {
    history.Append(Index(8), OneVoter(2));
    history.Append(Index(12), OneVoter(3));
  }

  MembershipHistory history{Index(5), OneVoter(1)};
};

TEST_F(MembershipHistoryTest, TheLatestIsInForce) {
  EXPECT_EQ(history.latest(), OneVoter(3));
  EXPECT_EQ(history.latest_index(), Index(12));
}

TEST_F(MembershipHistoryTest, EachHoldsFromItsIndexOn) {
  EXPECT_EQ(history.At(Index(5)), OneVoter(1));
  EXPECT_EQ(history.At(Index(7)), OneVoter(1));
  EXPECT_EQ(history.At(Index(8)), OneVoter(2));
  EXPECT_EQ(history.At(Index(11)), OneVoter(2));
  EXPECT_EQ(history.At(Index(12)), OneVoter(3));
  EXPECT_EQ(history.At(Index(1)), OneVoter(1)) << "the oldest known";
}

TEST_F(MembershipHistoryTest, ARewriteGoesBack) {
  history.TruncateFrom(Index(13));
  EXPECT_EQ(history.latest_index(), Index(12));
  history.TruncateFrom(Index(12));
  EXPECT_EQ(history.latest(), OneVoter(2));
  history.TruncateFrom(Index(1));
  EXPECT_EQ(history.latest(), OneVoter(1)) << "what is applied stays";
  EXPECT_EQ(history.latest_index(), Index(5));
}

TEST_F(MembershipHistoryTest, WhatIsAppliedBecomesTheBase) {
  history.DropThrough(Index(7));
  EXPECT_EQ(history.At(Index(5)), OneVoter(1));
  history.DropThrough(Index(9));
  EXPECT_EQ(history.At(Index(5)), OneVoter(2));
  history.TruncateFrom(Index(6));
  EXPECT_EQ(history.latest(), OneVoter(2));
  history.Reset(Index(20), OneVoter(9));
  EXPECT_EQ(history.latest_index(), Index(20));
}

}  // namespace
}  // namespace baton::raft
