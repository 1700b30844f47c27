// File: wal_records.h
//
// Reads the record format of LevelDB's write-ahead files and MANIFEST (its doc/log_format.md), more
// strictly than LevelDB does:
//
//   file   := block* zeros?         blocks of 32768 bytes, the last may be shorter; zeros where it
//                                   was filled ahead of what was written (wal_sync_env.h)
//   block  := fragment* trailer?    a trailer of up to 6 zero bytes when no header fits any more
//   fragment
//   +--------------+------------+------+---------+
//   | masked CRC   | length     | type | payload |   CRC-32C of type and payload;
//   | u32 LE       | u16 LE     | u8   |         |   masked: rotated right by 15, + 0xa282ead8
//   +--------------+------------+------+---------+
//   record := FULL(1) | FIRST(2) MIDDLE(3)* LAST(4)
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace baton::storage {

struct WalRecord {
  std::string bytes;
  size_t begin = 0;  // of its first fragment in the file
};

struct WalScan {
  std::vector<WalRecord> records;  // intact, from the beginning of the file
  size_t good_bytes = 0;           // where the last of them ends
  bool damaged = false;            // there is more behind them than zeros
};

WalScan ScanWal(std::string_view file);

// Whether a FULL or FIRST fragment with a valid checksum begins anywhere after `offset`: a record
// that was begun after the one that is damaged. Reads from every byte on, so that a destroyed
// length cannot hide it.
bool RecordBeginsAfter(std::string_view file, size_t offset);

}  // namespace baton::storage
