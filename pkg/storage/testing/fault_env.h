// File: fault_env.h
//
// A disk in memory that can be as bad as real ones: it forgets what was not synced (bytes and names
// each on their own), tears, flips and cuts, is slow, and fails when it is told to. For tests.
//
//   FaultEnv env;                       // holds "/" and nothing else
//   { auto dir = DataDir::Open("/data", identity, {.env = &env}); ...; env.PowerOff(); }
//   env.PowerOn();                      // what was not synced is gone
//   auto again = DataDir::Open(...);
//
// A crash at a moment in the middle of a call needs no second run: an observer takes the disk as it
// is then, and another FaultEnv goes on with it.
//
// Follows POSIX where it is strict: syncing a file keeps its bytes, not its name; a name is kept by
// syncing its directory. (LevelDB's own behaviour of syncing the directory together with a MANIFEST
// is repeated here, since its PosixWritableFile does that.)
#pragma once

#include <chrono>
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
    kSyncDir,
    kFill
  };
  // Called before every change; anything but OK is its outcome, and nothing is changed.
  using Fault = std::function<leveldb::Status(Operation, const std::string& path)>;
  // What does not change the disk; kOpen is of an existing file, to read or to append.
  enum class Look { kOpen, kRead, kList, kSize, kLock };
  // Called before every look; anything but OK is its outcome.
  using LookFault = std::function<leveldb::Status(Look, const std::string& path)>;
  // How long a change takes. Only the caller waits.
  using Delay = std::function<std::chrono::microseconds(Operation, const std::string& path)>;
  // Where a change stands: kWithin is an append whose first half is in the file.
  enum class Moment { kBefore, kWithin, kAfter };
  // Called on the thread of the change, which it holds up together with all others. It may look at
  // the disk (changes, Files, Contents, TakeDisk), and must not change it.
  using Observer = std::function<void(Moment, Operation, const std::string& path)>;
  struct Disk;  // everything that a disk remembers, synced or not; shared and never changed

  FaultEnv();
  ~FaultEnv() override;

  // --- what tests do to it ---
  void SetFault(Fault fault);  // an empty one: none; so are the three below
  void SetLookFault(LookFault fault);
  void SetDelay(Delay delay);
  void SetObserver(Observer observer);
  // How disks fail that were met outside of tests: a failed append leaves its first half, and what
  // a failed sync did not keep no later one does: the system takes those pages for clean (Rebello
  // et al., "Can Applications Recover from fsync Failures?", ATC 2020). They end as zeros.
  void SetDirtyFailures(bool dirty);
  // The disk holds so many bytes, files and what is set aside for them; 0: any number. What finds
  // no room fails as on a full disk and changes nothing.
  void SetCapacity(uint64_t bytes);
  uint64_t used_bytes() const;
  // Number of changes, and of looks, that were asked for so far.
  uint64_t changes() const;
  uint64_t looks() const;
  // The process is dead: every change fails until PowerOn.
  void PowerOff();
  // Forgets every byte and name that was not synced. With `tear`, a random part of it is kept: of
  // each file all of it, or some first bytes, in which some pages of 4096 are zeros; the zeros that
  // it was filled with, some or all; and each new, changed or removed name or not.
  void PowerOn(Random* tear = nullptr);
  // As after a kill: everything that was written is there.
  void Restart();
  std::vector<std::string> Files() const;  // paths, sorted
  std::string Contents(const std::string& path) const;
  void SetContents(const std::string& path, const std::string& contents);  // synced
  // Changes a file where it lies, synced, also under whoever has it open. False: there is no such
  // file (any more), or it is empty.
  bool Damage(const std::string& path, const std::function<void(std::string* bytes)>& change);
  // A copy of the whole tree, and back to it.
  using Image = std::map<std::string, std::string>;  // directories have a name ending in '/'
  Image TakeImage() const;
  void PutImage(const Image& image);
  // A copy of the disk of a running process, and a disk that is in that very state. Nobody may use
  // the one it is put in.
  std::shared_ptr<const Disk> TakeDisk() const;
  void PutDisk(const Disk& disk);

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
  leveldb::Status Allocate(const std::string& path, uint64_t bytes) override;
  leveldb::Status Trim(const std::string& path) override;
  leveldb::Status Resize(const std::string& path, uint64_t bytes) override;
  leveldb::Status FillWithZeros(const std::string& path, uint64_t from, uint64_t to) override;
  leveldb::Status FreeBytes(const std::string& path, uint64_t* bytes) override;

  struct Node;  // a file or a directory; in fault_env.cc

 private:
  friend class FaultWritableFile;
  friend class FaultReader;
  using Names = std::map<std::string, std::shared_ptr<Node>>;

  void WaitFor(Operation operation, const std::string& path);  // must not hold mutex_
  // All below require mutex_.
  leveldb::Status BeforeChange(Operation operation, const std::string& path);
  leveldb::Status BeforeLook(Look look, const std::string& path);
  void Observe(Moment moment, Operation operation, const std::string& path);
  std::shared_ptr<Node> Find(const std::string& path) const;
  leveldb::Status OpenForWriting(const std::string& path, bool truncate,
                                 leveldb::WritableFile** file);
  void KeepNamesOf(const std::string& directory);
  void KeepSomeNames(Random* tear);

  leveldb::Status Place(Node* node, const std::string& path, uint64_t bytes);
  leveldb::Status Append(Node* node, const std::string& path, const leveldb::Slice& bytes);
  leveldb::Status Sync(Node* node, const std::string& path);

  // Of all below, and of every Node's bytes. Recursive for the sake of the observer.
  mutable std::recursive_mutex mutex_;
  Names names_;
  Names durable_names_;
  std::set<std::string> locked_;
  Fault fault_;
  LookFault look_fault_;
  Delay delay_;
  Observer observer_;
  bool dirty_failures_ = false;
  uint64_t capacity_bytes_ = 0;
  uint64_t changes_ = 0;
  uint64_t looks_ = 0;
  bool powered_off_ = false;
};

}  // namespace baton::storage
