#include "pkg/base/bytes.h"
#include "pkg/base/check.h"
#include "pkg/coord/rows.h"

namespace baton::coord {
namespace {

constexpr uint8_t kMetaFormat = 2;
constexpr size_t kMetaBytes = 1 + 22 * sizeof(uint64_t);
constexpr size_t kAny = SIZE_MAX;  // strings in rows were bounded when they were written

uint64_t Unsigned(int64_t number) { return static_cast<uint64_t>(number); }
int64_t Signed(uint64_t number) { return static_cast<int64_t>(number); }

// The numbers of the meta row but the hash, in its order. One list for writing and reading.
template <typename MetaType, typename Visit>
void VisitMetaNumbers(MetaType& meta, const Visit& visit) {
  visit(meta.applied);
  visit(meta.applied_term);
  visit(meta.revision);
  visit(meta.compact_revision);
  visit(meta.now_ms);
  visit(meta.last_token);
  visit(meta.last_ticket);
  visit(meta.counts.keys);
  visit(meta.counts.sessions);
  visit(meta.counts.locks_held);
  visit(meta.counts.lock_waiters);
  visit(meta.counts.elections_held);
  visit(meta.counts.election_waiters);
  visit(meta.counts.idempotency_entries);
  visit(meta.counts.sessions_expired_total);
  visit(meta.history_first);
  visit(meta.history_bytes);
  visit(meta.idempotency_first);
  visit(meta.idempotency_next);
  visit(meta.idempotency_bytes);
  visit(meta.idempotency_oldest_ms);
}

struct WriteNumber {
  ByteWriter& out;
  void operator()(uint64_t number) const { out.U64(number); }
  void operator()(int64_t number) const { out.U64(Unsigned(number)); }
  template <typename Tag>
  void operator()(StrongNumber<Tag> number) const {
    out.U64(number.value());
  }
};

struct ReadNumber {
  ByteReader& in;
  void operator()(uint64_t& number) const { number = in.U64(); }
  void operator()(int64_t& number) const { number = Signed(in.U64()); }
  template <typename Tag>
  void operator()(StrongNumber<Tag>& number) const {
    number = StrongNumber<Tag>(in.U64());
  }
};

// The rest of the value, which is its last field.
std::string_view Rest(ByteReader* in) {
  CHECK(in->ok());
  return in->Raw(in->rest().size());
}

}  // namespace

std::string EncodeMetaBody(const Meta& meta) {
  std::string body;
  body.reserve(kMetaBytes);
  ByteWriter out(&body);
  out.U8(kMetaFormat);
  VisitMetaNumbers(meta, WriteNumber{out});
  return body;
}

Meta DecodeMeta(std::string_view value) {
  ByteReader in(value);
  const int format = in.U8();
  CHECK_EQ(format, int{kMetaFormat}) << "the state was written by another version of Baton";
  Meta meta;
  VisitMetaNumbers(meta, ReadNumber{in});
  meta.hash = in.U64();
  CHECK(in.AtEnd());
  return meta;
}

std::string EncodeKvRow(const KvRow& row) {
  std::string value;
  value.reserve(row.value.size() + row.guard_lock.size() + 40);
  ByteWriter out(&value);
  out.Varint(row.create_revision.value());
  out.Varint(row.mod_revision.value());
  out.Varint(row.version);
  out.U64(row.session.value());
  out.String(row.guard_lock);
  out.Raw(row.value);
  return value;
}

KvRow DecodeKvRow(std::string_view value) {
  ByteReader in(value);
  KvRow row;
  row.create_revision = Revision(in.Varint());
  row.mod_revision = Revision(in.Varint());
  row.version = in.Varint();
  row.session = SessionId(in.U64());
  row.guard_lock = in.String(kAny);
  row.value = Rest(&in);
  return row;
}

std::string EncodeEventRow(const Event& event) {
  std::string value;
  value.reserve(event.value.size() + event.key.size() + 48);
  ByteWriter out(&value);
  out.U8(static_cast<uint8_t>(event.kind));
  out.String(event.key);
  out.Varint(event.create_revision.value());
  out.Varint(event.version);
  out.U64(event.session.value());
  out.Varint(event.token.value());
  out.Raw(event.value);
  return value;
}

EventRowHead DecodeEventRowHead(std::string_view value) {
  ByteReader in(value);
  EventRowHead head;
  head.kind = static_cast<EventKind>(in.U8());
  head.key = in.String(kAny);
  CHECK(in.ok());
  return head;
}

Event DecodeEventRow(Revision revision, std::string_view value) {
  ByteReader in(value);
  Event event;
  event.revision = revision;
  event.kind = static_cast<EventKind>(in.U8());
  event.key = in.String(kAny);
  event.create_revision = Revision(in.Varint());
  event.version = in.Varint();
  event.session = SessionId(in.U64());
  event.token = Token(in.Varint());
  event.value = Rest(&in);
  return event;
}

std::string EncodeSessionRow(const SessionRow& row) {
  std::string value;
  ByteWriter out(&value);
  out.Varint(Unsigned(row.ttl_ms));
  out.String(row.name);
  out.Raw(row.metadata);
  return value;
}

SessionRow DecodeSessionRow(std::string_view value) {
  ByteReader in(value);
  SessionRow row;
  row.ttl_ms = Signed(in.Varint());
  row.name = in.String(kAny);
  row.metadata = Rest(&in);
  return row;
}

std::string EncodeLifeRow(const LifeRow& row) {
  std::string value;
  ByteWriter out(&value);
  out.Varint(Unsigned(row.deadline_ms));
  out.Varint(row.renewal_epoch);
  out.Varint(row.owned);
  return value;
}

LifeRow DecodeLifeRow(std::string_view value) {
  ByteReader in(value);
  LifeRow row;
  row.deadline_ms = Signed(in.Varint());
  row.renewal_epoch = in.Varint();
  row.owned = in.Varint();
  CHECK(in.AtEnd());
  return row;
}

std::string EncodeVarintValue(uint64_t number) {
  std::string value;
  ByteWriter(&value).Varint(number);
  return value;
}

uint64_t DecodeVarintValue(std::string_view value) {
  ByteReader in(value);
  const uint64_t number = in.Varint();
  CHECK(in.AtEnd());
  return number;
}

}  // namespace baton::coord
