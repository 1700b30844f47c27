// File: backup_reader.h
//
// A backup (pkg/node/backup_format.h) whose pieces are frames of snapshot_format.h, read row by row
// and checked as a whole: what GET /v1/admin/snapshot of a node on this storage gives.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "pkg/base/status.h"
#include "pkg/node/backup_format.h"
#include "pkg/storage/snapshot_format.h"

namespace baton::storage {

class BackupReader {
 public:
  // Not OK: it ends the reading.
  using RowVisitor = std::function<Status(std::string_view key, std::string_view value)>;

  // The next bytes of the file, cut anywhere. Rows are visited in ascending order, each after its
  // piece was checked; that the backup is whole is known after Finish. Errors as
  // node::BackupDecoder's, and those of `visit`.
  Status Feed(std::string_view bytes, const RowVisitor& visit);
  Status Finish() const;

  const std::optional<node::BackupHeader>& header() const { return file_.header(); }
  uint64_t bytes() const { return file_.bytes(); }
  uint32_t crc() const { return file_.crc(); }

 private:
  node::BackupDecoder file_;
  SnapshotDecoder rows_;
};

}  // namespace baton::storage
