// File: history_compaction.h
//
// How much of the history (the events that watches can begin from) the user wants to keep, by age
// and by number; the bounds of the protocol (coord/limits.h) hold beside it. The leader proposes
// what is due (expiry.h), so that all nodes forget the same at the same entry.
//
// Age is cluster time. Every node notes which revision was the newest at which time, one mark a
// kMarksPerAge-th of the age, so that whoever comes to lead knows. What a node did not see come (it
// was in the state that it started with, or in a snapshot) counts as made at the state's own time
// then. So no event goes before its age, and it goes at most a kMarksPerAge-th later, or, of what
// was not seen to come, as much later as the node's last start.
//
// One thread. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "pkg/base/ids.h"

namespace baton::node {

struct HistoryLimits {
  int64_t age_max_ms = 0;      // 0: no bound by age
  uint64_t revisions_max = 0;  // at least 1
};

class HistoryCompaction {
 public:
  static constexpr int64_t kMarksPerAge = 64;

  explicit HistoryCompaction(const HistoryLimits& limits) : limits_(limits) {}

  // The state has reached `revision`; its cluster time is now_ms. Neither ever goes back.
  void OnState(Revision revision, int64_t now_ms);

  // Compact up to this revision; empty: not yet. Of too many revisions those beyond go once they
  // are a tenth of the bound, so that not every change causes a compaction.
  std::optional<Revision> Due(Revision revision, Revision compact_revision, int64_t now_ms) const;

  size_t marks() const { return marks_.size(); }

 private:
  // `revision` was there at time_ms, and so was everything before it.
  struct Mark {
    Revision revision;
    int64_t time_ms = 0;
  };

  int64_t MarkNumber(int64_t time_ms) const;
  Revision NewestOfAge(int64_t now_ms) const;

  HistoryLimits limits_;
  std::deque<Mark> marks_;  // ascending; at most one of full age, and those after it
};

}  // namespace baton::node
