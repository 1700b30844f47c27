// File: fault_env.h
//
// A disk in memory that can be as bad as real ones: it forgets what was not synced (bytes and names
// each on their own), tears, flips and cuts, and fails when it is told to. For tests.
//
//   FaultEnv env;                       // holds "/" and nothing else
//   { auto dir = DataDir::Open("/data", identity, {.env = &env}); ...; env.PowerOff(); }
//   env.PowerOn();                      // what was not synced is gone
//   auto again = DataDir::Open(...);
//
// Follows POSIX where it is strict: syncing a file keeps its bytes, not its name; a name is kept by
// syncing its directory. (LevelDB's own behaviour of syncing the directory together with a MANIFEST
// is repeated here, since its PosixWritableFile does that.)
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "pkg/base/random.h"
#include "pkg/storage/env.h"

namespace baton::storage {

class FaultEnv final : public DurableEnv {
 public:
  enum class Operation {
    kCreate,
    kAppend,
    kSync,
    kRename,
    kRemove,
    kMakeDir,
    kRemoveDir,
    kSyncDir
  };
  // Called before every change; anything but OK is its outcome, and nothing is changed.
  using Fault = std::function<leveldb::Status(Operation, const std::string& path)>;

  FaultEnv();
  ~FaultEnv() override;

  // --- what tests do to it ---
  void SetFault(Fault fault);  // an empty one: none
  // Number of changes that were asked for so far.
  uint64_t changes() const;
  // The process is dead: every change fails until PowerOn.
  void PowerOff();
  // Forgets every byte and name that was not synced. With `tear`, a random part of it is kept: of
  // each file some first bytes, in which some pages of 4096 are zeros; and each new, changed or
  // removed name or not.
  void PowerOn(Random* tear = nullptr);
  // As after a kill: everything that was written is there.
  void Restart();
  std::vector<std::string> Files() const;  // paths, sorted
  std::string Contents(const std::string& path) const;
  void SetContents(const std::string& path, const std::string& contents);  // synced
  // A copy of the whole tree, and back to it.
  using Image = std::map<std::string, std::string>;  // directories have a name ending in '/'
  Image TakeImage() const;
  void PutImage(const Image& image);

  // --- leveldb::Env ---
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
  leveldb::Status LockFile(const std::string& path, leveldb::FileLock** lock) override;
  leveldb::Status UnlockFile(leveldb::FileLock* lock) override;
  leveldb::Status SyncDir(const std::string& path) override;

  struct Node;  // a file or a directory; in fault_env.cc

 private:
  friend class FaultWritableFile;
  using Names = std::map<std::string, std::shared_ptr<Node>>;

  // All require mutex_.
  leveldb::Status BeforeChange(Operation operation, const std::string& path);
  std::shared_ptr<Node> Find(const std::string& path) const;
  leveldb::Status OpenForWriting(const std::string& path, bool truncate,
                                 leveldb::WritableFile** file);
  void KeepNamesOf(const std::string& directory);
  void KeepSomeNames(Random* tear);

  leveldb::Status Append(Node* node, const std::string& path, const leveldb::Slice& bytes);
  leveldb::Status Sync(Node* node, const std::string& path);

  mutable std::mutex mutex_;  // of all below, and of every Node's bytes
  Names names_;
  Names durable_names_;
  std::set<std::string> locked_;
  Fault fault_;
  uint64_t changes_ = 0;
  bool powered_off_ = false;
};

}  // namespace baton::storage
