// File: watch_check.h
//
// What watches promise (S11, S12): what was asked for and nothing before it, in order, each event
// once, a revision never split, nothing missing up to the progress that was told (against what
// other watches were given and what acknowledged operations prove), the same events in the same
// order for everybody, progress never ahead of what was delivered, "compacted" only for what can be
// compacted; of a lock or election each holder once, with greater tokens.
//
// A watch from N vouches for N up to its last progress; one from now on for what follows its first
// delivery. Whether an event has a cause is judged where the key or the lock is (replay.h,
// lock_check.h).
#pragma once

#include <vector>

#include "test/history/findings.h"
#include "test/history/operation.h"
#include "test/history/options.h"
#include "test/history/reached.h"
#include "test/history/replay.h"
#include "test/history/seen_events.h"

namespace baton::history {

struct WatchParts {
  const SeenEvents* seen = nullptr;
  const Reached* reached = nullptr;
  const std::vector<KnownEvent>* known = nullptr;
};

void CheckWatches(const History& history, const WatchParts& parts, const Options& options,
                  Findings* findings);

}  // namespace baton::history
