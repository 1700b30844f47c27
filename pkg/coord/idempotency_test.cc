#include <gtest/gtest.h>

#include "pkg/coord/limits.h"
#include "pkg/coord/test_machine.h"

namespace baton::coord {
namespace {

class IdempotencyTest : public ::testing::Test {
 protected:
  uint64_t Entries() { return machine_.state().counts().idempotency_entries; }

  TestMachine machine_;
};

// The first answer again, but for the mark.
void ExpectReplayOf(const Applied& first, const Applied& second) {
  EXPECT_FALSE(first.reply.replayed);
  EXPECT_TRUE(second.reply.replayed);
  Reply unmarked = second.reply;
  unmarked.replayed = false;
  EXPECT_EQ(unmarked, first.reply);
  EXPECT_TRUE(second.events.empty());
  EXPECT_TRUE(second.wait_outcomes.empty());
}

TEST_F(IdempotencyTest, ARetryGetsTheFirstAnswerAndChangesNothing) {
  const Applied first = machine_.Do(Put("k", "v"), "key-1");
  machine_.MustDo(Put("k", "later"));
  machine_.AdvanceMs(1000);
  const Applied retry = machine_.Do(Put("k", "v"), "key-1");
  ExpectReplayOf(first, retry);
  EXPECT_EQ(AsKv(retry).current->value, "v");
  EXPECT_EQ(machine_.state().Get("k")->value, "later");
  EXPECT_EQ(machine_.state().revision(), Revision(2));
  EXPECT_EQ(machine_.state().now_ms(), machine_.now_ms()) << "time moves on all the same";
}

TEST_F(IdempotencyTest, ARefusalIsRememberedToo) {
  KvPut put = Put("k", "mine");
  put.precondition.kind = Precondition::Kind::kAbsent;
  machine_.MustDo(Put("k", "theirs"));
  const Applied first = machine_.Do(put, "key-1");
  EXPECT_EQ(first.reply.status.code(), Code::kPreconditionFailed);
  machine_.MustDo(Delete("k"));
  const Applied retry = machine_.Do(put, "key-1");
  ExpectReplayOf(first, retry);
  EXPECT_EQ(AsKv(retry).current->value, "theirs");
  EXPECT_EQ(machine_.state().Get("k"), std::nullopt);
}

TEST_F(IdempotencyTest, EveryKindOfReplyIsRemembered) {
  machine_.MustDo(Create(1));
  machine_.MustDo(Create(2));
  const Token token = machine_.MustAcquire("lock", 1);
  machine_.MustDo(Put("k", "v"));
  const std::vector<CommandBody> commands = {
      AdvanceTime{},
      EphemeralPut("e", "v", SessionId(1)),
      Delete("k"),
      Create(3),
      SessionRenew{{SessionId(1), SessionId(77)}},
      Wait("lock", SessionId(2)),
      Try("lock", SessionId(3)),
      Proclaim{QueueKind::kLock, "lock", SessionId(1), token, "v"},
      Give("lock", SessionId(1), token),
      CancelWait{QueueKind::kLock, "lock", Ticket(99)},
      SessionDestroy{SessionId(3)},
      CompactHistory{Revision(1)},
  };
  std::vector<Applied> first;
  for (size_t i = 0; i < commands.size(); ++i) {
    first.push_back(machine_.Do(commands[i], std::to_string(i)));
  }
  machine_.Restart();
  const Revision revision = machine_.state().revision();
  for (size_t i = 0; i < commands.size(); ++i) {
    SCOPED_TRACE(i);
    ExpectReplayOf(first[i], machine_.Do(commands[i], std::to_string(i)));
  }
  EXPECT_EQ(machine_.state().revision(), revision);
}

// A line in which session 2 waited under "key-1".
class SpentTicketTest : public IdempotencyTest {
 protected:
  void SetUp() override {
    for (uint64_t id : {1, 2, 3}) machine_.MustDo(Create(id, kSessionTtlMaxMs));
    token_ = machine_.MustAcquire("lock", 1);
    ticket_ = AsAcquire(machine_.Do(kWait, "key-1")).ticket;
    ASSERT_TRUE(ticket_);
  }
  void ExpectExecutedAnew() {
    const Applied retry = machine_.Do(kWait, "key-1");
    EXPECT_TRUE(retry.reply.status.ok()) << retry.reply.status.ToString();
    EXPECT_FALSE(retry.reply.replayed);
    EXPECT_NE(AsAcquire(retry).ticket, ticket_);
    EXPECT_EQ(Entries(), 1u) << "in place of the old answer";
    machine_.Restart();
    ExpectReplayOf(retry, machine_.Do(kWait, "key-1"));
  }

  const Acquire kWait = Wait("lock", SessionId(2), 1000);
  Token token_;
  Ticket ticket_;
};

TEST_F(SpentTicketTest, ARetryOfACancelledWaitWaitsAnew) {
  machine_.MustDo(CancelWait{QueueKind::kLock, "lock", ticket_});
  ExpectExecutedAnew();
}

TEST_F(SpentTicketTest, ARetryOfAWaitThatTimedOutWaitsAnew) {
  machine_.AdvanceMs(1000);
  machine_.MustDo(machine_.state().DueWaits(machine_.now_ms()));
  ExpectExecutedAnew();
}

TEST_F(SpentTicketTest, ARetryAfterTheGrantIsOverAcquiresAnew) {
  machine_.MustDo(Give("lock", SessionId(1), token_));
  EXPECT_TRUE(machine_.Do(kWait, "key-1").reply.replayed) << "the ticket holds";
  machine_.MustDo(Give("lock", SessionId(2), token_ + 1));
  ExpectExecutedAnew();
  EXPECT_EQ(machine_.state().Queue(QueueKind::kLock, "lock").holder->token, token_ + 2);
}

TEST_F(SpentTicketTest, ARetryAfterTheSessionEndedIsRefused) {
  machine_.MustDo(SessionDestroy{SessionId(2)});
  const Applied retry = machine_.Do(kWait, "key-1");
  EXPECT_EQ(retry.reply.status.reason(), "session_not_found");
  EXPECT_TRUE(machine_.Do(kWait, "key-1").reply.replayed);
}

TEST_F(SpentTicketTest, TheKeyStaysTheCommands) {
  machine_.MustDo(CancelWait{QueueKind::kLock, "lock", ticket_});
  const Applied other = machine_.Do(Wait("lock", SessionId(2), 999), "key-1");
  EXPECT_EQ(other.reply.status.reason(), "idempotency_key_reused");
}

TEST_F(IdempotencyTest, AnotherCommandUnderTheSameKeyIsRefused) {
  machine_.Do(Put("k", "v"), "key-1");
  const std::vector<CommandBody> others = {Put("k", "w"), Put("l", "v"), Delete("k"), AdvanceTime{},
                                           EphemeralPut("k", "v", SessionId(1))};
  for (const CommandBody& other : others) {
    const Applied refused = machine_.Do(other, "key-1");
    EXPECT_EQ(refused.reply.status.code(), Code::kUnprocessable);
    EXPECT_EQ(refused.reply.status.reason(), "idempotency_key_reused");
    EXPECT_FALSE(refused.reply.replayed);
    EXPECT_EQ(refused.reply.revision, Revision(1));
  }
  EXPECT_EQ(machine_.state().Get("k")->value, "v");
  EXPECT_TRUE(machine_.Do(Put("k", "v"), "key-1").reply.replayed) << "the first one still is";
}

// Clients choose both commands, so the fingerprint must not be one for which they could find two.
// It once was: under a 64-bit mix these two were the same.
TEST_F(IdempotencyTest, NoCommandCanBeMadeToLookLikeAnother) {
  machine_.MustDo(Put("k", "v"));
  machine_.Do(Put("x", "hello"), "key-1");
  const std::string made_to_fit = std::string("delete-") + "\x9d\x13\xca\xde\x0f\xec\xa8\x98";
  const Applied other = machine_.Do(Delete(made_to_fit), "key-1");
  EXPECT_EQ(other.reply.status.reason(), "idempotency_key_reused");
}

TEST_F(IdempotencyTest, KeysBelongToTheirPrincipals) {
  machine_.Do(Put("k", "1"), "key", "alice");
  const Applied bob = machine_.Do(Put("k", "2"), "key", "bob");
  EXPECT_TRUE(bob.reply.status.ok());
  EXPECT_FALSE(bob.reply.replayed);
  machine_.Do(Put("k", "3"), "b", "a");
  EXPECT_FALSE(machine_.Do(Put("k", "3"), "", "ab").reply.replayed);
  EXPECT_FALSE(machine_.Do(Put("k", "3"), "ab", "").reply.replayed);
  EXPECT_EQ(Entries(), 4u);
}

TEST_F(IdempotencyTest, ARetriedSessionCreateMayDrawAnotherId) {
  const Applied first = machine_.Do(Create(1), "key-1");
  SessionCreate again = Create(2);
  again.name = "name-1";
  const Applied retry = machine_.Do(again, "key-1");
  ExpectReplayOf(first, retry);
  EXPECT_EQ(AsSession(retry).session.id, SessionId(1));
  EXPECT_EQ(machine_.state().counts().sessions, 1u);
  again.ttl_ms += 1;
  EXPECT_EQ(machine_.Do(again, "key-1").reply.status.reason(), "idempotency_key_reused");
}

TEST_F(IdempotencyTest, WhatMakesNoSenseLeavesNothing) {
  machine_.Do(Put("", "no key"), "key-1");
  EXPECT_EQ(Entries(), 0u);
  EXPECT_TRUE(machine_.Do(Put("k", "v"), "key-1").reply.status.ok());
  EXPECT_EQ(Entries(), 1u);
}

TEST_F(IdempotencyTest, TheValueOfAPutIsNotKeptTwice) {
  const std::string big(kValueBytesMax, 'v');
  const Applied first = machine_.Do(Put("k", big), "key-1");
  size_t bytes = 0;
  for (const auto& [row_key, value] : machine_.tables().rows()) {
    if (row_key[0] == 'i') bytes += value.size();
  }
  EXPECT_LT(bytes, 200u);
  EXPECT_EQ(AsKv(first).current->value, big);
  ExpectReplayOf(first, machine_.Do(Put("k", big), "key-1"));
}

TEST_F(IdempotencyTest, AnswersAreForgottenByAgeInClusterTime) {
  machine_.Do(Put("k", "v"), "key-1");
  machine_.AdvanceMs(kIdempotencyAgeMaxMs);
  EXPECT_TRUE(machine_.Do(Put("k", "v"), "key-1").reply.replayed) << "at the limit";
  machine_.AdvanceMs(1);
  EXPECT_EQ(Entries(), 1u);
  machine_.MustDo(AdvanceTime{});
  EXPECT_EQ(Entries(), 0u);
  EXPECT_FALSE(machine_.Do(Put("k", "v"), "key-1").reply.replayed);
}

TEST_F(IdempotencyTest, AnOldAnswerIsNotServedEvenIfItsRowIsStillThere) {
  machine_.check_each = false;
  for (uint64_t i = 0; i < 3 * kTrimRowsMax; ++i) machine_.Do(Put("k", "v"), std::to_string(i));
  machine_.AdvanceMs(kIdempotencyAgeMaxMs + 1);
  machine_.check_each = true;
  const std::string last = std::to_string(3 * kTrimRowsMax - 1);
  EXPECT_FALSE(machine_.Do(Put("k", "another"), last).reply.replayed) << "the key is free again";
  EXPECT_EQ(Entries(), 3 * kTrimRowsMax - kTrimRowsMax) << "64 forgotten, one taken anew";
  EXPECT_TRUE(machine_.Do(Put("k", "another"), last).reply.replayed);
  machine_.MustDo(AdvanceTime{});
  EXPECT_EQ(Entries(), 1u);
}

TEST_F(IdempotencyTest, AnswersAreForgottenByCount) {
  for (uint64_t i = 1; i <= 100; ++i) machine_.Do(AdvanceTime{}, std::to_string(i));
  machine_.EditMeta([](Meta* meta) {  // as if so many newer ones were there too
    meta->counts.idempotency_entries = kIdempotencyEntriesMax;
  });
  EXPECT_TRUE(machine_.Do(AdvanceTime{}, "1").reply.replayed) << "at the limit";
  EXPECT_EQ(Entries(), kIdempotencyEntriesMax);
  machine_.Do(AdvanceTime{}, "one more");
  EXPECT_EQ(Entries(), kIdempotencyEntriesMax + 1 - kTrimRowsMax);
  EXPECT_TRUE(machine_.Do(AdvanceTime{}, std::to_string(kTrimRowsMax + 1)).reply.replayed);
  EXPECT_TRUE(machine_.Do(AdvanceTime{}, "one more").reply.replayed);
  EXPECT_FALSE(machine_.Do(AdvanceTime{}, std::to_string(kTrimRowsMax)).reply.replayed);
}

TEST_F(IdempotencyTest, FarTooManyAnswersGoBitByBit) {
  for (uint64_t i = 1; i <= 200; ++i) machine_.Do(AdvanceTime{}, std::to_string(i));
  machine_.EditMeta(
      [](Meta* meta) { meta->counts.idempotency_entries = 10 * kIdempotencyEntriesMax; });
  machine_.MustDo(AdvanceTime{});
  EXPECT_EQ(Entries(), 10 * kIdempotencyEntriesMax - kTrimRowsMax);
  machine_.MustDo(AdvanceTime{});
  EXPECT_EQ(Entries(), 10 * kIdempotencyEntriesMax - 2 * kTrimRowsMax);
}

TEST_F(IdempotencyTest, AnswersAreForgottenByBytes) {
  const std::string big(10'000, 'v');
  machine_.MustDo(Put("k", big));
  KvPut refused = Put("k", "");
  refused.precondition.kind = Precondition::Kind::kAbsent;  // the answer shows the big value
  for (uint64_t i = 1; i <= 20; ++i) machine_.Do(refused, std::to_string(i));
  machine_.EditMeta([](Meta* meta) {  // 20 rows are a little more than 200,000 bytes
    meta->idempotency_bytes += kIdempotencyBytesMax - 205'000;
  });
  EXPECT_TRUE(machine_.Do(refused, "1").reply.replayed);
  machine_.Do(refused, "21");
  EXPECT_EQ(Entries(), 20u);
  EXPECT_TRUE(machine_.Do(refused, "2").reply.replayed);
  EXPECT_FALSE(machine_.Do(refused, "1").reply.replayed);
}

}  // namespace
}  // namespace baton::coord
