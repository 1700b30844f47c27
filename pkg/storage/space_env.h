// File: space_env.h
//
// A disk on which writes do not fail for want of space: each is preceded by taking its place
// (DurableEnv::Allocate), and when there is none the SpaceGuard makes some, or it waits. Taking the
// place first is what makes a second try possible: a write that has failed in its middle cannot be
// repeated, and LevelDB forgets what it had buffered.
//
// What is written below a directory that is not patient fails at once: a snapshot that arrives must
// not use up the reserve, and its database must be able to end.
//
// Where the file system cannot take a place in advance, writes fail as they always did.
#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <string>

#include "pkg/storage/env.h"
#include "pkg/storage/space_guard.h"

namespace baton::storage {

class SpaceEnv final : public DurableEnv {
 public:
  // A file takes place in steps of this many bytes and gives the rest back when it is closed.
  static constexpr uint64_t kStepBytes = 256 << 10;

  // Both must outlive it.
  SpaceEnv(DurableEnv* base, SpaceGuard* guard) : DurableEnv(base), base_(base), guard_(guard) {}

  leveldb::Status NewWritableFile(const std::string& path, leveldb::WritableFile** file) override;
  leveldb::Status NewAppendableFile(const std::string& path, leveldb::WritableFile** file) override;
  leveldb::Status CreateDir(const std::string& path) override;
  leveldb::Status RenameFile(const std::string& from, const std::string& to) override;
  leveldb::Status SyncDir(const std::string& path) override { return base_->SyncDir(path); }
  leveldb::Status Allocate(const std::string& path, uint64_t bytes) override;
  leveldb::Status FillWithZeros(const std::string& path, uint64_t from, uint64_t to) override;
  leveldb::Status Trim(const std::string& path) override { return base_->Trim(path); }
  void SetPatient(const std::string& directory, bool patient) override;

 private:
  template <typename Operation>
  leveldb::Status WithRoom(const std::string& path, Operation operation);
  bool IsPatient(const std::string& path) const;

  DurableEnv* const base_;
  SpaceGuard* const guard_;
  mutable std::mutex mutex_;
  std::set<std::string> impatient_;  // directories, with a slash at the end; protected by mutex_
};

}  // namespace baton::storage
