// File: state_machine.h
//
// The replicated state machine: keys, sessions, locks, elections, and the memory of what was
// answered. Pure: its only state is in the Tables, its only inputs are the entries in log order.
// Two nodes that applied the same entries hold the same rows and the same hash.
//
// All calls on the raft thread. Reads are of the state as applied so far; whether that is fresh
// enough is pkg/node's business.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/coord/command.h"
#include "pkg/coord/event.h"
#include "pkg/coord/limits.h"
#include "pkg/coord/reply.h"
#include "pkg/coord/tables.h"

namespace baton::coord {

struct Applied {
  Reply reply;
  std::vector<Event> events;  // all of one revision, in order
  std::vector<WaitOutcome> wait_outcomes;
};

struct KvPage {
  std::vector<KeyValue> items;  // ascending
  bool more = false;            // there are keys after the last item
};

struct QueueInfo {
  std::optional<Holder> holder;
  std::vector<Waiter> waiters;  // in line order, at most kListItemsMax
  uint64_t waiters_total = 0;
};

// Where a ticket stands: for a request that waits, after it learned its ticket.
struct TicketState {
  enum class Kind {
    kWaiting,
    kHolding,
    kUnknown
  };  // unknown: timed out, cancelled, released, ended
  Kind kind = Kind::kUnknown;
  Token token;            // for kHolding
  uint64_t position = 0;  // for kWaiting
};

struct StateCounts {
  uint64_t keys = 0;
  uint64_t sessions = 0;
  uint64_t locks_held = 0;
  uint64_t lock_waiters = 0;
  uint64_t elections_held = 0;
  uint64_t election_waiters = 0;
  uint64_t idempotency_entries = 0;
  uint64_t sessions_expired_total = 0;
};

class StateMachine {
 public:
  // The tables must outlive the machine and are its alone (but see kNodeTablePrefix). Continues
  // from what they hold.
  explicit StateMachine(Tables* tables);

  // After the tables were replaced under it (a snapshot was installed): read everything again.
  void Reload();

  // Applies the entry at `index`, which must be applied() + 1. Never fails: an entry that makes no
  // sense changes nothing but the applied index, and its reply says why. An empty entry (a leader's
  // first) only moves the applied index.
  Applied Apply(Index index, Term term, std::string_view entry);

  // --- the point reached ---
  Index applied() const { return applied_; }
  Term applied_term() const { return applied_term_; }
  Revision revision() const { return revision_; }
  Revision compact_revision() const { return compact_revision_; }  // events up to here are gone
  int64_t now_ms() const { return now_ms_; }                       // cluster time: the last stamp
  uint64_t hash() const { return hash_; }  // rolling, over every row written so far
  const StateCounts& counts() const { return counts_; }

  // --- reads ---
  std::optional<KeyValue> Get(std::string_view key) const;
  // Keys that begin with `prefix` and are greater than `after` (empty: from the first).
  KvPage List(std::string_view prefix, std::string_view after, uint64_t items_max) const;
  std::optional<SessionInfo> Session(SessionId id) const;
  std::vector<SessionInfo> Sessions(SessionId after, uint64_t items_max) const;
  QueueInfo Queue(QueueKind kind, std::string_view name) const;
  TicketState FindTicket(QueueKind kind, std::string_view name, Ticket ticket) const;
  // OK if `token` is the live token of the lock or election; kConflict/"stale_token" if not.
  Status Verify(QueueKind kind, std::string_view name, Token token) const;
  // Events with revision >= from that match, in order, about events_max of them (a revision is
  // never split). kGone/"compacted" if from <= compact_revision().
  Result<std::vector<Event>> EventsSince(const EventFilter& filter, Revision from,
                                         uint64_t events_max) const;

  // --- what the leader should propose, given the cluster time it would stamp ---
  SessionExpire DueSessions(int64_t now_ms) const;  // at most kBatchItemsMax
  WaitExpire DueWaits(int64_t now_ms) const;

 private:
  // Laid out by the implementation; the public part above is the contract.
  Tables* tables_;
  Index applied_;
  Term applied_term_;
  Revision revision_;
  Revision compact_revision_;
  int64_t now_ms_ = 0;
  uint64_t hash_ = 0;
  StateCounts counts_;
};

// Rows under this prefix belong to pkg/node; the state machine neither reads nor hashes them.
inline constexpr std::string_view kNodeTablePrefix = "n";

}  // namespace baton::coord
