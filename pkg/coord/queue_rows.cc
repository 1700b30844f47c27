#include "pkg/coord/queue_rows.h"

#include <algorithm>
#include <utility>

#include "pkg/base/check.h"
#include "pkg/base/planted.h"

namespace baton::coord {
namespace {

uint64_t& HeldCount(Meta& meta, QueueKind kind) {
  return kind == QueueKind::kLock ? meta.counts.locks_held : meta.counts.elections_held;
}

Event HolderEvent(QueueKind kind, EventKind lock_event, EventKind election_event,
                  std::string_view name, const Holder& holder) {
  Event event;
  event.kind = kind == QueueKind::kLock ? lock_event : election_event;
  event.key = name;
  event.session = holder.session;
  event.token = holder.token;
  return event;
}

void EndLine(ApplyContext& context, QueueKind kind, std::string_view name, const Holder& holder) {
  context.rows.Delete(QueueRowKey(kind, name));
  --HeldCount(context.meta, kind);
  if (PLANTED("coord.token_reused")) context.meta.last_token = context.meta.last_token - 1;
  context.Emit(HolderEvent(kind, EventKind::kLockReleased, EventKind::kLeaderGone, name, holder));
}

}  // namespace

uint64_t& WaiterCount(Meta& meta, QueueKind kind) {
  return kind == QueueKind::kLock ? meta.counts.lock_waiters : meta.counts.election_waiters;
}

std::optional<QueueRow> LoadQueue(const Tables& tables, QueueKind kind, std::string_view name) {
  const std::optional<std::string> value = tables.Get(QueueRowKey(kind, name));
  if (!value) return std::nullopt;
  return DecodeQueueRow(*value);
}

std::optional<Waiter> LoadWaiter(const Tables& tables, QueueKind kind, std::string_view name,
                                 Ticket ticket) {
  const std::optional<std::string> value = tables.Get(WaiterRowKey(kind, name, ticket));
  if (!value) return std::nullopt;
  return DecodeWaiterRow(ticket, *value);
}

std::vector<Waiter> LoadWaiters(const Tables& tables, QueueKind kind, std::string_view name,
                                Ticket line_start, uint64_t waiters_max) {
  std::vector<Waiter> waiters;
  const auto visit = [&](std::string_view row_key, std::string_view value) {
    if (waiters.size() == waiters_max) return false;
    waiters.push_back(DecodeWaiterRow(WaiterRowTicket(row_key), value));
    return true;
  };
  tables.Scan(WaiterRowKey(kind, name, line_start), PrefixEnd(WaiterRowsPrefix(kind, name)), visit);
  return waiters;
}

uint64_t PositionOf(const Tables& tables, QueueKind kind, std::string_view name, Ticket line_start,
                    Ticket ticket) {
  uint64_t before = 0;
  const auto visit = [&before](std::string_view, std::string_view) {
    ++before;
    return true;
  };
  tables.Scan(WaiterRowKey(kind, name, line_start), WaiterRowKey(kind, name, ticket), visit);
  return before + 1;
}

bool HasTicket(const Tables& tables, QueueKind kind, std::string_view name, Ticket ticket) {
  const std::optional<QueueRow> queue = LoadQueue(tables, kind, name);
  if (!queue) return false;
  return queue->holder.ticket == ticket || LoadWaiter(tables, kind, name, ticket).has_value();
}

Status VerifyToken(const Tables& tables, QueueKind kind, std::string_view name, Token token) {
  const std::optional<QueueRow> queue = LoadQueue(tables, kind, name);
  if (queue && token && queue->holder.token == token) return Status::Ok();
  return Status(Code::kConflict, "stale_token", "The token is not the live one.");
}

void StoreQueue(ApplyContext& context, QueueKind kind, std::string_view name, const QueueRow& row) {
  context.rows.Put(QueueRowKey(kind, name), EncodeQueueRow(row));
}

Holder Grant(ApplyContext& context, QueueKind kind, std::string_view name, Holder holder) {
  holder.token = ++context.meta.last_token;
  holder.acquired_ms = context.meta.now_ms;
  Event event =
      HolderEvent(kind, EventKind::kLockAcquired, EventKind::kLeaderElected, name, holder);
  event.value = holder.value;
  context.Emit(std::move(event));
  return holder;
}

void HandOn(ApplyContext& context, QueueKind kind, std::string_view name, const QueueRow& queue) {
  if (queue.waiters == 0) return EndLine(context, kind, name, queue.holder);
  const bool skips = PLANTED("coord.waiter_skipped") && queue.waiters > 1;
  std::vector<Waiter> first =
      LoadWaiters(context.rows.reads(), kind, name, queue.line_start, skips ? 2 : 1);
  CHECK(!first.empty()) << "a line that counts waiters it does not have";
  Waiter& next = first.back();

  context.rows.Delete(WaiterRowKey(kind, name, next.ticket));
  DeleteWaitDeadline(context, next);
  context.rows.Delete(OwnedWaitRowKey(next.session, kind, name));
  context.rows.Put(OwnedHoldRowKey(next.session, kind, name), "");
  --WaiterCount(context.meta, kind);

  QueueRow handed;
  handed.holder =
      Grant(context, kind, name, Holder{next.session, {}, next.ticket, std::move(next.value), 0});
  handed.waiters = queue.waiters - 1;
  handed.line_start = skips ? queue.line_start : next.ticket + 1;
  StoreQueue(context, kind, name, handed);
  context.wait_outcomes.push_back({next.ticket, WaitOutcome::Kind::kGranted, handed.holder.token});
}

void RemoveWaiter(ApplyContext& context, QueueKind kind, std::string_view name,
                  const Waiter& waiter, WaitOutcome::Kind why) {
  std::optional<QueueRow> queue = LoadQueue(context.rows.reads(), kind, name);
  CHECK(queue.has_value()) << "a waiter for nothing";
  CHECK_GT(queue->waiters, 0u);
  --queue->waiters;
  StoreQueue(context, kind, name, *queue);
  --WaiterCount(context.meta, kind);
  context.rows.Delete(WaiterRowKey(kind, name, waiter.ticket));
  DeleteWaitDeadline(context, waiter);
  context.wait_outcomes.push_back({waiter.ticket, why, Token()});
  context.MarkChanged();
}

void PutWaitDeadline(ApplyContext& context, QueueKind kind, std::string_view name,
                     const Waiter& waiter) {
  if (waiter.deadline_ms == 0) return;
  context.rows.Put(WaitDeadlineRowKey(waiter.deadline_ms, waiter.ticket),
                   EncodeWaitDeadlineRow({kind, name}));
  context.due_from.wait_ms = std::min(context.due_from.wait_ms, waiter.deadline_ms);
}

void DeleteWaitDeadline(ApplyContext& context, const Waiter& waiter) {
  if (waiter.deadline_ms == 0) return;
  context.rows.Delete(WaitDeadlineRowKey(waiter.deadline_ms, waiter.ticket));
}

}  // namespace baton::coord
