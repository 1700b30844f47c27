// Who listens to a place in line, and who leaves it.

#include <gtest/gtest.h>

#include "pkg/coord/limits.h"
#include "pkg/coord/test_machine.h"

namespace baton::coord {
namespace {

// Session 1 holds; session 2 waits, and requests of it come and go.
class ListenersTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (uint64_t id : {1, 2}) machine_.MustDo(Create(id, kSessionTtlMaxMs));
    token_ = machine_.MustAcquire("lock", 1);
  }
  Acquire WaitOf(uint64_t listener, int64_t wait_ms = 60'000) {
    Acquire acquire = Wait("lock", SessionId(2), wait_ms);
    acquire.listener = listener;
    return acquire;
  }
  Ticket Come(uint64_t listener) { return AsAcquire(machine_.MustDo(WaitOf(listener))).ticket; }
  Applied Retry(uint64_t listener) { return machine_.Do(WaitOf(listener), "key"); }
  Applied Go(Ticket ticket, uint64_t listener) {
    return machine_.Do(CancelWait{QueueKind::kLock, "lock", ticket, listener});
  }
  std::vector<uint64_t> Listeners() {
    const QueueInfo info = machine_.state().Queue(QueueKind::kLock, "lock");
    EXPECT_EQ(info.waiters.size(), 1u);
    return info.waiters.at(0).listeners;
  }
  uint64_t Waiting() { return machine_.state().counts().lock_waiters; }
  void ExpectStays(const Applied& applied) {
    EXPECT_TRUE(applied.reply.status.ok());
    EXPECT_TRUE(applied.wait_outcomes.empty());
    EXPECT_EQ(Waiting(), 1u);
  }
  void ExpectLeft(const Applied& applied, Ticket ticket) {
    EXPECT_TRUE(applied.reply.status.ok());
    EXPECT_EQ(applied.wait_outcomes,
              (std::vector<WaitOutcome>{{ticket, WaitOutcome::Kind::kCancelled, Token()}}));
    EXPECT_EQ(Waiting(), 0u);
  }

  TestMachine machine_;
  Token token_;
};

TEST_F(ListenersTest, TheOnlyOneLeavesTheLine) {
  const Ticket ticket = Come(7);
  ExpectLeft(Go(ticket, 7), ticket);
  EXPECT_EQ(Go(ticket, 7).reply.status.reason(), "ticket_not_found");
}

TEST_F(ListenersTest, ARetryListensTooAndTheLastLeaves) {
  const Ticket ticket = AsAcquire(Retry(7)).ticket;
  const uint64_t before = machine_.state().hash();
  const Applied retry = Retry(8);
  EXPECT_TRUE(retry.reply.replayed);
  EXPECT_EQ(AsAcquire(retry).ticket, ticket);
  EXPECT_EQ(Listeners(), (std::vector<uint64_t>{7, 8}));
  EXPECT_NE(machine_.state().hash(), before);
  machine_.Restart();
  const Revision revision = machine_.state().revision();
  ExpectStays(Go(ticket, 7));
  ExpectStays(Go(ticket, 7));  // an entry that is there twice
  EXPECT_EQ(machine_.state().revision(), revision) << "nobody sees who listens";
  EXPECT_EQ(Listeners(), (std::vector<uint64_t>{8}));
  ExpectLeft(Go(ticket, 8), ticket);
}

TEST_F(ListenersTest, TheRetryMayGoFirst) {
  const Ticket ticket = AsAcquire(Retry(7)).ticket;
  Retry(8);
  ExpectStays(Go(ticket, 8));
  ExpectLeft(Go(ticket, 7), ticket);
}

TEST_F(ListenersTest, ACommandThatIsAppliedTwiceListensOnce) {
  const Ticket ticket = AsAcquire(Retry(7)).ticket;
  Retry(7);
  EXPECT_EQ(Listeners(), (std::vector<uint64_t>{7}));
  ExpectLeft(Go(ticket, 7), ticket);
}

TEST_F(ListenersTest, AnotherAcquireOfTheSessionListensToo) {
  const Ticket ticket = Come(7);
  EXPECT_EQ(Come(8), ticket);
  ExpectStays(Go(ticket, 8));
  EXPECT_EQ(Come(9), ticket);
  ExpectStays(Go(ticket, 7));
  ExpectLeft(Go(ticket, 9), ticket);
}

TEST_F(ListenersTest, ATryDoesNotListenAndNobodyElseLeaves) {
  const Ticket ticket = Come(7);
  EXPECT_EQ(AsAcquire(machine_.MustDo(WaitOf(8, 0))).ticket, ticket);
  machine_.Do(WaitOf(9, 0), "key");
  EXPECT_TRUE(machine_.Do(WaitOf(9, 0), "key").reply.replayed);
  EXPECT_EQ(Listeners(), (std::vector<uint64_t>{7}));
  for (uint64_t listener : {8, 9, 10}) ExpectStays(Go(ticket, listener));
}

TEST_F(ListenersTest, APlaceThatStaysIsNotLeftByListeners) {
  const Ticket ticket = Come(7);
  Acquire staying = WaitOf(8);
  staying.stay_queued = true;
  machine_.MustDo(staying);
  EXPECT_TRUE(Listeners().empty());
  Come(9);
  EXPECT_TRUE(Listeners().empty());
  for (uint64_t listener : {7, 8, 9}) ExpectStays(Go(ticket, listener));
  ExpectLeft(Go(ticket, 0), ticket);
}

TEST_F(ListenersTest, WhoAsksByTicketAloneLeavesWhoeverListens) {
  const Ticket ticket = Come(7);
  Come(8);
  ExpectLeft(Go(ticket, 0), ticket);
}

TEST_F(ListenersTest, AnAcquireWithoutAListenerIsNotCounted) {
  const Ticket ticket = Come(0);
  EXPECT_TRUE(Listeners().empty());
  ExpectStays(Go(ticket, 7));
  Come(7);
  ExpectLeft(Go(ticket, 7), ticket);
}

TEST_F(ListenersTest, OfTooManyTheFirstIsNotCountedAnyMore) {
  for (uint64_t listener = 1; listener <= kWaitListenersMax; ++listener) Come(listener);
  EXPECT_EQ(Listeners().size(), kWaitListenersMax);
  EXPECT_EQ(Listeners().front(), 1u);
  Come(kWaitListenersMax + 1);
  EXPECT_EQ(Listeners().size(), kWaitListenersMax);
  EXPECT_EQ(Listeners().front(), 2u);
  for (uint64_t listener = 1000; listener < 2000; ++listener) Come(listener);
  EXPECT_EQ(Listeners().size(), kWaitListenersMax);
  EXPECT_EQ(Listeners().back(), 1999u);
}

TEST_F(ListenersTest, AGrantIsNotTakenBackByTheEndOfARequest) {
  const Ticket ticket = Come(7);
  machine_.MustDo(Give("lock", SessionId(1), token_));
  EXPECT_EQ(Go(ticket, 7).reply.status.reason(), "ticket_not_found");
  EXPECT_EQ(machine_.state().Queue(QueueKind::kLock, "lock").holder->session, SessionId(2));
}

}  // namespace
}  // namespace baton::coord
