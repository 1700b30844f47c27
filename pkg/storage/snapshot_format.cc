#include "pkg/storage/snapshot_format.h"

#include "pkg/base/bytes.h"
#include "pkg/base/check.h"
#include "pkg/base/crc32c.h"

namespace baton::storage {
namespace {

constexpr uint8_t kVersion = 1;
constexpr uint8_t kRowsKind = 1;
constexpr uint8_t kEndKind = 2;
constexpr size_t kCrcBytes = 4;

Status Corrupt(const std::string& what) {
  return Status(Code::kCorruption, "The snapshot is not usable: " + what + ".");
}

}  // namespace

void SnapshotEncoder::Add(std::string_view key, std::string_view value) {
  ByteWriter writer(&body_);
  writer.String(key);
  writer.String(value);
  ++rows_;
  bytes_ += key.size() + value.size();
}

std::string SnapshotEncoder::RowsFrame() {
  CHECK(!body_.empty());
  crc_ = Crc32c(body_, crc_);
  std::string frame = Frame(kRowsKind, body_);
  body_.clear();
  return frame;
}

std::string SnapshotEncoder::EndFrame() {
  CHECK(body_.empty());
  std::string totals;
  ByteWriter writer(&totals);
  writer.U64(rows_);
  writer.U64(bytes_);
  writer.U32(crc_);
  return Frame(kEndKind, totals);
}

std::string SnapshotEncoder::Frame(uint8_t kind, std::string_view body) {
  std::string frame;
  ByteWriter writer(&frame);
  writer.U8(kVersion);
  writer.U8(kind);
  writer.U64(next_number_++);
  writer.Raw(body);
  writer.U32(Crc32c(frame));
  return frame;
}

Status SnapshotDecoder::Decode(std::string_view frame, const RowVisitor& visit) {
  if (complete_) return Corrupt("a piece follows after its end");
  if (frame.size() > kSnapshotFrameBytesMax) {
    return Corrupt("a piece has more than " + std::to_string(kSnapshotFrameBytesMax) + " bytes");
  }
  if (frame.size() < kCrcBytes) return Corrupt("a piece is too short");
  const std::string_view checked = frame.substr(0, frame.size() - kCrcBytes);
  if (ByteReader(frame.substr(checked.size())).U32() != Crc32c(checked)) {
    return Corrupt("a piece has a wrong checksum");
  }
  ByteReader reader(checked);
  const uint8_t version = reader.U8();
  const uint8_t kind = reader.U8();
  const uint64_t number = reader.U64();
  if (!reader.ok()) return Corrupt("a piece is too short");
  if (version != kVersion) {
    return Corrupt("it has format " + std::to_string(version) + ", and this build reads " +
                   std::to_string(kVersion));
  }
  if (number != next_number_) {
    return Corrupt("piece " + std::to_string(number) + " came instead of piece " +
                   std::to_string(next_number_));
  }
  ++next_number_;
  if (kind == kRowsKind) return DecodeRows(reader.rest(), visit);
  if (kind == kEndKind) return DecodeEnd(reader.rest());
  return Corrupt("a piece has the unknown kind " + std::to_string(kind));
}

Status SnapshotDecoder::DecodeRows(std::string_view body, const RowVisitor& visit) {
  crc_ = Crc32c(body, crc_);
  ByteReader reader(body);
  while (!reader.AtEnd()) {
    const std::string_view key = reader.String(kSnapshotFrameBytesMax);
    const std::string_view value = reader.String(kSnapshotFrameBytesMax);
    if (!reader.ok()) return Corrupt("a row is malformed");
    if (rows_ > 0 && key <= last_key_) return Corrupt("its keys do not ascend");
    ++rows_;
    bytes_ += key.size() + value.size();
    last_key_.assign(key);
    visit(key, value);
  }
  return Status::Ok();
}

Status SnapshotDecoder::DecodeEnd(std::string_view body) {
  ByteReader reader(body);
  const uint64_t rows = reader.U64();
  const uint64_t bytes = reader.U64();
  const uint32_t crc = reader.U32();
  if (!reader.AtEnd()) return Corrupt("its end is malformed");
  if (rows != rows_ || bytes != bytes_ || crc != crc_) {
    return Corrupt("its end does not agree with what came before");
  }
  complete_ = true;
  return Status::Ok();
}

}  // namespace baton::storage
