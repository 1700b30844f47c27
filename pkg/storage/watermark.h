// File: watermark.h
//
// The highest acknowledged write of the log, in a file beside the log's LevelDB. It is what tells a
// log whose end was cut off (writes are missing that a leader or a candidate was told of) from one
// whose last write was interrupted by a crash (nobody was told). LevelDB cannot: it takes a cut
// write-ahead file for the end of the story. And a row inside the LevelDB cannot, because the same
// cut takes the row away.
//
//   DIR/WATERMARK := record+ zeros
//   record  +--------------+------------+----------+----------+--------+---------+
//           | write number | last index | term     | vote     | memory | CRC-32C |  little-endian
//           | u64          | u64        | u64      | u64      | u8     | u32     |
//           +--------------+------------+----------+----------+--------+---------+
//
// A record is appended after a write became durable and before it is acknowledged. With a new term,
// vote or memory it is synced at once: if the log is lost, these are known (log_repair.h).
// Otherwise it reaches the disk a little later (every kSyncEveryWrites, and when the system feels
// like it), so its index lags after a power loss, and never runs ahead. The last intact record
// counts. The first record after Open and every kRecordsMax begin a fresh file.
//
// It has its full length from the start, with zeros where the file system takes them: a record must
// not change the length of the file. That would change its inode, and ext4 without a journal writes
// a block of inodes with each sync of any file that has its own in there: the log's, most likely.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/raft/types.h"
#include "pkg/storage/env.h"

namespace baton::storage {

struct Acknowledged {
  uint64_t write_number = 0;
  Index last_index;
  Term term;
  NodeId vote;
  raft::Memory memory = raft::Memory::kWhole;
  friend bool operator==(const Acknowledged&, const Acknowledged&) = default;
};

// One thread.
class Watermark {
 public:
  static constexpr uint64_t kSyncEveryWrites = 256;
  static constexpr uint64_t kRecordsMax = 7000;

  // Makes `parent`/WATERMARK, durable.
  static Status Create(DurableEnv* env, const std::string& parent, const Acknowledged& initial);
  // Changes nothing: whether the log agrees is found out later. kCorruption: absent, or without an
  // intact record.
  static Result<std::unique_ptr<Watermark>> Open(DurableEnv* env, const std::string& parent);
  ~Watermark();

  const Acknowledged& newest() const { return newest_; }
  Status Record(const Acknowledged& acknowledged);

 private:
  Watermark(DurableEnv* env, std::string parent, const Acknowledged& newest);
  Status StartFile();
  Status WriteOutcome(const leveldb::Status& status) const;

  DurableEnv* const env_;
  const std::string parent_;
  Acknowledged newest_;
  std::unique_ptr<leveldb::WritableFile> file_;
  uint64_t records_ = 0;  // in the file
  uint64_t unsynced_ = 0;
};

}  // namespace baton::storage
