// File: replay.h
//
// One key by its revisions: what is known of its changes is put in the order of their revisions and
// played once, and every answer that says which state it saw is held against that state. This is
// exact and needs no search as long as every answer says its revision and nothing that happened is
// hidden; together with order_check.h it decides whether there is an order in which all answers are
// right. Where an unknown outcome or a missing revision leaves the order open it says so, and
// linearizable.h searches.
//
// What is found on the way: changes that nobody asked for, that were refused, that happened twice.
// What it shows about sessions goes to SessionLives.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "test/history/findings.h"
#include "test/history/key_history.h"
#include "test/history/reached.h"
#include "test/history/session_lives.h"

namespace baton::history {

// That a watch of this space and key must have seen an event between two revisions, both included.
struct KnownEvent {
  Space space = Space::kKv;
  std::string_view key;
  uint64_t token = 0;  // that the event has; 0: any
  uint64_t low = 0;
  uint64_t high = 0;
  Witness by;
};

enum class Replay { kRight, kWrong, kOpen };

struct ReplayParts {
  const Reached* reached = nullptr;
  SessionLives* lives = nullptr;
  Findings* findings = nullptr;
  std::vector<KnownEvent>* known = nullptr;  // nullptr: nobody wants them
};

Replay ReplayKey(const KeyHistory& key, const ReplayParts& parts);

}  // namespace baton::history
