// File: env.h
//
// The operating system as this room sees it: leveldb::Env, which LevelDB itself goes through, and
// the one thing it lacks. Every file operation of the room goes through a DurableEnv, so that a
// test can stand in the place of the disk (testing/fault_env.h).
#pragma once

#include <leveldb/env.h>

#include <cstdint>
#include <string>

namespace baton::storage {

class DurableEnv : public leveldb::EnvWrapper {
 public:
  using leveldb::EnvWrapper::EnvWrapper;

  // Names that were created, renamed or removed in `dir` survive a power loss once this is OK.
  // Syncing a file does not promise that its name does.
  virtual leveldb::Status SyncDir(const std::string& dir) = 0;

  // Space. NotSupportedError where the file system cannot say or do it, which is the default.
  //
  // The first `bytes` of the file have their place on the disk: writing them cannot fail for want
  // of space. Its size stays what it is. IsFull(status): there is not so much.
  virtual leveldb::Status Allocate(const std::string& path, uint64_t bytes);
  // Gives back what Allocate took beyond the file's end.
  virtual leveldb::Status Trim(const std::string& path);
  // Makes the file if it is not there, and makes it `bytes` long, with a place for all of them;
  // also when it had that length and, as after a copy, no place.
  virtual leveldb::Status Resize(const std::string& path, uint64_t bytes);
  // The file becomes `to` bytes long, and its bytes from `from` on, which was its end, are zeros.
  // Writing over them, once they are synced, moves no metadata, and to sync that is one write.
  virtual leveldb::Status FillWithZeros(const std::string& path, uint64_t from, uint64_t to);
  // Whether writes below `directory` may wait for space or use what was held in reserve for them.
  // Not so is what can be done without, and should end when the disk is full. Until it is told
  // otherwise they may. Where nothing waits it changes nothing.
  virtual void SetPatient(const std::string& directory, bool patient);
  // What this user may still write to the file system of `path`.
  virtual leveldb::Status FreeBytes(const std::string& path, uint64_t* bytes);
};

// There was no space on the disk, or none for this user.
bool IsFull(const leveldb::Status& status);

// The real one; never destroyed. Differs from LevelDB's in two points. It makes directories that
// only their owner may enter. And it reads tables with pread instead of mmap: a bad sector is then
// an error that we can report instead of a SIGBUS, and pages of tables do not count as our memory.
DurableEnv* PosixEnv();

}  // namespace baton::storage
