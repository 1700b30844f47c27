// The values of the rows of lines (q, w, x) and of the memory of replies (i, a).

#include "pkg/base/bytes.h"
#include "pkg/base/check.h"
#include "pkg/coord/limits.h"
#include "pkg/coord/rows.h"

namespace baton::coord {
namespace {

std::string_view Rest(ByteReader* in) {
  CHECK(in->ok());
  return in->Raw(in->rest().size());
}

}  // namespace

std::string EncodeQueueRow(const QueueRow& row) {
  std::string value;
  value.reserve(row.holder.value.size() + 48);
  ByteWriter out(&value);
  out.U64(row.holder.session.value());
  out.Varint(row.holder.token.value());
  out.Varint(row.holder.ticket.value());
  out.Varint(static_cast<uint64_t>(row.holder.acquired_ms));
  out.Varint(row.waiters);
  out.Varint(row.line_start.value());
  out.Raw(row.holder.value);
  return value;
}

QueueRow DecodeQueueRow(std::string_view value) {
  ByteReader in(value);
  QueueRow row;
  row.holder.session = SessionId(in.U64());
  row.holder.token = Token(in.Varint());
  row.holder.ticket = Ticket(in.Varint());
  row.holder.acquired_ms = static_cast<int64_t>(in.Varint());
  row.waiters = in.Varint();
  row.line_start = Ticket(in.Varint());
  row.holder.value = Rest(&in);
  return row;
}

std::string EncodeWaiterRow(const Waiter& waiter) {
  std::string value;
  ByteWriter out(&value);
  out.U64(waiter.session.value());
  out.Varint(static_cast<uint64_t>(waiter.deadline_ms));
  CHECK_LE(waiter.listeners.size(), kWaitListenersMax);
  out.U8(static_cast<uint8_t>(waiter.listeners.size()));
  for (uint64_t listener : waiter.listeners) out.U64(listener);
  out.Raw(waiter.value);
  return value;
}

Waiter DecodeWaiterRow(Ticket ticket, std::string_view value) {
  ByteReader in(value);
  Waiter waiter;
  waiter.ticket = ticket;
  waiter.session = SessionId(in.U64());
  waiter.deadline_ms = static_cast<int64_t>(in.Varint());
  const size_t listeners = in.U8();
  CHECK_LE(listeners, kWaitListenersMax);
  for (size_t i = 0; i < listeners; ++i) waiter.listeners.push_back(in.U64());
  waiter.value = Rest(&in);
  return waiter;
}

std::string EncodeWaitDeadlineRow(const WaitDeadlineRow& row) {
  std::string value(1, static_cast<char>(row.kind));
  value.append(row.name);
  return value;
}

WaitDeadlineRow DecodeWaitDeadlineRow(std::string_view value) {
  CHECK(!value.empty());
  return {static_cast<QueueKind>(value[0]), value.substr(1)};
}

std::string EncodeIdempotencyRow(const IdempotencyRow& row) {
  std::string value;
  value.reserve(row.reply.size() + kFingerprintBytes + 17);
  ByteWriter out(&value);
  out.U64(row.number);
  out.U64(static_cast<uint64_t>(row.stamp_ms));
  out.Raw(row.fingerprint);
  out.Bool(row.value_omitted);
  out.Raw(row.reply);
  return value;
}

IdempotencyRow DecodeIdempotencyRow(std::string_view value) {
  ByteReader in(value);
  IdempotencyRow row;
  row.number = in.U64();
  row.stamp_ms = static_cast<int64_t>(in.U64());
  row.fingerprint = in.Raw(kFingerprintBytes);
  row.value_omitted = in.Bool();
  row.reply = Rest(&in);
  return row;
}

std::string EncodeIdempotencyAgeRow(const IdempotencyAgeRow& row) {
  std::string value;
  ByteWriter out(&value);
  out.U64(static_cast<uint64_t>(row.stamp_ms));
  out.U32(row.size);
  out.Raw(row.row_key);
  return value;
}

IdempotencyAgeRow DecodeIdempotencyAgeRow(std::string_view value) {
  ByteReader in(value);
  IdempotencyAgeRow row;
  row.stamp_ms = static_cast<int64_t>(in.U64());
  row.size = in.U32();
  row.row_key = Rest(&in);
  return row;
}

}  // namespace baton::coord
