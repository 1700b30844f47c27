#include "pkg/coord/restore.h"

#include <gtest/gtest.h>

#include <string>

#include "pkg/coord/row_tables.h"
#include "pkg/coord/rows.h"
#include "pkg/coord/test_invariants.h"
#include "pkg/coord/test_machine.h"

namespace baton::coord {
namespace {

constexpr SessionId kHolder(11);
constexpr SessionId kOther(12);

// A state with something of every kind.
class RestoreTest : public ::testing::Test {
 protected:
  RestoreTest() {
    old_.MustDo(Create(kHolder.value()));
    old_.MustDo(Create(kOther.value()));
    old_.MustDo(Put("config", "one"));
    old_.MustDo(Put("config", "two"));
    old_.MustDo(EphemeralPut("here", "x", kHolder));
    token_ = old_.MustAcquire("lock", kHolder.value());
    old_.MustDo(Wait("lock", kOther));
    old_.MustDo(GuardedPut("guarded", "by me", "lock", token_));
    old_.MustDo(Campaign("election", kOther, "other"));
    old_.Do(Put("once", "first"), "retry-me");
  }

  Status Restore(uint64_t step = kRestoreStepDefault) {
    StateRestorer restorer(step);
    Status status;
    const auto sink = [&](std::string_view key, std::string_view value) {
      tables_.Put(key, value);
    };
    old_.tables().Scan("", "", [&](std::string_view key, std::string_view value) {
      status = restorer.Add(key, value, sink);
      return status.ok();
    });
    dropped_ = restorer.dropped();
    return status.ok() ? restorer.Finish() : status;
  }

  Status AddRow(std::string_view key, std::string_view value) {
    StateRestorer restorer(1);
    return restorer.Add(key, value, [](std::string_view, std::string_view) {});
  }

  TestMachine old_;
  Token token_;
  MemoryTables tables_;  // the restored ones
  StateRestorer::Dropped dropped_;
};

TEST_F(RestoreTest, KeysStayWithTheirRevisionsAndKeysOfSessionsGo) {
  ASSERT_TRUE(Restore().ok());
  const StateMachine restored(&tables_);
  CheckInvariants(tables_, restored);
  EXPECT_EQ(restored.Get("config"), old_.state().Get("config"));
  EXPECT_EQ(restored.Get("guarded"), old_.state().Get("guarded"));
  EXPECT_FALSE(restored.Get("here").has_value());
  EXPECT_EQ(restored.counts().keys, 3u);
}

TEST_F(RestoreTest, NobodyHoldsWaitsOrLives) {
  ASSERT_TRUE(Restore().ok());
  const StateMachine restored(&tables_);
  EXPECT_EQ(restored.Sessions(SessionId(), 10).size(), 0u);
  EXPECT_FALSE(restored.Queue(QueueKind::kLock, "lock").holder.has_value());
  EXPECT_EQ(restored.Queue(QueueKind::kLock, "lock").waiters_total, 0u);
  EXPECT_FALSE(restored.Queue(QueueKind::kElection, "election").holder.has_value());
  EXPECT_EQ(restored.Verify(QueueKind::kLock, "lock", token_).reason(), "stale_token");
  EXPECT_EQ(dropped_.sessions, 2u);
  EXPECT_EQ(dropped_.locks, 1u);
  EXPECT_EQ(dropped_.elections, 1u);
  EXPECT_EQ(dropped_.waiters, 1u);
  EXPECT_EQ(dropped_.keys, 1u);
}

TEST_F(RestoreTest, NumbersMoveBeyondWhatTheOldClusterReachedMeanwhile) {
  ASSERT_TRUE(Restore(1000).ok());
  StateMachine restored(&tables_);
  EXPECT_EQ(restored.revision(), old_.state().revision() + 1000);
  EXPECT_EQ(restored.applied(), old_.state().applied());
  EXPECT_EQ(restored.now_ms(), old_.state().now_ms());
  for (int i = 0; i < 100; ++i) {  // the old cluster goes on
    const Token late = AsAcquire(old_.MustDo(Try("later", kOther))).token;
    old_.MustDo(Give("later", kOther, late));
    EXPECT_LT(late.value(), token_.value() + 1000);
  }
  EXPECT_LT(old_.state().revision(), restored.revision());
}

// Applies commands to the restored state, as its new cluster will.
class RestoredMachine {
 public:
  explicit RestoredMachine(const MemoryTables& rows) {
    machine_.check_each = false;
    rows.Scan("", "", [&](std::string_view key, std::string_view value) {
      machine_.tables().Put(key, value);
      return true;
    });
    machine_.Restart();
    machine_.check_each = true;
    machine_.AdvanceMs(1);
  }
  TestMachine* operator->() { return &machine_; }

 private:
  TestMachine machine_;
};

TEST_F(RestoreTest, NewTokensAndTicketsAreBeyondTheOld) {
  ASSERT_TRUE(Restore(1000).ok());
  RestoredMachine restored(tables_);
  restored->MustDo(Create(77));
  restored->MustDo(Create(78));
  const Token last = token_ + 1;  // the election's
  EXPECT_EQ(restored->MustAcquire("lock", 77), last + 1000 + 1);
  EXPECT_GT(restored->MustWait("lock", 78).value(), 1000u);
}

TEST_F(RestoreTest, AnOldTokenWritesNoGuardedKey) {
  ASSERT_TRUE(Restore().ok());
  RestoredMachine restored(tables_);
  const Applied late = restored->Do(GuardedPut("guarded", "late", "lock", token_));
  EXPECT_EQ(late.reply.status.reason(), "stale_token");
  EXPECT_EQ(restored->Do(Put("guarded", "late")).reply.status.reason(), "guard_required");
  restored->MustDo(Create(77));
  const Token token = restored->MustAcquire("lock", 77);
  restored->MustDo(GuardedPut("guarded", "new", "lock", token));
}

TEST_F(RestoreTest, AWatchFromAnyOldRevisionIsTold) {
  ASSERT_TRUE(Restore(1000).ok());
  RestoredMachine restored(tables_);
  const Revision now = restored->state().revision();
  for (const Revision from : {Revision(1), old_.state().revision(), now}) {
    EXPECT_EQ(restored->state().EventsSince({}, from, 10).status().reason(), "compacted") << from;
  }
  restored->MustDo(Put("config", "three"));
  const auto events = restored->state().EventsSince({}, now + 1, 10);
  ASSERT_TRUE(events.ok());
  EXPECT_EQ(events->size(), 1u);
}

TEST_F(RestoreTest, ARetryOfWhatWasAcknowledgedChangesNothing) {
  ASSERT_TRUE(Restore().ok());
  RestoredMachine restored(tables_);
  restored->MustDo(Put("once", "second"));
  const Applied retried = restored->Do(Put("once", "first"), "retry-me");
  EXPECT_TRUE(retried.reply.replayed);
  EXPECT_EQ(restored->state().Get("once")->value, "second");
}

// pkg/node answers no token that is not live: the retry is told that its grant has ended.
TEST_F(RestoreTest, TheTokenInARememberedReplyIsNotLive) {
  old_.Do(Try("mine", kHolder), "acquire-me");
  ASSERT_TRUE(Restore().ok());
  RestoredMachine restored(tables_);
  const Applied retried = restored->Do(Try("mine", kHolder), "acquire-me");
  EXPECT_TRUE(retried.reply.replayed);
  const Token token = AsAcquire(retried).token;
  EXPECT_EQ(restored->state().Verify(QueueKind::kLock, "mine", token).reason(), "stale_token");
}

TEST_F(RestoreTest, ARetryOfAWaitThatWasInLineRunsAnew) {
  old_.MustDo(Create(13));
  old_.Do(Wait("lock", SessionId(13)), "wait-for-me");
  ASSERT_TRUE(Restore().ok());
  RestoredMachine restored(tables_);
  const Applied retried = restored->Do(Wait("lock", SessionId(13)), "wait-for-me");
  EXPECT_FALSE(retried.reply.replayed);
  EXPECT_EQ(retried.reply.status.reason(), "session_not_found");
}

TEST_F(RestoreTest, TwoNodesHaveTheSameRowsAndHashWhateverTheyHadBefore) {
  ASSERT_TRUE(Restore().ok());
  const StateMachine first(&tables_);
  const uint64_t hash = first.hash();
  tables_ = MemoryTables();
  ASSERT_TRUE(Restore().ok());
  EXPECT_EQ(StateMachine(&tables_).hash(), hash);
  tables_ = MemoryTables();
  ASSERT_TRUE(Restore(5).ok());
  EXPECT_NE(StateMachine(&tables_).hash(), hash) << "another step is another cluster";
}

TEST_F(RestoreTest, NumbersStayInTheLowerHalfOfWhatJsonCanSay) {
  const uint64_t revision = old_.state().revision().value();
  EXPECT_TRUE(Restore(kRestoredNumberMax - revision).ok());
  EXPECT_EQ(Restore(kRestoredNumberMax - revision + 1).reason(), "number_too_large");
  EXPECT_EQ(Restore(kRestoredNumberMax + 1).reason(), "number_too_large");
  EXPECT_EQ(Restore(UINT64_MAX).reason(), "number_too_large");
  EXPECT_EQ(Restore(0).reason(), "number_too_large");
}

TEST_F(RestoreTest, AnEmptyStateHasNothingToRestore) {
  EXPECT_EQ(StateRestorer(1).Finish().code(), Code::kCorruption);
}

TEST_F(RestoreTest, RowsThatNobodyKnowsAreRefused) {
  EXPECT_EQ(AddRow("z", "").reason(), "newer_format");
  EXPECT_EQ(AddRow("", "").reason(), "newer_format");
  EXPECT_EQ(AddRow(std::string("q\x09name"), "").reason(), "newer_format");
  EXPECT_EQ(AddRow("m", "\x03").reason(), "newer_format");
  EXPECT_EQ(AddRow("m", "").reason(), "newer_format");
  EXPECT_EQ(AddRow("k\x01", "").code(), Code::kCorruption);
}

TEST_F(RestoreTest, AKeyThatIsMissingIsFound) {
  old_.tables().Delete(KvRowKey("config"));
  EXPECT_EQ(Restore().code(), Code::kCorruption);
}

TEST_F(RestoreTest, TheSummaryCountsEveryKind) {
  StateSummary summary;
  old_.tables().Scan("", "", [&](std::string_view key, std::string_view value) {
    summary.Add(key, value);
    return true;
  });
  EXPECT_EQ(summary.Count(RowTable::kKey), 4u);
  EXPECT_EQ(summary.session_keys(), 1u);
  EXPECT_EQ(summary.Count(RowTable::kSession), 2u);
  EXPECT_EQ(summary.Count(RowTable::kLock), 1u);
  EXPECT_EQ(summary.Count(RowTable::kElection), 1u);
  EXPECT_EQ(summary.Count(RowTable::kLockWaiter), 1u);
  EXPECT_EQ(summary.Count(RowTable::kReply), 1u);
  EXPECT_EQ(summary.Count(RowTable::kUnknown), 0u);
  EXPECT_EQ(summary.meta().revision, old_.state().revision());
  const uint64_t hash = summary.hash();
  summary.Add("nconfig", "members");
  EXPECT_EQ(summary.hash(), hash) << "pkg/node's rows are no state";
}

}  // namespace
}  // namespace baton::coord
