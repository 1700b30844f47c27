#include "pkg/raft/log.h"

#include <gtest/gtest.h>

#include "pkg/raft/testing/memory_log.h"
#include "pkg/raft/testing/solo.h"

namespace baton::raft {
namespace {

using testing::EntriesOf;
using testing::MemoryLog;
using testing::Voters;

std::vector<Entry> Unhanded(RaftLog& log) {
  std::vector<Entry> entries;
  log.TakeUnhandedEntries(&entries);
  return entries;
}

std::vector<Entry> Committed(RaftLog& log) {
  std::vector<Entry> entries;
  log.TakeCommitted(&entries);
  return entries;
}

class RaftLogTest : public ::testing::Test {
 protected:
  // A log with entries of these terms on disk.
  RaftLog Open(const std::vector<uint64_t>& terms, uint64_t commit = 0, uint64_t applied = 0) {
    disk.Write(std::nullopt, std::nullopt, EntriesOf(1, terms), true);
    const Term term = *disk.TermAt(disk.LastIndex());
    RaftLog log(
        &disk, InitialState{HardState{term, NodeId(), Index(commit)}, Voters({1}), Index(applied)});
    CHECK(log.failure().ok()) << log.failure().ToString();
    return log;
  }

  // Hands out what is to be written and makes it durable; the core is told or not.
  LogMark Write(RaftLog& log) {
    const std::optional<SnapshotMeta> snapshot = log.TakeUnhandedSnapshot();
    const LogMark mark = log.mark();
    disk.Write(std::nullopt, snapshot, Unhanded(log), true);
    return mark;
  }

  static SnapshotMeta Meta(uint64_t index, uint64_t term) {
    return SnapshotMeta{Index(index), Term(term), Voters({1})};
  }

  MemoryLog disk{Voters({1})};
};

TEST_F(RaftLogTest, StartsWithWhatIsOnDisk) {
  const RaftLog log = Open({1, 1, 2}, 2, 1);
  EXPECT_EQ(log.first_index(), Index(1));
  EXPECT_EQ(log.last_index(), Index(3));
  EXPECT_EQ(log.last_term(), Term(2));
  EXPECT_EQ(log.committed(), Index(2));
  EXPECT_EQ(log.applied(), Index(1));
  EXPECT_EQ(log.persisted(), Index(3));
  EXPECT_FALSE(log.HasUnhanded());
  EXPECT_TRUE(log.HasCommitted());
}

TEST_F(RaftLogTest, CommitOnDiskMayLagBehindWhatWasApplied) {
  EXPECT_EQ(Open({1, 1, 2}, 1, 3).committed(), Index(3));
}

TEST_F(RaftLogTest, RefusesAStateThatContradictsTheLog) {
  disk.Write(std::nullopt, Meta(5, 2), {}, true);
  disk.Write(std::nullopt, std::nullopt, EntriesOf(6, {2, 3}), true);
  const auto code = [&](uint64_t term, uint64_t commit, uint64_t applied) {
    const InitialState initial{HardState{Term(term), NodeId(), Index(commit)}, Voters({1}),
                               Index(applied)};
    return RaftLog(&disk, initial).failure().code();
  };
  EXPECT_EQ(code(3, 7, 5), Code::kOk);
  EXPECT_EQ(code(3, 8, 5), Code::kCorruption) << "commit beyond the end";
  EXPECT_EQ(code(3, 7, 8), Code::kCorruption) << "applied beyond the end";
  EXPECT_EQ(code(3, 7, 4), Code::kCorruption) << "applied below the snapshot";
  EXPECT_EQ(code(2, 7, 5), Code::kCorruption) << "term below the last entry's";
}

TEST_F(RaftLogTest, ReportsWhatTheReaderSaysAtStart) {
  disk.FailReads(Status(Code::kIo, "the disk is on fire"));
  EXPECT_EQ(RaftLog(&disk, InitialState{}).failure().code(), Code::kIo);
}

TEST_F(RaftLogTest, TermsInsideAndOutside) {
  disk.Write(std::nullopt, Meta(5, 2), {}, true);
  RaftLog log = Open({}, 5, 5);
  log.Append(Term(4), EntryType::kNormal, Payload("x"));
  EXPECT_EQ(log.TermAt(Index(4)).status().code(), Code::kGone);
  EXPECT_EQ(*log.TermAt(Index(5)), Term(2));
  EXPECT_EQ(*log.TermAt(Index(6)), Term(4));
  EXPECT_EQ(log.TermAt(Index(7)).status().code(), Code::kNotFound);
  EXPECT_TRUE(log.Matches(Index(6), Term(4)));
  EXPECT_FALSE(log.Matches(Index(6), Term(3)));
  EXPECT_FALSE(log.Matches(Index(4), Term(2)));
  EXPECT_TRUE(log.failure().ok()) << "none of this is trouble";
}

TEST_F(RaftLogTest, UpToDateIsALaterTermOrALongerLogOfTheSame) {
  const RaftLog log = Open({1, 2, 2});
  EXPECT_TRUE(log.IsUpToDate(Index(1), Term(3)));
  EXPECT_TRUE(log.IsUpToDate(Index(3), Term(2)));
  EXPECT_TRUE(log.IsUpToDate(Index(4), Term(2)));
  EXPECT_FALSE(log.IsUpToDate(Index(2), Term(2)));
  EXPECT_FALSE(log.IsUpToDate(Index(99), Term(1)));
}

TEST_F(RaftLogTest, NewestWithTermAtMostSkipsWholeTerms) {
  const RaftLog log = Open({1, 1, 4, 4, 4, 7});
  const auto newest = [&](uint64_t term, uint64_t low, uint64_t high) {
    return log.NewestWithTermAtMost(Term(term), Index(low), Index(high)).value();
  };
  EXPECT_EQ(newest(7, 0, 6), 6u);
  EXPECT_EQ(newest(6, 0, 6), 5u);
  EXPECT_EQ(newest(3, 0, 6), 2u);
  EXPECT_EQ(newest(3, 0, 1), 1u);
  EXPECT_EQ(newest(0, 0, 6), 0u);
  EXPECT_EQ(newest(3, 4, 6), 4u) << "nothing: the lower end";
}

TEST_F(RaftLogTest, SlicesCrossFromDiskToMemoryWithinTheirBytes) {
  RaftLog log = Open({1, 1, 1}, 3, 3);
  log.Append(Term(2), EntryType::kNormal, Payload("x"));
  log.Append(Term(2), EntryType::kNormal, Payload("y"));
  const auto slice = [&](uint64_t low, uint64_t high, size_t bytes) {
    std::vector<Entry> entries;
    EXPECT_TRUE(log.SliceFor(NodeId(2), Index(low), Index(high), bytes, &entries).ok());
    return entries.size();
  };
  const size_t one = EntriesOf(1, {1})[0].ApproximateBytes();
  EXPECT_EQ(slice(1, 6, 1 << 20), 5u);
  EXPECT_EQ(slice(1, 3, 1 << 20), 2u);
  EXPECT_EQ(slice(4, 6, 1 << 20), 2u);
  EXPECT_EQ(slice(1, 6, 0), 1u) << "at least one";
  EXPECT_EQ(slice(5, 6, 0), 1u);
  EXPECT_EQ(slice(1, 6, 2 * one), 2u);
  EXPECT_EQ(slice(1, 6, 2 * one - 1), 1u);
  EXPECT_EQ(slice(3, 6, one + 25), 2u) << "one from each side";
  EXPECT_EQ(slice(3, 6, one + 24), 1u);
}

TEST_F(RaftLogTest, SlicesOfCompactedEntriesAreGone) {
  RaftLog log = Open({1, 1, 1}, 3, 3);
  disk.Compact(Index(2));
  std::vector<Entry> slice;
  EXPECT_EQ(log.SliceFor(NodeId(2), Index(2), Index(4), 100, &slice).code(), Code::kGone);
  EXPECT_TRUE(log.SliceFor(NodeId(2), Index(3), Index(4), 100, &slice).ok());
}

TEST_F(RaftLogTest, AcceptKeepsWhatAgreesAndReplacesWhatDiffers) {
  RaftLog log = Open({1, 1, 2, 2});
  ASSERT_TRUE(log.Accept(Term(5), Term(1), EntriesOf(3, {2})).ok());
  EXPECT_EQ(log.last_index(), Index(4)) << "all of it agreed: what follows stays";
  EXPECT_FALSE(log.HasUnhanded());
  ASSERT_TRUE(log.Accept(Term(5), Term(1), EntriesOf(3, {2, 4, 5})).ok());
  EXPECT_EQ(log.last_index(), Index(5));
  EXPECT_EQ(*log.TermAt(Index(4)), Term(4));
  const std::vector<Entry> unhanded = Unhanded(log);
  ASSERT_EQ(unhanded.size(), 2u);
  EXPECT_EQ(unhanded[0].index, Index(4)) << "only from the first difference on";
}

TEST_F(RaftLogTest, AcceptRewritesWhatMemoryDoesNotHold) {
  RaftLog log = Open({1, 1, 2, 2, 2});
  ASSERT_TRUE(log.Accept(Term(5), Term(1), EntriesOf(2, {3})).ok());
  EXPECT_EQ(log.last_index(), Index(2));
  EXPECT_EQ(log.persisted(), Index(1));
  EXPECT_EQ(*log.TermAt(Index(1)), Term(1));
  log.OnPersisted(Write(log));
  EXPECT_EQ(log.persisted(), Index(2));
  EXPECT_EQ(disk.LastIndex(), Index(2));
}

TEST_F(RaftLogTest, ContradictionsAreDifferencesInWhatIsSettled) {
  RaftLog log = Open({1, 1, 2, 2}, 2, 2);
  const auto contradicts = [&](uint64_t leader, uint64_t prev, uint64_t prev_term,
                               const std::vector<uint64_t>& terms) {
    return log.Contradicts(Term(leader), Index(prev), Term(prev_term), EntriesOf(prev + 1, terms));
  };
  EXPECT_FALSE(contradicts(5, 1, 1, {1, 3})) << "3 is not committed";
  EXPECT_TRUE(contradicts(5, 1, 1, {2})) << "2 is committed";
  EXPECT_TRUE(contradicts(5, 2, 2, {})) << "so is the predecessor";
  EXPECT_FALSE(contradicts(5, 9, 5, {}));
  // Leader 2 wrote 3 and 4 itself; it cannot send others.
  EXPECT_TRUE(contradicts(2, 3, 1, {}));
  EXPECT_FALSE(contradicts(2, 3, 2, {2, 2}));
}

TEST_F(RaftLogTest, CommittedEntriesComeOutOncePersistedInPages) {
  RaftLog log = Open({});
  for (int i = 0; i < 5; ++i) log.Append(Term(1), EntryType::kNormal, Payload("x"));
  log.CommitTo(Index(4));
  EXPECT_FALSE(log.HasCommitted()) << "a quorum of others has them, the own disk not";
  log.OnPersisted(Write(log));
  EXPECT_TRUE(log.HasCommitted());
  log.SetApplyLimits(50, 0);
  EXPECT_EQ(Committed(log).size(), 2u);
  EXPECT_FALSE(log.HasCommitted()) << "as much as is allowed waits to be applied";
  log.SetApplyLimits(51, 0);
  EXPECT_EQ(Committed(log).size(), 1u) << "at least one";
  EXPECT_FALSE(log.HasCommitted());
  log.OnApplied(Index(2));
  EXPECT_TRUE(log.HasCommitted());
  log.SetApplyLimits(1000, 0);
  EXPECT_EQ(Committed(log).back().index, Index(4));
  EXPECT_FALSE(log.HasCommitted());
  log.OnApplied(Index(4));
  EXPECT_EQ(log.applied(), Index(4));
  log.OnApplied(Index(2));
  EXPECT_EQ(log.applied(), Index(4));
}

TEST_F(RaftLogTest, CommittedEntriesMayComeOutBeforeTheyArePersisted) {
  RaftLog log = Open({});
  for (int i = 0; i < 5; ++i) log.Append(Term(1), EntryType::kNormal, Payload("x"));
  log.SetApplyLimits(1000, 2);
  log.CommitTo(Index(4));
  EXPECT_EQ(Committed(log).back().index, Index(2)) << "capped";
  EXPECT_FALSE(log.HasCommitted());
  log.OnApplied(Index(2));
  log.OnPersisted(Write(log));
  EXPECT_EQ(Committed(log).back().index, Index(4)) << "never what is not committed";
}

// It would fill the memory, since more is committed all the time.
TEST_F(RaftLogTest, APageMayBeDurableInPart) {
  RaftLog log = Open({});
  log.SetApplyLimits(1 << 20, 1);
  for (int i = 0; i < 2; ++i) log.Append(Term(1), EntryType::kNormal, Payload("durable"));
  log.OnPersisted(Write(log));
  for (int i = 0; i < 2; ++i) log.Append(Term(1), EntryType::kNormal, Payload("early"));
  log.CommitTo(Index(4));
  const std::vector<Entry> page = Committed(log);
  ASSERT_EQ(page.size(), 3u);
  EXPECT_EQ(page[1].data.view(), "durable");
  EXPECT_EQ(page[2].data.view(), "early");
  std::vector<Entry> kept;
  ASSERT_TRUE(log.SliceFor(NodeId(2), Index(3), Index(5), 1 << 20, &kept).ok());
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0], page[2]) << "in memory until it is durable";
  EXPECT_TRUE(Committed(log).empty());
  log.OnPersisted(Write(log));
  EXPECT_EQ(Committed(log).size(), 1u);
}

TEST_F(RaftLogTest, WhatASlowStateMachineIsNotGivenYetWaitsOnTheDisk) {
  RaftLog log = Open({});
  log.SetApplyLimits(1000, 0);
  Index last;
  for (int i = 0; i < 500; ++i) {
    log.Append(Term(1), EntryType::kNormal, Payload(std::string(76, 'x')));  // counts for 100
    log.CommitTo(log.last_index());
    log.OnPersisted(Write(log));
    for (const Entry& entry : Committed(log)) last = entry.index;
    ASSERT_LE(log.BytesBetween(Index(1), log.last_index()), 1000u);
  }
  EXPECT_EQ(last, Index(10)) << "nothing was applied";
  while (last < Index(500)) {
    log.OnApplied(last);
    const std::vector<Entry> page = Committed(log);
    ASSERT_FALSE(page.empty());
    ASSERT_EQ(page.front().index, last + 1);
    last = page.back().index;
  }
}

// A leader of three learns what is committed only after its own disk: then it is the write of the
// commit index that says so.
TEST_F(RaftLogTest, SoDoesWhatIsCommittedAfterItWasWritten) {
  RaftLog log = Open({});
  log.SetApplyLimits(1000, 0);
  for (int i = 0; i < 500; ++i) {
    log.Append(Term(1), EntryType::kNormal, Payload(std::string(76, 'x')));  // counts for 100
    log.OnPersisted(Write(log));
    log.CommitTo(log.last_index());
    Committed(log);
    log.OnPersisted(log.mark());
    ASSERT_LE(log.BytesBetween(Index(1), log.last_index()), 1000u);
  }
}

TEST_F(RaftLogTest, WhatIsNotCommittedStaysInMemoryHoweverSlowTheStateMachine) {
  RaftLog log = Open({});
  log.SetApplyLimits(1, 0);
  for (int i = 0; i < 5; ++i) log.Append(Term(1), EntryType::kNormal, Payload("x"));
  log.CommitTo(Index(2));
  log.OnPersisted(Write(log));
  Committed(log);
  log.Append(Term(1), EntryType::kNormal, Payload("x"));
  log.OnPersisted(Write(log));
  EXPECT_EQ(log.BytesBetween(Index(1), Index(6)), 4 * 25u) << "a leader counts it";
}

TEST_F(RaftLogTest, ReadsFromDiskWhatWasCommittedBeforeARestart) {
  RaftLog log = Open({1, 1, 1}, 3, 1);
  const std::vector<Entry> committed = Committed(log);
  ASSERT_EQ(committed.size(), 2u);
  EXPECT_EQ(committed[0].index, Index(2));
}

// The write of 1..3 is under way when the leader of term 2 replaces 2 and 3. Its late completion
// must not say that the new 2 and 3 are durable.
TEST_F(RaftLogTest, ALateCompletionDoesNotConfirmRewrittenEntries) {
  RaftLog log = Open({});
  ASSERT_TRUE(log.Accept(Term(1), Term(0), EntriesOf(1, {1, 1, 1})).ok());
  const LogMark first = Write(log);
  ASSERT_TRUE(log.Accept(Term(2), Term(1), EntriesOf(2, {2, 2})).ok());
  const LogMark second = Write(log);
  EXPECT_LT(first, second);
  log.OnPersisted(first);
  EXPECT_EQ(log.persisted(), Index(0));
  log.OnPersisted(second);
  EXPECT_EQ(log.persisted(), Index(3));
}

// Written, replaced, and written again with the very same index and term.
TEST_F(RaftLogTest, ALateCompletionDoesNotConfirmEntriesThatCameBack) {
  RaftLog log = Open({});
  ASSERT_TRUE(log.Accept(Term(1), Term(0), EntriesOf(1, {1, 1})).ok());
  const LogMark first = Write(log);
  ASSERT_TRUE(log.Accept(Term(2), Term(0), EntriesOf(1, {2})).ok());
  const LogMark second = Write(log);
  ASSERT_TRUE(log.Accept(Term(3), Term(0), EntriesOf(1, {1, 1})).ok());
  const LogMark third = Write(log);
  log.OnPersisted(first);
  EXPECT_EQ(log.persisted(), Index(0));
  log.OnPersisted(second);
  EXPECT_EQ(log.persisted(), Index(0));
  log.OnPersisted(third);
  EXPECT_EQ(log.persisted(), Index(2));
}

TEST_F(RaftLogTest, CompletionsOutOfOrderLoseNothing) {
  RaftLog log = Open({});
  log.Append(Term(1), EntryType::kNormal, Payload("x"));
  const LogMark first = Write(log);
  log.Append(Term(1), EntryType::kNormal, Payload("y"));
  const LogMark second = Write(log);
  log.OnPersisted(second);
  EXPECT_EQ(log.persisted(), Index(2));
  log.OnPersisted(first);
  EXPECT_EQ(log.persisted(), Index(2));
}

TEST_F(RaftLogTest, ARestoredSnapshotReplacesTheLog) {
  RaftLog log = Open({1, 1, 1}, 1, 1);
  log.Restore(Term(3), Meta(20, 2));
  EXPECT_EQ(log.first_index(), Index(21));
  EXPECT_EQ(log.last_index(), Index(20));
  EXPECT_EQ(log.last_term(), Term(2));
  EXPECT_EQ(log.committed(), Index(20));
  EXPECT_EQ(log.TermAt(Index(3)).status().code(), Code::kGone);
  EXPECT_FALSE(log.HasCommitted());
  EXPECT_EQ(log.applied(), Index(1));
  log.OnPersisted(Write(log));
  EXPECT_FALSE(log.snapshot_pending());
  EXPECT_EQ(log.persisted(), Index(20));
  EXPECT_EQ(log.applied(), Index(20));
}

TEST_F(RaftLogTest, EntriesBehindASnapshotWaitForIt) {
  RaftLog log = Open({});
  log.Restore(Term(3), Meta(20, 2));
  ASSERT_TRUE(log.Accept(Term(3), Term(2), EntriesOf(21, {3})).ok());
  log.CommitTo(Index(21));
  EXPECT_FALSE(log.HasCommitted());
  EXPECT_TRUE(log.TakeUnhandedSnapshot().has_value());
  EXPECT_FALSE(log.TakeUnhandedSnapshot().has_value()) << "once";
  EXPECT_EQ(Unhanded(log).size(), 1u);
}

TEST_F(RaftLogTest, ASecondSnapshotIsNotConfirmedByTheFirstOnesCompletion) {
  RaftLog log = Open({});
  log.Restore(Term(3), Meta(10, 2));
  const LogMark first = Write(log);
  log.Restore(Term(3), Meta(20, 3));
  log.OnPersisted(first);
  EXPECT_TRUE(log.snapshot_pending());
  EXPECT_LT(log.persisted(), Index(20));
  log.OnPersisted(Write(log));
  EXPECT_FALSE(log.snapshot_pending());
  EXPECT_EQ(log.persisted(), Index(20));
}

TEST_F(RaftLogTest, ASnapshotIsConfirmedByItsCompletionWhoeverLeadsMeanwhile) {
  RaftLog log = Open({});
  log.Restore(Term(3), Meta(10, 2));
  const LogMark first = Write(log);
  ASSERT_TRUE(log.Accept(Term(4), Term(2), EntriesOf(11, {4})).ok());
  log.OnPersisted(first);
  EXPECT_FALSE(log.snapshot_pending());
  EXPECT_EQ(log.persisted(), Index(10)) << "but not what the new leader wrote";
}

TEST_F(RaftLogTest, TroubleWithTheDiskIsRememberedAndSilences) {
  RaftLog log = Open({1, 1, 1}, 3, 1);
  disk.FailReads(Status(Code::kCorruption, "checksum"));
  EXPECT_TRUE(log.HasCommitted());
  EXPECT_TRUE(Committed(log).empty());
  EXPECT_EQ(log.failure().code(), Code::kCorruption);
  EXPECT_FALSE(log.HasCommitted());
}

TEST_F(RaftLogTest, LosingWhatIsNotAppliedIsTrouble) {
  RaftLog log = Open({1, 1, 1}, 3, 1);
  disk.Compact(Index(3));
  EXPECT_TRUE(Committed(log).empty());
  EXPECT_EQ(log.failure().code(), Code::kGone);
}

TEST_F(RaftLogTest, ADiskErrorWhileAcceptingChangesNothing) {
  RaftLog log = Open({1, 1, 1});
  disk.FailReads(Status(Code::kIo, "unplugged"));
  EXPECT_EQ(log.Accept(Term(2), Term(1), EntriesOf(2, {2})).code(), Code::kIo);
  EXPECT_EQ(log.last_index(), Index(3));
  EXPECT_FALSE(log.HasUnhanded());
}

using RaftLogDeathTest = RaftLogTest;

TEST_F(RaftLogDeathTest, ADriverThatInventsCompletionsIsStopped) {
  RaftLog log = Open({1});
  EXPECT_DEATH(log.OnPersisted(LogMark{Term(9), Index(1)}), "never handed out");
  EXPECT_DEATH(log.OnApplied(Index(1)), "never handed out");
  EXPECT_DEATH(log.CommitTo(Index(2)), "CHECK");
}

// Taken by a node that was added by a change, before it had applied that change.
TEST_F(RaftLogTest, ASnapshotThatSaysNothingOfTheMembersIsNone) {
  const RaftLog log = Open({1, 1}, 2, 2);
  disk.OfferSnapshot(SnapshotMeta{Index(2), Term(1), ConfigState()});
  EXPECT_EQ(log.Snapshot().status().code(), Code::kUnavailable);
  disk.OfferSnapshot(Meta(2, 1));
  EXPECT_EQ(log.Snapshot().value(), Meta(2, 1));
}

}  // namespace
}  // namespace baton::raft
