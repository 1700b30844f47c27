// File: cluster_time.h
//
// The time in which leases run: the stamps that leaders put into log entries. It never goes back,
// follows the monotonic clock of whoever leads, and stands still while nobody leads. So a session
// that was renewed lives its whole TTL, however often the leader changes, and no longer than that.
//
// A leader goes on from the newest time that can have been given out before it:
//   * the last stamp in its log, and
//   * the last time it heard from an earlier leader, or gave out as that leader itself, if no entry
//     of a later leader is in its log.
//     (A leader that was cut off and then replaced has counted the leaderless gap; its successor
//     has not. Whoever holds the successor's entries must go on from those.)
// A node that was not scheduled for long adds at most one election timeout: whatever its clock
// says, others may have led meanwhile.
//
// One thread. Pure: the monotonic time comes in.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>

#include "pkg/base/ids.h"
#include "pkg/raft/types.h"

namespace baton::node {

class ClusterTime {
 public:
  // step_max_us: what one AdvanceTo may add at most (one election timeout).
  explicit ClusterTime(int64_t step_max_us) : step_max_us_(step_max_us) {}

  // The monotonic clock has reached now_us. Time passes only while this node leads.
  void AdvanceTo(int64_t now_us);

  // Entries were put into this node's log, replacing whatever was there from the first one on.
  void OnAppended(std::span<const raft::Entry> entries);
  // The state machine has reached `index`; its own time is now_ms.
  void OnApplied(Index index, Term term, int64_t now_ms);
  // The whole log was replaced by a snapshot that ends there, and goes on with `entries`.
  void OnSnapshotInstalled(Index index, Term term, int64_t now_ms,
                           std::span<const raft::Entry> entries);
  // The leader of `term`, which is this node's current term, said what time it is.
  void OnHeard(Term term, int64_t now_ms);

  // This node leads in `term` from now on: OnAppended has seen all entries before its own first
  // one.
  void StartLeading(Term term);
  void StopLeading();

  bool leading() const { return leading_; }
  // On a leader, what it would stamp now. On others the newest time they know of; for people and
  // for estimates.
  int64_t NowMs() const;

 private:
  struct Stamped {
    Index index;
    Term term;
    int64_t stamp_ms = 0;  // 0: an empty entry, which carries none
  };

  int64_t LastStampInLog() const;
  Term LastTermBefore(Term term) const;

  int64_t step_max_us_;
  int64_t clock_us_ = 0;
  bool clock_known_ = false;
  bool leading_ = false;
  Term led_term_;                  // valid while leading, as is the next
  int64_t led_us_ = 0;             // cluster time while leading, in microseconds
  std::deque<Stamped> unapplied_;  // the log above the applied index
  Term applied_term_;
  int64_t applied_ms_ = 0;
  Term heard_term_;
  int64_t heard_ms_ = 0;
};

// The stamp of a log entry, without decoding its command; empty for an entry that carries none.
std::optional<int64_t> StampOf(const raft::Entry& entry);

}  // namespace baton::node
