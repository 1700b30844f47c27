#include "pkg/coord/idempotency.h"

#include <string>
#include <utility>
#include <vector>

#include "pkg/base/check.h"
#include "pkg/coord/limits.h"
#include "pkg/coord/queue_rows.h"
#include "pkg/coord/rows.h"

namespace baton::coord {
namespace {

bool IsPastAge(const Meta& meta, int64_t stamp_ms) {
  return meta.now_ms - stamp_ms > kIdempotencyAgeMaxMs;
}

void Forget(ApplyContext& context, std::string_view row_key, uint64_t number, uint64_t size) {
  context.rows.Delete(row_key);
  context.rows.Delete(IdempotencyAgeRowKey(number));
  --context.meta.counts.idempotency_entries;
  context.meta.idempotency_bytes -= size;
}

// The value in the reply to a put, which the command has too.
std::string* RepeatedValue(bool is_put, Reply* reply) {
  auto* kv = std::get_if<KvReply>(&reply->body);
  if (!is_put || !reply->status.ok() || kv == nullptr || !kv->current) return nullptr;
  return &kv->current->value;
}

// The answer is a ticket that neither waits nor holds any more: as an answer it is worth nothing.
bool IsSpentTicket(const Tables& tables, const Command& command, const Reply& reply) {
  const auto* acquire = std::get_if<Acquire>(&command.body);
  const auto* answer = std::get_if<AcquireReply>(&reply.body);
  if (acquire == nullptr || answer == nullptr || !answer->ticket) return false;
  return !HasTicket(tables, acquire->kind, acquire->name, answer->ticket);
}

Status KeyReused() {
  return Status(Code::kUnprocessable, "idempotency_key_reused",
                "The idempotency key was used for another command.");
}

// An entry among the oldest, to be forgotten.
struct OldEntry {
  std::string row_key;
  uint64_t number = 0;
  uint64_t size = 0;
};

bool NeedsTrim(const Meta& meta) {
  if (meta.counts.idempotency_entries == 0) return false;
  return meta.counts.idempotency_entries > kIdempotencyEntriesMax ||
         meta.idempotency_bytes > kIdempotencyBytesMax ||
         IsPastAge(meta, meta.idempotency_oldest_ms);
}

// Moves meta's notion of the oldest entry to the first that stays.
std::vector<OldEntry> FindOldEntries(ApplyContext& context) {
  Meta& meta = context.meta;
  const bool too_many = meta.counts.idempotency_entries > kIdempotencyEntriesMax;
  uint64_t bytes_left = meta.idempotency_bytes;
  uint64_t first = meta.idempotency_next;
  int64_t oldest_ms = meta.now_ms;
  std::vector<OldEntry> old;
  const auto visit = [&](std::string_view age_row_key, std::string_view value) {
    const IdempotencyAgeRow row = DecodeIdempotencyAgeRow(value);
    const uint64_t number = IdempotencyAgeRowNumber(age_row_key);
    const bool goes =
        too_many || bytes_left > kIdempotencyBytesMax || IsPastAge(meta, row.stamp_ms);
    if (!goes || old.size() == kTrimRowsMax) {
      first = number;
      oldest_ms = row.stamp_ms;
      return false;
    }
    old.push_back({std::string(row.row_key), number, row.size});
    bytes_left -= row.size;
    return true;
  };
  context.rows.reads().Scan(IdempotencyAgeRowKey(meta.idempotency_first), PrefixEnd("a"), visit);
  meta.idempotency_first = first;
  meta.idempotency_oldest_ms = oldest_ms;
  return old;
}

}  // namespace

std::optional<Reply> FindReply(ApplyContext& context, const Command& command,
                               std::string_view fingerprint) {
  const std::string row_key = IdempotencyRowKey(command.principal, command.idempotency_key);
  const std::optional<std::string> value = context.rows.Get(row_key);
  if (!value) return std::nullopt;
  const IdempotencyRow row = DecodeIdempotencyRow(*value);
  if (IsPastAge(context.meta, row.stamp_ms)) {
    Forget(context, row_key, row.number, row_key.size() + value->size());
    return std::nullopt;
  }
  Reply reply;
  if (row.fingerprint != fingerprint) {
    reply.status = KeyReused();
    reply.revision = context.meta.revision;
    reply.now_ms = context.meta.now_ms;
    return reply;
  }
  Result<Reply> stored = DecodeReply(row.reply);
  CHECK(stored.ok()) << stored.status().ToString();
  if (IsSpentTicket(context.rows.reads(), command, *stored)) {
    Forget(context, row_key, row.number, row_key.size() + value->size());
    return std::nullopt;
  }
  reply = std::move(*stored);
  reply.replayed = true;
  if (row.value_omitted) {
    *RepeatedValue(/*is_put=*/true, &reply) = std::get<KvPut>(command.body).value;
  }
  return reply;
}

void RememberReply(ApplyContext& context, const IdempotencyId& id, bool is_put,
                   std::string_view fingerprint, Reply* reply) {
  Meta& meta = context.meta;
  std::string* repeated = RepeatedValue(is_put, reply);
  std::string put_aside;
  if (repeated != nullptr) put_aside.swap(*repeated);
  const std::string encoded = EncodeReply(*reply);
  if (repeated != nullptr) put_aside.swap(*repeated);

  const uint64_t number = meta.idempotency_next++;
  const std::string row_key = IdempotencyRowKey(id.principal, id.key);
  const std::string value =
      EncodeIdempotencyRow({number, meta.now_ms, fingerprint, repeated != nullptr, encoded});
  const auto size = static_cast<uint32_t>(row_key.size() + value.size());
  context.rows.Put(row_key, value);
  context.rows.Put(IdempotencyAgeRowKey(number),
                   EncodeIdempotencyAgeRow({meta.now_ms, size, row_key}));
  ++meta.counts.idempotency_entries;
  meta.idempotency_bytes += size;
}

void TrimReplies(ApplyContext& context) {
  if (!NeedsTrim(context.meta)) return;
  for (const OldEntry& entry : FindOldEntries(context)) {
    Forget(context, entry.row_key, entry.number, entry.size);
  }
}

}  // namespace baton::coord
