#include "pkg/coord/test_invariants.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>

#include "pkg/coord/rows.h"

namespace baton::coord {
namespace {

using Line = std::pair<QueueKind, std::string>;

// Everything the rows say, read once.
struct Facts {
  std::map<std::string, KvRow, std::less<>> keys;
  std::map<SessionId, LifeRow> lives;
  std::set<SessionId> sessions;
  std::map<std::pair<int64_t, SessionId>, uint64_t> session_deadlines;
  std::map<std::pair<int64_t, Ticket>, Line> wait_deadlines;
  std::set<std::pair<SessionId, std::string>> owned_keys;
  std::set<std::pair<SessionId, Line>> owned_holds;
  std::map<std::pair<SessionId, Line>, Ticket> owned_waits;
  std::map<SessionId, uint64_t> owned_counts;
  std::map<Line, QueueRow> queues;
  std::map<Line, std::map<Ticket, Waiter>> waiters;
  std::map<std::string, std::string, std::less<>> replies;  // row key -> value
  std::map<uint64_t, IdempotencyAgeRow> reply_ages;
  uint64_t history_bytes = 0;
  Revision history_first;  // 0: no rows
  Revision history_last;
};

void ReadOwned(std::string_view row_key, std::string_view value, Facts* facts) {
  const SessionId id = SessionRowId(row_key);
  const OwnedRow owned = ParseOwnedRowKey(row_key);
  const Line line(owned.queue_kind, owned.name);
  ++facts->owned_counts[id];
  switch (owned.kind) {
    case OwnedRow::Kind::kKey:
      facts->owned_keys.emplace(id, owned.name);
      return;
    case OwnedRow::Kind::kHold:
      facts->owned_holds.emplace(id, line);
      return;
    case OwnedRow::Kind::kWait:
      facts->owned_waits.emplace(std::pair(id, line), DecodeVarintValue(value));
      return;
  }
  ADD_FAILURE() << "unknown owned row";
}

void ReadWaiter(std::string_view row_key, std::string_view value, Facts* facts) {
  const Ticket ticket = WaiterRowTicket(row_key);
  const std::string name(row_key.substr(4, row_key.size() - 12));
  const Line line(static_cast<QueueKind>(row_key[1]), name);
  EXPECT_EQ(row_key, WaiterRowKey(line.first, line.second, ticket));
  facts->waiters[line].emplace(ticket, DecodeWaiterRow(ticket, value));
}

void ReadHistory(std::string_view row_key, std::string_view value, Facts* facts) {
  facts->history_bytes += row_key.size() + value.size();
  facts->history_last = HistoryRowRevision(row_key);
  if (!facts->history_first) facts->history_first = facts->history_last;
  EXPECT_FALSE(DecodeEventRowHead(value).key.empty());
}

void ReadRow(std::string_view row_key, std::string_view value, Facts* facts) {
  switch (row_key[0]) {
    case 'a':
      facts->reply_ages.emplace(IdempotencyAgeRowNumber(row_key), DecodeIdempotencyAgeRow(value));
      return;
    case 'd': {
      const DeadlineRow row = ParseDeadlineRowKey(row_key);
      facts->session_deadlines.emplace(std::pair(row.deadline_ms, SessionId(row.id)),
                                       DecodeVarintValue(value));
      return;
    }
    case 'h':
      return ReadHistory(row_key, value, facts);
    case 'i':
      facts->replies.emplace(row_key, value);
      return;
    case 'k':
      facts->keys.emplace(row_key.substr(1), DecodeKvRow(value));
      return;
    case 'l':
      facts->lives.emplace(SessionRowId(row_key), DecodeLifeRow(value));
      return;
    case 'm':
    case 'v':
    case 'n':
      return;
    case 'o':
      return ReadOwned(row_key, value, facts);
    case 'q':
      facts->queues.emplace(Line(static_cast<QueueKind>(row_key[1]), row_key.substr(2)),
                            DecodeQueueRow(value));
      return;
    case 's':
      facts->sessions.insert(SessionRowId(row_key));
      return;
    case 'w':
      return ReadWaiter(row_key, value, facts);
    case 'x': {
      const DeadlineRow row = ParseDeadlineRowKey(row_key);
      const WaitDeadlineRow wait = DecodeWaitDeadlineRow(value);
      facts->wait_deadlines.emplace(std::pair(row.deadline_ms, Ticket(row.id)),
                                    Line(wait.kind, wait.name));
      return;
    }
    default:
      ADD_FAILURE() << "a row of no table: " << row_key[0];
  }
}

void CheckSessions(const Facts& facts) {
  EXPECT_EQ(facts.sessions.size(), facts.lives.size());
  EXPECT_EQ(facts.session_deadlines.size(), facts.lives.size());
  for (const auto& [id, life] : facts.lives) {
    EXPECT_EQ(facts.sessions.count(id), 1u);
    const auto deadline = facts.session_deadlines.find({life.deadline_ms, id});
    ASSERT_NE(deadline, facts.session_deadlines.end());
    EXPECT_EQ(deadline->second, life.renewal_epoch);
    const auto owned = facts.owned_counts.find(id);
    EXPECT_EQ(life.owned, owned == facts.owned_counts.end() ? 0 : owned->second);
  }
  for (const auto& [id, count] : facts.owned_counts) {
    EXPECT_EQ(facts.lives.count(id), 1u) << "a dead session owns something";
  }
}

void CheckKeys(const Facts& facts, const Meta& meta) {
  size_t ephemeral = 0;
  for (const auto& [key, row] : facts.keys) {
    EXPECT_LE(row.create_revision, row.mod_revision);
    EXPECT_LE(row.mod_revision, meta.revision);
    EXPECT_GE(row.version, 1u);
    if (!row.session) continue;
    ++ephemeral;
    EXPECT_EQ(facts.owned_keys.count({row.session, key}), 1u);
  }
  EXPECT_EQ(facts.owned_keys.size(), ephemeral);
}

void CheckLine(const Facts& facts, const Line& line, const QueueRow& queue, const Meta& meta,
               std::set<Token>* tokens) {
  EXPECT_EQ(facts.owned_holds.count({queue.holder.session, line}), 1u);
  EXPECT_TRUE(tokens->insert(queue.holder.token).second) << "one token for two";
  EXPECT_GT(queue.holder.token, Token());
  EXPECT_LE(queue.holder.token, meta.last_token);
  const auto found = facts.waiters.find(line);
  const size_t waiters = found == facts.waiters.end() ? 0 : found->second.size();
  EXPECT_EQ(queue.waiters, waiters);
  if (waiters == 0) return;
  for (const auto& [ticket, waiter] : found->second) {
    EXPECT_GE(ticket, queue.line_start);
    EXPECT_LE(ticket, meta.last_ticket);
    EXPECT_GT(ticket, queue.holder.ticket) << "the holder came later than one who waits";
    EXPECT_NE(waiter.session, queue.holder.session);
    const auto owned = facts.owned_waits.find({waiter.session, line});
    ASSERT_NE(owned, facts.owned_waits.end());
    EXPECT_EQ(owned->second, ticket);
    const std::set<uint64_t> listeners(waiter.listeners.begin(), waiter.listeners.end());
    EXPECT_EQ(listeners.size(), waiter.listeners.size()) << "one that listens twice";
    EXPECT_EQ(listeners.count(0), 0u);
    EXPECT_TRUE(waiter.deadline_ms != 0 || listeners.empty()) << "listeners of a place that stays";
    if (waiter.deadline_ms == 0) continue;
    const auto deadline = facts.wait_deadlines.find({waiter.deadline_ms, ticket});
    ASSERT_NE(deadline, facts.wait_deadlines.end());
    EXPECT_EQ(deadline->second, line);
  }
}

void CheckLines(const Facts& facts, const Meta& meta) {
  std::set<Token> tokens;
  size_t waiters = 0;
  size_t with_deadline = 0;
  for (const auto& [line, queue] : facts.queues) CheckLine(facts, line, queue, meta, &tokens);
  for (const auto& [line, tickets] : facts.waiters) {
    EXPECT_EQ(facts.queues.count(line), 1u) << "waiters of a free lock";
    waiters += tickets.size();
    for (const auto& [ticket, waiter] : tickets) with_deadline += waiter.deadline_ms != 0;
  }
  EXPECT_EQ(facts.owned_holds.size(), facts.queues.size());
  EXPECT_EQ(facts.owned_waits.size(), waiters);
  EXPECT_EQ(facts.wait_deadlines.size(), with_deadline);
}

void CheckReplies(const Facts& facts, const Meta& meta) {
  uint64_t bytes = 0;
  EXPECT_EQ(facts.replies.size(), facts.reply_ages.size());
  for (const auto& [number, age] : facts.reply_ages) {
    const auto found = facts.replies.find(age.row_key);
    ASSERT_NE(found, facts.replies.end());
    const IdempotencyRow row = DecodeIdempotencyRow(found->second);
    EXPECT_EQ(row.number, number);
    EXPECT_EQ(row.stamp_ms, age.stamp_ms);
    EXPECT_EQ(age.size, found->first.size() + found->second.size());
    EXPECT_GE(number, meta.idempotency_first);
    EXPECT_LT(number, meta.idempotency_next);
    EXPECT_GE(row.stamp_ms, meta.idempotency_oldest_ms);
    EXPECT_TRUE(DecodeReply(row.reply).ok());
    bytes += age.size;
  }
  EXPECT_EQ(meta.idempotency_bytes, bytes);
}

void CheckCounts(const Facts& facts, const StateCounts& counts) {
  StateCounts found;
  found.keys = facts.keys.size();
  found.sessions = facts.lives.size();
  found.idempotency_entries = facts.replies.size();
  found.sessions_expired_total = counts.sessions_expired_total;  // no row to count it by
  for (const auto& [line, queue] : facts.queues) {
    const bool is_lock = line.first == QueueKind::kLock;
    ++(is_lock ? found.locks_held : found.elections_held);
    (is_lock ? found.lock_waiters : found.election_waiters) += queue.waiters;
  }
  EXPECT_EQ(counts, found);
}

}  // namespace

void CheckInvariants(const MemoryTables& tables, const StateMachine& state) {
  Facts facts;
  for (const auto& [row_key, value] : tables.rows()) ReadRow(row_key, value, &facts);
  const Meta meta = DecodeMeta(tables.rows().at(std::string(kMetaKey)));
  EXPECT_EQ(meta.applied, state.applied());
  EXPECT_EQ(meta.revision, state.revision());
  EXPECT_EQ(meta.hash, state.hash());
  EXPECT_EQ(meta.counts, state.counts());
  CheckSessions(facts);
  CheckKeys(facts, meta);
  CheckLines(facts, meta);
  CheckReplies(facts, meta);
  CheckCounts(facts, meta.counts);
  EXPECT_EQ(meta.history_bytes, facts.history_bytes);
  EXPECT_LE(facts.history_last, meta.revision);
  if (facts.history_first) {
    EXPECT_GE(facts.history_first, meta.history_first);
  }
}

}  // namespace baton::coord
