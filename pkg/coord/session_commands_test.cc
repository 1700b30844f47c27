#include <gtest/gtest.h>

#include <set>

#include "pkg/coord/limits.h"
#include "pkg/coord/test_machine.h"

namespace baton::coord {
namespace {

constexpr SessionId kOne(1);
constexpr SessionId kTwo(2);
constexpr SessionId kThree(3);

class SessionTest : public ::testing::Test {
 protected:
  SessionInfo Info(SessionId id) { return machine_.state().Session(id).value_or(SessionInfo()); }
  bool Lives(SessionId id) { return machine_.state().Session(id).has_value(); }
  SessionExpire ExpireOf(SessionId id, uint64_t epoch) { return SessionExpire{{{id, epoch}}}; }

  TestMachine machine_;
};

TEST_F(SessionTest, CreateAnswersWhatIsKept) {
  const Applied applied = machine_.MustDo(SessionCreate{kOne, 5000, "worker", "{\"pod\":\"a\"}"});
  const SessionInfo expected{kOne, "worker", "{\"pod\":\"a\"}", 5000, machine_.now_ms() + 5000, 1};
  EXPECT_EQ(AsSession(applied).session, expected);
  EXPECT_EQ(machine_.state().Session(kOne), expected);
  EXPECT_EQ(applied.reply.revision, Revision(1)) << "users can see it, so the revision moves";
  EXPECT_TRUE(applied.events.empty());
}

TEST_F(SessionTest, ATakenIdIsRefused) {
  machine_.MustDo(Create(1, 1000));
  const Applied refused = machine_.Do(Create(1, 2000));
  EXPECT_EQ(refused.reply.status.code(), Code::kConflict);
  EXPECT_EQ(refused.reply.status.reason(), "session_exists");
  EXPECT_EQ(Info(kOne).ttl_ms, 1000);
}

TEST_F(SessionTest, ARenewalMovesDeadlineAndEpochButNoRevision) {
  machine_.MustDo(Create(1, 1000));
  machine_.AdvanceMs(600);
  const Applied renewed = machine_.MustDo(SessionRenew{{kOne, kTwo}});
  ASSERT_EQ(AsRenew(renewed).sessions.size(), 2u);
  EXPECT_EQ(AsRenew(renewed).sessions[0], Info(kOne));
  EXPECT_EQ(Info(kOne).deadline_ms, machine_.now_ms() + 1000);
  EXPECT_EQ(Info(kOne).renewal_epoch, 2u);
  EXPECT_EQ(AsRenew(renewed).sessions[1].id, kTwo);
  EXPECT_EQ(AsRenew(renewed).sessions[1].ttl_ms, 0) << "no such session";
  EXPECT_EQ(renewed.reply.revision, Revision(1));
}

TEST_F(SessionTest, DestroyEndsItOnce) {
  machine_.MustDo(Create(1));
  const Applied ended = machine_.MustDo(SessionDestroy{kOne});
  EXPECT_EQ(ended.reply.revision, Revision(2));
  EXPECT_FALSE(Lives(kOne));
  const Applied again = machine_.Do(SessionDestroy{kOne});
  EXPECT_EQ(again.reply.status.reason(), "session_not_found");
  EXPECT_EQ(again.reply.revision, Revision(2));
  EXPECT_EQ(AsRenew(machine_.MustDo(SessionRenew{{kOne}})).sessions[0].ttl_ms, 0)
      << "a renewal revives nothing";
}

TEST_F(SessionTest, ExpiresAtItsDeadlineAndNeverBefore) {
  machine_.MustDo(Create(1, 1000));
  const int64_t deadline_ms = Info(kOne).deadline_ms;
  EXPECT_TRUE(machine_.state().DueSessions(deadline_ms - 1).items.empty());
  machine_.DoAt(deadline_ms - 1, ExpireOf(kOne, 1));
  EXPECT_TRUE(Lives(kOne)) << "one millisecond early";
  EXPECT_EQ(machine_.state().DueSessions(deadline_ms), ExpireOf(kOne, 1));
  const Applied expired = machine_.DoAt(deadline_ms, ExpireOf(kOne, 1));
  EXPECT_FALSE(Lives(kOne));
  EXPECT_EQ(expired.reply.revision, Revision(2));
  EXPECT_EQ(machine_.state().counts().sessions_expired_total, 1u);
}

TEST_F(SessionTest, AnExpiryIsVoidWhenTheSessionWasRenewedSince) {
  machine_.MustDo(Create(1, 1000));
  machine_.AdvanceMs(1000);
  const SessionExpire due = machine_.state().DueSessions(machine_.now_ms());
  ASSERT_EQ(due, ExpireOf(kOne, 1));
  machine_.MustDo(SessionRenew{{kOne}});  // was in the log before the expiry
  const Applied late = machine_.DoAt(machine_.now_ms() + 5000, due);
  EXPECT_TRUE(late.reply.status.ok());
  EXPECT_TRUE(Lives(kOne)) << "the epoch is another, whatever the stamp says";
  EXPECT_EQ(late.reply.revision, Revision(1));
}

TEST_F(SessionTest, AStaleLeadersStampRevokesNothing) {
  machine_.MustDo(Create(1, 1000));
  const int64_t deadline_ms = Info(kOne).deadline_ms;
  machine_.DoAt(deadline_ms + 10, AdvanceTime{});
  machine_.DoAt(deadline_ms - 1, ExpireOf(kOne, 1));
  EXPECT_TRUE(Lives(kOne)) << "by the entry's own stamp the deadline is not over";
  EXPECT_EQ(machine_.state().now_ms(), deadline_ms + 10) << "time does not go back";
  machine_.DoAt(deadline_ms, ExpireOf(kOne, 1));
  EXPECT_FALSE(Lives(kOne));
}

TEST_F(SessionTest, ARenewalSavesWhatIsOverdueButNotEnded) {
  machine_.MustDo(Create(1, 1000));
  machine_.AdvanceMs(60'000);
  EXPECT_EQ(AsRenew(machine_.MustDo(SessionRenew{{kOne}})).sessions[0].ttl_ms, 1000);
  EXPECT_TRUE(machine_.ExpireDue().events.empty());
  EXPECT_TRUE(Lives(kOne));
}

TEST_F(SessionTest, UnknownAndRepeatedItemsOfAnExpiryAreHarmless) {
  machine_.MustDo(Create(1, 1000));
  machine_.AdvanceMs(1000);
  machine_.MustDo(SessionExpire{{{kTwo, 1}, {kOne, 1}, {kOne, 1}, {kOne, 9}}});
  EXPECT_FALSE(Lives(kOne));
  EXPECT_EQ(machine_.state().counts().sessions_expired_total, 1u);
}

TEST_F(SessionTest, TheEndOfASessionIsOneRevision) {
  machine_.MustDo(Create(1));
  machine_.MustDo(Create(2));
  const Token lock = machine_.MustAcquire("lock", 1);
  machine_.MustAcquire("free", 1);
  machine_.MustDo(Campaign("election", kOne));
  machine_.MustDo(EphemeralPut("key", "v", kOne));
  const Ticket ticket = machine_.MustWait("lock", 2);
  const Revision before = machine_.state().revision();

  const Applied ended = machine_.MustDo(SessionDestroy{kOne});
  EXPECT_EQ(ended.reply.revision, before + 1);
  std::multiset<EventKind> kinds;
  for (const Event& event : ended.events) {
    EXPECT_EQ(event.revision, before + 1);
    kinds.insert(event.kind);
  }
  EXPECT_EQ(kinds, (std::multiset<EventKind>{EventKind::kKvDelete, EventKind::kLockAcquired,
                                             EventKind::kLockReleased, EventKind::kLeaderGone}));
  ASSERT_EQ(ended.wait_outcomes.size(), 1u);
  EXPECT_EQ(ended.wait_outcomes[0].ticket, ticket);
  EXPECT_EQ(ended.wait_outcomes[0].kind, WaitOutcome::Kind::kGranted);
  EXPECT_GT(ended.wait_outcomes[0].token, lock);
  EXPECT_EQ(machine_.state().Queue(QueueKind::kLock, "lock").holder->session, kTwo);
}

TEST_F(SessionTest, ItsWaitsEndWithIt) {
  for (uint64_t id : {1, 2, 3}) machine_.MustDo(Create(id));
  const Token token = machine_.MustAcquire("lock", 1);
  const Ticket second = machine_.MustWait("lock", 2);
  const Ticket third = machine_.MustWait("lock", 3);
  const Applied ended = machine_.MustDo(SessionDestroy{kTwo});
  EXPECT_EQ(ended.wait_outcomes,
            (std::vector<WaitOutcome>{{second, WaitOutcome::Kind::kSessionEnded, Token()}}));
  EXPECT_EQ(machine_.state().FindTicket(QueueKind::kLock, "lock", third).position, 1u);
  const Applied released = machine_.MustDo(Give("lock", kOne, token));
  ASSERT_EQ(released.wait_outcomes.size(), 1u);
  EXPECT_EQ(released.wait_outcomes[0].ticket, third) << "nothing is granted to a dead session";
}

TEST_F(SessionTest, NothingIsHandedToOneThatEndsInTheSameCommand) {
  for (uint64_t id : {1, 2, 3}) machine_.MustDo(Create(id, id == 3 ? 60'000 : 1000));
  machine_.MustAcquire("lock", 1);
  machine_.MustWait("lock", 2);
  const Ticket third = machine_.MustWait("lock", 3);
  machine_.AdvanceMs(1000);
  const Token before = machine_.state().Queue(QueueKind::kLock, "lock").holder->token;
  const Applied expired = machine_.ExpireDue();
  const auto holder = machine_.state().Queue(QueueKind::kLock, "lock").holder;
  EXPECT_EQ(holder->session, kThree);
  EXPECT_EQ(holder->token, before + 1) << "no token was spent on the dead";
  EXPECT_EQ(holder->ticket, third);
  ASSERT_EQ(expired.events.size(), 1u);
  EXPECT_EQ(expired.events[0].session, kThree);
}

TEST_F(SessionTest, ManyExpireInOneRevision) {
  for (uint64_t id = 1; id <= 50; ++id) machine_.MustDo(Create(id, 1000));
  machine_.AdvanceMs(1000);
  const Revision before = machine_.state().revision();
  EXPECT_EQ(machine_.ExpireDue().reply.revision, before + 1);
  EXPECT_EQ(machine_.state().counts().sessions, 0u);
  EXPECT_EQ(machine_.ExpireDue().reply.revision, before + 1) << "nothing left";
}

TEST_F(SessionTest, DueSessionsComeInBatchesOldestFirst) {
  machine_.check_each = false;
  for (uint64_t id = 1; id <= kBatchItemsMax + 1; ++id) {
    machine_.MustDo(Create(id, id == kBatchItemsMax + 1 ? 500 : 1000));
  }
  machine_.AdvanceMs(1000);
  const SessionExpire due = machine_.state().DueSessions(machine_.now_ms());
  EXPECT_EQ(due.items.size(), kBatchItemsMax);
  EXPECT_EQ(due.items[0].id, SessionId(kBatchItemsMax + 1)) << "the longest overdue";
  machine_.ExpireDue();
  EXPECT_EQ(machine_.state().DueSessions(machine_.now_ms()).items.size(), 1u);
  machine_.ExpireDue();
  EXPECT_EQ(machine_.state().counts().sessions, 0u);
}

TEST_F(SessionTest, DueSessionsSeesDeadlinesThatComeEarlierThanTheLastOneItSaw) {
  machine_.MustDo(Create(1, 60'000));
  EXPECT_TRUE(machine_.state().DueSessions(machine_.now_ms()).items.empty());
  machine_.MustDo(Create(2, 100));
  machine_.AdvanceMs(100);
  EXPECT_EQ(machine_.state().DueSessions(machine_.now_ms()), ExpireOf(kTwo, 1));
  machine_.ExpireDue();
  EXPECT_TRUE(machine_.state().DueSessions(machine_.now_ms()).items.empty());
  machine_.MustDo(Create(3, 100));
  machine_.AdvanceMs(100);
  EXPECT_EQ(machine_.state().DueSessions(machine_.now_ms()), ExpireOf(kThree, 1));
  machine_.Restart();
  EXPECT_EQ(machine_.state().DueSessions(machine_.now_ms()), ExpireOf(kThree, 1));
}

TEST_F(SessionTest, ListsInPages) {
  for (uint64_t id : {5, 1, 9}) machine_.MustDo(Create(id));
  const auto first = machine_.state().Sessions(SessionId(), 2);
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0].id, kOne);
  EXPECT_EQ(first[1].id, SessionId(5));
  EXPECT_EQ(first[1].name, "name-5");
  EXPECT_EQ(machine_.state().Sessions(SessionId(5), 2).size(), 1u);
  EXPECT_TRUE(machine_.state().Sessions(SessionId(UINT64_MAX), 2).empty());
}

// --- limits ---

class SessionLimitTest : public SessionTest {
 protected:
  void SetUp() override { machine_.check_each = false; }
  void Own(SessionId id, uint64_t first, uint64_t last) {
    for (uint64_t i = first; i <= last; ++i) {
      machine_.MustDo(
          EphemeralPut("key/" + std::to_string(id.value()) + "/" + std::to_string(i), "", id));
    }
  }
};

TEST_F(SessionLimitTest, ASessionOwnsAtMostSoMuch) {
  machine_.MustDo(Create(1));
  machine_.MustDo(Create(2));
  machine_.MustAcquire("held by 2", 2);
  Own(kOne, 1, kOwnedPerSessionMax - 2);
  const Token token = machine_.MustAcquire("lock", 1);
  machine_.MustWait("held by 2", 1);  // the last place

  const Applied put = machine_.Do(EphemeralPut("one more", "", kOne));
  EXPECT_EQ(put.reply.status.code(), Code::kResourceExhausted);
  EXPECT_EQ(put.reply.status.reason(), "too_many_owned");
  EXPECT_NE(put.reply.status.message().find("10000"), std::string::npos);
  EXPECT_EQ(machine_.Do(Try("free", kOne)).reply.status.reason(), "too_many_owned");
  machine_.MustAcquire("also held by 2", 2);
  EXPECT_EQ(machine_.Do(Wait("also held by 2", kOne)).reply.status.reason(), "too_many_owned");
  machine_.MustDo(EphemeralPut("key/1/1", "again", kOne));  // owned already

  machine_.MustDo(Give("lock", kOne, token));
  machine_.MustDo(EphemeralPut("one more", "", kOne));
  const Applied ended = machine_.MustDo(SessionDestroy{kOne});
  EXPECT_EQ(ended.events.size(), kOwnedPerSessionMax - 1) << "all but the wait";
  EXPECT_EQ(machine_.state().counts().keys, 0u);
  machine_.check_each = true;
  machine_.MustDo(AdvanceTime{});
}

TEST_F(SessionLimitTest, AnExpiryStopsBeforeTooMuchWorkAndTheRestIsDueAgain) {
  for (uint64_t id : {1, 2, 3}) machine_.MustDo(Create(id, 1000));
  Own(kOne, 1, kExpireOwnedMax / 2);
  Own(kTwo, 1, kExpireOwnedMax / 2 + 1);
  machine_.AdvanceMs(1000);
  machine_.ExpireDue();
  EXPECT_FALSE(Lives(kOne));
  EXPECT_TRUE(Lives(kTwo));
  EXPECT_EQ(machine_.state().DueSessions(machine_.now_ms()).items.size(), 2u);
  machine_.ExpireDue();
  EXPECT_EQ(machine_.state().counts().sessions, 0u);
  EXPECT_EQ(machine_.state().counts().keys, 0u);
}

TEST_F(SessionLimitTest, AtMostSoManySessions) {
  machine_.MustDo(Create(1));
  machine_.EditMeta([](Meta* meta) { meta->counts.sessions = kSessionsMax - 1; });
  machine_.MustDo(Create(2));
  const Applied refused = machine_.Do(Create(3));
  EXPECT_EQ(refused.reply.status.code(), Code::kResourceExhausted);
  EXPECT_EQ(refused.reply.status.reason(), "too_many_sessions");
  EXPECT_NE(refused.reply.status.message().find("100000"), std::string::npos);
  machine_.MustDo(SessionDestroy{kOne});
  machine_.MustDo(Create(3));
  EXPECT_FALSE(machine_.Do(Create(4)).reply.status.ok());
}

TEST_F(SessionLimitTest, AListOfSessionsIsBounded) {
  for (uint64_t id = 1; id <= kListItemsMax + 1; ++id) machine_.MustDo(Create(id));
  EXPECT_EQ(machine_.state().Sessions(SessionId(), UINT64_MAX).size(), kListItemsMax);
}

}  // namespace
}  // namespace baton::coord
