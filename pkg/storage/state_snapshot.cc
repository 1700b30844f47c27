#include "pkg/storage/state_snapshot.h"

#include <algorithm>
#include <utility>

#include "pkg/base/check.h"
#include "pkg/storage/live_directory.h"

namespace baton::storage {
namespace {

// Before so much was read, the part that is in memory only may be most of it.
constexpr uint64_t kPassedBytesMin = 256 << 10;
constexpr std::string_view kAfterLastKey("\xff", 1);

}  // namespace

LevelSnapshotReader::LevelSnapshotReader(std::shared_ptr<Database> database)
    : database_(std::move(database)), snapshot_(database_->GetSnapshot()) {
  row_ = database_->NewIterator(/*fill_cache=*/false, snapshot_);
  row_->Seek(leveldb::Slice(&kTablePrefix, 1));
}

LevelSnapshotReader::~LevelSnapshotReader() {
  row_.reset();
  database_->ReleaseSnapshot(snapshot_);
}

Result<std::string> LevelSnapshotReader::NextChunk(size_t bytes_max) {
  if (ended_) return std::string();
  bytes_max = std::min(bytes_max, kSnapshotFrameBytesMax / 2);
  while (row_->Valid()) {
    const std::string_view key = ToView(row_->key()).substr(1);
    const std::string_view value = ToView(row_->value());
    const size_t frame_bytes = encoder_.pending_bytes() + key.size() + value.size();
    if (encoder_.pending_bytes() > 0 && frame_bytes > bytes_max) return Count(encoder_.RowsFrame());
    encoder_.Add(key, value);
    row_->Next();
  }
  BATON_RETURN_IF_ERROR(database_->StatusOf(*row_));
  if (encoder_.pending_bytes() > 0) return Count(encoder_.RowsFrame());
  ended_ = true;
  return Count(encoder_.EndFrame());
}

Result<std::string> LevelSnapshotReader::Count(std::string chunk) {
  read_bytes_ += chunk.size();
  return chunk;
}

uint64_t LevelSnapshotReader::TotalBytesAbout() {
  if (ended_ || !row_->Valid()) return read_bytes_;
  const uint64_t passed = database_->ApproximateTableBytes(ToView(row_->key()));
  const uint64_t all = database_->ApproximateTableBytes(kAfterLastKey);
  if (passed < kPassedBytesMin || passed > all) return 0;
  return static_cast<uint64_t>(static_cast<double>(read_bytes_) * static_cast<double>(all) /
                               static_cast<double>(passed));
}

LevelSnapshotWriter::LevelSnapshotWriter(DurableEnv* env, std::string parent, Identity identity,
                                         std::unique_ptr<Database> database, uint64_t number)
    : env_(env),
      parent_(std::move(parent)),
      identity_(std::move(identity)),
      number_(number),
      database_(std::move(database)) {
  database_->SetRemoveOnClose(true);
}

LevelSnapshotWriter::~LevelSnapshotWriter() {
  database_.reset();  // a database that is given up must not wait for space to end
  env_->SetPatient(kStateSeries.PathOf(parent_, number_), true);
}

Status LevelSnapshotWriter::Append(std::string_view chunk) {
  if (!failure_.ok()) return failure_;
  leveldb::WriteBatch batch;
  std::string key(1, kTablePrefix);
  failure_ = decoder_.Decode(chunk, [&](std::string_view table_key, std::string_view value) {
    key.resize(1);
    key.append(table_key);
    batch.Put(key, ToSlice(value));
  });
  if (failure_.ok()) failure_ = database_->Write(&batch, /*sync=*/false);
  return failure_;
}

Status LevelSnapshotWriter::Finish() {
  if (!failure_.ok()) return failure_;
  if (!decoder_.complete()) {
    return Status(Code::kCorruption, "The snapshot is not usable: its end has not come.");
  }
  BATON_RETURN_IF_ERROR(FinishStateDatabase(env_, parent_, database_.get(), identity_));
  finished_ = true;
  return Status::Ok();
}

void LevelSnapshotWriter::Keep() { database_->SetRemoveOnClose(false); }

void LevelSnapshotWriter::SwapDatabase(std::shared_ptr<Database>* live) {
  database_.swap(*live);
  finished_ = false;
  database_->SetRemoveOnClose(true);  // when the last reader lets go of it
}

}  // namespace baton::storage
