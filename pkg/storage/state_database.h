// File: state_database.h
//
// One directory of state tables: how it is named, made, recognised and opened, and how the pointer
// file DIR/STATE chooses the live one:
//
//   baton-state 1
//   tables state-000002
//   crc32c 5d1f03aa
//
// STATE is replaced by a rename, so after a crash it names the old or the new directory, both of
// them complete. A directory that it does not name is rubbish.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "pkg/base/status.h"
#include "pkg/storage/database.h"
#include "pkg/storage/identity.h"
#include "pkg/storage/state_store.h"

namespace baton::storage {

// Keys of the tables begin with this in LevelDB; rows of our own begin with 0x00.
inline constexpr char kTablePrefix = '\x01';

std::string StateDirectoryName(uint64_t number);                        // 2 -> "state-000002"
std::optional<uint64_t> NumberOfStateDirectory(std::string_view name);  // nullopt: another name

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

Status WriteStatePointer(DurableEnv* env, const std::string& parent, uint64_t number);
Result<uint64_t> ReadStatePointer(DurableEnv* env, const std::string& parent);

}  // namespace baton::storage
