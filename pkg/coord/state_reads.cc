// The reads of the state machine.

#include <algorithm>
#include <limits>
#include <tuple>

#include "pkg/base/cruel.h"
#include "pkg/coord/kv_commands.h"
#include "pkg/coord/queue_rows.h"
#include "pkg/coord/rows.h"
#include "pkg/coord/session_rows.h"
#include "pkg/coord/state_machine.h"

namespace baton::coord {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

// The smallest key greater than `key`.
std::string After(std::string key) {
  key.push_back('\0');
  return key;
}

// Calls take(id, value) for due rows of a deadline table, from *from_ms on, until it returns false.
// Leaves the earliest deadline that was met in *from_ms. Looks at nothing while none can be due: a
// scan ends at the first row that is there, and on the way to it passes over all that were deleted
// lately, be they of the next table (LevelDB keeps them until it merges: 20 ms for 100,000).
template <typename Take>
void ScanDue(const Tables& tables, const std::string& start, const std::string& end, int64_t now_ms,
             int64_t* from_ms, const Take& take) {
  if (*from_ms > now_ms) return;
  int64_t earliest_ms = kNever;
  const auto visit = [&](std::string_view row_key, std::string_view value) {
    const DeadlineRow row = ParseDeadlineRowKey(row_key);
    earliest_ms = std::min(earliest_ms, row.deadline_ms);
    return row.deadline_ms <= now_ms && take(row.id, value);
  };
  tables.Scan(start, end, visit);
  *from_ms = earliest_ms;
}

}  // namespace

std::optional<KeyValue> StateMachine::Get(std::string_view key) const {
  const std::optional<std::string> value = tables_->Get(KvRowKey(key));
  if (!value) return std::nullopt;
  return ToKeyValue(key, DecodeKvRow(*value));
}

bool StateMachine::AddsNothing(std::string_view encoded_command) const {
  const Result<Command> command = DecodeCommand(encoded_command);
  if (!command.ok()) return false;
  const std::string& key = command->idempotency_key;
  if (!key.empty() && tables_->Get(IdempotencyRowKey(command->principal, key))) return true;
  const auto* const acquire = std::get_if<Acquire>(&command->body);
  if (acquire == nullptr) return false;
  const auto [kind, name, session] = std::tie(acquire->kind, acquire->name, acquire->session);
  return tables_->Get(OwnedHoldRowKey(session, kind, name)).has_value() ||
         tables_->Get(OwnedWaitRowKey(session, kind, name)).has_value();
}

KvPage StateMachine::List(std::string_view prefix, std::string_view after,
                          uint64_t items_max) const {
  items_max = std::min(items_max, CRUEL("coord.list_of_one") ? 1 : kListItemsMax);
  const std::string table_prefix = KvRowKey(prefix);
  std::string start = table_prefix;
  if (!after.empty()) start = std::max(start, After(KvRowKey(after)));
  KvPage page;
  size_t bytes = 0;
  const auto visit = [&](std::string_view row_key, std::string_view value) {
    if (page.items.size() >= items_max || bytes > kListBytesMax) {
      page.more = true;
      return false;
    }
    page.items.push_back(ToKeyValue(row_key.substr(1), DecodeKvRow(value)));
    bytes += row_key.size() + value.size();
    return true;
  };
  const std::string end = PrefixEnd(table_prefix);
  if (start < end) tables_->Scan(start, end, visit);
  return page;
}

std::optional<SessionInfo> StateMachine::Session(SessionId id) const {
  return LoadSession(*tables_, id);
}

std::vector<SessionInfo> StateMachine::Sessions(SessionId after, uint64_t items_max) const {
  items_max = std::min(items_max, kListItemsMax);
  std::vector<SessionId> ids;
  const auto visit = [&](std::string_view row_key, std::string_view) {
    if (ids.size() >= items_max) return false;
    ids.push_back(SessionRowId(row_key));
    return true;
  };
  tables_->Scan(After(LifeRowKey(after)), PrefixEnd("l"), visit);
  std::vector<SessionInfo> sessions;
  for (SessionId id : ids) sessions.push_back(*LoadSession(*tables_, id));
  return sessions;
}

QueueInfo StateMachine::Queue(QueueKind kind, std::string_view name) const {
  QueueInfo info;
  std::optional<QueueRow> queue = LoadQueue(*tables_, kind, name);
  if (!queue) return info;
  info.waiters_total = queue->waiters;
  if (queue->waiters > 0) {
    info.waiters = LoadWaiters(*tables_, kind, name, queue->line_start, kListItemsMax);
  }
  info.holder = std::move(queue->holder);
  return info;
}

TicketState StateMachine::FindTicket(QueueKind kind, std::string_view name, Ticket ticket) const {
  const std::optional<QueueRow> queue = LoadQueue(*tables_, kind, name);
  if (!queue || !ticket) return {};
  if (queue->holder.ticket == ticket) {
    return {TicketState::Kind::kHolding, queue->holder.token, 0};
  }
  if (!LoadWaiter(*tables_, kind, name, ticket)) return {};
  return {TicketState::Kind::kWaiting, Token(),
          PositionOf(*tables_, kind, name, queue->line_start, ticket)};
}

std::optional<Waiter> StateMachine::FindWaiter(QueueKind kind, std::string_view name,
                                               Ticket ticket) const {
  return LoadWaiter(*tables_, kind, name, ticket);
}

Status StateMachine::Verify(QueueKind kind, std::string_view name, Token token) const {
  return VerifyToken(*tables_, kind, name, token);
}

SessionExpire StateMachine::DueSessions(int64_t now_ms) const {
  SessionExpire due;
  if (meta_.counts.sessions == 0) return due;
  const auto take = [&due](uint64_t id, std::string_view value) {
    due.items.push_back({SessionId(id), DecodeVarintValue(value)});
    return due.items.size() < kBatchItemsMax && !CRUEL("coord.sessions_due_one_by_one");
  };
  ScanDue(*tables_, SessionDeadlineRowKey(due_from_.session_ms, SessionId()), PrefixEnd("d"),
          now_ms, &due_from_.session_ms, take);
  return due;
}

WaitExpire StateMachine::DueWaits(int64_t now_ms) const {
  WaitExpire due;
  if (meta_.counts.lock_waiters + meta_.counts.election_waiters == 0) return due;
  const auto take = [&due](uint64_t id, std::string_view value) {
    const WaitDeadlineRow row = DecodeWaitDeadlineRow(value);
    due.items.push_back({row.kind, std::string(row.name), Ticket(id)});
    return due.items.size() < kBatchItemsMax && !CRUEL("coord.waits_due_one_by_one");
  };
  ScanDue(*tables_, WaitDeadlineRowKey(due_from_.wait_ms, Ticket()), PrefixEnd("x"), now_ms,
          &due_from_.wait_ms, take);
  return due;
}

}  // namespace baton::coord
