#include "pkg/node/cluster_time.h"

#include <algorithm>

#include "pkg/base/bytes.h"
#include "pkg/base/planted.h"

namespace baton::node {

std::optional<int64_t> StampOf(const raft::Entry& entry) {
  if (entry.type != raft::EntryType::kNormal || entry.data.empty()) return std::nullopt;
  ByteReader reader(entry.data.view());  // layout: pkg/coord/command.h, "Log entry"
  const uint8_t version = reader.U8();
  const uint64_t stamp_ms = reader.U64();
  if (!reader.ok() || version != 1) return std::nullopt;
  return static_cast<int64_t>(stamp_ms);
}

void ClusterTime::AdvanceTo(int64_t now_us) {
  const int64_t passed_us = clock_known_ ? std::max<int64_t>(0, now_us - clock_us_) : 0;
  clock_us_ = now_us;
  clock_known_ = true;
  if (leading_) led_us_ += std::min(passed_us, step_max_us_);
}

void ClusterTime::OnAppended(std::span<const raft::Entry> entries) {
  for (const raft::Entry& entry : entries) {
    while (!unapplied_.empty() && unapplied_.back().index >= entry.index) unapplied_.pop_back();
    unapplied_.push_back({entry.index, entry.term, StampOf(entry).value_or(0)});
  }
}

void ClusterTime::OnApplied(Index index, Term term, int64_t now_ms) {
  while (!unapplied_.empty() && unapplied_.front().index <= index) unapplied_.pop_front();
  applied_term_ = term;
  applied_ms_ = std::max(applied_ms_, now_ms);
}

void ClusterTime::OnSnapshotInstalled(Index index, Term term, int64_t now_ms,
                                      std::span<const raft::Entry> entries) {
  unapplied_.clear();
  OnApplied(index, term, now_ms);
  OnAppended(entries);
}

void ClusterTime::OnHeard(Term term, int64_t now_ms) {
  if (term < heard_term_) return;
  heard_ms_ = term > heard_term_ ? now_ms : std::max(heard_ms_, now_ms);
  heard_term_ = term;
}

void ClusterTime::StartLeading(Term term) {
  StopLeading();  // in an earlier term, if nobody noticed its end
  int64_t base_ms = LastStampInLog();
  if (heard_term_ >= LastTermBefore(term)) base_ms = std::max(base_ms, heard_ms_);
  led_term_ = term;
  led_us_ = base_ms * 1000;
  if (PLANTED("node.time_leaps_at_election")) led_us_ += 10 * step_max_us_;
  leading_ = true;
}

// Others were told the time, so it counts as heard, also when nothing was stamped for long: else a
// node that is elected again and again would give the same lease its time anew.
void ClusterTime::StopLeading() {
  if (!leading_) return;
  OnHeard(led_term_, NowMs());
  leading_ = false;
}

int64_t ClusterTime::NowMs() const {
  return leading_ ? led_us_ / 1000 : std::max(applied_ms_, heard_ms_);
}

int64_t ClusterTime::LastStampInLog() const {
  int64_t last_ms = applied_ms_;
  for (const Stamped& entry : unapplied_) last_ms = std::max(last_ms, entry.stamp_ms);
  return last_ms;
}

Term ClusterTime::LastTermBefore(Term term) const {
  Term last = applied_term_ < term ? applied_term_ : Term();
  for (const Stamped& entry : unapplied_) {
    if (entry.term < term) last = std::max(last, entry.term);
  }
  return last;
}

}  // namespace baton::node
