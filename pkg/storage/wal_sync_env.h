// File: wal_sync_env.h
//
// What stands between one LevelDB and its files, to close the gaps of LevelDB 1.23 that would lose
// data at a power loss:
//
//   1. A hole between two write-ahead files. When its memtable is full LevelDB goes on in a new
//      NNNNNN.log and closes the old one without a sync. If then a sync, or the kernel, makes the
//      new one durable and the power fails, the later batches are there and the earlier ones are
//      not. Where each batch is synced (the Raft log), a write-ahead file is synced when it is
//      closed, which LevelDB does before the new one gets its first record. So what is durable is
//      always a prefix of what was written. Where batches are not synced (the state tables) that
//      would make a writer wait for megabytes: a file that was closed is synced with the next sync
//      of any, unless its batches are in a table by then and it is gone. A hole that a power loss
//      leaves meanwhile is found, and all that follows it cut off (wal_check.h, kCutAll).
//   2. Names. LevelDB syncs its directory only together with a MANIFEST, after it has written there
//      that a table exists; when the power fails in between, the kernel may have kept the one and
//      not the other. Here the directory is synced when a write-ahead file is made, with each table
//      and after each rename (CURRENT), before anything relies on them.
//   3. Failure. LevelDB goes on after a failed append. Here the first failed append or sync of a
//      write-ahead file fails every later one. Nothing is removed any more, either: the next start
//      looks at all that is there and removes what is obsolete.
//
// Where each batch is synced it also fills the write-ahead file with zeros some way ahead
// (DurableEnv::FillWithZeros): to sync what was appended to a file is to write the file's new
// length and place as well, through the file system's journal, which the files of all processes
// share. ext4, three processes that append 400 bytes and sync: 450 us each, over zeros 360.
//
// It also gives the database a background thread of its own (Env::Default() has one for all of the
// process), so that the log never waits for a compaction of the state, and a Sync that does not
// stand in the queue of LevelDB's writers.
#pragma once

#include <leveldb/env.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "pkg/storage/env.h"

namespace baton::storage {

class WalSyncEnv final : public leveldb::EnvWrapper {
 public:
  // Zeros reach to the next multiple of this.
  static constexpr uint64_t kFillStepBytes = 256 << 10;
  // A step that took fewer syncs was of large batches: it is not worth its zeros, nor is the next.
  static constexpr int kFillSyncsMin = 8;

  // For the one database in `directory`. `base` must outlive it; it must outlive the database.
  WalSyncEnv(DurableEnv* base, std::string directory, bool syncs_each_batch = true);
  ~WalSyncEnv() override;

  // Every record that was appended before the call is durable when it is OK. Any thread. It syncs
  // the write-ahead files through a second handle of its own, so that no writer waits for it.
  leveldb::Status SyncWal() { return Sync(/*closed_only=*/false); }
  // The same of those files that are closed: for who has synced the open one through LevelDB.
  leveldb::Status SyncClosedWals() { return Sync(/*closed_only=*/true); }
  // The first failure, or OK. Once there is one, nothing may be acknowledged any more.
  leveldb::Status failure() const;
  void SetFailure(const leveldb::Status& status);
  // Bytes appended to the open write-ahead files.
  uint64_t WalBytes() const;

  leveldb::Status NewWritableFile(const std::string& path, leveldb::WritableFile** file) override;
  leveldb::Status RenameFile(const std::string& from, const std::string& to) override;
  leveldb::Status RemoveFile(const std::string& path) override;
  void Schedule(void (*function)(void*), void* argument) override;

  struct OpenWal;  // one write-ahead file; in wal_sync_env.cc

 private:
  friend class WalFile;
  friend class TableFile;
  void Closed(const std::shared_ptr<OpenWal>& wal);
  // And forgets the files that were closed before.
  leveldb::Status Sync(bool closed_only);
  void RunBackground();

  DurableEnv* const base_;
  const std::string directory_;
  const bool syncs_each_batch_;

  mutable std::mutex mutex_;  // of all below
  leveldb::Status failure_;
  std::vector<std::shared_ptr<OpenWal>>
      wals_;  // that are open, or were not synced when they were closed
  std::deque<std::pair<void (*)(void*), void*>> background_work_;
  std::condition_variable background_wakes_;
  bool stopping_ = false;
  std::thread background_;  // started by the first Schedule
};

// True for "000012.log", with any directory before it.
bool IsWalName(const std::string& path);

}  // namespace baton::storage
