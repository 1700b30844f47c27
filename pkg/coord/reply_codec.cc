// Reply:  version u8 (1) | code u8 | outcome u8 | reason string | message string |
//         revision varint | now_ms varint | replayed u8 | body index u8 | body

#include "pkg/coord/field_codec.h"
#include "pkg/coord/reply.h"

namespace baton::coord {
namespace {

constexpr uint8_t kReplyVersion = 1;

bool IsCode(uint8_t code) { return code <= static_cast<uint8_t>(Code::kInternal); }
bool IsOutcome(uint8_t outcome) { return outcome <= static_cast<uint8_t>(Outcome::kUnknown); }

std::optional<Status> ReadStatus(ByteReader* in) {
  const uint8_t code = in->U8();
  const uint8_t outcome = in->U8();
  std::string reason(in->String(SIZE_MAX));
  std::string message(in->String(SIZE_MAX));
  if (!in->ok() || !IsCode(code) || !IsOutcome(outcome)) return std::nullopt;
  if (static_cast<Code>(code) == Code::kOk) {
    const bool says_more = outcome != 0 || !reason.empty() || !message.empty();
    return says_more ? std::nullopt : std::optional(Status::Ok());
  }
  return Status(static_cast<Code>(code), std::move(reason), std::move(message))
      .SetOutcome(static_cast<Outcome>(outcome));
}

}  // namespace

// The fields of each part of a reply, in the order of its struct.

template <typename Io, Of<KeyValue> T>
void Fields(Io& io, T& kv) {
  io(kv.key, kv.value, kv.create_revision, kv.mod_revision, kv.version, kv.session, kv.guard_lock);
}
template <typename Io, Of<SessionInfo> T>
void Fields(Io& io, T& session) {
  io(session.id, session.name, session.metadata, session.ttl_ms, session.deadline_ms,
     session.renewal_epoch);
}
template <typename Io, Of<KvReply> T>
void Fields(Io& io, T& reply) {
  io(reply.current);
}
template <typename Io, Of<SessionReply> T>
void Fields(Io& io, T& reply) {
  io(reply.session);
}
template <typename Io, Of<RenewReply> T>
void Fields(Io& io, T& reply) {
  io(reply.sessions);
}
template <typename Io, Of<Holder> T>
void Fields(Io& io, T& holder) {
  io(holder.session, holder.token, holder.ticket, holder.value, holder.acquired_ms);
}
template <typename Io, Of<AcquireReply> T>
void Fields(Io& io, T& reply) {
  io(reply.token, reply.ticket, reply.position, reply.holder);
}
template <typename Io, Of<CompactReply> T>
void Fields(Io& io, T& reply) {
  io(reply.compact_revision);
}

std::string EncodeReply(const Reply& reply) {
  std::string bytes;
  ByteWriter out(&bytes);
  out.U8(kReplyVersion);
  out.U8(static_cast<uint8_t>(reply.status.code()));
  out.U8(static_cast<uint8_t>(reply.status.outcome()));
  out.String(reply.status.reason());
  out.String(reply.status.message());
  out.Varint(reply.revision.value());
  out.Varint(static_cast<uint64_t>(reply.now_ms));
  out.Bool(reply.replayed);
  out.U8(static_cast<uint8_t>(reply.body.index()));
  FieldWriter(&bytes).Alternative(reply.body);
  return bytes;
}

Result<Reply> DecodeReply(std::string_view bytes) {
  const auto malformed = [] {
    return Status(Code::kCorruption, "malformed_reply", "the bytes are not a known reply");
  };
  ByteReader head(bytes);
  if (head.U8() != kReplyVersion) return malformed();
  std::optional<Status> status = ReadStatus(&head);
  if (!status) return malformed();
  Reply reply;
  reply.status = std::move(*status);
  reply.revision = Revision(head.Varint());
  reply.now_ms = static_cast<int64_t>(head.Varint());
  reply.replayed = head.Bool();
  const uint8_t index = head.U8();
  FieldReader body(head.rest());
  if (head.ok()) body.Alternative(reply.body, index);
  if (!head.ok() || !body.AtEnd()) return malformed();
  return reply;
}

}  // namespace baton::coord
