#include <string>

#include "pkg/coord/command.h"
#include "pkg/coord/limits.h"

namespace baton::coord {
namespace {

Status AtMost(std::string_view field, uint64_t size, uint64_t size_max, std::string_view unit) {
  if (size <= size_max) return Status::Ok();
  return Status(Code::kTooLarge, std::string(field) + " has " + std::to_string(size) + " " +
                                     std::string(unit) + "; the limit is " +
                                     std::to_string(size_max));
}

Status Bytes(std::string_view field, std::string_view value, size_t bytes_max) {
  return AtMost(field, value.size(), bytes_max, "bytes");
}

Status NonEmpty(std::string_view field, std::string_view value, size_t bytes_max) {
  if (value.empty()) {
    return Status(Code::kInvalidArgument, std::string(field) + " must not be empty; the limit is " +
                                              std::to_string(bytes_max) + " bytes");
  }
  return Bytes(field, value, bytes_max);
}

template <typename Tag>
Status Given(std::string_view field, StrongNumber<Tag> number) {
  if (number) return Status::Ok();
  return Status(Code::kInvalidArgument, std::string(field) + " must not be 0");
}

Status InRange(std::string_view field, int64_t value, int64_t low, int64_t high) {
  if (value >= low && value <= high) return Status::Ok();
  return Status(Code::kUnprocessable, std::string(field) + " is " + std::to_string(value) +
                                          "; it must be from " + std::to_string(low) + " to " +
                                          std::to_string(high));
}

Status Known(QueueKind kind) {
  if (kind == QueueKind::kLock || kind == QueueKind::kElection) return Status::Ok();
  return Status(Code::kInvalidArgument, "kind must be lock or election");
}

Status QueueName(QueueKind kind, std::string_view name) {
  BATON_RETURN_IF_ERROR(Known(kind));
  return NonEmpty("name", name, kNameBytesMax);
}

Status ValidateGuard(const std::optional<Guard>& guard) {
  if (!guard) return Status::Ok();
  BATON_RETURN_IF_ERROR(NonEmpty("guard.lock", guard->lock, kNameBytesMax));
  return Given("guard.token", guard->token);
}

Status ValidatePrecondition(const Precondition& precondition) {
  switch (precondition.kind) {
    case Precondition::Kind::kNone:
    case Precondition::Kind::kAbsent:
      return Status::Ok();
    case Precondition::Kind::kModRevision:
      return Given("precondition.revision", precondition.revision);
  }
  return Status(Code::kInvalidArgument, "precondition.kind must be none, absent or mod_revision");
}

// One overload for each command.

Status ValidateBody(const AdvanceTime&) { return Status::Ok(); }

Status ValidateBody(const KvPut& put) {
  BATON_RETURN_IF_ERROR(NonEmpty("key", put.key, kKeyBytesMax));
  BATON_RETURN_IF_ERROR(Bytes("value", put.value, kValueBytesMax));
  BATON_RETURN_IF_ERROR(ValidatePrecondition(put.precondition));
  return ValidateGuard(put.guard);
}

Status ValidateBody(const KvDelete& del) {
  BATON_RETURN_IF_ERROR(NonEmpty("key", del.key, kKeyBytesMax));
  BATON_RETURN_IF_ERROR(ValidatePrecondition(del.precondition));
  return ValidateGuard(del.guard);
}

Status ValidateBody(const SessionCreate& create) {
  BATON_RETURN_IF_ERROR(Given("session id", create.id));
  BATON_RETURN_IF_ERROR(InRange("ttl_ms", create.ttl_ms, kSessionTtlMinMs, kSessionTtlMaxMs));
  BATON_RETURN_IF_ERROR(Bytes("name", create.name, kNameBytesMax));
  return Bytes("meta", create.metadata, kMetadataBytesMax);
}

Status ValidateBody(const SessionRenew& renew) {
  BATON_RETURN_IF_ERROR(AtMost("ids", renew.ids.size(), kBatchItemsMax, "items"));
  for (SessionId id : renew.ids) BATON_RETURN_IF_ERROR(Given("ids: session id", id));
  return Status::Ok();
}

Status ValidateBody(const SessionDestroy& destroy) { return Given("session id", destroy.id); }

Status ValidateBody(const SessionExpire& expire) {
  BATON_RETURN_IF_ERROR(AtMost("items", expire.items.size(), kBatchItemsMax, "items"));
  for (const auto& item : expire.items) {
    BATON_RETURN_IF_ERROR(Given("items: session id", item.id));
  }
  return Status::Ok();
}

Status ValidateBody(const Acquire& acquire) {
  BATON_RETURN_IF_ERROR(QueueName(acquire.kind, acquire.name));
  BATON_RETURN_IF_ERROR(Given("session", acquire.session));
  BATON_RETURN_IF_ERROR(InRange("wait_ms", acquire.wait_ms, 0, kWaitMaxMs));
  return Bytes("value", acquire.value, kMetadataBytesMax);
}

Status ValidateBody(const Release& release) {
  BATON_RETURN_IF_ERROR(QueueName(release.kind, release.name));
  BATON_RETURN_IF_ERROR(Given("session", release.session));
  return Given("token", release.token);
}

Status ValidateBody(const CancelWait& cancel) {
  BATON_RETURN_IF_ERROR(QueueName(cancel.kind, cancel.name));
  return Given("ticket", cancel.ticket);
}

Status ValidateBody(const WaitExpire& expire) {
  BATON_RETURN_IF_ERROR(AtMost("items", expire.items.size(), kBatchItemsMax, "items"));
  for (const auto& item : expire.items) {
    BATON_RETURN_IF_ERROR(QueueName(item.kind, item.name));
    BATON_RETURN_IF_ERROR(Given("items: ticket", item.ticket));
  }
  return Status::Ok();
}

Status ValidateBody(const Proclaim& proclaim) {
  BATON_RETURN_IF_ERROR(QueueName(proclaim.kind, proclaim.name));
  BATON_RETURN_IF_ERROR(Given("session", proclaim.session));
  BATON_RETURN_IF_ERROR(Given("token", proclaim.token));
  return Bytes("value", proclaim.value, kMetadataBytesMax);
}

Status ValidateBody(const CompactHistory& compact) { return Given("revision", compact.revision); }

Status ValidateBody(const RaiseVersion& raise) {
  return InRange("version", static_cast<int64_t>(std::min<uint64_t>(raise.version, INT64_MAX)), 1,
                 kVersionMax);
}

}  // namespace

Status Validate(const Command& command) {
  BATON_RETURN_IF_ERROR(Bytes("principal", command.principal, kPrincipalBytesMax));
  BATON_RETURN_IF_ERROR(Bytes("idempotency_key", command.idempotency_key, kIdempotencyKeyBytesMax));
  return std::visit([](const auto& body) { return ValidateBody(body); }, command.body);
}

}  // namespace baton::coord
