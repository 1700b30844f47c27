// File: log_database.h
//
// One directory with a log: how its LevelDB is made and found.
#pragma once

#include <memory>
#include <string>

#include "pkg/base/status.h"
#include "pkg/storage/database.h"
#include "pkg/storage/identity.h"
#include "pkg/storage/live_directory.h"

namespace baton::storage {

DatabaseOptions LogDatabaseOptions(const std::string& directory);
// A new, empty database without any row. What was there is removed.
Result<std::unique_ptr<Database>> MakeLogDatabase(DurableEnv* env, const std::string& directory);
// The directory that `parent`/LOG names. When that file is damaged: the newest that has an identity
// row, which is written last when a log is made.
Result<LiveDirectory> FindLiveLog(DurableEnv* env, const std::string& parent);
// Whose log it is. kCorruption: it does not say.
Result<Identity> OwnerOfLog(DurableEnv* env, const std::string& parent);

}  // namespace baton::storage
