// File: queue_rows.h
//
// Lines of sessions, of which the first holds the lock or leads: the rows, and the few moves that
// all commands are made of. Internal to this room.
//
// What always holds: a line has a queue row exactly while somebody holds it; the holder's session
// lives and has an owned row for it; every waiter has a row in ticket order, an owned row of its
// living session, and a deadline row if it has a deadline. Tickets and tokens come from counters of
// the whole cluster, so they grow along every line and over every lock's life.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "pkg/coord/apply_context.h"
#include "pkg/coord/command.h"
#include "pkg/coord/reply.h"
#include "pkg/coord/rows.h"

namespace baton::coord {

// --- reads ---

std::optional<QueueRow> LoadQueue(const Tables& tables, QueueKind kind, std::string_view name);
std::optional<Waiter> LoadWaiter(const Tables& tables, QueueKind kind, std::string_view name,
                                 Ticket ticket);
// The first `waiters_max` in line. `line_start` is the queue row's.
std::vector<Waiter> LoadWaiters(const Tables& tables, QueueKind kind, std::string_view name,
                                Ticket line_start, uint64_t waiters_max);
// 1 for the next in line. Looks at the rows before it, at most kWaitersPerQueueMax.
uint64_t PositionOf(const Tables& tables, QueueKind kind, std::string_view name, Ticket line_start,
                    Ticket ticket);
// The ticket waits in this line, or came with the holder.
bool HasTicket(const Tables& tables, QueueKind kind, std::string_view name, Ticket ticket);
// OK, or kConflict/"stale_token".
Status VerifyToken(const Tables& tables, QueueKind kind, std::string_view name, Token token);

// --- moves ---

void StoreQueue(ApplyContext& context, QueueKind kind, std::string_view name, const QueueRow& row);

// The holder's owned row and its event; a new token. The session's life has been seen to.
// `holder` comes without token and time, which are given here.
Holder Grant(ApplyContext& context, QueueKind kind, std::string_view name, Holder holder);
// The present holder is gone: the first in line holds, or the line is over. The old holder's owned
// row is the caller's business.
void HandOn(ApplyContext& context, QueueKind kind, std::string_view name, const QueueRow& queue);
// Takes a waiter out of the line, and tells whoever waits why. Its owned row is the caller's
// business.
void RemoveWaiter(ApplyContext& context, QueueKind kind, std::string_view name,
                  const Waiter& waiter, WaitOutcome::Kind why);

void PutWaitDeadline(ApplyContext& context, QueueKind kind, std::string_view name,
                     const Waiter& waiter);
void DeleteWaitDeadline(ApplyContext& context, const Waiter& waiter);
uint64_t& WaiterCount(Meta& meta, QueueKind kind);

}  // namespace baton::coord
