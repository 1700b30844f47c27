// File: applied_metrics.h
//
// What the entries of the log have done, counted where they are applied: every node counts the same
// facts of the cluster, from its own start on. Whoever shows them takes one node's, not the sum.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "pkg/base/histogram.h"
#include "pkg/coord/command.h"
#include "pkg/coord/event.h"
#include "pkg/coord/state_machine.h"

namespace baton::node {

// The words that a refusal can have for a reason; whatever else comes counts as "other".
inline constexpr std::array<std::string_view, 14> kRefusalReasons = {
    "future_revision",   "guard_required",  "guarded_by_other_lock", "idempotency_key_reused",
    "lock_held",         "not_found",       "precondition_failed",   "session_exists",
    "session_not_found", "stale_token",     "ticket_not_found",      "too_many_owned",
    "too_many_sessions", "too_many_waiters"};

struct AppliedMetrics {
  struct Command {
    Counter done;
    Counter refused;
    Counter replayed;  // a retry, answered with what was answered before
  };
  std::array<Command, std::variant_size_v<coord::CommandBody>> commands;  // by kind
  std::array<Counter, kRefusalReasons.size() + 1> refusals;               // the last: other reasons
  std::array<Counter, 8> events;                                          // by coord::EventKind
  Counter sessions_renewed;
  WaitHistogram lock_hold;      // in cluster time
  WaitHistogram election_hold;  // how long somebody led
};

// Raft thread.
class AppliedCounts {
 public:
  // Of more holders than this the time is not measured.
  static constexpr size_t kHoldersMax = 65'536;

  explicit AppliedCounts(AppliedMetrics* metrics) : metrics_(metrics) {}

  // An entry that holds a command was applied; cluster time is now_ms.
  void Count(std::string_view entry, const coord::Applied& applied, int64_t now_ms);
  // Entries were skipped: who holds what since when is not known any more.
  void OnSnapshotInstalled() { held_since_ms_.clear(); }

 private:
  void CountReply(size_t kind, const coord::Reply& reply);
  void CountEvent(const coord::Event& event, int64_t now_ms);
  void EndHold(const std::string& holder, WaitHistogram* histogram, int64_t now_ms);

  AppliedMetrics* metrics_;
  std::map<std::string, int64_t> held_since_ms_;  // by space and name
};

}  // namespace baton::node
