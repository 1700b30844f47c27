// File: linearizable.h
//
// Is there an order of all operations on one key, each at one moment between its call and its
// answer, in which every answer is right? The search of Wing and Gong ("Testing and Verifying
// Concurrent Objects", 1993): try what may come first, then the rest; with Lowe's memory of
// (operations placed, state) that have led nowhere ("Testing for linearizability", 2017). Keys are
// independent of each other (Herlihy and Wing, 1990), so each is searched alone.
//
// What is known of revisions cuts the search: operations that say one stand in its order, so only
// the others, and those whose outcome is unknown, are tried in several places.
//
//   exact         put, delete, get, their conditions, what answers show (value, mod_revision,
//                 session); refusals that were truthful at that moment; guards by name; unknown
//                 outcomes: once at any time after the call, or never; stale reads and watched
//                 events: the state of their revision, seen no later than that
//   conservative  a session's key may go by itself once the session can have ended
//                 (SessionLives::EarliestEndUs), and need not go when it has: session_lives.h
//                 judges that. Whether a token is live is lock_check.h's business. A put without a
//                 revision may have any that no other has on this key
//
// Memory and time: at most `steps_max` tries, 16 bytes each. The memory knows operations and state
// by a fingerprint of 128 bits: two of a million million differ by chance.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "test/history/key_history.h"
#include "test/history/operation.h"
#include "test/history/session_lives.h"

namespace baton::history {

enum class Order { kFound, kNone, kUndecided };

struct SearchResult {
  Order order = Order::kUndecided;
  uint64_t steps = 0;
  // Of kNone and kUndecided: how many could be placed at most, and then not this one. Not known
  // when it is a watched event.
  size_t placed = 0;
  const Operation* stuck = nullptr;
};

// lives: nullptr: a session may have ended at any time. unknown_applied_us: see Options; each
// operation without an answer that is still possible multiplies the work of finding out that an
// earlier choice was wrong, so a long history needs it.
SearchResult FindOrder(const KeyHistory& key, const SessionLives* lives, uint64_t steps_max,
                       std::optional<int64_t> unknown_applied_us = std::nullopt);

}  // namespace baton::history
