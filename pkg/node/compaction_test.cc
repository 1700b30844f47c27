#include "pkg/node/compaction.h"

#include <gtest/gtest.h>

namespace baton::node {
namespace {

constexpr CompactionLimits kLimits{.entries_max = 100, .entries_kept = 20};

raft::RaftStatus LogOf(uint64_t first, uint64_t last) {
  raft::RaftStatus status;
  status.first_index = Index(first);
  status.last_index = Index(last);
  return status;
}

void AddPeer(raft::RaftStatus* status, uint64_t id, uint64_t match) {
  status->peers[NodeId(id)].match = Index(match);
}

TEST(CompactionTest, AtTheBoundNothingIsDropped) {
  EXPECT_EQ(PlanCompaction(kLimits, LogOf(1, 100), Index(100)), std::nullopt);
  EXPECT_EQ(PlanCompaction(kLimits, LogOf(51, 150), Index(150)), std::nullopt);
}

TEST(CompactionTest, OneBeyondTheBoundAllButTheKeptIsDropped) {
  EXPECT_EQ(PlanCompaction(kLimits, LogOf(1, 101), Index(101)), Index(81));
}

TEST(CompactionTest, NothingIsDroppedThatIsNotApplied) {
  EXPECT_EQ(PlanCompaction(kLimits, LogOf(1, 1000), Index(25)), std::nullopt)
      << "five entries are not worth a write";
  EXPECT_EQ(PlanCompaction(kLimits, LogOf(1, 1000), Index(30)), Index(10));
  EXPECT_EQ(PlanCompaction(kLimits, LogOf(1, 1000), Index(10)), std::nullopt);
}

TEST(CompactionTest, ALeaderKeepsWhatItsSlowestFollowerNeedsWithinTheBound) {
  raft::RaftStatus status = LogOf(1, 110);
  AddPeer(&status, 1, 110);
  AddPeer(&status, 2, 60);
  EXPECT_EQ(PlanCompaction(kLimits, status, Index(110)), Index(60));
  status.peers.at(NodeId(2)).match = Index(105);
  EXPECT_EQ(PlanCompaction(kLimits, status, Index(110)), Index(90));
}

TEST(CompactionTest, BeyondTheBoundTheSlowestIsLeftBehind) {
  raft::RaftStatus status = LogOf(1, 500);
  AddPeer(&status, 1, 500);
  AddPeer(&status, 2, 3);
  EXPECT_EQ(PlanCompaction(kLimits, status, Index(500)), Index(400));
}

// Such as one that receives a snapshot: its match is from before it.
TEST(CompactionTest, WhoIsThereAndCatchesUpIsWaitedForFourTimesAsLong) {
  raft::RaftStatus status = LogOf(1, 400);
  AddPeer(&status, 1, 400);
  AddPeer(&status, 2, 3);
  AddPeer(&status, 3, 320);
  status.peers.at(NodeId(2)).recently_active = true;
  EXPECT_EQ(PlanCompaction(kLimits, status, Index(400)), std::nullopt);
  status.last_index = Index(500);
  EXPECT_EQ(PlanCompaction(kLimits, status, Index(500)), Index(100));
  status.peers.at(NodeId(2)).match = Index(250);
  EXPECT_EQ(PlanCompaction(kLimits, status, Index(500)), Index(250));
  status.peers.at(NodeId(2)).recently_active = false;
  EXPECT_EQ(PlanCompaction(kLimits, status, Index(500)), Index(400));
}

TEST(CompactionTest, ASlowFollowerDoesNotCauseAWritePerEntry) {
  raft::RaftStatus status = LogOf(401, 505);
  AddPeer(&status, 2, 3);
  EXPECT_EQ(PlanCompaction(kLimits, status, Index(505)), std::nullopt);
  status.last_index = Index(510);
  EXPECT_EQ(PlanCompaction(kLimits, status, Index(510)), Index(410));
}

}  // namespace
}  // namespace baton::node
