// File: state_database.h
//
// One directory of state tables: how it is made, recognised and opened.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "pkg/base/status.h"
#include "pkg/storage/database.h"
#include "pkg/storage/identity.h"
#include "pkg/storage/state_store.h"

namespace baton::storage {

// Keys of the tables begin with this in LevelDB; rows of our own begin with 0x00.
inline constexpr char kTablePrefix = '\x01';

// A new, empty database without identity row. What was there is removed.
Result<std::unique_ptr<Database>> MakeStateDatabase(DurableEnv* env, const std::string& parent,
                                                    uint64_t number,
                                                    const StateStoreOptions& options);
// Marks the database as complete and makes it durable, its name too.
Status FinishStateDatabase(DurableEnv* env, const std::string& parent, Database* database,
                           const Identity& identity);
// Opens a complete one. kCorruption: it is not; kInvalidArgument: another owner's.
Result<std::unique_ptr<Database>> OpenStateDatabase(DurableEnv* env, const std::string& parent,
                                                    uint64_t number, const Identity& identity,
                                                    const StateStoreOptions& options);

}  // namespace baton::storage
