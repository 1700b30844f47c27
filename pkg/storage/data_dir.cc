#include "pkg/storage/data_dir.h"

#include <utility>

#include "pkg/storage/directory.h"
#include "pkg/storage/disk_failure.h"
#include "pkg/storage/env.h"
#include "pkg/storage/files.h"
#include "pkg/storage/live_directory.h"
#include "pkg/storage/log_database.h"
#include "pkg/storage/log_repair.h"
#include "pkg/storage/sealed_text.h"
#include "pkg/storage/space_env.h"

namespace baton::storage {
namespace {

// Every step is durable before the next: the directory's name and CREATING first, IDENTITY last. A
// crash in between leaves kHalfMade, which begins again.
Status Create(DurableEnv* env, const std::string& path, const Identity& identity) {
  BATON_RETURN_IF_ERROR(KeepDirectoryName(env, path));
  BATON_RETURN_IF_ERROR(WriteFileDurably(env, path, kCreatingName, ""));
  BATON_RETURN_IF_ERROR(LevelLogStore::Create(env, path, identity));
  BATON_RETURN_IF_ERROR(LevelStateStore::Create(env, path, identity));
  return WriteFileDurably(env, path, kIdentityName, EncodeIdentityFile(identity));
}

// A node that began empty here would help to elect others that know nothing either.
Status NotRestored(const std::string& path) {
  return Status(Code::kInvalidArgument, "not_restored",
                "The data directory " + path +
                    " is empty, and cluster-id says that this node was restored from a backup; run "
                    "`batonctl snapshot restore` for this node first, or correct data-dir.");
}

Status CheckIdentityFile(DurableEnv* env, const std::string& path, const Identity& identity) {
  const std::string file_path = JoinPath(path, kIdentityName);
  const Result<std::string> text = ReadWholeFile(env, file_path, kSealedTextBytesMax);
  if (text.status().code() == Code::kIo) return text.status();
  const Result<Identity> owner =
      text.ok() ? DecodeIdentityFile(*text, file_path)
                : Result<Identity>(Status(Code::kCorruption, text.status().message()));
  if (owner.status().code() == Code::kCorruption) {
    return Unusable("data directory", path, owner.status().message());
  }
  if (!owner.ok()) return owner.status();
  return CheckOwner(*owner, identity, path);
}

}  // namespace

Result<std::unique_ptr<DataDir>> DataDir::Open(const std::string& path, const Identity& identity,
                                               const DataDirOptions& options) {
  if (path.empty()) return Status(Code::kInvalidArgument, "The data directory has no name.");
  BATON_RETURN_IF_ERROR(CheckIdentity(identity));
  DurableEnv* const env = options.env != nullptr ? options.env : PosixEnv();
  BATON_RETURN_IF_ERROR(MakeDirectories(env, path));
  std::unique_ptr<DataDir> dir(new DataDir(env, path, options.space));
  // Look before the lock: LOCK must not be made in a directory that is not ours.
  Result<DirectoryContent> content = ClassifyDirectory(env, path);
  if (!content.ok()) return content.status();
  BATON_RETURN_IF_ERROR(LockDirectory(env, path, &dir->lock_));
  BATON_RETURN_IF_ERROR(dir->MakeIfEmpty(identity, options.must_exist));
  BATON_RETURN_IF_ERROR(dir->CheckOwnerOf(identity));
  // IDENTITY outweighs them.
  (void)env->RemoveFile(JoinPath(path, kCreatingName));
  (void)env->RemoveFile(JoinPath(path, kRestoringName));
  BATON_RETURN_IF_ERROR(dir->OpenLog(identity, options));
  BATON_RETURN_IF_ERROR(dir->OpenState(identity, options));
  if (dir->guard_ != nullptr) dir->guard_->Poll();  // the reserve: of a directory that is ours
  return dir;
}

DataDir::DataDir(DurableEnv* env, std::string path, const SpaceOptions& space)
    : path_(std::move(path)),
      guard_(space == SpaceOptions() ? nullptr : std::make_unique<SpaceGuard>(env, path_, space)),
      space_env_(guard_ == nullptr ? nullptr : std::make_unique<SpaceEnv>(env, guard_.get())),
      env_(guard_ == nullptr ? env : space_env_.get()) {}

// With the lock: another process may have been at work until now.
Status DataDir::MakeIfEmpty(const Identity& identity, bool must_exist) {
  const Result<DirectoryContent> content = ClassifyDirectory(env_, path_);
  if (!content.ok()) return content.status();
  if (*content == DirectoryContent::kBaton) return Status::Ok();
  if (*content == DirectoryContent::kHalfRestored) return RestoreInterrupted(path_);
  if (must_exist) return NotRestored(path_);
  return Create(env_, path_, identity);
}

Status DataDir::MakeRestored(const std::string& path, const Identity& identity, DurableEnv* env,
                             const Fill& fill) {
  if (path.empty()) return Status(Code::kInvalidArgument, "The data directory has no name.");
  BATON_RETURN_IF_ERROR(CheckIdentity(identity));
  if (env == nullptr) env = PosixEnv();
  BATON_RETURN_IF_ERROR(MakeDirectories(env, path));
  Result<DirectoryContent> content = ClassifyDirectory(env, path);  // before the lock, as Open does
  if (!content.ok()) return content.status();
  DataDir dir(env, path, {});
  BATON_RETURN_IF_ERROR(LockDirectory(env, path, &dir.lock_));
  content = ClassifyDirectory(env, path);
  if (!content.ok()) return content.status();
  if (*content != DirectoryContent::kEmpty && *content != DirectoryContent::kHalfRestored) {
    return Status(
        Code::kInvalidArgument, "data_dir_not_empty",
        "The data directory " + path +
            " holds a node's data; a restore makes a new one: give an empty directory, or "
            "one that does not exist yet.");
  }
  BATON_RETURN_IF_ERROR(KeepDirectoryName(env, path));
  BATON_RETURN_IF_ERROR(WriteFileDurably(env, path, kRestoringName, ""));
  BATON_RETURN_IF_ERROR(fill(env));
  BATON_RETURN_IF_ERROR(WriteFileDurably(env, path, kIdentityName, EncodeIdentityFile(identity)));
  (void)env->RemoveFile(JoinPath(path, kRestoringName));
  return Status::Ok();
}

Status DataDir::CheckOwnerOf(const Identity& identity) {
  const Status file = CheckIdentityFile(env_, path_, identity);
  if (file.code() != Code::kCorruption) return file;
  const Result<Identity> owner = OwnerOfLog(env_, path_);
  if (owner.status().code() == Code::kCorruption) return AddAdvice(file);
  if (!owner.ok()) return owner.status();
  BATON_RETURN_IF_ERROR(CheckOwner(*owner, identity, path_));
  BATON_RETURN_IF_ERROR(WriteFileDurably(env_, path_, kIdentityName, EncodeIdentityFile(identity)));
  repairs_.push_back(file.message() + " It was written again: the log knows its owner.");
  return Status::Ok();
}

Status DataDir::OpenLog(const Identity& identity, const DataDirOptions& options) {
  // Before anything needs space: what an interrupted snapshot has left may be what fills the disk.
  // Whoever cannot remove it now is told so by the store that it belongs to.
  const Result<LiveDirectory> live = kStateSeries.Read(env_, path_);
  if (live.ok()) (void)kStateSeries.RemoveOthers(env_, path_, *live).ok();
  Result<std::unique_ptr<LevelLogStore>> log =
      LevelLogStore::Open(env_, path_, identity, options.log);
  if (log.status().code() == Code::kCorruption) {
    Result<std::string> repaired = RepairLog(env_, path_, identity, log.status().message());
    if (!repaired.ok()) return repaired.status();
    repairs_.push_back(*std::move(repaired));
    log = LevelLogStore::Open(env_, path_, identity, options.log);
  }
  if (!log.ok()) return log.status();
  log_ = *std::move(log);
  return Status::Ok();
}

Status DataDir::OpenState(const Identity& identity, const DataDirOptions& options) {
  Result<std::unique_ptr<LevelStateStore>> state =
      LevelStateStore::Open(env_, path_, identity, options.state);
  if (state.status().code() == Code::kCorruption) {
    repairs_.push_back(state.status().message() +
                       " An empty state took its place, to be filled from the log or a peer.");
    BATON_RETURN_IF_ERROR(LevelStateStore::StartOver(env_, path_, identity));
    state = LevelStateStore::Open(env_, path_, identity, options.state);
  }
  if (!state.ok()) return state.status();
  state_ = *std::move(state);
  return Status::Ok();
}

DataDir::~DataDir() {
  state_.reset();
  log_.reset();
  if (lock_ != nullptr) (void)env_->UnlockFile(lock_);
}

DatabaseFacts DataDir::LogFacts() const { return log_->Facts(); }
DatabaseFacts DataDir::StateFacts() const { return state_->Facts(); }

}  // namespace baton::storage
