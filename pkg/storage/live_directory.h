// File: live_directory.h
//
// Databases live in numbered directories, and a small file says which of them is the live one:
//
//   DIR/STATE          baton-state 1
//                      live state-000002
//                      set_aside state-000001      only while a damaged one is kept for people
//                      crc32c 5d1f03aa
//   DIR/state-000002/
//
// The file is replaced by a rename, so after a crash it names the old or the new directory, both of
// them complete. Numbers only go up. A directory that the file does not name is rubbish.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "pkg/base/status.h"
#include "pkg/storage/env.h"

namespace baton::storage {

struct LiveDirectory {
  uint64_t number = 1;
  std::optional<uint64_t> set_aside;
};

// One kind of database in a data directory: its files and their names.
class DirectorySeries {
 public:
  // `word`: "state" for STATE, state-000001 and "baton-state".
  explicit constexpr DirectorySeries(std::string_view word, std::string_view file_name)
      : word_(word), file_name_(file_name) {}

  std::string NameOf(uint64_t number) const;  // 2 -> "state-000002"
  std::string PathOf(const std::string& parent, uint64_t number) const;
  std::optional<uint64_t> NumberOf(std::string_view name) const;  // empty: another name

  // Durable when OK.
  Status Write(DurableEnv* env, const std::string& parent, const LiveDirectory& live) const;
  // kCorruption: absent, or not what was written. kInvalidArgument/"newer_format".
  Result<LiveDirectory> Read(DurableEnv* env, const std::string& parent) const;
  // The highest number of a directory that is there; 0: there is none.
  Result<uint64_t> Highest(DurableEnv* env, const std::string& parent) const;
  // When the file is damaged: the newest directory that is complete takes its place. kCorruption:
  // there is none.
  Result<LiveDirectory> Find(DurableEnv* env, const std::string& parent,
                             const std::function<bool(uint64_t)>& is_complete) const;
  // Removes all directories of the series that `live` does not name.
  Status RemoveOthers(DurableEnv* env, const std::string& parent, const LiveDirectory& live) const;

 private:
  Result<std::vector<uint64_t>> Numbers(DurableEnv* env, const std::string& parent) const;

  std::string_view word_;
  std::string_view file_name_;
};

inline constexpr DirectorySeries kLogSeries("log", "LOG");
inline constexpr DirectorySeries kStateSeries("state", "STATE");

}  // namespace baton::storage
