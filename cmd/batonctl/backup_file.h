// File: backup_file.h
//
// A backup as a file on this machine: written while it comes and is checked, and read again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "pkg/base/status.h"
#include "pkg/coord/row_tables.h"
#include "pkg/node/backup_format.h"
#include "pkg/storage/backup_reader.h"

namespace baton::batonctl {

// What a whole, checked backup holds.
struct BackupContents {
  node::BackupHeader header;
  uint64_t bytes = 0;
  uint32_t crc = 0;
  coord::StateSummary state;
};

// Checks a backup that comes in pieces and counts what it holds.
class BackupChecker {
 public:
  Status Feed(std::string_view bytes);
  // After the last: the backup is whole, or why not.
  Result<BackupContents> Finish() const;
  uint64_t bytes() const { return reader_.bytes(); }

 private:
  storage::BackupReader reader_;
  coord::StateSummary state_;
};

// PATH.part until it is complete and durable, then PATH. Readable by its owner only: it holds all
// values of all keys. Dropped before Finish: PATH.part is removed.
class BackupFileWriter {
 public:
  // kConflict: PATH exists and `overwrite` is not set, or somebody writes it right now. kIo.
  static Result<std::unique_ptr<BackupFileWriter>> Create(const std::string& path, bool overwrite);
  ~BackupFileWriter();
  BackupFileWriter(const BackupFileWriter&) = delete;
  BackupFileWriter& operator=(const BackupFileWriter&) = delete;

  Status Write(std::string_view bytes);
  // The file and its name survive a power loss when it is OK.
  Status Finish();
  // Of another attempt: empties the file.
  Status StartOver();

 private:
  BackupFileWriter(std::string path, bool overwrite, int descriptor)
      : path_(std::move(path)), overwrite_(overwrite), descriptor_(descriptor) {}

  const std::string path_;
  const bool overwrite_;
  int descriptor_;
};

// Hands over the bytes of the file, piece by piece, empty at its end.
class BackupFileReader {
 public:
  static Result<std::unique_ptr<BackupFileReader>> Open(const std::string& path);
  ~BackupFileReader();
  BackupFileReader(const BackupFileReader&) = delete;
  BackupFileReader& operator=(const BackupFileReader&) = delete;

  Result<std::string> Next();

 private:
  BackupFileReader(std::string path, int descriptor)
      : path_(std::move(path)), descriptor_(descriptor) {}

  const std::string path_;
  const int descriptor_;
};

// Reads all of it.
Result<BackupContents> CheckBackupFile(const std::string& path);

}  // namespace baton::batonctl
