#include "pkg/base/bytes.h"
#include "pkg/base/check.h"
#include "pkg/coord/rows.h"

namespace baton::coord {
namespace {

constexpr size_t kNumberBytes = 8;

// Builds one key. The longest is about kKeyBytesMax + 10 bytes.
class KeyBuilder {
 public:
  explicit KeyBuilder(char table) : key_(1, table) {}
  KeyBuilder& Number(uint64_t number) {
    ByteWriter(&key_).U64BigEndian(number);
    return *this;
  }
  KeyBuilder& Number32(uint32_t number) {
    for (int shift = 24; shift >= 0; shift -= 8) key_.push_back(static_cast<char>(number >> shift));
    return *this;
  }
  KeyBuilder& Byte(char byte) {
    key_.push_back(byte);
    return *this;
  }
  KeyBuilder& Kind(QueueKind kind) { return Byte(static_cast<char>(kind)); }
  KeyBuilder& Bytes(std::string_view bytes) {
    key_.append(bytes);
    return *this;
  }
  KeyBuilder& Sized(std::string_view bytes) {
    CHECK_LE(bytes.size(), 0xffffu);
    key_.push_back(static_cast<char>(bytes.size() >> 8));
    key_.push_back(static_cast<char>(bytes.size()));
    return Bytes(bytes);
  }
  std::string Take() { return std::move(key_); }

 private:
  std::string key_;
};

uint64_t NumberAt(std::string_view row_key, size_t position) {
  CHECK_GE(row_key.size(), position + kNumberBytes);
  return ByteReader(row_key.substr(position)).U64BigEndian();
}

KeyBuilder Owned(SessionId id, OwnedRow::Kind kind) {
  KeyBuilder key('o');
  key.Number(id.value()).Byte(static_cast<char>(kind));
  return key;
}

}  // namespace

std::string KvRowKey(std::string_view key) { return KeyBuilder('k').Bytes(key).Take(); }

std::string HistoryRowKey(Revision revision, uint32_t number) {
  return KeyBuilder('h').Number(revision.value()).Number32(number).Take();
}

std::string SessionRowKey(SessionId id) { return KeyBuilder('s').Number(id.value()).Take(); }

std::string LifeRowKey(SessionId id) { return KeyBuilder('l').Number(id.value()).Take(); }

std::string SessionDeadlineRowKey(int64_t deadline_ms, SessionId id) {
  return KeyBuilder('d').Number(static_cast<uint64_t>(deadline_ms)).Number(id.value()).Take();
}

std::string OwnedRowsPrefix(SessionId id) { return KeyBuilder('o').Number(id.value()).Take(); }

std::string OwnedKeyRowKey(SessionId id, std::string_view key) {
  return Owned(id, OwnedRow::Kind::kKey).Bytes(key).Take();
}

std::string OwnedHoldRowKey(SessionId id, QueueKind kind, std::string_view name) {
  return Owned(id, OwnedRow::Kind::kHold).Kind(kind).Bytes(name).Take();
}

std::string OwnedWaitRowKey(SessionId id, QueueKind kind, std::string_view name) {
  return Owned(id, OwnedRow::Kind::kWait).Kind(kind).Bytes(name).Take();
}

std::string QueueRowKey(QueueKind kind, std::string_view name) {
  return KeyBuilder('q').Kind(kind).Bytes(name).Take();
}

std::string WaiterRowsPrefix(QueueKind kind, std::string_view name) {
  return KeyBuilder('w').Kind(kind).Sized(name).Take();
}

std::string WaiterRowKey(QueueKind kind, std::string_view name, Ticket ticket) {
  return KeyBuilder('w').Kind(kind).Sized(name).Number(ticket.value()).Take();
}

std::string WaitDeadlineRowKey(int64_t deadline_ms, Ticket ticket) {
  return KeyBuilder('x').Number(static_cast<uint64_t>(deadline_ms)).Number(ticket.value()).Take();
}

std::string IdempotencyRowKey(std::string_view principal, std::string_view key) {
  return KeyBuilder('i').Sized(principal).Bytes(key).Take();
}

std::string IdempotencyAgeRowKey(uint64_t number) { return KeyBuilder('a').Number(number).Take(); }

Revision HistoryRowRevision(std::string_view row_key) { return Revision(NumberAt(row_key, 1)); }

SessionId SessionRowId(std::string_view row_key) { return SessionId(NumberAt(row_key, 1)); }

DeadlineRow ParseDeadlineRowKey(std::string_view row_key) {
  return {static_cast<int64_t>(NumberAt(row_key, 1)), NumberAt(row_key, 1 + kNumberBytes)};
}

Ticket WaiterRowTicket(std::string_view row_key) {
  CHECK_GT(row_key.size(), kNumberBytes);
  return Ticket(NumberAt(row_key, row_key.size() - kNumberBytes));
}

uint64_t IdempotencyAgeRowNumber(std::string_view row_key) { return NumberAt(row_key, 1); }

OwnedRow ParseOwnedRowKey(std::string_view row_key) {
  CHECK_GT(row_key.size(), 1 + kNumberBytes);
  OwnedRow row;
  row.kind = static_cast<OwnedRow::Kind>(row_key[1 + kNumberBytes]);
  row_key.remove_prefix(2 + kNumberBytes);
  if (row.kind != OwnedRow::Kind::kKey) {
    CHECK(!row_key.empty());
    row.queue_kind = static_cast<QueueKind>(row_key[0]);
    row_key.remove_prefix(1);
  }
  row.name = row_key;
  return row;
}

}  // namespace baton::coord
