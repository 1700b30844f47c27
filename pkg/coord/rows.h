// File: rows.h
//
// Every row of the replicated state, byte by byte. A key begins with the byte of its table; numbers
// in keys are big-endian, so that byte order is numeric order. In values, `varint` and `string`
// (varint size, bytes) are those of pkg/base/bytes.h, fixed integers are little-endian, and `bytes`
// runs to the end of the value. Changing any of this needs a new meta format byte.
//
//   key                                           value
//   m                                             meta: format u8 (2) | 21 x u64 in the order of
//                                                 struct Meta | hash u64
//   k  key bytes                                  create_revision varint | mod_revision varint |
//                                                 version varint | session u64 |
//                                                 guard_lock string | value bytes
//   h  revision u64be  number u32be               event: kind u8 | key string |
//                                                 create_revision varint | version varint |
//                                                 session u64 | token varint | value bytes
//   s  session u64be                              ttl_ms varint | name string | metadata bytes
//   l  session u64be                              its life: deadline_ms varint |
//                                                 renewal_epoch varint | owned varint
//   d  deadline_ms u64be  session u64be           renewal_epoch varint
//   o  session u64be  'k'  key bytes              empty: the session owns this key
//   o  session u64be  'h'  kind u8  name bytes    empty: it holds this lock or election
//   o  session u64be  'w'  kind u8  name bytes    ticket varint: it waits for it
//   q  kind u8  name bytes                        queue: session u64 | token varint |
//                                                 ticket varint | acquired_ms varint |
//                                                 waiters varint | line_start varint | value bytes
//   w  kind u8  size u16be  name  ticket u64be    session u64 | deadline_ms varint |
//                                                 listeners u8 | that many x u64 | value bytes
//   x  deadline_ms u64be  ticket u64be            kind u8 | name bytes
//   i  size u16be  principal  idempotency key     number u64 | stamp_ms u64 | fingerprint 32 bytes
//   |
//                                                 value_omitted u8 | reply bytes
//   a  number u64be                               stamp_ms u64 | size u32 | key bytes of the i row
//   v                                             the version of commands in force varint; no row:
//   1 n  ...                                        pkg/node's, neither read nor hashed here
//
// A q row exists exactly while somebody holds; a free lock with waiters does not exist, because the
// next in line is granted by the same entry that frees it. `line_start` is a ticket below which
// nobody waits: scans begin there and do not pass over the rows of those who left.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pkg/base/ids.h"
#include "pkg/coord/command.h"
#include "pkg/coord/event.h"
#include "pkg/coord/meta.h"
#include "pkg/coord/reply.h"

namespace baton::coord {

// --- keys ---

inline constexpr std::string_view kMetaKey = "m";
inline constexpr std::string_view kVersionKey = "v";

std::string KvRowKey(std::string_view key);
std::string HistoryRowKey(Revision revision, uint32_t number);
std::string SessionRowKey(SessionId id);
std::string LifeRowKey(SessionId id);
std::string SessionDeadlineRowKey(int64_t deadline_ms, SessionId id);
std::string OwnedRowsPrefix(SessionId id);
std::string OwnedKeyRowKey(SessionId id, std::string_view key);
std::string OwnedHoldRowKey(SessionId id, QueueKind kind, std::string_view name);
std::string OwnedWaitRowKey(SessionId id, QueueKind kind, std::string_view name);
std::string QueueRowKey(QueueKind kind, std::string_view name);
std::string WaiterRowsPrefix(QueueKind kind, std::string_view name);
std::string WaiterRowKey(QueueKind kind, std::string_view name, Ticket ticket);
std::string WaitDeadlineRowKey(int64_t deadline_ms, Ticket ticket);
std::string IdempotencyRowKey(std::string_view principal, std::string_view key);
std::string IdempotencyAgeRowKey(uint64_t number);

// What is read back from keys. The key must be one of ours: anything else is a broken invariant.
Revision HistoryRowRevision(std::string_view row_key);
SessionId SessionRowId(std::string_view row_key);  // of an s or l row
struct DeadlineRow {
  int64_t deadline_ms = 0;
  uint64_t id = 0;  // the session, or the ticket
};
DeadlineRow ParseDeadlineRowKey(std::string_view row_key);  // of a d or x row
Ticket WaiterRowTicket(std::string_view row_key);
uint64_t IdempotencyAgeRowNumber(std::string_view row_key);
// What a session owns, from an o row. The views are of the row key.
struct OwnedRow {
  enum class Kind : char { kKey = 'k', kHold = 'h', kWait = 'w' };
  Kind kind = Kind::kKey;
  QueueKind queue_kind = QueueKind::kLock;  // not of a key
  std::string_view name;                    // or the key
};
OwnedRow ParseOwnedRowKey(std::string_view row_key);

// --- values ---
// Decoding CHECKs: a row that does not decode was not written by this code, and a state machine
// that skips a row diverges from its peers. Views are of the encoded value.

struct KvRow {
  Revision create_revision;
  Revision mod_revision;
  uint64_t version = 0;
  SessionId session;
  std::string_view guard_lock;
  std::string_view value;
};

struct SessionRow {
  int64_t ttl_ms = 0;
  std::string_view name;
  std::string_view metadata;
};

struct LifeRow {
  int64_t deadline_ms = 0;
  uint64_t renewal_epoch = 0;
  uint64_t owned = 0;  // its o rows
};

struct QueueRow {
  Holder holder;
  uint64_t waiters = 0;
  Ticket line_start;
};

inline constexpr size_t kFingerprintBytes = 32;

struct IdempotencyRow {
  uint64_t number = 0;
  int64_t stamp_ms = 0;
  std::string_view fingerprint;  // kFingerprintBytes long
  bool value_omitted = false;    // idempotency.h
  std::string_view reply;
};

struct IdempotencyAgeRow {
  int64_t stamp_ms = 0;
  uint32_t size = 0;  // bytes of the i row, key and value
  std::string_view row_key;
};

struct WaitDeadlineRow {
  QueueKind kind = QueueKind::kLock;
  std::string_view name;
};

// All of it but the hash, which covers these bytes and is appended to them.
std::string EncodeMetaBody(const Meta& meta);
Meta DecodeMeta(std::string_view value);

std::string EncodeKvRow(const KvRow& row);
KvRow DecodeKvRow(std::string_view value);
std::string EncodeEventRow(const Event& event);
// Only what a filter looks at, without copying the rest.
struct EventRowHead {
  EventKind kind = EventKind::kKvPut;
  std::string_view key;
};
EventRowHead DecodeEventRowHead(std::string_view value);
Event DecodeEventRow(Revision revision, std::string_view value);
std::string EncodeSessionRow(const SessionRow& row);
SessionRow DecodeSessionRow(std::string_view value);
std::string EncodeLifeRow(const LifeRow& row);
LifeRow DecodeLifeRow(std::string_view value);
std::string EncodeVarintValue(uint64_t number);  // d and o rows
uint64_t DecodeVarintValue(std::string_view value);
std::string EncodeQueueRow(const QueueRow& row);
QueueRow DecodeQueueRow(std::string_view value);
std::string EncodeWaiterRow(const Waiter& waiter);
Waiter DecodeWaiterRow(Ticket ticket, std::string_view value);
std::string EncodeWaitDeadlineRow(const WaitDeadlineRow& row);
WaitDeadlineRow DecodeWaitDeadlineRow(std::string_view value);
std::string EncodeIdempotencyRow(const IdempotencyRow& row);
IdempotencyRow DecodeIdempotencyRow(std::string_view value);
std::string EncodeIdempotencyAgeRow(const IdempotencyAgeRow& row);
IdempotencyAgeRow DecodeIdempotencyAgeRow(std::string_view value);

}  // namespace baton::coord
