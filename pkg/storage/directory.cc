#include "pkg/storage/directory.h"

#include <utility>
#include <vector>

#include "pkg/storage/disk_failure.h"
#include "pkg/storage/files.h"

namespace baton::storage {
namespace {

constexpr char kLostAndFound[] = "lost+found";  // the root of an ext4 volume has one

Status UnusableSetting(const std::string& path, const std::string& why) {
  return Status(Code::kInvalidArgument, "unusable_directory",
                "The data directory " + path + " cannot be used: " + why +
                    "; give a directory that this user may read and write.");
}

// Only full disks and failed hardware keep their own code: there the setting is not at fault.
Status UnusableUnlessFull(const std::string& path, const leveldb::Status& status) {
  const Status mapped = FromLevelDb(status, "The data directory " + path + " cannot be used");
  if (mapped.code() == Code::kStorageFull) return mapped;
  return UnusableSetting(path, Reason(status));
}

std::string ParentOf(const std::string& path) {
  const size_t slash = path.find_last_of('/', path.find_last_not_of('/'));
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// May lie in a directory that counts as empty.
bool IsHarmless(const std::string& name) {
  return name == "." || name == ".." || name == kLockName || name == kLostAndFound ||
         name == kReserveName || name == kBirthName || name == std::string(kBirthName) + ".tmp" ||
         name == std::string(kCreatingName) + ".tmp" ||
         name == std::string(kRestoringName) + ".tmp";
}

}  // namespace

// The name of a directory that is there need not be durable: a process that was killed between its
// mkdir and its sync leaves one like that. Where the system does not let us sync it, no process of
// ours has made it.
Status KeepDirectoryName(DurableEnv* env, const std::string& path) {
  const leveldb::Status status = env->SyncDir(ParentOf(path));
  const std::string text = status.ToString();
  for (const char* cannot : {"Permission denied", "Invalid argument", "Read-only file system"}) {
    if (text.find(cannot) != std::string::npos) return Status::Ok();
  }
  return status.ok() ? Status::Ok() : UnusableUnlessFull(path, status);
}

Status MakeDirectories(DurableEnv* env, const std::string& path) {
  std::string existing;  // the deepest so far whose name may not be durable
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string prefix = path.substr(0, end);
    if (env->FileExists(prefix)) {
      existing = prefix;
    } else {
      if (!existing.empty())
        BATON_RETURN_IF_ERROR(KeepDirectoryName(env, std::exchange(existing, "")));
      leveldb::Status status = env->CreateDir(prefix);
      if (status.ok()) status = env->SyncDir(ParentOf(prefix));
      if (!status.ok()) return UnusableUnlessFull(path, status);
    }
    if (end == std::string::npos) return Status::Ok();
  }
}

// What the directory holds, by the names in it.
Result<DirectoryContent> ClassifyDirectory(DurableEnv* env, const std::string& path) {
  std::vector<std::string> names;
  const leveldb::Status status = env->GetChildren(path, &names);
  if (!status.ok()) return UnusableSetting(path, Reason(status));
  bool creating = false;
  bool watermark = false;
  bool restoring = false;
  bool other = false;
  for (const std::string& name : names) {
    // Either is enough: IDENTITY may be lost. CREATING outweighs WATERMARK: the work was not done.
    if (name == kIdentityName) return DirectoryContent::kBaton;
    watermark |= name == kWatermarkName;
    if (name == kCreatingName) creating = true;
    if (name == kRestoringName) restoring = true;
    other |= !IsHarmless(name);
  }
  if (restoring) return DirectoryContent::kHalfRestored;
  if (creating) return DirectoryContent::kHalfMade;
  if (watermark) return DirectoryContent::kBaton;
  if (!other) return DirectoryContent::kEmpty;
  return Status(Code::kInvalidArgument, "foreign_directory",
                "The data directory " + path +
                    " is not empty, and the file IDENTITY of a Baton data directory is not there; "
                    "give an empty directory, or one that does not exist yet.");
}

Status LockDirectory(DurableEnv* env, const std::string& path, leveldb::FileLock** lock) {
  const leveldb::Status status = env->LockFile(JoinPath(path, kLockName), lock);
  if (status.ok()) return Status::Ok();
  const std::string text = status.ToString();
  const bool held = text.find("already held") != std::string::npos ||           // by this process
                    text.find("temporarily unavailable") != std::string::npos;  // EAGAIN
  if (!held) return UnusableUnlessFull(path, status);
  return Status(Code::kConflict, "data_dir_in_use",
                "The data directory " + path + " is in use by another process (" + Reason(status) +
                    "); stop that process, or give this node a directory of its own.");
}

Status RestoreInterrupted(const std::string& path) {
  return Status(Code::kInvalidArgument, "restore_interrupted",
                "The data directory " + path +
                    " holds the rests of an interrupted restore; run `batonctl snapshot restore` "
                    "again with the same arguments.");
}

}  // namespace baton::storage
