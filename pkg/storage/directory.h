// File: directory.h
//
// A data directory from outside: making it, what is in it by the names of its files, and the lock
// on it. data_dir.h has the names.
#pragma once

#include <string>

#include "pkg/base/status.h"
#include "pkg/storage/env.h"

namespace leveldb {
class FileLock;
}

namespace baton::storage {

inline constexpr char kLockName[] = "LOCK";
inline constexpr char kIdentityName[] = "IDENTITY";
inline constexpr char kCreatingName[] = "CREATING";
inline constexpr char kWatermarkName[] = "WATERMARK";
inline constexpr char kRestoringName[] = "RESTORING";
inline constexpr char kReserveName[] = "RESERVE";
inline constexpr char kBirthName[] = "BIRTH";  // birth.h

enum class DirectoryContent { kEmpty, kHalfMade, kHalfRestored, kBaton };

// Makes the directory and its parents, mode 0700, durably. kInvalidArgument/"unusable_directory".
Status MakeDirectories(DurableEnv* env, const std::string& path);
// Makes the name of a directory durable that is there.
Status KeepDirectoryName(DurableEnv* env, const std::string& path);
// kInvalidArgument/"foreign_directory": of something else.
Result<DirectoryContent> ClassifyDirectory(DurableEnv* env, const std::string& path);
// kConflict/"data_dir_in_use".
Status LockDirectory(DurableEnv* env, const std::string& path, leveldb::FileLock** lock);

// What kHalfRestored means to everybody but a restore.
Status RestoreInterrupted(const std::string& path);

}  // namespace baton::storage
