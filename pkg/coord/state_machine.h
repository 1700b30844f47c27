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
#include "pkg/coord/meta.h"
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

// A piece of the history. How much is read for it is bounded by rows and bytes as well as by
// events, so it may end before the present with few events or none: `through` says how far it got.
struct EventPage {
  std::vector<Event> events;  // of whole revisions, in order
  Revision through;           // every matching event up to and including this revision is here
};

struct EventPageMax {
  uint64_t events = 1000;
  uint64_t rows = 10'000;  // looked at, matching or not
  size_t bytes = 4 << 20;  // of keys and values returned
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
  Index applied() const { return meta_.applied; }
  Term applied_term() const { return meta_.applied_term; }
  Revision revision() const { return meta_.revision; }
  // Events up to and including this revision are gone.
  Revision compact_revision() const { return meta_.compact_revision; }
  int64_t now_ms() const { return meta_.now_ms; }  // cluster time: the greatest stamp so far
  uint32_t command_version() const { return command_version_; }  // in force: command_version.h
  uint64_t hash() const { return meta_.hash; }  // rolling, over every row written so far
  const StateCounts& counts() const { return meta_.counts; }

  // --- reads ---
  std::optional<KeyValue> Get(std::string_view key) const;
  // Applying the command (as EncodeCommand made it) now would add nothing though MakesDataGrow says
  // that it may: it was answered before, or its session holds or waits already.
  bool AddsNothing(std::string_view encoded_command) const;
  // Keys that begin with `prefix` and are greater than `after` (empty: from the first). At most
  // kListItemsMax, whatever was asked for, and fewer when they pass kListBytesMax.
  KvPage List(std::string_view prefix, std::string_view after, uint64_t items_max) const;
  std::optional<SessionInfo> Session(SessionId id) const;
  // Ascending ids greater than `after`, at most kListItemsMax.
  std::vector<SessionInfo> Sessions(SessionId after, uint64_t items_max) const;
  QueueInfo Queue(QueueKind kind, std::string_view name) const;
  TicketState FindTicket(QueueKind kind, std::string_view name, Ticket ticket) const;
  // The waiter with this ticket: one row, where FindTicket looks at all before it.
  std::optional<Waiter> FindWaiter(QueueKind kind, std::string_view name, Ticket ticket) const;
  // OK if `token` is the live token of the lock or election; kConflict/"stale_token" if not.
  Status Verify(QueueKind kind, std::string_view name, Token token) const;
  // Events with revision >= from that match, in order, about events_max of them (a revision is
  // never split). kGone/"compacted" if from <= compact_revision(); `from` 0 counts as 1. Reads on
  // until it has them or has reached the present: EventsPage is the one for the raft thread.
  Result<std::vector<Event>> EventsSince(const EventFilter& filter, Revision from,
                                         uint64_t events_max) const;
  // The same in bounded pieces: go on from page.through + 1 until that is past revision().
  Result<EventPage> EventsPage(const EventFilter& filter, Revision from,
                               const EventPageMax& max) const;

  // --- what the leader should propose, given the cluster time it would stamp ---
  // At most kBatchItemsMax, the longest overdue first. What an expiry leaves for its bound of work
  // (limits.h) is due again.
  SessionExpire DueSessions(int64_t now_ms) const;
  WaitExpire DueWaits(int64_t now_ms) const;

 private:
  Tables* tables_;
  Meta meta_;
  uint32_t command_version_ = 1;
  mutable DueFrom due_from_;  // moved on by the scans that find it
};

// Rows under this prefix belong to pkg/node; the state machine neither reads nor hashes them.
inline constexpr std::string_view kNodeTablePrefix = "n";

}  // namespace baton::coord
