// File: operation.h
//
// What clients did and what they saw, as plain values: the common language of whoever drives a
// cluster (the simulator, the run against real processes) and whoever judges it. json_lines.h
// writes and reads a history, check.h judges it.
//
// Times are microseconds of one ideal clock: the simulator's true time, or the monotonic clock of
// the machine that runs all clients. The clients' operations may overlap; those of one client do
// not. A number that was not said is 0, a text that was not said is empty: nothing is concluded
// from it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace baton::history {

enum class Kind {
  kPut,             // key, value; precondition, session, guard
  kDelete,          // key; precondition, guard
  kGet,             // key; linearizable
  kGetStale,        // key; what one node has
  kSessionCreate,   // session (0: none was made), ttl_ms
  kSessionKeep,     // session: a keepalive
  kSessionDestroy,  // session
  kAcquire,         // space, key (the name), session, value
  kRelease,         // space, key, session, token
  kProclaim,        // space, key, session, token, value
  kVerify,          // space, key, token; linearizable
  kHolder,          // space, key: who holds; linearizable
  kCompact,         // compact_to: forget the events up to that revision
};

// Locks and elections are lines of sessions, in name spaces of their own.
enum class Space { kKv, kLock, kElection };

enum class Outcome {
  kOk,          // it happened
  kRefused,     // the cluster decided it and changed nothing; `error` says why
  kNotApplied,  // it failed before a decision, has changed nothing, and never will
  kUnknown,     // no answer, or one that does not know
};

// One operation, through all its attempts: an attempt that was sent again with the same idempotency
// key, perhaps to another node, is the same operation. An attempt without one is an operation of
// its own.
struct Operation {
  uint64_t client = 0;
  // That answered, or was asked last. A node that forgot what it had (a new disk) is another one.
  uint64_t node = 0;
  uint64_t attempts = 1;
  Kind kind = Kind::kGet;
  Space space = Space::kKv;
  std::string key;
  std::string value;
  // Of a put or delete: the key must have this mod_revision; 0: it must be absent.
  std::optional<uint64_t> expected_revision;
  uint64_t session = 0;
  std::string guard_lock;  // empty: none; its token is `token`
  uint64_t token = 0;
  int64_t ttl_ms = 0;
  uint64_t compact_to = 0;
  uint64_t min_revision =
      0;  // of a read: an answer of an older state is not wanted; 0: any will do

  int64_t call_us = 0;               // of the first attempt
  std::optional<int64_t> return_us;  // nothing: it was never answered
  Outcome outcome = Outcome::kUnknown;
  std::string error;  // the reason of anything but kOk: "precondition_failed"

  // --- the answer; of kOk, and of kRefused as far as it says ---
  // Of the state that the answer is of: of a change that happened its own revision, else the one
  // that was looked at. 0: not said; an HTTP error says that of the node that wrote it, which may
  // be behind: write 0 then.
  uint64_t revision = 0;
  bool replayed = false;  // answered from the memory of idempotent requests
  // The key after a put, before a delete, as read, or as it is after a failed precondition. A
  // holder: somebody holds.
  bool found = false;
  bool found_value_omitted = false;  // the answer did not say the value
  std::string found_value;
  uint64_t found_mod_revision = 0;
  uint64_t found_session = 0;
  // Acquire: the token that was granted (0: it waits or was refused). Holder: the holder's.
  uint64_t granted_token = 0;
  uint64_t holder_session = 0;
  uint64_t ticket = 0;  // acquire: the place in line in which it waits or waited; 0: in none

  friend bool operator==(const Operation&, const Operation&) = default;
};

// One event as a watch delivered it.
struct WatchedEvent {
  uint64_t revision = 0;
  std::string kind;  // "put", "delete", "acquired", "released", "elected", "proclaimed", "gone"
  std::string key;
  std::string value;
  uint64_t session = 0;
  uint64_t token = 0;
  friend bool operator==(const WatchedEvent&, const WatchedEvent&) = default;
};

// One delivery of a watch: whole revisions, or only a progress mark (no events).
struct Delivery {
  int64_t at_us = 0;
  std::vector<WatchedEvent> events;
  uint64_t through = 0;  // every matching event up to and including this revision was delivered
  friend bool operator==(const Delivery&, const Delivery&) = default;
};

// One watch on one node, from its beginning to its end. A client that resumes makes another one.
struct Watch {
  uint64_t client = 0;
  uint64_t node = 0;
  Space space = Space::kKv;
  std::string prefix;
  bool exact = false;  // the key is `prefix`, and does not only begin with it
  uint64_t from = 0;   // the first revision asked for; 0: from now on
  int64_t call_us = 0;
  std::vector<Delivery> deliveries;
  std::optional<int64_t> end_us;  // nothing: it ran to the end of the history
  std::string end_error;          // "compacted", "slow_watcher", ...; empty: the client ended it
  friend bool operator==(const Watch&, const Watch&) = default;
};

// A session's end as those say who know the truth (the simulator's state machines; absent when
// real processes ran): when the first node applied it.
struct SessionEnd {
  uint64_t session = 0;
  int64_t at_us = 0;
  bool expired = false;   // else destroyed
  uint64_t revision = 0;  // of the end; 0: not said
  friend bool operator==(const SessionEnd&, const SessionEnd&) = default;
};

using Record = std::variant<Operation, Watch, SessionEnd>;

// Records in any order.
struct History {
  std::vector<Operation> operations;
  std::vector<Watch> watches;
  std::vector<SessionEnd> session_ends;

  void Add(Record record);
  size_t size() const { return operations.size() + watches.size() + session_ends.size(); }
  friend bool operator==(const History&, const History&) = default;
};

// "put", "session_create", ...: the words of the JSON lines and of what check.h says.
const char* KindName(Kind kind);
const char* SpaceName(Space space);
const char* OutcomeName(Outcome outcome);

}  // namespace baton::history
