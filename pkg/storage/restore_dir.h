// File: restore_dir.h
//
// A backup made into the data directory of one node of a new cluster. What becomes of the state
// says pkg/coord/restore.h; the log of the new cluster begins where the backup ends. All nodes that
// are restored from one backup with the same step and voters begin with the same state.
//
// Every step is durable before the next: RESTORING, the state, the log, IDENTITY. Until IDENTITY is
// there no node starts on the directory, and the restore can be begun again (data_dir.h).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/coord/restore.h"
#include "pkg/node/backup_format.h"
#include "pkg/storage/identity.h"

namespace baton::storage {

class DurableEnv;

struct RestoreOptions {
  std::string data_dir;  // must not exist, be empty, or hold the rests of a restore
  Identity identity;     // of the new cluster, and of this node in it
  std::vector<NodeId> voters;
  uint64_t step = coord::kRestoreStepDefault;
  DurableEnv* env = nullptr;  // nullptr: the real one
};

struct Restored {
  node::BackupHeader header;
  coord::Meta before;
  coord::Meta after;
  coord::StateRestorer::Dropped dropped;
};

// The next bytes of the backup; empty at its end.
using ReadBackup = std::function<Result<std::string>()>;

// kInvalidArgument/"data_dir_not_empty", or as DataDir::Open; as BackupReader and StateRestorer;
// kInvalidArgument/"same_cluster" if the identity is of the cluster that the backup is of.
Result<Restored> RestoreDataDir(const RestoreOptions& options, const ReadBackup& read);

}  // namespace baton::storage
