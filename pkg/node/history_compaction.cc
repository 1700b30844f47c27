#include "pkg/node/history_compaction.h"

#include <algorithm>

namespace baton::node {

// Marks of one number are one mark: the last.
int64_t HistoryCompaction::MarkNumber(int64_t time_ms) const {
  return time_ms / std::max<int64_t>(1, limits_.age_max_ms / kMarksPerAge);
}

void HistoryCompaction::OnState(Revision revision, int64_t now_ms) {
  if (limits_.age_max_ms == 0) return;
  const bool known = !marks_.empty() && marks_.back().revision == revision;
  if (!known) {
    const bool same = !marks_.empty() && MarkNumber(marks_.back().time_ms) == MarkNumber(now_ms);
    if (same) marks_.pop_back();
    marks_.push_back({revision, now_ms});
  }
  const auto is_old = [&](const Mark& mark) { return now_ms - mark.time_ms >= limits_.age_max_ms; };
  while (marks_.size() > 1 && is_old(marks_[1])) marks_.pop_front();
}

Revision HistoryCompaction::NewestOfAge(int64_t now_ms) const {
  Revision newest;
  for (const Mark& mark : marks_) {
    if (now_ms - mark.time_ms < limits_.age_max_ms) break;
    newest = mark.revision;
  }
  return newest;
}

std::optional<Revision> HistoryCompaction::Due(Revision revision, Revision compact_revision,
                                               int64_t now_ms) const {
  Revision due = NewestOfAge(now_ms);
  const uint64_t kept = revision - compact_revision;
  if (kept >= limits_.revisions_max + std::max<uint64_t>(1, limits_.revisions_max / 10)) {
    due = std::max(due, revision - limits_.revisions_max);
  }
  if (due <= compact_revision) return std::nullopt;
  return due;
}

}  // namespace baton::node
