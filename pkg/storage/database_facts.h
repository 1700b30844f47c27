// File: database_facts.h
//
// What LevelDB says of itself, for metrics: the size of each level and what merging has cost. Plain
// values.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace baton::storage {

struct DatabaseFacts {
  struct Level {
    int number = 0;
    uint64_t files = 0;
    uint64_t bytes = 0;  // as LevelDB rounds them, to a MiB
    // Since the database was opened, of the merges whose output is this level.
    double compaction_seconds = 0;
    uint64_t compaction_read_bytes = 0;
    uint64_t compaction_written_bytes = 0;
  };
  uint64_t bytes = 0;         // on disk, about
  uint64_t memory_bytes = 0;  // of the write buffer and the cache
  std::vector<Level> levels;  // those that hold or have held a file
};

// Reads the property "leveldb.stats". What it does not understand it leaves out.
std::vector<DatabaseFacts::Level> ParseLevelDbStats(std::string_view stats);

}  // namespace baton::storage
