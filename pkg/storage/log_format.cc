#include "pkg/storage/log_format.h"

#include <vector>

#include "pkg/base/bytes.h"
#include "pkg/base/crc32c.h"
#include "pkg/raft/membership_codec.h"

namespace baton::storage {
namespace {

constexpr size_t kEntryKeyBytes = 9;
constexpr size_t kCrcBytes = 4;

// "The row of index 7", "The row 'h'".
std::string RowName(std::string_view key) {
  if (!IsEntryKey(key)) return "The row '" + std::string(key) + "'";
  ByteReader reader(key.substr(1));
  return "The row of index " + std::to_string(reader.U64BigEndian());
}

Status Corrupt(std::string_view key, std::string_view what) {
  return Status(Code::kCorruption, RowName(key) + " " + std::string(what) + ".");
}

std::string Seal(std::string_view key, std::string_view body) {
  std::string value;
  value.reserve(1 + body.size() + kCrcBytes);
  ByteWriter writer(&value);
  writer.U8(kLogFormatVersion);
  writer.Raw(body);
  writer.U32(Crc32c(value, Crc32c(key)));
  return value;
}

// The body, if the envelope holds.
Result<std::string_view> Unseal(std::string_view key, std::string_view value) {
  if (value.size() < 1 + kCrcBytes) return Corrupt(key, "is too short");
  const std::string_view sealed = value.substr(0, value.size() - kCrcBytes);
  ByteReader crc(value.substr(sealed.size()));
  if (crc.U32() != Crc32c(sealed, Crc32c(key))) return Corrupt(key, "has a wrong checksum");
  const auto version = static_cast<uint8_t>(sealed[0]);
  if (version != kLogFormatVersion) {
    return Corrupt(key, "has format " + std::to_string(version) + "; this build reads " +
                            std::to_string(kLogFormatVersion));
  }
  return sealed.substr(1);
}

}  // namespace

std::string EntryKey(Index index) {
  std::string key = "e";
  ByteWriter(&key).U64BigEndian(index.value());
  return key;
}

bool IsEntryKey(std::string_view key) { return key.size() == kEntryKeyBytes && key[0] == 'e'; }

std::string EncodeEntry(const raft::Entry& entry) {
  std::string body;
  body.reserve(17 + entry.data.size());
  ByteWriter writer(&body);
  writer.U64(entry.index.value());
  writer.U64(entry.term.value());
  writer.U8(static_cast<uint8_t>(entry.type));
  writer.Raw(entry.data.view());
  return Seal(EntryKey(entry.index), body);
}

Result<raft::Entry> DecodeEntry(std::string_view key, std::string_view value) {
  const Result<std::string_view> body = Unseal(key, value);
  if (!body.ok()) return body.status();
  ByteReader reader(*body);
  raft::Entry entry;
  entry.index = Index(reader.U64());
  entry.term = Term(reader.U64());
  const uint8_t type = reader.U8();
  if (!reader.ok() || type > static_cast<uint8_t>(raft::EntryType::kConfigChange)) {
    return Corrupt(key, "is malformed");
  }
  if (EntryKey(entry.index) != key) {
    return Corrupt(key, "holds the entry " + std::to_string(entry.index.value()));
  }
  entry.type = static_cast<raft::EntryType>(type);
  entry.data = raft::Payload(std::string(reader.rest()));
  return entry;
}

std::string EncodeHardState(const raft::HardState& hard_state) {
  std::string body;
  ByteWriter writer(&body);
  writer.U64(hard_state.term.value());
  writer.U64(hard_state.vote.value());
  writer.U64(hard_state.commit.value());
  writer.U8(static_cast<uint8_t>(hard_state.memory));
  return Seal(kHardStateKey, body);
}

Result<raft::HardState> DecodeHardState(std::string_view value) {
  const Result<std::string_view> body = Unseal(kHardStateKey, value);
  if (!body.ok()) return body.status();
  ByteReader reader(*body);
  raft::HardState hard_state;
  hard_state.term = Term(reader.U64());
  hard_state.vote = NodeId(reader.U64());
  hard_state.commit = Index(reader.U64());
  const uint8_t memory = reader.U8();
  hard_state.memory = static_cast<raft::Memory>(memory);
  if (!reader.AtEnd() || memory > static_cast<uint8_t>(raft::Memory::kLost))
    return Corrupt(kHardStateKey, "is malformed");
  return hard_state;
}

std::string EncodeIdentity(const Identity& identity) {
  std::string body;
  ByteWriter writer(&body);
  writer.String(identity.cluster_id);
  writer.U64(identity.node_id.value());
  return Seal(kIdentityKey, body);
}

Result<Identity> DecodeIdentity(std::string_view value) {
  const Result<std::string_view> body = Unseal(kIdentityKey, value);
  if (!body.ok()) return body.status();
  ByteReader reader(*body);
  Identity identity;
  identity.cluster_id = std::string(reader.String(kClusterIdBytesMax));
  identity.node_id = NodeId(reader.U64());
  if (!reader.AtEnd()) return Corrupt(kIdentityKey, "is malformed");
  return identity;
}

std::string EncodeStart(const raft::SnapshotMeta& start) {
  std::string body;
  ByteWriter writer(&body);
  writer.U64(start.index.value());
  writer.U64(start.term.value());
  raft::WriteConfigState(start.config, &writer);
  return Seal(kStartKey, body);
}

Result<raft::SnapshotMeta> DecodeStart(std::string_view value) {
  const Result<std::string_view> body = Unseal(kStartKey, value);
  if (!body.ok()) return body.status();
  ByteReader reader(*body);
  raft::SnapshotMeta start;
  start.index = Index(reader.U64());
  start.term = Term(reader.U64());
  start.config = raft::ReadConfigState(&reader);
  if (!reader.AtEnd()) return Corrupt(kStartKey, "is malformed");
  return start;
}

std::string EncodeTail(const LogTail& tail) {
  std::string body;
  ByteWriter writer(&body);
  writer.U64(tail.write_number);
  writer.U64(tail.last_index.value());
  return Seal(kTailKey, body);
}

Result<LogTail> DecodeTail(std::string_view value) {
  const Result<std::string_view> body = Unseal(kTailKey, value);
  if (!body.ok()) return body.status();
  ByteReader reader(*body);
  LogTail tail;
  tail.write_number = reader.U64();
  tail.last_index = Index(reader.U64());
  if (!reader.AtEnd()) return Corrupt(kTailKey, "is malformed");
  return tail;
}

}  // namespace baton::storage
