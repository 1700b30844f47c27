#include "pkg/coord/session_rows.h"

#include "pkg/base/check.h"
#include "pkg/coord/limits.h"

namespace baton::coord {

std::optional<LifeRow> LoadLife(const Tables& tables, SessionId id) {
  const std::optional<std::string> value = tables.Get(LifeRowKey(id));
  if (!value) return std::nullopt;
  return DecodeLifeRow(*value);
}

std::optional<SessionInfo> LoadSession(const Tables& tables, SessionId id) {
  const std::optional<LifeRow> life = LoadLife(tables, id);
  if (!life) return std::nullopt;
  return DescribeSession(tables, id, *life);
}

SessionInfo DescribeSession(const Tables& tables, SessionId id, const LifeRow& life) {
  const std::optional<std::string> value = tables.Get(SessionRowKey(id));
  CHECK(value.has_value()) << "a life without its session";
  const SessionRow row = DecodeSessionRow(*value);
  SessionInfo session;
  session.id = id;
  session.name = row.name;
  session.metadata = row.metadata;
  session.ttl_ms = row.ttl_ms;
  session.deadline_ms = life.deadline_ms;
  session.renewal_epoch = life.renewal_epoch;
  return session;
}

Status SessionNotFound() {
  return Status(Code::kNotFound, "session_not_found", "The session does not exist or has ended.");
}

Status RoomForOneMore(const LifeRow& life) {
  if (life.owned < kOwnedPerSessionMax) return Status::Ok();
  return Status(Code::kResourceExhausted, "too_many_owned",
                "The session owns " + std::to_string(life.owned) +
                    " keys, locks and waits; the limit is " + std::to_string(kOwnedPerSessionMax));
}

void AddOwned(ApplyContext& context, SessionId id, LifeRow life, std::string_view owned_row_key,
              std::string_view value) {
  ++life.owned;
  context.rows.Put(LifeRowKey(id), EncodeLifeRow(life));
  context.rows.Put(owned_row_key, value);
}

void RemoveOwned(ApplyContext& context, SessionId id, std::string_view owned_row_key) {
  std::optional<LifeRow> life = LoadLife(context.rows.reads(), id);
  CHECK(life.has_value()) << "an owner that has ended";
  CHECK_GT(life->owned, 0u);
  --life->owned;
  context.rows.Put(LifeRowKey(id), EncodeLifeRow(*life));
  context.rows.Delete(owned_row_key);
}

}  // namespace baton::coord
