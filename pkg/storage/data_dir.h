// File: data_dir.h
//
// A node's data directory: checked, locked, and opened into the two stores that a node needs.
//
//   DIR/LOCK           held while a process uses the directory
//   DIR/BIRTH          the id of a node that is not a member yet (birth.h)
//   DIR/IDENTITY       format, cluster and node, as text; written last when a directory is made
//   DIR/CREATING       only while a directory is being made: what is there may be thrown away
//   DIR/RESTORING      the same for a restore from a backup; what is there must not be started on
//   DIR/WATERMARK      the highest acknowledged write of the log, term and vote (watermark.h)
//   DIR/LOG            which of the log directories is the live one, as text (live_directory.h)
//   DIR/log-NNNNNN/    LevelDB: the Raft log (log_format.h)
//   DIR/STATE          which of the state directories is the live one
//   DIR/state-NNNNNN/  LevelDB: the state tables (state_store.h)
//   DIR/RESERVE        space on the disk for when it is full (space_guard.h)
//   DIR/STATE-DAMAGED  only after damage was found in the state while the process ran
//
// Damage is repaired here as far as a node alone can: a log keeps what can be believed of it and
// says that it lacks something (log_repair.h); a state becomes an empty one, to be replayed from
// the log or fetched from a peer. What was damaged is set aside until that is done.
//
//   auto dir = DataDir::Open("/var/lib/baton", {.cluster_id = id, .node_id = NodeId(1)});
//   if (!dir.ok()) ...  // one sentence: the path, what is wrong, what to do
//   Run((*dir)->log(), (*dir)->state());
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pkg/base/status.h"
#include "pkg/node/ports.h"
#include "pkg/storage/database_facts.h"
#include "pkg/storage/identity.h"
#include "pkg/storage/log_store.h"
#include "pkg/storage/space_guard.h"
#include "pkg/storage/state_store.h"

namespace leveldb {
class FileLock;
}

namespace baton::storage {

class DurableEnv;
class SpaceEnv;

struct DataDirOptions {
  LogStoreOptions log = {};
  StateStoreOptions state = {};
  SpaceOptions space = {};    // all 0: no care is taken
  DurableEnv* env = nullptr;  // nullptr: the real one; must outlive the DataDir
  // The node was restored from a backup: an empty directory would make it forget that.
  bool must_exist = false;
};

class DataDir {
 public:
  // Makes the directory (and its parents, mode 0700) when it does not exist or is empty; a
  // `lost+found` counts as empty. Fails, with the path and the way out in the message, as
  //   kInvalidArgument  empty path, bad identity (reason "invalid_argument"), not a directory or
  //                     no right to use it ("unusable_directory"), files that are not Baton's
  //                     ("foreign_directory"), "wrong_cluster", "wrong_node", "newer_format",
  //                     "restore_interrupted", "not_restored" (see must_exist)
  //   kConflict         another process uses it ("data_dir_in_use")
  //   kCorruption       the directory cannot be told to be this node's: IDENTITY is damaged, and so
  //                     is the log
  //   kIo, kStorageFull the operating system refused
  static Result<std::unique_ptr<DataDir>> Open(const std::string& path, const Identity& identity,
                                               const DataDirOptions& options = {});

  // Makes a directory of what `fill` writes into it (the state, the log), for restore_dir.h. Begins
  // again what an interrupted restore has left. kInvalidArgument/"data_dir_not_empty"; else as
  // Open, or what `fill` gave; then no node starts on the directory.
  using Fill = std::function<Status(DurableEnv* env)>;
  static Status MakeRestored(const std::string& path, const Identity& identity, DurableEnv* env,
                             const Fill& fill);

  // Closes both stores, which makes everything durable, then gives the lock back. No reader or
  // writer of a snapshot may be left.
  ~DataDir();
  DataDir(const DataDir&) = delete;
  DataDir& operator=(const DataDir&) = delete;

  // Valid as long as the DataDir.
  node::LogStore& log() { return *log_; }
  node::StateStore& state() { return *state_; }
  // For metrics. Any thread.
  DatabaseFacts LogFacts() const;
  DatabaseFacts StateFacts() const;
  const std::string& path() const { return path_; }
  // Null without SpaceOptions. Whoever runs a node starts it.
  SpaceGuard* space() { return guard_.get(); }
  // What was damaged and how it was repaired, a sentence each. Empty: nothing.
  const std::vector<std::string>& repairs() const { return repairs_; }

 private:
  DataDir(DurableEnv* env, std::string path, const SpaceOptions& space);
  Status OpenLog(const Identity& identity, const DataDirOptions& options);
  Status OpenState(const Identity& identity, const DataDirOptions& options);
  // The owner: from IDENTITY or, when that is damaged, from the log's own row.
  Status CheckOwnerOf(const Identity& identity);
  Status MakeIfEmpty(const Identity& identity, bool must_exist);

  const std::string path_;
  std::unique_ptr<SpaceGuard> guard_;
  std::unique_ptr<SpaceEnv> space_env_;
  DurableEnv* const env_;  // space_env_, or what it stands on
  leveldb::FileLock* lock_ = nullptr;
  std::vector<std::string> repairs_;
  std::unique_ptr<LevelLogStore> log_;
  std::unique_ptr<LevelStateStore> state_;
};

}  // namespace baton::storage
