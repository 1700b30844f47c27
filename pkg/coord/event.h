// File: event.h
//
// What watchers see. Every change of the state has one revision, which may carry several events
// (the end of a session deletes its keys and hands on its locks at once). Events are kept in the
// state for kHistoryRevisionsMax revisions, so that any node can serve a watch from any of them.
//
// The events of one revision stand in the order in which they happened. Putting the KV events of
// all revisions one after the other gives the keys as they are. A delete says which key went, and
// of which session (0: it was not ephemeral); `value`, `create_revision` and `version` are those of
// a put only. A lock handed straight to the next in line has one event, kLockAcquired. The value of
// a lock (not of an election) changes without an event.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/base/ids.h"

namespace baton::coord {

// Values are on disk: do not change them.
enum class EventKind : uint8_t {
  kKvPut = 1,
  kKvDelete = 2,
  kLockAcquired = 3,
  kLockReleased = 4,  // and nobody waited
  kLeaderElected = 5,
  kLeaderProclaimed = 6,
  kLeaderGone = 7,  // and no candidate waited
};

enum class EventSpace : uint8_t { kKv, kLock, kElection };
EventSpace SpaceOf(EventKind kind);

struct Event {
  Revision revision;
  EventKind kind = EventKind::kKvPut;
  std::string key;  // of the KV, or the name of the lock or election
  std::string value;
  Revision create_revision;  // KV only
  uint64_t version = 0;      // KV only
  SessionId session;
  Token token;  // locks and elections
  friend bool operator==(const Event&, const Event&) = default;
};

// Which events a watcher wants: one space, and keys that begin with `prefix` (or equal it).
struct EventFilter {
  EventSpace space = EventSpace::kKv;
  std::string prefix;
  bool exact = false;
  bool Matches(const Event& event) const;
  bool Matches(EventKind kind, std::string_view key) const;
};

// How a wait ended, for the node that holds the waiting request.
struct WaitOutcome {
  enum class Kind : uint8_t { kGranted, kTimedOut, kCancelled, kSessionEnded };
  Ticket ticket;
  Kind kind = Kind::kGranted;
  Token token;  // for kGranted
  friend bool operator==(const WaitOutcome&, const WaitOutcome&) = default;
};

}  // namespace baton::coord
