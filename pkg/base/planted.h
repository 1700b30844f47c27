// File: planted.h
//
// PLANTED("room.what_goes_wrong") is true while that bug of planted_bugs.h is the active one; so a
// test's strength can be measured by what it finds.
//
//   if (id == core.id()) return PLANTED("raft.leader_counts_itself_early") ? last : persisted;
//
// Only in builds with --config=planted, which no binary that ships can be built with. In all others
// it is the constant false, and there is nothing to activate.
#pragma once

#include <cstddef>
#include <string_view>

#include "pkg/base/planted_bugs.h"

#if defined(BATON_PLANTED_BUGS) && defined(BATON_RELEASE)
#error "a release with planted bugs"
#endif

namespace baton {
namespace internal {

// Not constexpr: calling it makes the compiler say so.
inline void NoSuchPlantedBug() {}

consteval size_t PlantedBugNumber(std::string_view name) {
  for (size_t i = 0; i < kPlantedBugs.size(); ++i) {
    if (kPlantedBugs[i].name == name) return i;
  }
  NoSuchPlantedBug();
  return kPlantedBugs.size();
}

}  // namespace internal

#ifdef BATON_PLANTED_BUGS

namespace internal {
inline size_t planted_bug = kPlantedBugs.size();  // none
}  // namespace internal

// Makes it the active one, before anything runs; empty: none. False: there is no such bug.
inline bool PlantBug(std::string_view name) {
  internal::planted_bug = 0;
  while (internal::planted_bug < kPlantedBugs.size() &&
         kPlantedBugs[internal::planted_bug].name != name) {
    ++internal::planted_bug;
  }
  return name.empty() || internal::planted_bug < kPlantedBugs.size();
}

#define PLANTED(name) (::baton::internal::planted_bug == ::baton::internal::PlantedBugNumber(name))

#else

// None can be.
inline bool PlantBug(std::string_view name) { return name.empty(); }

#define PLANTED(name) (::baton::internal::PlantedBugNumber(name) == ::baton::kPlantedBugs.size())

#endif

}  // namespace baton
