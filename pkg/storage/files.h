// File: files.h
//
// Small files of our own (IDENTITY, STATE, WATERMARK) and directories, durable in name and content.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/base/status.h"
#include "pkg/storage/env.h"

namespace baton::storage {

// LevelDB's verdict as ours. `what` begins the sentence: "The log in /data/log cannot be opened".
Status FromLevelDb(const leveldb::Status& status, std::string_view what);
// What LevelDB says, for people: without its kind ("NotFound: "), which its words show anyway.
std::string Reason(const leveldb::Status& status);

std::string JoinPath(std::string_view directory, std::string_view name);

// Of a file that is not there yet: directory/name.tmp.
std::string TemporaryPath(std::string_view directory, std::string_view name);
// Makes it directory/name, in place of what was there. It was synced before. OK: that survives a
// power loss. Not OK: after a power loss either may be there.
leveldb::Status Publish(DurableEnv* env, const std::string& directory, const std::string& name);

// Replaces directory/name by `contents`, or leaves it as it was: writes directory/name.tmp, syncs
// it, renames it, syncs the directory. OK: the new contents survive a power loss. Not OK: after a
// power loss either may be there.
Status WriteFileDurably(DurableEnv* env, const std::string& directory, const std::string& name,
                        std::string_view contents);

// kTooLarge for more than bytes_max: the file is not what we think it is.
Result<std::string> ReadWholeFile(leveldb::Env* env, const std::string& path, size_t bytes_max);

// Names in the directory, sorted, without "." and "..".
Result<std::vector<std::string>> ListDirectory(leveldb::Env* env, const std::string& path);

// Removes the directory and all that is in it. An absent one is no error.
Status RemoveTree(leveldb::Env* env, const std::string& path);

}  // namespace baton::storage
