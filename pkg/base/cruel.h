// File: cruel.h
//
// CRUEL("room.what_happens") is true when a simulator wants this place to be cruel now: to do what
// is legal but rare, such as sending one entry where a hundred would fit. So a simulation meets in
// minutes what a cluster meets in years. (After FoundationDB's BUGGIFY.)
//
//   const size_t bytes_max = CRUEL("raft.one_entry_per_append") ? 1 : config.append_bytes_max;
//
// A cruel choice never breaks a promise, and in pkg/coord never reaches the state, which must be
// the same on all nodes. The names are in cruel_sites.h; another one does not compile.
//
// In a release build (BATON_RELEASE, which --config=opt sets) it is the constant false. In any
// other it costs a comparison with null, until somebody sets a hook.
#pragma once

#include <cstddef>
#include <string_view>

#include "pkg/base/cruel_sites.h"

namespace baton {

// Whether the site, by its place in kCruelSites, is cruel this time. Called from the thread that
// runs into the site; must be a function of what the simulator knows, or its seed is worth nothing.
using CruelHook = bool (*)(size_t site);

namespace internal {

inline CruelHook cruel_hook = nullptr;

// Not constexpr: calling it makes the compiler say so.
inline void NoSuchCruelSite() {}

consteval size_t CruelSiteNumber(std::string_view name) {
  for (size_t i = 0; i < kCruelSites.size(); ++i) {
    if (kCruelSites[i].name == name) return i;
  }
  NoSuchCruelSite();
  return kCruelSites.size();
}

}  // namespace internal

// Before anything runs, and by one simulator of a process; null: nothing is cruel. Without effect
// in a release build.
inline void SetCruelHook(CruelHook hook) { internal::cruel_hook = hook; }

}  // namespace baton

#ifdef BATON_RELEASE
#define CRUEL(name) (::baton::internal::CruelSiteNumber(name) == ::baton::kCruelSites.size())
#else
#define CRUEL(name)                            \
  (::baton::internal::cruel_hook != nullptr && \
   ::baton::internal::cruel_hook(::baton::internal::CruelSiteNumber(name)))
#endif
