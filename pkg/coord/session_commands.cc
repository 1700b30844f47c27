#include "pkg/coord/session_commands.h"

#include <algorithm>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pkg/base/check.h"
#include "pkg/base/planted.h"
#include "pkg/coord/kv_commands.h"
#include "pkg/coord/limits.h"
#include "pkg/coord/queue_rows.h"
#include "pkg/coord/session_rows.h"

namespace baton::coord {
namespace {

struct EndedSession {
  SessionId id;
  std::vector<std::string> left_row_keys;  // owned rows of what is still to be given back
};

void PutDeadline(ApplyContext& context, SessionId id, const LifeRow& life) {
  context.rows.Put(SessionDeadlineRowKey(life.deadline_ms, id),
                   EncodeVarintValue(life.renewal_epoch));
  context.due_from.session_ms = std::min(context.due_from.session_ms, life.deadline_ms);
}

void RemoveWaitOfEndedSession(ApplyContext& context, std::string_view owned_row_key,
                              std::string_view owned_value) {
  const OwnedRow owned = ParseOwnedRowKey(owned_row_key);
  const Ticket ticket(DecodeVarintValue(owned_value));
  const std::optional<Waiter> waiter =
      LoadWaiter(context.rows.reads(), owned.queue_kind, owned.name, ticket);
  CHECK(waiter.has_value()) << "an owned wait without its waiter";
  RemoveWaiter(context, owned.queue_kind, owned.name, *waiter, WaitOutcome::Kind::kSessionEnded);
}

// The session's own rows and its waits. Returns what else it owned.
EndedSession EndLife(ApplyContext& context, SessionId id, const LifeRow& life) {
  context.rows.Delete(SessionDeadlineRowKey(life.deadline_ms, id));
  context.rows.Delete(LifeRowKey(id));
  context.rows.Delete(SessionRowKey(id));
  --context.meta.counts.sessions;
  context.MarkChanged();

  std::vector<std::pair<std::string, std::string>> owned;
  const std::string prefix = OwnedRowsPrefix(id);
  const auto visit = [&owned](std::string_view row_key, std::string_view value) {
    owned.emplace_back(row_key, value);
    return true;
  };
  context.rows.reads().Scan(prefix, PrefixEnd(prefix), visit);
  CHECK_EQ(owned.size(), life.owned);

  EndedSession ended{id, {}};
  for (auto& [row_key, value] : owned) {
    context.rows.Delete(row_key);
    if (ParseOwnedRowKey(row_key).kind == OwnedRow::Kind::kWait) {
      if (PLANTED("coord.dead_session_waits_on")) continue;
      RemoveWaitOfEndedSession(context, row_key, value);
    } else {
      ended.left_row_keys.push_back(std::move(row_key));
    }
  }
  return ended;
}

void GiveBack(ApplyContext& context, const EndedSession& ended) {
  for (const std::string& row_key : ended.left_row_keys) {
    const OwnedRow owned = ParseOwnedRowKey(row_key);
    if (owned.kind == OwnedRow::Kind::kKey) {
      DeleteKeyOfEndedSession(context, owned.name, ended.id);
      continue;
    }
    const std::optional<QueueRow> queue =
        LoadQueue(context.rows.reads(), owned.queue_kind, owned.name);
    CHECK(queue.has_value() && queue->holder.session == ended.id) << "an owned hold of another's";
    HandOn(context, owned.queue_kind, owned.name, *queue);
  }
}

void EndSessions(ApplyContext& context, std::span<const std::pair<SessionId, LifeRow>> sessions) {
  std::vector<EndedSession> ended;
  for (const auto& [id, life] : sessions) ended.push_back(EndLife(context, id, life));
  for (const EndedSession& session : ended) GiveBack(context, session);
}

}  // namespace

Decision Execute(ApplyContext& context, SessionCreate create) {
  if (LoadLife(context.rows.reads(), create.id)) {
    return {Status(Code::kConflict, "session_exists", "The session id is taken."), {}};
  }
  if (context.meta.counts.sessions >= kSessionsMax) {
    return {Status(Code::kResourceExhausted, "too_many_sessions",
                   "There are " + std::to_string(context.meta.counts.sessions) +
                       " sessions; the limit is " + std::to_string(kSessionsMax)),
            {}};
  }
  const LifeRow life{context.meta.now_ms + create.ttl_ms, /*renewal_epoch=*/1, /*owned=*/0};
  context.rows.Put(SessionRowKey(create.id),
                   EncodeSessionRow({create.ttl_ms, create.name, create.metadata}));
  context.rows.Put(LifeRowKey(create.id), EncodeLifeRow(life));
  PutDeadline(context, create.id, life);
  ++context.meta.counts.sessions;
  context.MarkChanged();
  SessionInfo session{create.id,     std::move(create.name), std::move(create.metadata),
                      create.ttl_ms, life.deadline_ms,       life.renewal_epoch};
  return {Status::Ok(), SessionReply{std::move(session)}};
}

Decision Execute(ApplyContext& context, SessionRenew renew) {
  RenewReply reply;
  for (SessionId id : renew.ids) {
    std::optional<LifeRow> life = LoadLife(context.rows.reads(), id);
    if (!life) {
      reply.sessions.emplace_back().id = id;
      continue;
    }
    SessionInfo session = DescribeSession(context.rows.reads(), id, *life);
    context.rows.Delete(SessionDeadlineRowKey(life->deadline_ms, id));
    session.deadline_ms = life->deadline_ms = context.meta.now_ms + session.ttl_ms;
    session.renewal_epoch = ++life->renewal_epoch;
    context.rows.Put(LifeRowKey(id), EncodeLifeRow(*life));
    PutDeadline(context, id, *life);
    reply.sessions.push_back(std::move(session));
  }
  return {Status::Ok(), std::move(reply)};
}

Decision Execute(ApplyContext& context, SessionDestroy destroy) {
  const std::optional<LifeRow> life = LoadLife(context.rows.reads(), destroy.id);
  if (!life) return {SessionNotFound(), {}};
  const std::pair<SessionId, LifeRow> session(destroy.id, *life);
  EndSessions(context, std::span(&session, 1));
  return {};
}

Decision Execute(ApplyContext& context, SessionExpire expire) {
  std::vector<std::pair<SessionId, LifeRow>> due;
  std::set<SessionId> seen;
  uint64_t owned = 0;
  for (const SessionExpire::Item& item : expire.items) {
    const std::optional<LifeRow> life = LoadLife(context.rows.reads(), item.id);
    const bool is_due =
        life && life->renewal_epoch == item.renewal_epoch && life->deadline_ms <= context.stamp_ms;
    if (!is_due && !(life && PLANTED("coord.expiry_not_checked"))) continue;
    if (!seen.insert(item.id).second) continue;
    owned += life->owned;
    if (owned > kExpireOwnedMax) break;
    due.emplace_back(item.id, *life);
  }
  context.meta.counts.sessions_expired_total += due.size();
  EndSessions(context, due);
  return {};
}

}  // namespace baton::coord
