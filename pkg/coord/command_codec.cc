#include "pkg/coord/command_codec.h"

#include <iterator>
#include <set>

#include "pkg/base/bytes.h"
#include "pkg/base/sha256.h"
#include "pkg/coord/command_version.h"
#include "pkg/coord/field_codec.h"

namespace baton::coord {
namespace {

constexpr uint8_t kEntryVersion = 1;

}  // namespace

// The fields of each command, in the order of its struct. Found by FieldWriter and FieldReader.

bool IsKnown(QueueKind kind) { return kind == QueueKind::kLock || kind == QueueKind::kElection; }
bool IsKnown(Precondition::Kind kind) { return kind <= Precondition::Kind::kModRevision; }

template <typename Io, Of<Precondition> T>
void Fields(Io& io, T& precondition) {
  io(precondition.kind, precondition.revision);
}
template <typename Io, Of<Guard> T>
void Fields(Io& io, T& guard) {
  io(guard.lock, guard.token);
}
template <typename Io, Of<KvPut> T>
void Fields(Io& io, T& put) {
  io(put.key, put.value, put.precondition, put.session, put.guard);
}
template <typename Io, Of<KvDelete> T>
void Fields(Io& io, T& del) {
  io(del.key, del.precondition, del.guard);
}
template <typename Io, Of<SessionCreate> T>
void Fields(Io& io, T& create) {
  io(create.id, create.ttl_ms, create.name, create.metadata);
}
template <typename Io, Of<SessionRenew> T>
void Fields(Io& io, T& renew) {
  io(renew.ids);
}
template <typename Io, Of<SessionDestroy> T>
void Fields(Io& io, T& destroy) {
  io(destroy.id);
}
template <typename Io, Of<SessionExpire::Item> T>
void Fields(Io& io, T& item) {
  io(item.id, item.renewal_epoch);
}
template <typename Io, Of<SessionExpire> T>
void Fields(Io& io, T& expire) {
  io(expire.items);
}
template <typename Io, Of<Acquire> T>
void Fields(Io& io, T& acquire) {
  io(acquire.kind, acquire.name, acquire.session, acquire.wait_ms, acquire.stay_queued,
     acquire.value, acquire.listener);
}
template <typename Io, Of<Release> T>
void Fields(Io& io, T& release) {
  io(release.kind, release.name, release.session, release.token);
}
template <typename Io, Of<CancelWait> T>
void Fields(Io& io, T& cancel) {
  io(cancel.kind, cancel.name, cancel.ticket, cancel.listener);
}
template <typename Io, Of<WaitExpire::Item> T>
void Fields(Io& io, T& item) {
  io(item.kind, item.name, item.ticket);
}
template <typename Io, Of<WaitExpire> T>
void Fields(Io& io, T& expire) {
  io(expire.items);
}
template <typename Io, Of<Proclaim> T>
void Fields(Io& io, T& proclaim) {
  io(proclaim.kind, proclaim.name, proclaim.session, proclaim.token, proclaim.value);
}
template <typename Io, Of<CompactHistory> T>
void Fields(Io& io, T& compact) {
  io(compact.revision);
}
template <typename Io, Of<RaiseVersion> T>
void Fields(Io& io, T& raise) {
  io(raise.version);
}

std::string EncodeCommand(const Command& command) {
  std::string bytes;
  ByteWriter out(&bytes);
  out.U8(static_cast<uint8_t>(command.body.index()));
  out.String(command.principal);
  out.String(command.idempotency_key);
  FieldWriter(&bytes).Alternative(command.body);
  return bytes;
}

Result<Command> DecodeCommand(std::string_view bytes) {
  Command command;
  ByteReader head(bytes);
  const uint8_t kind = head.U8();
  command.principal = head.String(SIZE_MAX);
  command.idempotency_key = head.String(SIZE_MAX);
  FieldReader body(head.rest());
  if (head.ok()) body.Alternative(command.body, kind);
  if (!head.ok() || !body.AtEnd()) {
    return Status(Code::kCorruption, "unknown_command", "the bytes are not a known command");
  }
  return command;
}

bool MakesDataGrow(std::string_view encoded_command) {
  static const std::set<size_t> kShrinking = {
      CommandBody(AdvanceTime()).index(),    CommandBody(KvDelete()).index(),
      CommandBody(SessionRenew()).index(),   CommandBody(SessionDestroy()).index(),
      CommandBody(SessionExpire()).index(),  CommandBody(Release()).index(),
      CommandBody(CancelWait()).index(),     CommandBody(WaitExpire()).index(),
      CommandBody(CompactHistory()).index(), CommandBody(RaiseVersion()).index()};
  ByteReader head(encoded_command);
  const uint8_t kind = head.U8();
  return !head.ok() || !kShrinking.contains(kind);
}

uint32_t VersionOf(const CommandBody& body) {
  return std::holds_alternative<CompactHistory>(body) ? 2 : 1;
}

uint32_t VersionOfEncoded(std::string_view encoded_command) {
  static const size_t kSecond = CommandBody(CompactHistory()).index();
  ByteReader head(encoded_command);
  return head.U8() == kSecond && head.ok() ? 2 : 1;
}

std::string EncodeEntry(int64_t stamp_ms, std::string_view encoded_command) {
  std::string entry;
  entry.reserve(sizeof(uint8_t) + sizeof(uint64_t) + encoded_command.size());
  ByteWriter out(&entry);
  out.U8(kEntryVersion);
  out.U64(static_cast<uint64_t>(stamp_ms));
  out.Raw(encoded_command);
  return entry;
}

Result<StampedCommand> DecodeEntry(std::string_view bytes) {
  ByteReader in(bytes);
  const uint8_t version = in.U8();
  const uint64_t stamp_ms = in.U64();
  if (!in.ok() || version != kEntryVersion || stamp_ms > kStampMsMax) {
    return Status(Code::kCorruption, "unknown_command", "the entry is not of a known version");
  }
  Result<Command> command = DecodeCommand(in.rest());
  if (!command.ok()) return command.status();
  return StampedCommand{static_cast<int64_t>(stamp_ms), std::move(*command)};
}

std::optional<size_t> CommandKindOf(std::string_view entry) {
  ByteReader in(entry);
  const uint8_t version = in.U8();
  in.U64();
  const size_t kind = in.U8();
  if (!in.ok() || version != kEntryVersion || kind >= std::variant_size_v<CommandBody>) {
    return std::nullopt;
  }
  return kind;
}

std::string_view CommandName(size_t kind) {
  static constexpr std::string_view kNames[] = {
      "advance_time",    "kv_put",         "kv_delete",       "session_create", "session_renew",
      "session_destroy", "session_expire", "acquire",         "release",        "cancel_wait",
      "wait_expire",     "proclaim",       "compact_history", "raise_version"};
  static_assert(std::size(kNames) == std::variant_size_v<CommandBody>);
  CHECK_LT(kind, std::size(kNames));
  return kNames[kind];
}

std::string FingerprintOf(const Command& command) {
  std::string bytes;
  if (const auto* acquire = std::get_if<Acquire>(&command.body)) {
    Acquire unheard = *acquire;
    unheard.listener = 0;
    FieldWriter(&bytes).Alternative(CommandBody(std::move(unheard)));
  } else {
    FieldWriter(&bytes).Alternative(command.body);
  }
  if (std::holds_alternative<SessionCreate>(command.body)) bytes.erase(0, sizeof(uint64_t));
  ByteWriter(&bytes).U64(command.body.index());
  return Sha256(bytes);
}

}  // namespace baton::coord
