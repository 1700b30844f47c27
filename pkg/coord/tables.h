// File: tables.h
//
// The port to the ordered tables that hold the replicated state: one key space, byte order. Two
// implementations: MemoryTables (memory_tables.h; tests, simulator) and pkg/storage's on LevelDB.
//
// Reads see the writes before them. Reads cannot fail: an implementation whose disk lies stops the
// process, because a state machine that skips a row diverges from its peers. Called on one thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace baton::coord {

class Tables {
 public:
  // Return false to stop the scan. Must not write to the tables.
  using Visitor = std::function<bool(std::string_view key, std::string_view value)>;

  virtual ~Tables() = default;

  virtual std::optional<std::string> Get(std::string_view key) const = 0;
  virtual void Put(std::string_view key, std::string_view value) = 0;
  virtual void Delete(std::string_view key) = 0;  // of an absent key: nothing happens
  // Visits keys in [start, end), ascending. An empty end: to the last key.
  virtual void Scan(std::string_view start, std::string_view end, const Visitor& visit) const = 0;
};

// The smallest key greater than every key that begins with `prefix`; empty if there is none.
std::string PrefixEnd(std::string_view prefix);

}  // namespace baton::coord
