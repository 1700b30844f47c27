#include "pkg/storage/watermark.h"

#include <optional>
#include <utility>

#include "pkg/base/bytes.h"
#include "pkg/base/crc32c.h"
#include "pkg/storage/files.h"
#include "pkg/storage/space_env.h"

namespace baton::storage {
namespace {

constexpr char kFileName[] = "WATERMARK";
constexpr size_t kRecordBytes = 37;
constexpr size_t kFileBytes = Watermark::kRecordsMax * kRecordBytes;
// The file gets another name while it is open, and takes place by name: in one step, before that.
static_assert(kFileBytes <= SpaceEnv::kStepBytes);
constexpr size_t kReadBytesMax = 1 << 20;  // it was longer once

std::string Encode(const Acknowledged& acknowledged) {
  std::string record;
  ByteWriter writer(&record);
  writer.U64(acknowledged.write_number);
  writer.U64(acknowledged.last_index.value());
  writer.U64(acknowledged.term.value());
  writer.U64(acknowledged.vote.value());
  writer.U8(static_cast<uint8_t>(acknowledged.memory));
  writer.U32(Crc32c(record));
  return record;
}

std::optional<Acknowledged> Decode(std::string_view record) {
  ByteReader reader(record);
  Acknowledged acknowledged;
  acknowledged.write_number = reader.U64();
  acknowledged.last_index = Index(reader.U64());
  acknowledged.term = Term(reader.U64());
  acknowledged.vote = NodeId(reader.U64());
  const uint8_t memory = reader.U8();
  acknowledged.memory = static_cast<raft::Memory>(memory);
  const uint32_t crc = reader.U32();
  if (memory > static_cast<uint8_t>(raft::Memory::kLost)) return std::nullopt;
  if (!reader.AtEnd() || crc != Crc32c(record.substr(0, kRecordBytes - 4))) return std::nullopt;
  return acknowledged;
}

}  // namespace

Watermark::Watermark(DurableEnv* env, std::string parent, const Acknowledged& newest)
    : env_(env), parent_(std::move(parent)), newest_(newest) {}

Watermark::~Watermark() {
  if (file_ != nullptr && unsynced_ > 0) (void)file_->Sync();  // it may lag
}

Status Watermark::Create(DurableEnv* env, const std::string& parent, const Acknowledged& initial) {
  return WriteFileDurably(env, parent, kFileName, Encode(initial));
}

Result<std::unique_ptr<Watermark>> Watermark::Open(DurableEnv* env, const std::string& parent) {
  const std::string path = JoinPath(parent, kFileName);
  const Result<std::string> file = ReadWholeFile(env, path, kReadBytesMax);
  if (!file.ok() && file.status().code() == Code::kIo) return file.status();
  if (!file.ok()) return Status(Code::kCorruption, file.status().message());
  std::optional<Acknowledged> newest;
  for (size_t at = 0; at + kRecordBytes <= file->size(); at += kRecordBytes) {
    const std::optional<Acknowledged> record =
        Decode(std::string_view(*file).substr(at, kRecordBytes));
    if (record && (!newest || record->write_number > newest->write_number)) newest = record;
  }
  if (!newest) return Status(Code::kCorruption, path + " has no intact record.");
  return std::unique_ptr<Watermark>(new Watermark(env, parent, *newest));
}

Status Watermark::StartFile() {
  file_.reset();
  const std::string temporary = TemporaryPath(parent_, kFileName);
  leveldb::WritableFile* opened = nullptr;
  leveldb::Status status = env_->NewWritableFile(temporary, &opened);
  std::unique_ptr<leveldb::WritableFile> file(opened);
  if (status.ok()) status = file->Append(Encode(newest_));
  if (status.ok()) {
    const leveldb::Status filled = env_->FillWithZeros(temporary, kRecordBytes, kFileBytes);
    if (!filled.IsNotSupportedError()) status = filled;
  }
  if (status.ok()) status = file->Sync();
  if (status.ok()) status = Publish(env_, parent_, kFileName);
  if (!status.ok()) return WriteOutcome(status);
  file_ = std::move(file);
  records_ = 1;
  unsynced_ = 0;
  return Status::Ok();
}

Status Watermark::Record(const Acknowledged& acknowledged) {
  const bool promises = acknowledged.term != newest_.term || acknowledged.vote != newest_.vote ||
                        acknowledged.memory != newest_.memory;
  newest_ = acknowledged;
  if (file_ == nullptr || records_ >= kRecordsMax) return StartFile();
  leveldb::Status status = file_->Append(Encode(acknowledged));
  if (status.ok()) status = file_->Flush();  // to the system; a killed process loses nothing
  ++records_;
  ++unsynced_;
  if (status.ok() && (promises || unsynced_ >= kSyncEveryWrites)) {
    status = file_->Sync();
    unsynced_ = 0;
  }
  return WriteOutcome(status);
}

Status Watermark::WriteOutcome(const leveldb::Status& status) const {
  return FromLevelDb(status, "Cannot write " + JoinPath(parent_, kFileName));
}

}  // namespace baton::storage
