// File: log_format.h
//
// What the log's LevelDB holds, byte by byte.
//
// KEYS      one letter; entries add their index, big-endian, so that the order of keys is theirs
//
//   'e' index   an entry of the Raft log                  8 bytes, big-endian
//   'h'         hard state: term, vote, commit
//   'i'         identity: whose log this is
//   's'         start: the log begins after this point (all entries up to it are in a snapshot)
//   't'         tail: the number of the last write and where it left the end of the log
//
// VALUES    all in one envelope
//
//   +---------+----------------+-------------------------------------+
//   | version | body           | CRC-32C, u32 LE, of key || version  |
//   | u8 = 1  | by kind        |                         || body     |
//   +---------+----------------+-------------------------------------+
//
//   entry       index u64 | term u64 | type u8 | data (the rest of the body)
//   hard state  term u64 | vote u64 | commit u64 | memory u8 (raft::Memory)
//   identity    cluster id string | node id u64
//   start       index u64 | term u64 | configuration
//   tail        write number u64 | last index u64
//
//   configuration   ConfigState, as in pkg/raft/membership_codec.h
//   string          length varint | bytes
//
// Integers are little-endian but for the key's. The checksum covers the key and an entry repeats
// its index, so that a row that LevelDB or the disk puts in another place is noticed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/raft/types.h"
#include "pkg/storage/identity.h"

namespace baton::storage {

inline constexpr uint8_t kLogFormatVersion = 1;
inline constexpr std::string_view kHardStateKey = "h";
inline constexpr std::string_view kIdentityKey = "i";
inline constexpr std::string_view kStartKey = "s";
inline constexpr std::string_view kTailKey = "t";

struct LogTail {
  uint64_t write_number = 0;
  Index last_index;
  friend bool operator==(const LogTail&, const LogTail&) = default;
};

std::string EntryKey(Index index);
bool IsEntryKey(std::string_view key);

std::string EncodeEntry(const raft::Entry& entry);
std::string EncodeHardState(const raft::HardState& hard_state);
std::string EncodeIdentity(const Identity& identity);
std::string EncodeStart(const raft::SnapshotMeta& start);
std::string EncodeTail(const LogTail& tail);

// kCorruption, with a sentence that names the row: wrong checksum, foreign version, wrong place,
// malformed body.
Result<raft::Entry> DecodeEntry(std::string_view key, std::string_view value);
Result<raft::HardState> DecodeHardState(std::string_view value);
Result<Identity> DecodeIdentity(std::string_view value);
Result<raft::SnapshotMeta> DecodeStart(std::string_view value);
Result<LogTail> DecodeTail(std::string_view value);

}  // namespace baton::storage
