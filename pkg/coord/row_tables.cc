#include "pkg/coord/row_tables.h"

#include "pkg/base/bytes.h"
#include "pkg/coord/rows.h"
#include "pkg/coord/state_hash.h"

namespace baton::coord {
namespace {

RowTable OfKind(std::string_view row_key, RowTable lock, RowTable election) {
  const auto kind = row_key.size() < 2 ? uint8_t{0} : static_cast<uint8_t>(row_key[1]);
  if (kind == static_cast<uint8_t>(QueueKind::kLock)) return lock;
  if (kind == static_cast<uint8_t>(QueueKind::kElection)) return election;
  return RowTable::kUnknown;
}

}  // namespace

RowTable TableOf(std::string_view row_key) {
  if (row_key == kMetaKey) return RowTable::kMeta;
  if (row_key == kVersionKey) return RowTable::kVersion;
  switch (row_key.empty() ? '\0' : row_key[0]) {
    case 'k':
      return RowTable::kKey;
    case 'h':
      return RowTable::kEvent;
    case 's':
      return RowTable::kSession;
    case 'q':
      return OfKind(row_key, RowTable::kLock, RowTable::kElection);
    case 'w':
      return OfKind(row_key, RowTable::kLockWaiter, RowTable::kElectionWaiter);
    case 'i':
      return RowTable::kReply;
    case 'a':
      return RowTable::kReplyAge;
    case 'l':
    case 'd':
    case 'o':
    case 'x':
      return RowTable::kIndex;
    case 'n':
      return RowTable::kNode;
    default:
      return RowTable::kUnknown;
  }
}

std::optional<SessionId> SessionOfKvRow(std::string_view value) {
  ByteReader in(value);
  in.Varint();  // the revisions of creation and last change, the version
  in.Varint();
  in.Varint();
  const SessionId session(in.U64());
  if (!in.ok()) return std::nullopt;
  return session;
}

std::optional<Meta> FindMeta(std::string_view value) {
  const std::string like = EncodeMetaBody(Meta());
  if (value.size() != like.size() + sizeof(uint64_t) || value[0] != like[0]) return std::nullopt;
  return DecodeMeta(value);
}

void StateSummary::Add(std::string_view key, std::string_view value) {
  const RowTable table = TableOf(key);
  ++counts_[static_cast<size_t>(table)];
  ++rows_;
  bytes_ += key.size() + value.size();
  if (table != RowTable::kNode) hash_ = MixPut(hash_, key, value);
  if (table == RowTable::kKey && SessionOfKvRow(value).value_or(SessionId())) ++session_keys_;
  if (table == RowTable::kMeta) meta_ = FindMeta(value).value_or(Meta());
}

}  // namespace baton::coord
