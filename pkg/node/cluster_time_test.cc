#include "pkg/node/cluster_time.h"

#include <gtest/gtest.h>

#include "pkg/coord/command.h"

namespace baton::node {
namespace {

constexpr int64_t kStepMaxUs = 1'000'000;

raft::Entry EntryAt(uint64_t index, uint64_t term, int64_t stamp_ms) {
  raft::Entry entry;
  entry.index = Index(index);
  entry.term = Term(term);
  if (stamp_ms > 0) {
    const std::string command = coord::EncodeCommand({"", "", coord::AdvanceTime{}});
    entry.data = raft::Payload(coord::EncodeEntry(stamp_ms, command));
  }
  return entry;
}

TEST(StampOfTest, ReadsWhatTheCodecWroteAndNothingElse) {
  EXPECT_EQ(StampOf(EntryAt(1, 1, 123'456'789'012)), 123'456'789'012);
  EXPECT_EQ(StampOf(EntryAt(1, 1, 0)), std::nullopt);
  raft::Entry change = EntryAt(1, 1, 5);
  change.type = raft::EntryType::kConfigChange;
  EXPECT_EQ(StampOf(change), std::nullopt);
  raft::Entry garbage = EntryAt(1, 1, 0);
  garbage.data = raft::Payload("\x01\x02");
  EXPECT_EQ(StampOf(garbage), std::nullopt);
}

TEST(ClusterTimeTest, RunsOnlyWhileLeading) {
  ClusterTime time(kStepMaxUs);
  time.AdvanceTo(5'000'000);
  time.AdvanceTo(5'900'000);
  EXPECT_EQ(time.NowMs(), 0);
  time.StartLeading(Term(1));
  EXPECT_EQ(time.NowMs(), 0);
  time.AdvanceTo(6'000'000);
  time.AdvanceTo(6'250'000);
  EXPECT_EQ(time.NowMs(), 350);
  time.StopLeading();
  time.AdvanceTo(6'500'000);
  EXPECT_EQ(time.NowMs(), 350);
}

TEST(ClusterTimeTest, WhoLeadsAgainGoesOnFromTheTimeItGaveOut) {
  ClusterTime time(kStepMaxUs);
  time.AdvanceTo(0);
  time.StartLeading(Term(1));
  time.AdvanceTo(400'000);
  time.StopLeading();
  time.AdvanceTo(900'000);
  time.StartLeading(Term(3));
  EXPECT_EQ(time.NowMs(), 400) << "it never goes back, though nothing was stamped";
  time.AdvanceTo(1'000'000);
  time.StartLeading(Term(5));  // lost and won again between two looks
  EXPECT_EQ(time.NowMs(), 500);
}

TEST(ClusterTimeTest, TheOwnTimeDoesNotOutliveALaterLeader) {
  ClusterTime time(kStepMaxUs);
  time.AdvanceTo(0);
  time.StartLeading(Term(1));
  time.AdvanceTo(900'000);  // cut off
  time.OnHeard(Term(2), 300);
  time.StopLeading();
  time.StartLeading(Term(3));
  EXPECT_EQ(time.NowMs(), 300);
  time.AdvanceTo(1'800'000);  // cut off once more; what it hears of the next leader is its log
  const std::vector<raft::Entry> entries = {EntryAt(1, 4, 350)};
  time.OnAppended(entries);
  time.StopLeading();
  time.StartLeading(Term(5));
  EXPECT_EQ(time.NowMs(), 350);
}

TEST(ClusterTimeTest, APausedLeaderAddsAtMostOneStep) {
  ClusterTime time(kStepMaxUs);
  time.AdvanceTo(0);
  time.StartLeading(Term(1));
  time.AdvanceTo(60'000'000);
  EXPECT_EQ(time.NowMs(), 1'000);
  time.AdvanceTo(59'000'000);  // a clock that goes back adds nothing
  EXPECT_EQ(time.NowMs(), 1'000);
}

TEST(ClusterTimeTest, GoesOnFromTheLastStampInTheLog) {
  ClusterTime time(kStepMaxUs);
  time.OnApplied(Index(3), Term(1), 700);
  const std::vector<raft::Entry> entries = {EntryAt(4, 1, 800), EntryAt(5, 2, 0)};
  time.OnAppended(entries);
  time.StartLeading(Term(2));
  EXPECT_EQ(time.NowMs(), 800);
}

TEST(ClusterTimeTest, ForgetsTheStampsOfEntriesThatWereReplaced) {
  ClusterTime time(kStepMaxUs);
  const std::vector<raft::Entry> stale = {EntryAt(1, 1, 100), EntryAt(2, 1, 9'000)};
  const std::vector<raft::Entry> replaced = {EntryAt(2, 2, 500)};
  time.OnAppended(stale);
  time.OnAppended(replaced);
  time.StartLeading(Term(3));
  EXPECT_EQ(time.NowMs(), 500);
}

TEST(ClusterTimeTest, GoesOnFromWhatTheLastLeaderSaid) {
  ClusterTime time(kStepMaxUs);
  const std::vector<raft::Entry> entries = {EntryAt(1, 2, 100)};
  time.OnAppended(entries);
  time.OnHeard(Term(2), 900);
  time.OnHeard(Term(2), 850);  // overtaken on the way
  time.StartLeading(Term(3));
  EXPECT_EQ(time.NowMs(), 900);
}

TEST(ClusterTimeTest, HeardFromAReplacedLeaderCountsNoMore) {
  ClusterTime time(kStepMaxUs);
  time.OnHeard(Term(1), 5'000);  // cut off, it had counted the leaderless gap
  const std::vector<raft::Entry> entries = {EntryAt(1, 1, 100), EntryAt(2, 2, 3'000)};
  time.OnAppended(entries);
  time.StartLeading(Term(3));
  EXPECT_EQ(time.NowMs(), 3'000);
}

TEST(ClusterTimeTest, TheOwnFirstEntryDoesNotHideWhatWasHeard) {
  ClusterTime time(kStepMaxUs);
  time.OnHeard(Term(2), 5'000);
  const std::vector<raft::Entry> entries = {EntryAt(1, 2, 100), EntryAt(2, 3, 0)};
  time.OnAppended(entries);
  time.StartLeading(Term(3));
  EXPECT_EQ(time.NowMs(), 5'000);
}

TEST(ClusterTimeTest, ANewerLeadersWordReplacesAnOlderOnes) {
  ClusterTime time(kStepMaxUs);
  time.OnHeard(Term(1), 5'000);
  time.OnHeard(Term(2), 4'000);
  time.OnHeard(Term(1), 6'000);
  time.StartLeading(Term(3));
  EXPECT_EQ(time.NowMs(), 4'000);
}

TEST(ClusterTimeTest, ASnapshotReplacesTheLog) {
  ClusterTime time(kStepMaxUs);
  const std::vector<raft::Entry> entries = {EntryAt(1, 1, 9'000)};
  time.OnAppended(entries);
  time.OnSnapshotInstalled(Index(50), Term(2), 400, {});
  EXPECT_EQ(time.NowMs(), 400);
  time.StartLeading(Term(3));
  EXPECT_EQ(time.NowMs(), 400);
}

TEST(ClusterTimeTest, WhatFollowsASnapshotCounts) {
  ClusterTime time(kStepMaxUs);
  time.OnHeard(Term(2), 9'000);  // from a leader that was replaced
  const std::vector<raft::Entry> entries = {EntryAt(51, 3, 600)};
  time.OnAppended(entries);
  time.OnSnapshotInstalled(Index(50), Term(2), 400, entries);
  time.StartLeading(Term(4));
  EXPECT_EQ(time.NowMs(), 600);
}

}  // namespace
}  // namespace baton::node
