#include "pkg/node/backup_format.h"

#include <utility>

#include "pkg/base/bytes.h"
#include "pkg/base/check.h"
#include "pkg/base/crc32c.h"
#include "pkg/raft/membership_codec.h"

namespace baton::node {
namespace {

constexpr std::string_view kMagic = "BatonBak";
constexpr uint32_t kFormat = 1;
constexpr size_t kCrcBytes = 4;
constexpr size_t kSizeBytes = 4;
constexpr size_t kHeaderStartBytes = 8 + 4 + 4;
constexpr size_t kTrailerBytes = 4 + 8 + 8 + kCrcBytes;
constexpr size_t kTextBytesMax = 256;

Status Corrupt(const std::string& what) {
  return Status(Code::kCorruption, "The backup is not usable: " + what + ".");
}

std::string EncodeFields(const BackupHeader& header) {
  std::string fields;
  ByteWriter out(&fields);
  out.String(header.cluster_id);
  out.U64(header.node.value());
  out.U64(header.index.value());
  out.U64(header.term.value());
  out.U64(header.revision.value());
  out.U64(static_cast<uint64_t>(header.cluster_time_ms));
  out.U64(static_cast<uint64_t>(header.wall_ms));
  out.String(header.version);
  raft::WriteConfigState(header.members, &out);
  return fields;
}

std::optional<BackupHeader> DecodeFields(std::string_view fields) {
  ByteReader in(fields);
  BackupHeader header;
  header.cluster_id = in.String(kTextBytesMax);
  header.node = NodeId(in.U64());
  header.index = Index(in.U64());
  header.term = Term(in.U64());
  header.revision = Revision(in.U64());
  header.cluster_time_ms = static_cast<int64_t>(in.U64());
  header.wall_ms = static_cast<int64_t>(in.U64());
  header.version = in.String(kTextBytesMax);
  header.members = raft::ReadConfigState(&in);
  if (!in.AtEnd()) return std::nullopt;
  return header;
}

}  // namespace

void BackupEncoder::Count(std::string_view bytes) {
  bytes_ += bytes.size();
  crc_ = Crc32c(bytes, crc_);
}

std::string BackupEncoder::Header(const BackupHeader& header) {
  const std::string fields = EncodeFields(header);
  CHECK(fields.size() <= kBackupFieldsBytesMax);
  std::string bytes;
  ByteWriter out(&bytes);
  out.Raw(kMagic);
  out.U32(kFormat);
  out.U32(static_cast<uint32_t>(fields.size()));
  out.Raw(fields);
  out.U32(Crc32c(bytes));
  Count(bytes);
  return bytes;
}

std::string BackupEncoder::Piece(std::string_view piece) {
  CHECK(!piece.empty() && piece.size() <= kBackupPieceBytesMax) << piece.size();
  std::string bytes;
  bytes.reserve(kSizeBytes + piece.size());
  ByteWriter out(&bytes);
  out.U32(static_cast<uint32_t>(piece.size()));
  out.Raw(piece);
  ++pieces_;
  Count(bytes);
  return bytes;
}

std::string BackupEncoder::Trailer() {
  std::string bytes;
  ByteWriter out(&bytes);
  out.U32(0);
  out.U64(pieces_);
  out.U64(bytes_);
  out.U32(Crc32c(bytes, crc_));
  return bytes;
}

Status BackupDecoder::Feed(std::string_view bytes, const PieceVisitor& visit) {
  if (!failure_.ok()) return failure_;
  buffer_.append(bytes);
  while (true) {
    const Result<bool> taken = Take(visit);
    if (!taken.ok()) return failure_ = taken.status();
    if (!*taken) return Status::Ok();
  }
}

Status BackupDecoder::Finish() const {
  if (!failure_.ok() || complete()) return failure_;
  return Status(Code::kCorruption, "cut_backup",
                "The backup is cut off: it ends after " + std::to_string(bytes()) +
                    " bytes, and its end has not come; take it again.");
}

Result<bool> BackupDecoder::Take(const PieceVisitor& visit) {
  if (stage_ == Stage::kHeader) return TakeHeader();
  if (stage_ == Stage::kPieces) return TakePiece(visit);
  if (!buffer_.empty()) return Corrupt("something follows after its end");
  return false;
}

void BackupDecoder::Drop(size_t bytes) {
  crc_ = Crc32c(std::string_view(buffer_).substr(0, bytes), crc_);
  bytes_ += bytes;
  buffer_.erase(0, bytes);
}

Result<bool> BackupDecoder::TakeHeader() {
  const std::string_view begun = std::string_view(buffer_).substr(0, kMagic.size());
  if (begun != kMagic.substr(0, begun.size())) {
    return Corrupt("it does not begin as a backup does");
  }
  if (buffer_.size() < kHeaderStartBytes) return false;
  ByteReader in(std::string_view(buffer_).substr(kMagic.size()));
  const uint32_t format = in.U32();
  const size_t fields_bytes = in.U32();
  if (fields_bytes > kBackupFieldsBytesMax) return Corrupt("its header is damaged");
  if (in.rest().size() < fields_bytes + kCrcBytes) return false;
  const size_t checked_bytes = kHeaderStartBytes + fields_bytes;
  const std::string_view fields = in.Raw(fields_bytes);
  if (in.U32() != Crc32c(std::string_view(buffer_).substr(0, checked_bytes))) {
    return Corrupt("its header has a wrong checksum");
  }
  if (format != kFormat) {
    return Status(Code::kInvalidArgument, "newer_format",
                  "The backup has format " + std::to_string(format) + ", and this build reads " +
                      std::to_string(kFormat) + "; use the batonctl of the Baton that made it.");
  }
  header_ = DecodeFields(fields);
  if (!header_) return Corrupt("its header is malformed");
  Drop(checked_bytes + kCrcBytes);
  stage_ = Stage::kPieces;
  return true;
}

Result<bool> BackupDecoder::TakePiece(const PieceVisitor& visit) {
  if (buffer_.size() < kSizeBytes) return false;
  const size_t size = ByteReader(buffer_).U32();
  if (size == 0) return TakeTrailer();
  if (size > kBackupPieceBytesMax) return Corrupt("a piece has an impossible size");
  if (buffer_.size() < kSizeBytes + size) return false;
  BATON_RETURN_IF_ERROR(visit(std::string_view(buffer_).substr(kSizeBytes, size)));
  ++pieces_;
  Drop(kSizeBytes + size);
  return true;
}

Result<bool> BackupDecoder::TakeTrailer() {
  if (buffer_.size() < kTrailerBytes) return false;
  ByteReader in(std::string_view(buffer_).substr(kSizeBytes));
  const uint64_t pieces = in.U64();
  const uint64_t bytes = in.U64();
  const uint32_t crc = in.U32();
  const uint64_t bytes_before = bytes_;
  Drop(kTrailerBytes - kCrcBytes);
  if (pieces != pieces_ || bytes != bytes_before || crc != crc_) {
    return Corrupt("its end does not agree with what came before");
  }
  bytes_ += kCrcBytes;
  buffer_.erase(0, kCrcBytes);
  stage_ = Stage::kEnd;
  return true;
}

}  // namespace baton::node
