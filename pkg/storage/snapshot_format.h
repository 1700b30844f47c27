// File: snapshot_format.h
//
// The bytes of a snapshot of the state tables: frames, one per chunk, that can be checked one by
// one while they arrive.
//
//   snapshot := rows-frame* end-frame                     integers are little-endian
//
//   frame
//   +---------+---------+---------+-----------+----------------------------------+
//   | version | kind    | number  | body      | CRC-32C, u32, of all that is     |
//   | u8 = 1  | u8      | u64     | by kind   | before it in the frame           |
//   +---------+---------+---------+-----------+----------------------------------+
//     number: 0, 1, 2, ... over all frames
//
//   kind 1, rows   (key string | value string)*    string: varint length, bytes
//                  keys ascend strictly, over all frames
//   kind 2, end    rows u64 | bytes u64 | CRC-32C u32
//                  how many rows, the sum of their key and value bytes, and the checksum of all
//                  rows bodies in order
//
// A frame that is missing, twice, out of order, cut, changed or from another snapshot is noticed,
// at the latest by the end frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "pkg/base/status.h"

namespace baton::storage {

// A reader makes no frame much larger than it is asked for, and none above this; a writer refuses
// larger ones. A single row must fit: keys and values of the state are far smaller.
inline constexpr size_t kSnapshotFrameBytesMax = 8u << 20;

class SnapshotEncoder {
 public:
  // Adds to the frame in the making.
  void Add(std::string_view key, std::string_view value);
  size_t pending_bytes() const { return body_.size(); }
  // The rows added since the last frame; there must be some.
  std::string RowsFrame();
  // The last frame; no rows may be pending.
  std::string EndFrame();

 private:
  std::string Frame(uint8_t kind, std::string_view body);

  std::string body_;
  uint64_t next_number_ = 0;
  uint64_t rows_ = 0;
  uint64_t bytes_ = 0;
  uint32_t crc_ = 0;
};

class SnapshotDecoder {
 public:
  using RowVisitor = std::function<void(std::string_view key, std::string_view value)>;

  // Checks the next frame and hands its rows over. kCorruption, with what is wrong; the decoder is
  // then of no more use. Rows may have been visited before an error was found.
  Status Decode(std::string_view frame, const RowVisitor& visit);
  // The end frame has come, and everything before it.
  bool complete() const { return complete_; }

 private:
  Status DecodeRows(std::string_view body, const RowVisitor& visit);
  Status DecodeEnd(std::string_view body);

  bool complete_ = false;
  uint64_t next_number_ = 0;
  uint64_t rows_ = 0;
  uint64_t bytes_ = 0;
  uint32_t crc_ = 0;
  std::string last_key_;
};

}  // namespace baton::storage
