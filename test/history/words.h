// File: words.h
//
// How a violation speaks of operations, events and times.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "test/history/operation.h"

namespace baton::history {

// In quotes, what is not printable as \xNN, cut after 60 characters.
std::string Quoted(std::string_view text);

// "12.345678 s".
std::string Seconds(int64_t time_us);

// `put of "k" = "v" by client 3 at node 1 (called at 12.345 s, answered ok at 12.4 s, revision
// 17)`.
std::string Describe(const Operation& operation);

// `event put of "k" = "v" at revision 17`.
std::string Describe(const WatchedEvent& event);

// `the watch of "p" by client 3 at node 1 from revision 5 (called at 1.2 s)`.
std::string Describe(const Watch& watch);

}  // namespace baton::history
