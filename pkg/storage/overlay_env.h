// File: overlay_env.h
//
// The real disk, read only: what is written, renamed or removed lives in memory and hides what is
// below. LevelDB has no way to open a database without changing its directory (it replays the
// write-ahead files, begins a new MANIFEST and removes what is obsolete); on top of this it changes
// nothing, not even a time stamp.
//
//   OverlayEnv env(PosixEnv());
//   auto database = Database::Open(&env, options);
//   env.Freeze();  // no compaction from here on
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "pkg/storage/env.h"

namespace baton::storage {

// Any thread.
class OverlayEnv final : public DurableEnv {
 public:
  // More than a recovery writes: a few memtables, of at most 4 MiB in this room.
  static constexpr size_t kBytesMaxDefault = 256u << 20;

  // `below` must outlive it. Writes beyond `bytes_max` in all fail.
  explicit OverlayEnv(DurableEnv* below, size_t bytes_max = kBytesMaxDefault);
  ~OverlayEnv() override;

  // Every later change fails, so that a compaction in the background cannot copy a database into
  // memory. Reads go on.
  void Freeze();
  // And from here on they work again, for the next database.
  void Thaw();
  // Whether the file is one that was written here.
  bool Wrote(const std::string& path) const;

  leveldb::Status NewSequentialFile(const std::string&, leveldb::SequentialFile**) override;
  leveldb::Status NewRandomAccessFile(const std::string&, leveldb::RandomAccessFile**) override;
  leveldb::Status NewWritableFile(const std::string&, leveldb::WritableFile**) override;
  leveldb::Status NewAppendableFile(const std::string&, leveldb::WritableFile**) override;
  bool FileExists(const std::string& path) override;
  leveldb::Status GetChildren(const std::string& path, std::vector<std::string>* names) override;
  leveldb::Status RemoveFile(const std::string& path) override;
  leveldb::Status CreateDir(const std::string& path) override;
  leveldb::Status RemoveDir(const std::string& path) override;
  leveldb::Status GetFileSize(const std::string& path, uint64_t* bytes) override;
  leveldb::Status RenameFile(const std::string& from, const std::string& to) override;
  // Of nothing: the directory is locked below, if at all.
  leveldb::Status LockFile(const std::string& path, leveldb::FileLock** lock) override;
  leveldb::Status UnlockFile(leveldb::FileLock* lock) override;
  leveldb::Status SyncDir(const std::string& dir) override;

  struct File;  // in overlay_env.cc

 private:
  friend class OverlayWritableFile;

  // All require mutex_.
  std::shared_ptr<File> Find(const std::string& path) const;
  bool ExistsLocked(const std::string& path) const;
  leveldb::Status CheckWritable(const std::string& path, size_t bytes) const;
  // The file as it is, in memory.
  leveldb::Status Lift(const std::string& path, std::shared_ptr<File>* file);

  DurableEnv* const below_;
  const size_t bytes_max_;

  mutable std::mutex mutex_;  // of all below, and of every File
  // nullptr: removed here.
  std::map<std::string, std::shared_ptr<File>> files_;
  size_t bytes_ = 0;  // ever written
  bool frozen_ = false;
};

}  // namespace baton::storage
