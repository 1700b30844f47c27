#include "pkg/coord/rows.h"

#include <gtest/gtest.h>

#include "pkg/base/bytes.h"
#include "pkg/coord/limits.h"

namespace baton::coord {
namespace {

std::string WithHash(const Meta& meta) {
  std::string row = EncodeMetaBody(meta);
  ByteWriter(&row).U64(meta.hash);
  return row;
}

// The keys are on disk: these never change.
TEST(RowKeysTest, AreWhatTheHeaderDraws) {
  const SessionId session(0x0102030405060708);
  EXPECT_EQ(KvRowKey("key"), "kkey");
  EXPECT_EQ(ToHex(HistoryRowKey(Revision(0x1234), 0x5678)), "68000000000000123400005678");
  EXPECT_EQ(ToHex(SessionRowKey(session)), "730102030405060708");
  EXPECT_EQ(ToHex(LifeRowKey(session)), "6c0102030405060708");
  EXPECT_EQ(ToHex(SessionDeadlineRowKey(0x99, session)), "6400000000000000990102030405060708");
  EXPECT_EQ(ToHex(OwnedKeyRowKey(session, "k")), "6f01020304050607086b6b");
  EXPECT_EQ(ToHex(OwnedHoldRowKey(session, QueueKind::kLock, "n")),
            "6f01020304050607086801"
            "6e");
  EXPECT_EQ(ToHex(OwnedWaitRowKey(session, QueueKind::kElection, "n")),
            "6f01020304050607087702"
            "6e");
  EXPECT_EQ(ToHex(QueueRowKey(QueueKind::kLock, "n")), "71016e");
  EXPECT_EQ(ToHex(WaiterRowKey(QueueKind::kElection, "name", Ticket(5))),
            "770200046e616d650000000000000005");
  EXPECT_EQ(ToHex(WaitDeadlineRowKey(0x99, Ticket(5))), "7800000000000000990000000000000005");
  EXPECT_EQ(ToHex(IdempotencyRowKey("me", "key")), "6900026d656b6579");
  EXPECT_EQ(ToHex(IdempotencyAgeRowKey(7)), "610000000000000007");
}

TEST(RowKeysTest, ByteOrderIsNumericOrder) {
  const std::vector<uint64_t> ascending = {0, 1, 255, 256, 65'535, 1ULL << 40, UINT64_MAX};
  for (size_t i = 1; i < ascending.size(); ++i) {
    const uint64_t low = ascending[i - 1];
    const uint64_t high = ascending[i];
    EXPECT_LT(HistoryRowKey(Revision(low), UINT32_MAX), HistoryRowKey(Revision(high), 0));
    EXPECT_LT(SessionRowKey(SessionId(low)), SessionRowKey(SessionId(high)));
    EXPECT_LT(WaiterRowKey(QueueKind::kLock, "n", Ticket(low)),
              WaiterRowKey(QueueKind::kLock, "n", Ticket(high)));
    EXPECT_LT(IdempotencyAgeRowKey(low), IdempotencyAgeRowKey(high));
    if (high > INT64_MAX) continue;
    EXPECT_LT(SessionDeadlineRowKey(static_cast<int64_t>(low), SessionId(UINT64_MAX)),
              SessionDeadlineRowKey(static_cast<int64_t>(high), SessionId(0)));
    EXPECT_LT(WaitDeadlineRowKey(static_cast<int64_t>(low), Ticket(UINT64_MAX)),
              WaitDeadlineRowKey(static_cast<int64_t>(high), Ticket(0)));
  }
}

TEST(RowKeysTest, AreReadBack) {
  EXPECT_EQ(HistoryRowRevision(HistoryRowKey(Revision(77), 3)), Revision(77));
  EXPECT_EQ(SessionRowId(LifeRowKey(SessionId(5))), SessionId(5));
  const DeadlineRow deadline = ParseDeadlineRowKey(SessionDeadlineRowKey(12, SessionId(5)));
  EXPECT_EQ(deadline.deadline_ms, 12);
  EXPECT_EQ(deadline.id, 5u);
  EXPECT_EQ(WaiterRowTicket(WaiterRowKey(QueueKind::kLock, "n", Ticket(9))), Ticket(9));
  EXPECT_EQ(IdempotencyAgeRowNumber(IdempotencyAgeRowKey(4)), 4u);
  const std::string key_row = OwnedKeyRowKey(SessionId(1), "");
  EXPECT_EQ(ParseOwnedRowKey(key_row).kind, OwnedRow::Kind::kKey);
  const std::string wait_row = OwnedWaitRowKey(SessionId(1), QueueKind::kElection, "name");
  const OwnedRow wait = ParseOwnedRowKey(wait_row);
  EXPECT_EQ(wait.kind, OwnedRow::Kind::kWait);
  EXPECT_EQ(wait.queue_kind, QueueKind::kElection);
  EXPECT_EQ(wait.name, "name");
}

TEST(RowKeysTest, OneLinesWaitersNeverStandAmongAnothers) {
  const std::string prefix = WaiterRowsPrefix(QueueKind::kLock, "a");
  for (const std::string& other : {std::string("ab"), std::string("a\0", 2), std::string("")}) {
    EXPECT_FALSE(WaiterRowKey(QueueKind::kLock, other, Ticket(1)).starts_with(prefix));
  }
  EXPECT_NE(IdempotencyRowKey("a", "bc"), IdempotencyRowKey("ab", "c"));
}

TEST(RowValuesTest, MetaSurvivesTheRoundTrip) {
  Meta meta;
  uint64_t number = 1;
  meta.applied = Index(number++);
  meta.applied_term = Term(number++);
  meta.revision = Revision(number++);
  meta.compact_revision = Revision(number++);
  meta.now_ms = static_cast<int64_t>(number++);
  meta.last_token = Token(number++);
  meta.last_ticket = Ticket(number++);
  meta.counts = {8, 9, 10, 11, 12, 13, 14, 15};
  meta.history_first = Revision(16);
  meta.history_bytes = 17;
  meta.idempotency_first = 18;
  meta.idempotency_next = 19;
  meta.idempotency_bytes = 20;
  meta.idempotency_oldest_ms = 21;
  meta.hash = 22;
  const std::string row = WithHash(meta);
  EXPECT_EQ(DecodeMeta(row), meta);
  std::string expected(1, '\x02');
  for (uint64_t value = 1; value <= 22; ++value) ByteWriter(&expected).U64(value);
  EXPECT_EQ(ToHex(row), ToHex(expected)) << "the order of the numbers is the format";
}

TEST(RowValuesTest, EveryRowSurvivesTheRoundTrip) {
  const std::string binary("\0\xff", 2);
  const std::string kv_row =
      EncodeKvRow({Revision(1), Revision(300), 7, SessionId(9), "lock", binary});
  const KvRow kv = DecodeKvRow(kv_row);
  EXPECT_EQ(kv.create_revision, Revision(1));
  EXPECT_EQ(kv.mod_revision, Revision(300));
  EXPECT_EQ(kv.version, 7u);
  EXPECT_EQ(kv.session, SessionId(9));
  EXPECT_EQ(kv.guard_lock, "lock");
  EXPECT_EQ(kv.value, binary);

  const Event event{
      Revision(5), EventKind::kLeaderElected, "name", binary, Revision(2), 3, SessionId(4),
      Token(6)};
  const std::string event_row = EncodeEventRow(event);
  EXPECT_EQ(DecodeEventRow(Revision(5), event_row), event);
  EXPECT_EQ(DecodeEventRowHead(event_row).kind, EventKind::kLeaderElected);
  EXPECT_EQ(DecodeEventRowHead(event_row).key, "name");

  const std::string session_row = EncodeSessionRow({1000, "name", binary});
  EXPECT_EQ(DecodeSessionRow(session_row).ttl_ms, 1000);
  EXPECT_EQ(DecodeSessionRow(session_row).name, "name");
  EXPECT_EQ(DecodeSessionRow(session_row).metadata, binary);

  const LifeRow life = DecodeLifeRow(EncodeLifeRow({12'345, 6, 7}));
  EXPECT_EQ(life.deadline_ms, 12'345);
  EXPECT_EQ(life.renewal_epoch, 6u);
  EXPECT_EQ(life.owned, 7u);
  EXPECT_EQ(DecodeVarintValue(EncodeVarintValue(UINT64_MAX)), UINT64_MAX);

  Waiter waiter{Ticket(3), SessionId(4), binary, 99, {5, UINT64_MAX}};
  EXPECT_EQ(DecodeWaiterRow(Ticket(3), EncodeWaiterRow(waiter)), waiter);
  EXPECT_EQ(ToHex(EncodeWaiterRow(waiter)),
            "0400000000000000"  // session
            "63"                // deadline
            "020500000000000000ffffffffffffffff"
            "00ff");
  waiter.listeners.assign(kWaitListenersMax, 6);
  EXPECT_EQ(DecodeWaiterRow(Ticket(3), EncodeWaiterRow(waiter)), waiter);
  const Holder holder{SessionId(1), Token(2), Ticket(3), binary, 4};
  const QueueRow queue = DecodeQueueRow(EncodeQueueRow({holder, 5, Ticket(6)}));
  EXPECT_EQ(queue.holder, holder);
  EXPECT_EQ(queue.waiters, 5u);
  EXPECT_EQ(queue.line_start, Ticket(6));
  const std::string wait_row = EncodeWaitDeadlineRow({QueueKind::kElection, "name"});
  EXPECT_EQ(DecodeWaitDeadlineRow(wait_row).kind, QueueKind::kElection);
  EXPECT_EQ(DecodeWaitDeadlineRow(wait_row).name, "name");
}

TEST(RowValuesTest, RowsOfRepliesSurviveTheRoundTrip) {
  const std::string fingerprint(kFingerprintBytes, 'f');
  const std::string reply_row = EncodeIdempotencyRow({1, 2, fingerprint, true, "reply"});
  const IdempotencyRow reply = DecodeIdempotencyRow(reply_row);
  EXPECT_EQ(reply.number, 1u);
  EXPECT_EQ(reply.stamp_ms, 2);
  EXPECT_EQ(reply.fingerprint, fingerprint);
  EXPECT_TRUE(reply.value_omitted);
  EXPECT_EQ(reply.reply, "reply");
  const std::string age_row = EncodeIdempotencyAgeRow({5, 6, "row"});
  EXPECT_EQ(DecodeIdempotencyAgeRow(age_row).stamp_ms, 5);
  EXPECT_EQ(DecodeIdempotencyAgeRow(age_row).size, 6u);
  EXPECT_EQ(DecodeIdempotencyAgeRow(age_row).row_key, "row");
}

TEST(RowValuesDeathTest, ACutRowIsABrokenInvariant) {
  EXPECT_DEATH(DecodeKvRow(""), "CHECK failed");
  EXPECT_DEATH(DecodeLifeRow(EncodeLifeRow({1, 2, 3}) + "x"), "CHECK failed");
  EXPECT_DEATH(DecodeMeta(EncodeMetaBody(Meta())), "CHECK failed");
  EXPECT_DEATH(DecodeVarintValue(""), "CHECK failed");
  std::string waiter_row = EncodeWaiterRow({Ticket(1), SessionId(2), "", 3, {4}});
  EXPECT_DEATH(DecodeWaiterRow(Ticket(1), waiter_row.substr(0, waiter_row.size() - 1)),
               "CHECK failed");
  waiter_row[9] = kWaitListenersMax + 1;
  waiter_row.append(1000, 'x');
  EXPECT_DEATH(DecodeWaiterRow(Ticket(1), waiter_row), "CHECK failed");
  EXPECT_DEATH(EncodeWaiterRow({Ticket(1), SessionId(2), "", 3,
                                std::vector<uint64_t>(kWaitListenersMax + 1, 4)}),
               "CHECK failed");
}

}  // namespace
}  // namespace baton::coord
