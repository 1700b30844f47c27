// File: state_snapshot.h
//
// The two ends of a snapshot: reading the live state as of a moment, and writing a received one
// beside it. Formats: snapshot_format.h.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "pkg/node/ports.h"
#include "pkg/storage/database.h"
#include "pkg/storage/snapshot_format.h"
#include "pkg/storage/state_database.h"

namespace baton::storage {

// Keeps its database open, also after another state was installed.
class LevelSnapshotReader final : public node::SnapshotReader {
 public:
  explicit LevelSnapshotReader(std::shared_ptr<Database> database);
  ~LevelSnapshotReader() override;

  // One frame of about bytes_max, or of one row if that is larger.
  Result<std::string> NextChunk(size_t bytes_max) override;
  // From how far the reader has come in the tables. No idea while that is not far.
  uint64_t TotalBytesAbout() override;

 private:
  Result<std::string> Count(std::string chunk);
  const std::shared_ptr<Database> database_;
  const leveldb::Snapshot* const snapshot_;
  std::unique_ptr<leveldb::Iterator> row_;
  SnapshotEncoder encoder_;
  uint64_t read_bytes_ = 0;  // of the pieces so far
  bool ended_ = false;
};

class LevelSnapshotWriter final : public node::SnapshotWriter {
 public:
  // `database` comes from MakeStateDatabase(number).
  LevelSnapshotWriter(DurableEnv* env, std::string parent, Identity identity,
                      std::unique_ptr<Database> database, uint64_t number);
  ~LevelSnapshotWriter() override;

  Status Append(std::string_view chunk) override;
  Status Finish() override;

  bool finished() const { return finished_; }
  uint64_t number() const { return number_; }
  // The directory stays when the writer goes: STATE may name it.
  void Keep();
  // This one becomes the live state, and the old one is what goes with the writer.
  void SwapDatabase(std::shared_ptr<Database>* live);

 private:
  DurableEnv* const env_;
  const std::string parent_;
  const Identity identity_;
  const uint64_t number_;
  std::shared_ptr<Database> database_;
  SnapshotDecoder decoder_;
  Status failure_;  // of the first piece that was refused
  bool finished_ = false;
};

}  // namespace baton::storage
