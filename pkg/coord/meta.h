// File: meta.h
//
// What the state machine knows of itself: one row (rows.h draws it), written by every Apply, so
// that one batch holds the effects of an entry and the applied index.
#pragma once

#include <cstdint>

#include "pkg/base/ids.h"

namespace baton::coord {

struct StateCounts {
  uint64_t keys = 0;
  uint64_t sessions = 0;
  uint64_t locks_held = 0;
  uint64_t lock_waiters = 0;
  uint64_t elections_held = 0;
  uint64_t election_waiters = 0;
  uint64_t idempotency_entries = 0;
  uint64_t sessions_expired_total = 0;
  friend bool operator==(const StateCounts&, const StateCounts&) = default;
};

struct Meta {
  Index applied;
  Term applied_term;
  Revision revision;          // of the last change
  Revision compact_revision;  // events up to and including it are not served any more
  int64_t now_ms = 0;         // cluster time: the greatest stamp applied
  Token last_token;           // the greatest given out
  Ticket last_ticket;
  StateCounts counts;
  // History: rows of revisions in [history_first, revision] may exist; the rest are deleted.
  Revision history_first{1};
  uint64_t history_bytes = 0;
  // Idempotency: entries are numbered in the order they were made; [first, next) may exist.
  uint64_t idempotency_first = 1;
  uint64_t idempotency_next = 1;
  uint64_t idempotency_bytes = 0;
  int64_t idempotency_oldest_ms = 0;  // no entry has an earlier stamp
  uint64_t hash = 0;                  // state_hash.h
  friend bool operator==(const Meta&, const Meta&) = default;
};

// Where the scans for due deadlines begin: no row has an earlier one. Not stored and not part of
// the state; it only spares the scans the rows that renewals have deleted.
struct DueFrom {
  int64_t session_ms = 0;
  int64_t wait_ms = 0;
};

}  // namespace baton::coord
