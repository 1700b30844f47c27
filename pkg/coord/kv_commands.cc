#include "pkg/coord/kv_commands.h"

#include <string>
#include <utility>

#include "pkg/base/check.h"
#include "pkg/base/planted.h"
#include "pkg/coord/queue_rows.h"
#include "pkg/coord/session_rows.h"

namespace baton::coord {
namespace {

Status CheckGuard(const Tables& tables, const KvRow* current, const std::optional<Guard>& guard) {
  const std::string_view guard_lock = current != nullptr ? current->guard_lock : "";
  if (!guard) {
    if (guard_lock.empty()) return Status::Ok();
    return Status(Code::kPreconditionRequired, "guard_required",
                  "The key is guarded by a lock: supply the lock's name and live token.");
  }
  if (!guard_lock.empty() && guard_lock != guard->lock) {
    return Status(Code::kConflict, "guarded_by_other_lock",
                  "The key is guarded by another lock than the one named.");
  }
  if (PLANTED("coord.guard_not_verified")) return Status::Ok();
  return VerifyToken(tables, QueueKind::kLock, guard->lock, guard->token);
}

Status CheckPrecondition(const KvRow* current, const Precondition& precondition) {
  const bool exists = current != nullptr;
  if (precondition.kind == Precondition::Kind::kAbsent && exists) {
    return Status(Code::kPreconditionFailed, "The key exists.");
  }
  if (precondition.kind != Precondition::Kind::kModRevision) return Status::Ok();
  if (!exists) return Status(Code::kPreconditionFailed, "The key does not exist.");
  if (current->mod_revision == precondition.revision) return Status::Ok();
  const bool created_before = current->create_revision <= precondition.revision;
  if (PLANTED("coord.precondition_of_creation") && created_before) return Status::Ok();
  return Status(Code::kPreconditionFailed, "The key was last changed at revision " +
                                               std::to_string(current->mod_revision.value()) +
                                               ", not at " +
                                               std::to_string(precondition.revision.value()));
}

// A refusal that shows the key as it is only where the contract says so.
Decision Refuse(Status status, std::string_view key, const KvRow* current) {
  const bool show = status.code() == Code::kPreconditionFailed;
  Decision decision{std::move(status), {}};
  if (!show) return decision;
  KvReply reply;
  if (current != nullptr) reply.current = ToKeyValue(key, *current);
  decision.body = std::move(reply);
  return decision;
}

// The life of the session that is about to own the key; absent when none will, or does already.
Result<std::optional<LifeRow>> NewOwner(const Tables& tables, SessionId before, SessionId after) {
  if (!after || after == before) return std::optional<LifeRow>();
  std::optional<LifeRow> life = LoadLife(tables, after);
  if (!life) return SessionNotFound();
  BATON_RETURN_IF_ERROR(RoomForOneMore(*life));
  return life;
}

KeyValue NextKeyValue(const ApplyContext& context, KvPut put, const KvRow* current) {
  KeyValue next;
  next.key = std::move(put.key);
  next.value = std::move(put.value);
  next.mod_revision = context.revision();
  next.create_revision = current != nullptr ? current->create_revision : next.mod_revision;
  next.version = current != nullptr ? current->version + 1 : 1;
  next.session = put.session;
  if (put.guard) next.guard_lock = std::move(put.guard->lock);
  return next;
}

Event PutEvent(const KeyValue& kv) {
  Event event;
  event.kind = EventKind::kKvPut;
  event.key = kv.key;
  event.value = kv.value;
  event.create_revision = kv.create_revision;
  event.version = kv.version;
  event.session = kv.session;
  return event;
}

Event DeleteEvent(std::string_view key, SessionId session) {
  Event event;
  event.kind = EventKind::kKvDelete;
  event.key = key;
  event.session = session;
  return event;
}

}  // namespace

KeyValue ToKeyValue(std::string_view key, const KvRow& row) {
  KeyValue kv;
  kv.key = key;
  kv.value = row.value;
  kv.create_revision = row.create_revision;
  kv.mod_revision = row.mod_revision;
  kv.version = row.version;
  kv.session = row.session;
  kv.guard_lock = row.guard_lock;
  return kv;
}

Decision Execute(ApplyContext& context, KvPut put) {
  const Tables& tables = context.rows.reads();
  const std::string row_key = KvRowKey(put.key);
  const std::optional<std::string> stored = tables.Get(row_key);
  std::optional<KvRow> row;
  if (stored) row = DecodeKvRow(*stored);
  const KvRow* current = row ? &*row : nullptr;

  Status allowed = CheckGuard(tables, current, put.guard);
  if (allowed.ok()) allowed = CheckPrecondition(current, put.precondition);
  if (!allowed.ok()) return Refuse(std::move(allowed), put.key, current);
  const SessionId owner_before = current != nullptr ? current->session : SessionId();
  Result<std::optional<LifeRow>> owner = NewOwner(tables, owner_before, put.session);
  if (!owner.ok()) return {owner.status(), {}};

  KeyValue next = NextKeyValue(context, std::move(put), current);
  context.rows.Put(row_key, EncodeKvRow({next.create_revision, next.mod_revision, next.version,
                                         next.session, next.guard_lock, next.value}));
  if (current == nullptr) ++context.meta.counts.keys;
  if (owner_before && owner_before != next.session) {
    RemoveOwned(context, owner_before, OwnedKeyRowKey(owner_before, next.key));
  }
  if (*owner) AddOwned(context, next.session, **owner, OwnedKeyRowKey(next.session, next.key), "");
  context.Emit(PutEvent(next));
  return {Status::Ok(), KvReply{std::move(next)}};
}

Decision Execute(ApplyContext& context, KvDelete del) {
  const Tables& tables = context.rows.reads();
  const std::string row_key = KvRowKey(del.key);
  const std::optional<std::string> stored = tables.Get(row_key);
  std::optional<KvRow> row;
  if (stored) row = DecodeKvRow(*stored);
  const KvRow* current = row ? &*row : nullptr;

  Status allowed = CheckGuard(tables, current, del.guard);
  if (allowed.ok()) allowed = CheckPrecondition(current, del.precondition);
  if (!allowed.ok()) return Refuse(std::move(allowed), del.key, current);
  if (current == nullptr) return {Status::Ok(), KvReply{}};

  context.rows.Delete(row_key);
  --context.meta.counts.keys;
  if (current->session) {
    RemoveOwned(context, current->session, OwnedKeyRowKey(current->session, del.key));
  }
  context.Emit(DeleteEvent(del.key, current->session));
  return {Status::Ok(), KvReply{ToKeyValue(del.key, *current)}};
}

void DeleteKeyOfEndedSession(ApplyContext& context, std::string_view key, SessionId session) {
  context.rows.Delete(KvRowKey(key));
  --context.meta.counts.keys;
  if (PLANTED("coord.no_event_for_ended_session")) return context.MarkChanged();
  context.Emit(DeleteEvent(key, session));
}

}  // namespace baton::coord
