#include <gtest/gtest.h>

#include "pkg/coord/limits.h"
#include "pkg/coord/test_machine.h"

namespace baton::coord {
namespace {

constexpr SessionId kOne(1);
constexpr SessionId kTwo(2);
constexpr SessionId kThree(3);

class QueueTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (uint64_t id : {1, 2, 3, 4}) machine_.MustDo(Create(id, kSessionTtlMaxMs));
  }
  QueueInfo Lock(std::string_view name = "lock") {
    return machine_.state().Queue(QueueKind::kLock, name);
  }
  QueueInfo Election() { return machine_.state().Queue(QueueKind::kElection, "election"); }
  TicketState Find(Ticket ticket) {
    return machine_.state().FindTicket(QueueKind::kLock, "lock", ticket);
  }
  Status Verify(Token token) { return machine_.state().Verify(QueueKind::kLock, "lock", token); }

  TestMachine machine_;
};

TEST_F(QueueTest, AFreeLockIsGrantedAtOnce) {
  const Applied applied = machine_.MustDo(Try("lock", kOne, "me"));
  const AcquireReply& reply = AsAcquire(applied);
  EXPECT_EQ(reply.token, Token(1));
  EXPECT_EQ(reply.ticket, Ticket());
  const Holder expected{kOne, Token(1), Ticket(), "me", machine_.now_ms()};
  EXPECT_EQ(reply.holder, expected);
  EXPECT_EQ(Lock().holder, expected);
  ASSERT_EQ(applied.events.size(), 1u);
  EXPECT_EQ(applied.events[0].kind, EventKind::kLockAcquired);
  EXPECT_EQ(applied.events[0].key, "lock");
  EXPECT_EQ(applied.events[0].value, "me");
  EXPECT_EQ(applied.events[0].session, kOne);
  EXPECT_EQ(applied.events[0].token, Token(1));
  EXPECT_TRUE(applied.wait_outcomes.empty());
}

TEST_F(QueueTest, AnUnknownSessionGetsNothing) {
  for (const char* name : {"free", "lock"}) {
    machine_.MustAcquire("lock", 1);
    const Applied refused = machine_.Do(Wait(name, SessionId(99)));
    EXPECT_EQ(refused.reply.status.code(), Code::kNotFound);
    EXPECT_EQ(refused.reply.status.reason(), "session_not_found");
  }
  EXPECT_EQ(Lock("free").holder, std::nullopt);
  EXPECT_EQ(Lock().waiters_total, 0u);
}

TEST_F(QueueTest, ATryOfAHeldLockShowsTheHolder) {
  machine_.MustDo(Try("lock", kOne, "me"));
  const Revision before = machine_.state().revision();
  const Applied refused = machine_.Do(Try("lock", kTwo));
  EXPECT_EQ(refused.reply.status.code(), Code::kConflict);
  EXPECT_EQ(refused.reply.status.reason(), "lock_held");
  EXPECT_EQ(AsAcquire(refused).holder->value, "me");
  EXPECT_EQ(AsAcquire(refused).token, Token());
  EXPECT_EQ(AsAcquire(refused).ticket, Ticket());
  EXPECT_EQ(refused.reply.revision, before);
  EXPECT_EQ(Lock().waiters_total, 0u);
}

TEST_F(QueueTest, TheHolderGetsItsTokenAgain) {
  const Token token = machine_.MustAcquire("lock", 1);
  const Revision before = machine_.state().revision();
  const Applied again = machine_.MustDo(Try("lock", kOne, "another value"));
  EXPECT_EQ(AsAcquire(again).token, token);
  EXPECT_EQ(again.reply.revision, before);
  EXPECT_EQ(Lock().holder->value, "") << "Proclaim changes the value";
  EXPECT_TRUE(again.events.empty());
}

TEST_F(QueueTest, WaitersStandInLineAndSeeTheirPosition) {
  const Token token = machine_.MustAcquire("lock", 1);
  const Applied second = machine_.MustDo(Wait("lock", kTwo, 1000, "second"));
  EXPECT_EQ(AsAcquire(second).position, 1u);
  EXPECT_EQ(AsAcquire(second).token, Token());
  EXPECT_EQ(AsAcquire(second).holder->session, kOne);
  const Applied third = machine_.MustDo(Wait("lock", kThree));
  EXPECT_EQ(AsAcquire(third).position, 2u);
  const Ticket ticket2 = AsAcquire(second).ticket;
  const Ticket ticket3 = AsAcquire(third).ticket;
  EXPECT_LT(ticket2, ticket3);
  const QueueInfo info = Lock();
  ASSERT_EQ(info.waiters.size(), 2u);
  EXPECT_EQ(info.waiters[0], (Waiter{ticket2, kTwo, "second", machine_.now_ms() + 1000, {}}));
  EXPECT_EQ(Find(ticket3).position, 2u);

  const Applied released = machine_.MustDo(Give("lock", kOne, token));
  ASSERT_EQ(released.events.size(), 1u) << "handed on: nobody sees it free";
  EXPECT_EQ(released.events[0].kind, EventKind::kLockAcquired);
  EXPECT_EQ(released.events[0].value, "second");
  EXPECT_EQ(released.wait_outcomes,
            (std::vector<WaitOutcome>{{ticket2, WaitOutcome::Kind::kGranted, token + 1}}));
  EXPECT_EQ(Lock().holder->ticket, ticket2);
  EXPECT_EQ(Find(ticket2).kind, TicketState::Kind::kHolding);
  EXPECT_EQ(Find(ticket2).token, token + 1);
  EXPECT_EQ(Find(ticket3).kind, TicketState::Kind::kWaiting);
  EXPECT_EQ(Find(ticket3).position, 1u);
  EXPECT_EQ(Find(Ticket()).kind, TicketState::Kind::kUnknown);
  EXPECT_EQ(Find(Ticket(99)).kind, TicketState::Kind::kUnknown);
}

TEST_F(QueueTest, ReleaseOfTheLastHolderFreesTheLock) {
  const Token token = machine_.MustAcquire("lock", 1);
  const Applied released = machine_.MustDo(Give("lock", kOne, token));
  ASSERT_EQ(released.events.size(), 1u);
  EXPECT_EQ(released.events[0].kind, EventKind::kLockReleased);
  EXPECT_EQ(released.events[0].token, token);
  EXPECT_EQ(Lock().holder, std::nullopt);
  EXPECT_EQ(machine_.state().counts().locks_held, 0u);
  EXPECT_GT(machine_.MustAcquire("lock", 2), token) << "also after the lock was gone";
}

TEST_F(QueueTest, OnlyTheHolderWithItsTokenReleases) {
  const Token token = machine_.MustAcquire("lock", 1);
  machine_.MustWait("lock", 2);
  const std::vector<Release> wrong = {Give("lock", kOne, token + 1), Give("lock", kTwo, token),
                                      Give("other", kOne, token),
                                      Release{QueueKind::kElection, "lock", kOne, token}};
  for (const Release& release : wrong) {
    const Applied refused = machine_.Do(release);
    EXPECT_EQ(refused.reply.status.code(), Code::kConflict);
    EXPECT_EQ(refused.reply.status.reason(), "stale_token");
  }
  machine_.MustDo(Give("lock", kOne, token));
  EXPECT_EQ(machine_.Do(Give("lock", kOne, token)).reply.status.reason(), "stale_token");
  EXPECT_EQ(Lock().holder->session, kTwo);
}

TEST_F(QueueTest, VerifyKnowsTheLiveTokenOnly) {
  EXPECT_EQ(Verify(Token(1)).reason(), "stale_token") << "never granted";
  const Token token = machine_.MustAcquire("lock", 1);
  EXPECT_TRUE(Verify(token).ok());
  EXPECT_EQ(Verify(token + 1).code(), Code::kConflict);
  EXPECT_EQ(Verify(Token()).code(), Code::kConflict);
  machine_.MustWait("lock", 2);
  machine_.MustDo(Give("lock", kOne, token));
  EXPECT_EQ(Verify(token).reason(), "stale_token");
  EXPECT_TRUE(Verify(token + 1).ok());
  EXPECT_FALSE(machine_.state().Verify(QueueKind::kElection, "lock", token + 1).ok());
}

TEST_F(QueueTest, OneWhoWaitsAlreadyKeepsItsPlaceWithNewValueAndDeadline) {
  machine_.MustAcquire("lock", 1);
  const Ticket ticket = machine_.MustWait("lock", 2, 1000);
  machine_.MustWait("lock", 3);
  machine_.AdvanceMs(900);
  const Revision before = machine_.state().revision();
  const Applied same = machine_.MustDo(Wait("lock", kTwo, 1000));
  EXPECT_EQ(AsAcquire(same).ticket, ticket);
  EXPECT_EQ(AsAcquire(same).position, 1u);
  EXPECT_EQ(same.reply.revision, before) << "like a renewal";
  EXPECT_EQ(Lock().waiters[0].deadline_ms, machine_.now_ms() + 1000);
  const Applied changed = machine_.MustDo(Wait("lock", kTwo, 2000, "new"));
  EXPECT_EQ(changed.reply.revision, before + 1);
  EXPECT_EQ(Lock().waiters[0], (Waiter{ticket, kTwo, "new", machine_.now_ms() + 2000, {}}));
  EXPECT_EQ(machine_.state().counts().lock_waiters, 2u);
}

TEST_F(QueueTest, ATryByOneWhoWaitsAlreadyChangesNothing) {
  machine_.MustAcquire("lock", 1);
  const Ticket ticket = machine_.MustWait("lock", 2, 1000);
  const QueueInfo before = Lock();
  const Applied tried = machine_.MustDo(Try("lock", kTwo, "new"));
  EXPECT_EQ(AsAcquire(tried).ticket, ticket);
  EXPECT_EQ(Lock().waiters, before.waiters);
}

TEST_F(QueueTest, AnotherAcquireNeverShortensThePlace) {
  machine_.MustAcquire("lock", 1);
  const Ticket ticket = machine_.MustWait("lock", 2, 1000);
  const int64_t deadline_ms = machine_.now_ms() + 1000;
  machine_.MustDo(Wait("lock", kTwo, 999));
  EXPECT_EQ(Lock().waiters[0].deadline_ms, deadline_ms);
  machine_.MustDo(Wait("lock", kTwo, 1001));
  EXPECT_EQ(Lock().waiters[0].deadline_ms, deadline_ms + 1);
  Acquire staying = Wait("lock", kTwo, 1);
  staying.stay_queued = true;
  machine_.MustDo(staying);
  EXPECT_EQ(Lock().waiters[0].deadline_ms, 0) << "it stays";
  machine_.MustDo(Wait("lock", kTwo, kWaitMaxMs));
  EXPECT_EQ(Lock().waiters[0].deadline_ms, 0) << "and a bound does not take that back";
  machine_.AdvanceMs(kWaitMaxMs + 1);
  EXPECT_TRUE(machine_.state().DueWaits(machine_.now_ms()).items.empty());
  EXPECT_EQ(Find(ticket).kind, TicketState::Kind::kWaiting);
}

TEST_F(QueueTest, AWaitEndsAtItsDeadlineAndNotBefore) {
  machine_.MustAcquire("lock", 1);
  const Ticket ticket = machine_.MustWait("lock", 2, 1000);
  const WaitExpire item{{{QueueKind::kLock, "lock", ticket}}};
  const int64_t deadline_ms = machine_.now_ms() + 1000;
  EXPECT_TRUE(machine_.state().DueWaits(deadline_ms - 1).items.empty());
  machine_.DoAt(deadline_ms - 1, item);
  EXPECT_EQ(Find(ticket).kind, TicketState::Kind::kWaiting);
  EXPECT_EQ(machine_.state().DueWaits(deadline_ms), item);
  const Revision before = machine_.state().revision();
  const Applied expired = machine_.DoAt(deadline_ms, item);
  EXPECT_EQ(expired.wait_outcomes,
            (std::vector<WaitOutcome>{{ticket, WaitOutcome::Kind::kTimedOut, Token()}}));
  EXPECT_EQ(expired.reply.revision, before + 1);
  EXPECT_EQ(Find(ticket).kind, TicketState::Kind::kUnknown);
  const Applied again = machine_.DoAt(deadline_ms, item);
  EXPECT_TRUE(again.reply.status.ok());
  EXPECT_TRUE(again.wait_outcomes.empty());
  EXPECT_EQ(again.reply.revision, before + 1);
}

TEST_F(QueueTest, AnExpiryIsVoidForAGrantedOrRefreshedOrEndlessWait) {
  const Token token = machine_.MustAcquire("lock", 1);
  const Ticket granted = machine_.MustWait("lock", 2, 1000);
  const Ticket refreshed = machine_.MustWait("lock", 3, 1000);
  Acquire endless = Wait("lock", SessionId(4), 1000);
  endless.stay_queued = true;
  const Ticket staying = AsAcquire(machine_.MustDo(endless)).ticket;
  EXPECT_EQ(Lock().waiters[2].deadline_ms, 0);
  machine_.MustDo(Give("lock", kOne, token));
  machine_.AdvanceMs(1000);
  machine_.MustDo(Wait("lock", kThree, 1000));
  EXPECT_TRUE(machine_.state().DueWaits(machine_.now_ms()).items.empty());
  WaitExpire expire;
  for (Ticket ticket : {granted, refreshed, staying}) {
    expire.items.push_back({QueueKind::kLock, "lock", ticket});
  }
  machine_.MustDo(expire);
  EXPECT_EQ(Find(granted).kind, TicketState::Kind::kHolding);
  EXPECT_EQ(Find(refreshed).kind, TicketState::Kind::kWaiting);
  EXPECT_EQ(Find(staying).kind, TicketState::Kind::kWaiting);
}

TEST_F(QueueTest, DueWaitsOfBothKindsInOrderOfDeadline) {
  machine_.MustAcquire("lock", 1);
  machine_.MustDo(Campaign("election", kOne));
  const Ticket late = machine_.MustWait("lock", 2, 2000);
  Acquire candidate{QueueKind::kElection, "election", kTwo, 1000, false, ""};
  const Ticket early = AsAcquire(machine_.MustDo(candidate)).ticket;
  machine_.AdvanceMs(5000);
  EXPECT_EQ(
      machine_.state().DueWaits(machine_.now_ms()),
      (WaitExpire{{{QueueKind::kElection, "election", early}, {QueueKind::kLock, "lock", late}}}));
  machine_.MustDo(machine_.state().DueWaits(machine_.now_ms()));
  EXPECT_TRUE(machine_.state().DueWaits(machine_.now_ms()).items.empty());
  EXPECT_EQ(machine_.state().counts().lock_waiters, 0u);
  EXPECT_EQ(machine_.state().counts().election_waiters, 0u);
}

TEST_F(QueueTest, DueWaitsSeesDeadlinesThatComeEarlierThanTheLastOneItSaw) {
  machine_.MustAcquire("lock", 1);
  machine_.MustWait("lock", 2, 60'000);
  EXPECT_TRUE(machine_.state().DueWaits(machine_.now_ms()).items.empty());
  const Ticket early = machine_.MustWait("lock", 3, 100);
  machine_.AdvanceMs(100);
  const WaitExpire due{{{QueueKind::kLock, "lock", early}}};
  EXPECT_EQ(machine_.state().DueWaits(machine_.now_ms()), due);
  machine_.MustDo(due);
  EXPECT_TRUE(machine_.state().DueWaits(machine_.now_ms()).items.empty());
  const Ticket earlier = machine_.MustWait("lock", 3, 50);
  machine_.AdvanceMs(50);
  EXPECT_EQ(machine_.state().DueWaits(machine_.now_ms()),
            (WaitExpire{{{QueueKind::kLock, "lock", earlier}}}));
}

TEST_F(QueueTest, NoTicketFindsNobodyEvenIfTheHolderNeverWaited) {
  machine_.MustAcquire("lock", 1);
  EXPECT_EQ(Find(Ticket()).kind, TicketState::Kind::kUnknown);
}

TEST_F(QueueTest, CancelLeavesTheLine) {
  const Token token = machine_.MustAcquire("lock", 1);
  const Ticket second = machine_.MustWait("lock", 2);
  const Ticket third = machine_.MustWait("lock", 3);
  const Applied cancelled = machine_.MustDo(CancelWait{QueueKind::kLock, "lock", second});
  EXPECT_EQ(cancelled.wait_outcomes,
            (std::vector<WaitOutcome>{{second, WaitOutcome::Kind::kCancelled, Token()}}));
  const Applied again = machine_.Do(CancelWait{QueueKind::kLock, "lock", second});
  EXPECT_EQ(again.reply.status.code(), Code::kNotFound);
  EXPECT_EQ(again.reply.status.reason(), "ticket_not_found");
  EXPECT_EQ(machine_.Do(CancelWait{QueueKind::kElection, "lock", third}).reply.status.code(),
            Code::kNotFound);
  machine_.MustDo(Give("lock", kOne, token));
  EXPECT_EQ(Lock().holder->session, kThree);
  EXPECT_EQ(machine_.Do(CancelWait{QueueKind::kLock, "lock", third}).reply.status.code(),
            Code::kNotFound)
      << "a granted ticket is not in the line";
}

TEST_F(QueueTest, ServesInTheOrderOfArrival) {
  Token token = machine_.MustAcquire("lock", 1);
  std::vector<Ticket> tickets;
  for (uint64_t id = 10; id < 30; ++id) {
    machine_.MustDo(Create(id));
    tickets.push_back(machine_.MustWait("lock", id));
  }
  SessionId holder = kOne;
  for (Ticket ticket : tickets) {
    const Applied released = machine_.MustDo(Give("lock", holder, token));
    ASSERT_EQ(released.wait_outcomes.size(), 1u);
    EXPECT_EQ(released.wait_outcomes[0].ticket, ticket);
    EXPECT_EQ(released.wait_outcomes[0].token, token + 1);
    holder = Lock().holder->session;
    token = released.wait_outcomes[0].token;
  }
  EXPECT_EQ(Lock().waiters_total, 0u);
}

TEST_F(QueueTest, NamesThatBeginAlikeAreStrangers) {
  const Token a = machine_.MustAcquire("a", 1);
  machine_.MustAcquire("ab", 1);
  machine_.MustAcquire(std::string("a\0", 2), 1);
  machine_.MustWait("ab", 2);
  machine_.MustWait(std::string("a\0", 2), 2);
  machine_.MustWait("a", 3);
  EXPECT_EQ(Lock("a").waiters.size(), 1u);
  machine_.MustDo(Give("a", kOne, a));
  EXPECT_EQ(Lock("a").holder->session, kThree);
  EXPECT_EQ(Lock("ab").holder->session, kOne);
}

TEST_F(QueueTest, ElectionsAreLinesWithEventsOfTheirOwn) {
  const Applied elected = machine_.MustDo(Campaign("election", kOne, "node-1"));
  const Token token = AsAcquire(elected).token;
  ASSERT_EQ(elected.events.size(), 1u);
  EXPECT_EQ(elected.events[0].kind, EventKind::kLeaderElected);
  EXPECT_EQ(elected.events[0].value, "node-1");
  EXPECT_EQ(machine_.state().Queue(QueueKind::kLock, "election").holder, std::nullopt);

  machine_.MustDo(Campaign("election", kTwo, "node-2"));
  EXPECT_EQ(machine_.state().counts().election_waiters, 1u);
  const Applied proclaimed =
      machine_.MustDo(Proclaim{QueueKind::kElection, "election", kOne, token, "node-1:ready"});
  ASSERT_EQ(proclaimed.events.size(), 1u);
  EXPECT_EQ(proclaimed.events[0].kind, EventKind::kLeaderProclaimed);
  EXPECT_EQ(proclaimed.events[0].value, "node-1:ready");
  EXPECT_EQ(proclaimed.events[0].token, token);
  EXPECT_EQ(Election().holder->value, "node-1:ready");
  EXPECT_EQ(Election().waiters_total, 1u);

  const Applied resigned = machine_.MustDo(Release{QueueKind::kElection, "election", kOne, token});
  ASSERT_EQ(resigned.events.size(), 1u);
  EXPECT_EQ(resigned.events[0].kind, EventKind::kLeaderElected);
  EXPECT_EQ(resigned.events[0].value, "node-2");
  const Applied gone = machine_.MustDo(SessionDestroy{kTwo});
  ASSERT_EQ(gone.events.size(), 1u);
  EXPECT_EQ(gone.events[0].kind, EventKind::kLeaderGone);
  EXPECT_EQ(machine_.state().counts().elections_held, 0u);
}

TEST_F(QueueTest, OnlyTheLeaderProclaims) {
  const Token token = AsAcquire(machine_.MustDo(Campaign("election", kOne, "a"))).token;
  machine_.MustDo(Campaign("election", kTwo));
  const std::vector<Proclaim> wrong = {
      {QueueKind::kElection, "election", kTwo, token, "b"},
      {QueueKind::kElection, "election", kOne, token + 1, "b"},
      {QueueKind::kLock, "election", kOne, token, "b"},
      {QueueKind::kElection, "other", kOne, token, "b"},
  };
  for (const Proclaim& proclaim : wrong) {
    EXPECT_EQ(machine_.Do(proclaim).reply.status.reason(), "stale_token");
  }
  EXPECT_EQ(Election().holder->value, "a");
}

TEST_F(QueueTest, TheValueOfALockChangesWithoutAnEvent) {
  const Token token = machine_.MustAcquire("lock", 1);
  const Revision before = machine_.state().revision();
  const Applied changed =
      machine_.MustDo(Proclaim{QueueKind::kLock, "lock", kOne, token, "step 2"});
  EXPECT_TRUE(changed.events.empty());
  EXPECT_EQ(changed.reply.revision, before + 1);
  EXPECT_EQ(Lock().holder->value, "step 2");
}

TEST_F(QueueTest, TokensAndTicketsGrowOverAllLocksAndRestarts) {
  Token last;
  for (int round = 0; round < 5; ++round) {
    for (const char* name : {"a", "b", "c"}) {
      const Token token = machine_.MustAcquire(name, 1);
      EXPECT_GT(token, last);
      last = token;
      machine_.MustDo(Give(name, kOne, token));
    }
    machine_.Restart();
  }
}

TEST_F(QueueTest, ALineIsBounded) {
  machine_.check_each = false;
  machine_.MustAcquire("lock", 1);
  for (uint64_t i = 1; i <= kWaitersPerQueueMax; ++i) {
    machine_.MustDo(Create(100 + i));
    machine_.MustWait("lock", 100 + i);
  }
  const Applied refused = machine_.Do(Wait("lock", kTwo));
  EXPECT_EQ(refused.reply.status.code(), Code::kResourceExhausted);
  EXPECT_EQ(refused.reply.status.reason(), "too_many_waiters");
  EXPECT_NE(refused.reply.status.message().find("10000"), std::string::npos);
  EXPECT_EQ(AsAcquire(refused).holder->session, kOne);
  const QueueInfo info = Lock();
  EXPECT_EQ(info.waiters_total, kWaitersPerQueueMax);
  EXPECT_EQ(info.waiters.size(), kListItemsMax) << "the answer is bounded, the count is not";
  EXPECT_EQ(AsAcquire(machine_.MustDo(Wait("lock", SessionId(100 + kWaitersPerQueueMax)))).position,
            kWaitersPerQueueMax);
  machine_.MustDo(CancelWait{QueueKind::kLock, "lock", info.waiters[0].ticket});
  machine_.MustDo(Wait("lock", kTwo));
}

}  // namespace
}  // namespace baton::coord
