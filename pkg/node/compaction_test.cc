#include "pkg/node/compaction.h"

#include <gtest/gtest.h>

#include <numeric>
#include <utility>
#include <vector>

namespace baton::node {
namespace {

constexpr CompactionLimits kLimits{.entries_max = 100, .entries_kept = 20, .bytes_max = 10'000};

raft::RaftStatus LogOf(uint64_t first, uint64_t last) {
  raft::RaftStatus status;
  status.first_index = Index(first);
  status.last_index = Index(last);
  return status;
}

void AddPeer(raft::RaftStatus* status, uint64_t id, uint64_t match) {
  status->peers[NodeId(id)].match = Index(match);
}

// The size of a log of which entry `first` + i has bytes[i] bytes.
LogSize SizeOf(uint64_t first, std::vector<uint64_t> bytes) {
  const uint64_t total = std::accumulate(bytes.begin(), bytes.end(), uint64_t{0});
  return {total, [first, bytes = std::move(bytes), total](uint64_t bytes_max) {
            uint64_t index = first;
            uint64_t left = total;
            for (; left > bytes_max; ++index) left -= bytes[index - first];
            return Index(index);
          }};
}

// Of a log with entries of so many bytes each.
std::optional<Index> Plan(const raft::RaftStatus& status, Index applied, uint64_t bytes_each = 1) {
  const uint64_t count = status.last_index + 1 - status.first_index;
  const std::vector<uint64_t> bytes(count, bytes_each);
  return PlanCompaction(kLimits, status, SizeOf(status.first_index.value(), bytes), applied);
}

TEST(CompactionTest, AtTheBoundNothingIsDropped) {
  EXPECT_EQ(Plan(LogOf(1, 100), Index(100)), std::nullopt);
  EXPECT_EQ(Plan(LogOf(51, 150), Index(150)), std::nullopt);
}

TEST(CompactionTest, OneBeyondTheBoundAllButTheKeptIsDropped) {
  EXPECT_EQ(Plan(LogOf(1, 101), Index(101)), Index(81));
}

TEST(CompactionTest, NothingIsDroppedThatIsNotApplied) {
  EXPECT_EQ(Plan(LogOf(1, 1000), Index(25)), std::nullopt) << "five entries are not worth a write";
  EXPECT_EQ(Plan(LogOf(1, 1000), Index(30)), Index(10));
  EXPECT_EQ(Plan(LogOf(1, 1000), Index(10)), std::nullopt);
}

TEST(CompactionTest, ALeaderKeepsWhatItsSlowestFollowerNeedsWithinTheBound) {
  raft::RaftStatus status = LogOf(1, 110);
  AddPeer(&status, 1, 110);
  AddPeer(&status, 2, 60);
  EXPECT_EQ(Plan(status, Index(110)), Index(60));
  status.peers.at(NodeId(2)).match = Index(105);
  EXPECT_EQ(Plan(status, Index(110)), Index(90));
}

TEST(CompactionTest, BeyondTheBoundTheSlowestIsLeftBehind) {
  raft::RaftStatus status = LogOf(1, 500);
  AddPeer(&status, 1, 500);
  AddPeer(&status, 2, 3);
  EXPECT_EQ(Plan(status, Index(500)), Index(400));
}

// Such as one that receives a snapshot: its match is from before it.
TEST(CompactionTest, WhoIsThereAndCatchesUpIsWaitedForFourTimesAsLong) {
  raft::RaftStatus status = LogOf(1, 400);
  AddPeer(&status, 1, 400);
  AddPeer(&status, 2, 3);
  AddPeer(&status, 3, 320);
  status.peers.at(NodeId(2)).recently_active = true;
  EXPECT_EQ(Plan(status, Index(400)), std::nullopt);
  status.last_index = Index(500);
  EXPECT_EQ(Plan(status, Index(500)), Index(100));
  status.peers.at(NodeId(2)).match = Index(250);
  EXPECT_EQ(Plan(status, Index(500)), Index(250));
  status.peers.at(NodeId(2)).recently_active = false;
  EXPECT_EQ(Plan(status, Index(500)), Index(400));
}

TEST(CompactionTest, ASlowFollowerDoesNotCauseAWritePerEntry) {
  raft::RaftStatus status = LogOf(401, 505);
  AddPeer(&status, 2, 3);
  EXPECT_EQ(Plan(status, Index(505)), std::nullopt);
  status.last_index = Index(510);
  EXPECT_EQ(Plan(status, Index(510)), Index(410));
}

TEST(CompactionTest, BytesAreABoundOfTheirOwn) {
  EXPECT_EQ(Plan(LogOf(1, 10), Index(10), 1000), std::nullopt) << "10,000 bytes";
  EXPECT_EQ(Plan(LogOf(1, 10), Index(10), 1001), Index(8)) << "at most 2,500 bytes stay";
  EXPECT_EQ(Plan(LogOf(1, 99), Index(99), 1000), Index(97)) << "far beyond";
  EXPECT_EQ(Plan(LogOf(51, 61), Index(61), 1000), Index(59));
}

// A log that is too long, and whose last entries_kept entries have too many bytes.
TEST(CompactionTest, WhatIsKeptIsBoundedInBytesToo) {
  EXPECT_EQ(Plan(LogOf(1, 101), Index(101), 99), Index(81)) << "20 entries of 1,980 bytes";
  EXPECT_EQ(Plan(LogOf(1, 101), Index(101), 150), Index(85)) << "16 entries of 2,400 bytes";
}

TEST(CompactionTest, NothingIsDroppedForItsBytesThatIsNotApplied) {
  EXPECT_EQ(Plan(LogOf(1, 20), Index(5), 1000), Index(5));
  EXPECT_EQ(Plan(LogOf(1, 20), Index(0), 1000), std::nullopt);
}

TEST(CompactionTest, OneHugeEntryGoesOnceItIsApplied) {
  const auto plan = [](uint64_t applied, std::optional<uint64_t> match) {
    raft::RaftStatus status = LogOf(1, 3);
    if (match) AddPeer(&status, 2, *match);
    return PlanCompaction(kLimits, status, SizeOf(1, {10, 10, 10'001}), Index(applied));
  };
  EXPECT_EQ(plan(2, {}), std::nullopt) << "twenty bytes are not worth a write";
  EXPECT_EQ(plan(3, {}), Index(3));
  EXPECT_EQ(plan(3, 3), Index(3));
  EXPECT_EQ(plan(3, 2), Index(3)) << "who is away does not keep it";
}

TEST(CompactionTest, ASlowFollowerIsWaitedForWithinTheBytes) {
  raft::RaftStatus status = LogOf(1, 11);
  AddPeer(&status, 2, 4);
  EXPECT_EQ(Plan(status, Index(11), 1000), Index(4));
  status.peers.at(NodeId(2)).match = Index(0);
  EXPECT_EQ(Plan(status, Index(11), 1000), Index(1)) << "it is left behind";
  status.last_index = Index(30);
  EXPECT_EQ(Plan(status, Index(30), 1000), Index(20));
}

TEST(CompactionTest, WhoCatchesUpIsWaitedForWithinFourTimesTheBytes) {
  raft::RaftStatus status = LogOf(1, 40);
  AddPeer(&status, 2, 0);
  status.peers.at(NodeId(2)).recently_active = true;
  EXPECT_EQ(Plan(status, Index(40), 1000), std::nullopt);
  status.last_index = Index(45);
  EXPECT_EQ(Plan(status, Index(45), 1000), Index(5));
  status.peers.at(NodeId(2)).recently_active = false;
  EXPECT_EQ(Plan(status, Index(45), 1000), Index(35));
}

TEST(CompactionTest, ASlowFollowerDoesNotCauseAWritePerKilobyte) {
  raft::RaftStatus status = LogOf(11, 110);
  AddPeer(&status, 2, 3);
  EXPECT_EQ(Plan(status, Index(110), 109), std::nullopt) << "900 bytes too many";
  EXPECT_EQ(Plan(status, Index(110), 112), Index(21));
}

}  // namespace
}  // namespace baton::node
