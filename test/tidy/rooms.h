// File: rooms.h
//
// The architecture as tables: which rooms there are, which rooms each may include, which room owns
// which library, and what a pure room must not touch. A new room or library begins with a line
// here.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace baton::tidy {

// The rooms that each room may include, itself aside. What is not a key is no room.
const std::map<std::string, std::set<std::string>>& Arrows();

struct Library {
  std::string_view header_prefix;       // of what stands between < and >
  std::vector<std::string_view> rooms;  // path prefixes that may include it; the first is its home
  bool heavy;                           // only in .cc files
  std::string_view instead;
};
const std::vector<Library>& Libraries();

// Whether the file belongs to the deterministic part: pkg/raft, pkg/coord, and pkg/base and
// pkg/node without the files that are their border to threads and clocks.
bool IsPure(std::string_view path);

// What a pure file must not include or name, and what to use instead. Headers are without < and >.
const std::map<std::string_view, std::string_view>& ImpureHeaders();
const std::map<std::string_view, std::string_view>& ImpureNames();

}  // namespace baton::tidy
