#include "pkg/coord/queue_commands.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pkg/base/check.h"
#include "pkg/base/planted.h"
#include "pkg/coord/limits.h"
#include "pkg/coord/queue_rows.h"
#include "pkg/coord/session_rows.h"

namespace baton::coord {
namespace {

Decision Granted(const Holder& holder) {
  AcquireReply reply;
  reply.token = holder.token;
  reply.holder = holder;
  return {Status::Ok(), std::move(reply)};
}

Decision Waiting(Ticket ticket, uint64_t position, const Holder& holder) {
  AcquireReply reply;
  reply.ticket = ticket;
  reply.position = position;
  reply.holder = holder;
  return {Status::Ok(), std::move(reply)};
}

Decision Refused(Status status, const Holder& holder) {
  AcquireReply reply;
  reply.holder = holder;
  return {std::move(status), std::move(reply)};
}

bool IsTry(const Acquire& acquire) { return acquire.wait_ms == 0 && !acquire.stay_queued; }

int64_t WaitDeadlineMs(const ApplyContext& context, const Acquire& acquire) {
  return acquire.stay_queued ? 0 : context.meta.now_ms + acquire.wait_ms;
}

// The later one; 0, none, is the latest of all.
int64_t LaterDeadlineMs(int64_t one_ms, int64_t other_ms) {
  return one_ms == 0 || other_ms == 0 ? 0 : std::max(one_ms, other_ms);
}

// The request listens to the place from now on. To a place that stays nobody need listen: it does
// not end with a request.
void Attach(Waiter* waiter, uint64_t listener) {
  std::vector<uint64_t>& all = waiter->listeners;
  if (waiter->deadline_ms == 0) {
    all.clear();
  } else if (listener != 0 && std::find(all.begin(), all.end(), listener) == all.end()) {
    if (all.size() == kWaitListenersMax) all.erase(all.begin());
    all.push_back(listener);
  }
}

Decision TakeFree(ApplyContext& context, Acquire acquire, const LifeRow& life) {
  if (Status room = RoomForOneMore(life); !room.ok()) return {std::move(room), {}};
  QueueRow queue;
  queue.holder = Grant(context, acquire.kind, acquire.name,
                       Holder{acquire.session, {}, {}, std::move(acquire.value), 0});
  queue.line_start = context.meta.last_ticket + 1;
  StoreQueue(context, acquire.kind, acquire.name, queue);
  AddOwned(context, acquire.session, life,
           OwnedHoldRowKey(acquire.session, acquire.kind, acquire.name), "");
  uint64_t& held = acquire.kind == QueueKind::kLock ? context.meta.counts.locks_held
                                                    : context.meta.counts.elections_held;
  ++held;
  return Granted(queue.holder);
}

Decision KeepPlace(ApplyContext& context, Acquire acquire, const QueueRow& queue, Ticket ticket) {
  const Tables& tables = context.rows.reads();
  const uint64_t position =
      PositionOf(tables, acquire.kind, acquire.name, queue.line_start, ticket);
  if (!IsTry(acquire)) {
    std::optional<Waiter> waiter = LoadWaiter(tables, acquire.kind, acquire.name, ticket);
    CHECK(waiter.has_value()) << "an owned wait without its waiter";
    if (waiter->value != acquire.value) context.MarkChanged();
    DeleteWaitDeadline(context, *waiter);
    waiter->value = std::move(acquire.value);
    waiter->deadline_ms = LaterDeadlineMs(waiter->deadline_ms, WaitDeadlineMs(context, acquire));
    Attach(&*waiter, acquire.listener);
    PutWaitDeadline(context, acquire.kind, acquire.name, *waiter);
    context.rows.Put(WaiterRowKey(acquire.kind, acquire.name, ticket), EncodeWaiterRow(*waiter));
  }
  return Waiting(ticket, position, queue.holder);
}

Decision JoinLine(ApplyContext& context, Acquire acquire, QueueRow queue, const LifeRow& life) {
  if (queue.waiters >= kWaitersPerQueueMax) {
    return Refused(Status(Code::kResourceExhausted, "too_many_waiters",
                          "The line has " + std::to_string(queue.waiters) +
                              " waiters; the limit is " + std::to_string(kWaitersPerQueueMax)),
                   queue.holder);
  }
  if (Status room = RoomForOneMore(life); !room.ok()) return Refused(room, queue.holder);
  const Ticket ticket = ++context.meta.last_ticket;
  Waiter waiter{
      ticket, acquire.session, std::move(acquire.value), WaitDeadlineMs(context, acquire), {}};
  Attach(&waiter, acquire.listener);
  context.rows.Put(WaiterRowKey(acquire.kind, acquire.name, ticket), EncodeWaiterRow(waiter));
  PutWaitDeadline(context, acquire.kind, acquire.name, waiter);
  AddOwned(context, acquire.session, life,
           OwnedWaitRowKey(acquire.session, acquire.kind, acquire.name),
           EncodeVarintValue(ticket.value()));
  ++queue.waiters;
  StoreQueue(context, acquire.kind, acquire.name, queue);
  ++WaiterCount(context.meta, acquire.kind);
  context.MarkChanged();
  return Waiting(ticket, queue.waiters, queue.holder);
}

// The queue row, if `session` holds it with `token`.
Result<QueueRow> HeldBy(const ApplyContext& context, QueueKind kind, std::string_view name,
                        SessionId session, Token token) {
  std::optional<QueueRow> queue = LoadQueue(context.rows.reads(), kind, name);
  const bool live = queue && queue->holder.session == session && queue->holder.token == token;
  if (live ||
      (PLANTED("coord.release_with_old_token") && queue && queue->holder.session == session)) {
    return std::move(*queue);
  }
  return Status(Code::kConflict, "stale_token",
                "The session does not hold it with this token, or does not any more.");
}

// Ends a wait whose session lives.
void EndWait(ApplyContext& context, QueueKind kind, std::string_view name, const Waiter& waiter,
             WaitOutcome::Kind why) {
  RemoveWaiter(context, kind, name, waiter, why);
  RemoveOwned(context, waiter.session, OwnedWaitRowKey(waiter.session, kind, name));
}

}  // namespace

Decision Execute(ApplyContext& context, Acquire acquire) {
  const Tables& tables = context.rows.reads();
  const std::optional<LifeRow> life = LoadLife(tables, acquire.session);
  if (!life) return {SessionNotFound(), {}};
  std::optional<QueueRow> queue = LoadQueue(tables, acquire.kind, acquire.name);
  if (!queue) return TakeFree(context, std::move(acquire), *life);
  if (queue->holder.session == acquire.session) return Granted(queue->holder);

  const std::optional<std::string> wait =
      tables.Get(OwnedWaitRowKey(acquire.session, acquire.kind, acquire.name));
  if (wait) {
    return KeepPlace(context, std::move(acquire), *queue, Ticket(DecodeVarintValue(*wait)));
  }
  if (IsTry(acquire)) {
    return Refused(Status(Code::kConflict, "lock_held", "It is held by another session."),
                   queue->holder);
  }
  return JoinLine(context, std::move(acquire), std::move(*queue), *life);
}

Decision Execute(ApplyContext& context, Release release) {
  const Result<QueueRow> queue =
      HeldBy(context, release.kind, release.name, release.session, release.token);
  if (!queue.ok()) return {queue.status(), {}};
  RemoveOwned(context, release.session,
              OwnedHoldRowKey(release.session, release.kind, release.name));
  HandOn(context, release.kind, release.name, *queue);
  return {};
}

void ListenToo(ApplyContext& context, const Acquire& acquire, Ticket ticket) {
  if (IsTry(acquire)) return;
  std::optional<Waiter> waiter =
      LoadWaiter(context.rows.reads(), acquire.kind, acquire.name, ticket);
  if (!waiter) return;
  Attach(&*waiter, acquire.listener);
  context.rows.Put(WaiterRowKey(acquire.kind, acquire.name, ticket), EncodeWaiterRow(*waiter));
}

Decision Execute(ApplyContext& context, CancelWait cancel) {
  std::optional<Waiter> waiter =
      LoadWaiter(context.rows.reads(), cancel.kind, cancel.name, cancel.ticket);
  if (!waiter) {
    return {
        Status(Code::kNotFound, "ticket_not_found", "The ticket is not in the line (any more)."),
        {}};
  }
  if (cancel.listener != 0) {
    if (std::erase(waiter->listeners, cancel.listener) == 0) return {};
    if (!waiter->listeners.empty()) {
      context.rows.Put(WaiterRowKey(cancel.kind, cancel.name, cancel.ticket),
                       EncodeWaiterRow(*waiter));
      return {};
    }
  }
  EndWait(context, cancel.kind, cancel.name, *waiter, WaitOutcome::Kind::kCancelled);
  return {};
}

Decision Execute(ApplyContext& context, WaitExpire expire) {
  for (const WaitExpire::Item& item : expire.items) {
    const std::optional<Waiter> waiter =
        LoadWaiter(context.rows.reads(), item.kind, item.name, item.ticket);
    if (!waiter || waiter->deadline_ms == 0 || waiter->deadline_ms > context.stamp_ms) continue;
    EndWait(context, item.kind, item.name, *waiter, WaitOutcome::Kind::kTimedOut);
  }
  return {};
}

Decision Execute(ApplyContext& context, Proclaim proclaim) {
  Result<QueueRow> queue =
      HeldBy(context, proclaim.kind, proclaim.name, proclaim.session, proclaim.token);
  if (!queue.ok()) return {queue.status(), {}};
  queue->holder.value = std::move(proclaim.value);
  StoreQueue(context, proclaim.kind, proclaim.name, *queue);
  context.MarkChanged();
  if (proclaim.kind == QueueKind::kElection) {
    Event event;
    event.kind = EventKind::kLeaderProclaimed;
    event.key = proclaim.name;
    event.value = queue->holder.value;
    event.session = proclaim.session;
    event.token = proclaim.token;
    context.Emit(std::move(event));
  }
  return {};
}

}  // namespace baton::coord
