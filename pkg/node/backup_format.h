// File: backup_format.h
//
// The bytes of a backup: the snapshot of the state of one node, with what a reader must know to
// make a cluster of it. GET /v1/admin/snapshot makes it while the client takes it; `batonctl
// snapshot` reads it.
//
//   backup := header piece* trailer                       integers are little-endian
//
//   header
//   +------------+------------+----------------+--------+-----------------------------+
//   | "BatonBak" | format     | size of fields | fields | CRC-32C, u32, of all that   |
//   | 8 bytes    | u32 = 1    | u32            |        | is before it in the header  |
//   +------------+------------+----------------+--------+-----------------------------+
//     Every format begins and ends so: a later one is told from a damaged header.
//
//   fields, format 1
//     cluster id string | node u64 | index u64 | term u64 | revision u64 | cluster time ms u64 |
//     wall clock ms u64 | version string | members (ConfigState of pkg/raft/membership_codec.h)
//
//   piece
//   +------------------+----------------------------------------------------------------+
//   | size, u32,       | a piece of node::SnapshotReader: for LevelDB the frame that    |
//   | 1 to 8 MiB       | pkg/storage/snapshot_format.h draws, with its own checksum     |
//   +------------------+----------------------------------------------------------------+
//     The last piece says how many rows there were, and of how many bytes.
//
//   trailer
//   +---------+------------+-----------------------+------------------------------------+
//   | u32 = 0 | pieces u64 | bytes of the file     | CRC-32C, u32, of all of the file   |
//   |         |            | before the trailer u64| before it                          |
//   +---------+------------+-----------------------+------------------------------------+
//
// A download that was cut has no trailer, so it is told from a whole one wherever the cut is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/raft/types.h"

namespace baton::node {

inline constexpr size_t kBackupPieceBytesMax = 8u << 20;
inline constexpr size_t kBackupFieldsBytesMax = 64u << 10;

struct BackupHeader {
  std::string cluster_id;
  NodeId node;  // who made it
  Index index;  // of the last entry that it holds the effects of
  Term term;
  Revision revision;
  int64_t cluster_time_ms = 0;
  int64_t wall_ms = 0;  // when it was made; for people
  std::string version;  // of the Baton that made it
  raft::ConfigState members;

  friend bool operator==(const BackupHeader&, const BackupHeader&) = default;
};

// Header, then Piece for each piece, then Trailer: what they return, in this order, is the file.
class BackupEncoder {
 public:
  std::string Header(const BackupHeader& header);
  // `piece` has 1 to kBackupPieceBytesMax bytes.
  std::string Piece(std::string_view piece);
  std::string Trailer();

 private:
  void Count(std::string_view bytes);

  uint64_t pieces_ = 0;
  uint64_t bytes_ = 0;
  uint32_t crc_ = 0;
};

// Takes the file in as it comes, cut anywhere. Holds one piece at most.
class BackupDecoder {
 public:
  // Not OK: it ends the decoding. Pieces may have been handed over before an error was found.
  using PieceVisitor = std::function<Status(std::string_view piece)>;

  // kCorruption with what is wrong; kInvalidArgument/"newer_format"; or what `visit` gave. After an
  // error the decoder gives it again.
  Status Feed(std::string_view bytes, const PieceVisitor& visit);
  // No more bytes come: kCorruption/"cut_backup" unless the trailer was the last of them.
  Status Finish() const;

  const std::optional<BackupHeader>& header() const { return header_; }
  bool complete() const { return stage_ == Stage::kEnd; }
  uint64_t bytes() const { return bytes_ + buffer_.size(); }
  // Of the whole file before its last field; together with the header it names a backup.
  uint32_t crc() const { return crc_; }

 private:
  enum class Stage { kHeader, kPieces, kEnd };

  // Takes one part from the front of the buffer. False: more bytes are needed.
  Result<bool> Take(const PieceVisitor& visit);
  Result<bool> TakeHeader();
  Result<bool> TakePiece(const PieceVisitor& visit);
  Result<bool> TakeTrailer();
  void Drop(size_t bytes);

  Stage stage_ = Stage::kHeader;
  Status failure_;
  std::optional<BackupHeader> header_;
  std::string buffer_;
  uint64_t pieces_ = 0;
  uint64_t bytes_ = 0;  // taken from the buffer
  uint32_t crc_ = 0;    // of those
};

}  // namespace baton::node
