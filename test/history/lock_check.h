// File: lock_check.h
//
// What locks and elections promise (S7, S10, S12). Each line (a lock's or an election's) is put in
// the order of its tokens; every answer and event says of a token that it was live at a revision,
// or was not. Then
//   * a token belongs to one line and one session, and later holders have greater tokens;
//   * a token is live in one piece, before every greater one: at most one holder at a time, no
//     stale token accepted, none refused while it is live;
//   * a holder stops holding because it released or because its session ended (SessionLives);
//   * who waits is served in the order of the tickets, and nobody finds the line free meanwhile;
//   * what a leader proclaims is what others see, once.
// Without revisions, what returned before another call stands before it.
#pragma once

#include <vector>

#include "test/history/findings.h"
#include "test/history/operation.h"
#include "test/history/replay.h"
#include "test/history/seen_events.h"
#include "test/history/session_lives.h"

namespace baton::history {

struct LockParts {
  const SeenEvents* seen = nullptr;
  SessionLives* lives = nullptr;
  Findings* findings = nullptr;
  std::vector<KnownEvent>* known = nullptr;  // nullptr: nobody wants them
};

void CheckLocks(const History& history, const LockParts& parts);

}  // namespace baton::history
