// File: env.h
//
// The operating system as this room sees it: leveldb::Env, which LevelDB itself goes through, and
// the one thing it lacks. Every file operation of the room goes through a DurableEnv, so that a
// test can stand in the place of the disk (testing/fault_env.h).
#pragma once

#include <leveldb/env.h>

#include <string>

namespace baton::storage {

class DurableEnv : public leveldb::EnvWrapper {
 public:
  using leveldb::EnvWrapper::EnvWrapper;

  // Names that were created, renamed or removed in `dir` survive a power loss once this is OK.
  // Syncing a file does not promise that its name does.
  virtual leveldb::Status SyncDir(const std::string& dir) = 0;
};

// The real one; never destroyed. Differs from LevelDB's in two points. It makes directories that
// only their owner may enter. And it reads tables with pread instead of mmap: a bad sector is then
// an error that we can report instead of a SIGBUS, and pages of tables do not count as our memory.
DurableEnv* PosixEnv();

}  // namespace baton::storage
