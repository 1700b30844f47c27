#include "pkg/coord/restore.h"

#include <string>

#include "pkg/base/bytes.h"
#include "pkg/coord/command.h"
#include "pkg/coord/row_tables.h"
#include "pkg/coord/rows.h"
#include "pkg/coord/state_hash.h"

namespace baton::coord {
namespace {

Status Contradiction(const std::string& what) {
  return Status(Code::kCorruption, "The backup contradicts itself: " + what + ".");
}

}  // namespace

void StateRestorer::Keep(std::string_view key, std::string_view value, const Sink& sink) {
  hash_ = MixPut(hash_, key, value);
  sink(key, value);
}

Status StateRestorer::Add(std::string_view key, std::string_view value, const Sink& sink) {
  switch (TableOf(key)) {
    case RowTable::kMeta:
      return AddMeta(value, sink);
    case RowTable::kKey:
      return AddKey(key, value, sink);
    case RowTable::kReply:
    case RowTable::kReplyAge:
      Keep(key, value, sink);
      break;
    case RowTable::kEvent:
      ++dropped_.events;
      break;
    case RowTable::kSession:
      ++dropped_.sessions;
      break;
    case RowTable::kLock:
      ++dropped_.locks;
      break;
    case RowTable::kElection:
      ++dropped_.elections;
      break;
    case RowTable::kLockWaiter:
    case RowTable::kElectionWaiter:
      ++dropped_.waiters;
      break;
    case RowTable::kVersion:  // the new cluster finds out by itself
    case RowTable::kIndex:
    case RowTable::kNode:
      break;
    case RowTable::kUnknown:
      return Status(Code::kInvalidArgument, "newer_format",
                    "The backup holds rows of a kind that this build does not know; use the "
                    "batonctl of the Baton that made it.");
  }
  return Status::Ok();
}

Status StateRestorer::AddKey(std::string_view key, std::string_view value, const Sink& sink) {
  const std::optional<SessionId> session = SessionOfKvRow(value);
  if (!session) return Contradiction("the row of a key is malformed");
  if (*session) {
    ++dropped_.keys;
    return Status::Ok();
  }
  ++kept_keys_;
  Keep(key, value, sink);
  return Status::Ok();
}

Status StateRestorer::CheckNumber(uint64_t number, std::string_view name) const {
  if (step_ >= 1 && step_ <= kRestoredNumberMax && number <= kRestoredNumberMax - step_) {
    return Status::Ok();
  }
  return Status(Code::kInvalidArgument, "number_too_large",
                "The last " + std::string(name) + " of the backup is " + std::to_string(number) +
                    ", and a step of " + std::to_string(step_) + " leads beyond " +
                    std::to_string(kRestoredNumberMax) +
                    "; give a smaller step, but one that is larger than what the old cluster "
                    "has counted since the backup.");
}

Status StateRestorer::AddMeta(std::string_view value, const Sink& sink) {
  const std::optional<Meta> meta = FindMeta(value);
  if (!meta) {
    return Status(Code::kInvalidArgument, "newer_format",
                  "The backup's state has a form that this build does not read; use the batonctl "
                  "of the Baton that made it.");
  }
  before_ = *meta;
  if (kept_keys_ + dropped_.keys != before_.counts.keys) {
    return Contradiction("it counts " + std::to_string(before_.counts.keys) + " keys and has " +
                         std::to_string(kept_keys_ + dropped_.keys));
  }
  BATON_RETURN_IF_ERROR(CheckNumber(before_.revision.value(), "revision"));
  BATON_RETURN_IF_ERROR(CheckNumber(before_.last_token.value(), "token"));
  BATON_RETURN_IF_ERROR(CheckNumber(before_.last_ticket.value(), "ticket"));
  after_ = before_;
  after_.revision = before_.revision + step_;
  after_.compact_revision = after_.revision;
  after_.last_token = before_.last_token + step_;
  after_.last_ticket = before_.last_ticket + step_;
  after_.history_first = after_.revision + 1;
  after_.history_bytes = 0;
  after_.counts = StateCounts();
  after_.counts.keys = kept_keys_;
  after_.counts.idempotency_entries = before_.counts.idempotency_entries;
  after_.counts.sessions_expired_total = before_.counts.sessions_expired_total;
  std::string row = EncodeMetaBody(after_);
  after_.hash = MixPut(hash_, kMetaKey, row);
  ByteWriter(&row).U64(after_.hash);
  sink(kMetaKey, row);
  has_meta_ = true;
  return Status::Ok();
}

Status StateRestorer::Finish() const {
  if (has_meta_) return Status::Ok();
  return Contradiction("it does not say which entry of the log it is of");
}

}  // namespace baton::coord
