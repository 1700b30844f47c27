#include "pkg/raft/testing/test_node.h"

#include <algorithm>
#include <utility>

#include "pkg/base/check.h"
#include "pkg/raft/membership_codec.h"

namespace baton::raft::testing {

TestNode::TestNode(const Config& config, const ConfigState& membership)
    : config_(config),
      first_membership_(membership),
      log_(membership),
      membership_(membership),
      durable_membership_(membership) {
  Restart();
}

void TestNode::Crash() {
  raft_.reset();
  writes_.clear();
  unreported_.clear();
  outbox_.clear();
  read_states_.clear();
  aborted_reads_.clear();
  cancelled_snapshots_.clear();
  unapplied_pages_.clear();
  applied_entries_.clear();
  applied_ = durable_applied_;
  membership_ = durable_membership_;
  log_.Crash();
}

void TestNode::Restart() {
  CHECK(!running());
  Config config = config_;
  config.seed += losses_ * 1'000'003;
  Result<std::unique_ptr<Raft>> made =
      Raft::Create(config, InitialState{log_.hard_state(), membership_, durable_applied_}, &log_);
  CHECK(made.ok()) << made.status().ToString();
  raft_ = std::move(*made);
}

void TestNode::LoseDisk(Memory memory) {
  if (running()) Crash();
  ++losses_;
  log_ = MemoryLog(first_membership_);
  log_.Write(HardState{.term = {}, .vote = {}, .commit = {}, .memory = memory}, std::nullopt, {},
             /*must_sync=*/true);
  applied_ = durable_applied_ = Index();
  membership_ = durable_membership_ = first_membership_;
}

void TestNode::LoseTail(Index last) {
  if (running()) Crash();
  CHECK_GE(last, durable_applied_);
  ++losses_;
  HardState hard_state = log_.hard_state();
  hard_state.memory = Memory::kLostEntries;
  hard_state.term = hard_state.term + 1;
  hard_state.vote = NodeId();
  hard_state.commit = std::min(hard_state.commit, last);
  log_.CutAfter(last);
  log_.Write(hard_state, std::nullopt, {}, /*must_sync=*/true);
}

void TestNode::TakeReadys(const ReadyHook& on_ready) {
  while (raft_->HasReady()) {
    Ready ready = raft_->TakeReady();
    if (on_ready) on_ready(*this, ready);
    CarryOut(std::move(ready));
  }
}

void TestNode::CarryOut(Ready ready) {
  CHECK(!ready.snapshot || ready.committed_entries.empty());
  for (Message& message : ready.messages) outbox_.push_back(std::move(message));
  if (ready.NeedsPersist()) {
    writes_.push_back(PendingWrite{ready.hard_state, ready.snapshot, std::move(ready.entries),
                                   ready.must_sync, ready.mark,
                                   std::move(ready.messages_after_persist)});
  }
  if (apply_held_ && !ready.committed_entries.empty()) {
    unapplied_pages_.push_back(std::move(ready.committed_entries));
  } else {
    Apply(ready.committed_entries);
  }
  read_states_.insert(read_states_.end(), ready.read_states.begin(), ready.read_states.end());
  aborted_reads_.insert(aborted_reads_.end(), ready.aborted_reads.begin(),
                        ready.aborted_reads.end());
  cancelled_snapshots_.insert(cancelled_snapshots_.end(), ready.cancelled_snapshots.begin(),
                              ready.cancelled_snapshots.end());
}

bool TestNode::ApplyPage() {
  if (unapplied_pages_.empty()) return false;
  Apply(unapplied_pages_.front());
  unapplied_pages_.pop_front();
  return true;
}

void TestNode::Apply(const std::vector<Entry>& entries) {
  if (entries.empty()) return;
  for (const Entry& entry : entries) {
    CHECK_EQ(entry.index, applied_ + 1);
    applied_ = entry.index;
    applied_entries_.push_back(entry);
    if (entry.type != EntryType::kConfigChange) continue;
    Result<MembershipEntry> change = DecodeMembershipEntry(entry.data.view());
    CHECK(change.ok()) << change.status().ToString();
    membership_ = std::move(change->config);
  }
  raft_->OnApplied(applied_);
}

void TestNode::WriteOne() {
  PendingWrite write = std::move(writes_.front());
  writes_.pop_front();
  log_.Write(write.hard_state, write.snapshot, write.entries, write.must_sync);
  if (write.snapshot) {
    membership_ = write.snapshot->config;
    applied_ = write.snapshot->index;
    SyncState();
    applied_entries_.clear();
    unapplied_pages_.clear();
  }
  outbox_.insert(outbox_.end(), write.messages.begin(), write.messages.end());
  unreported_.push_back(write.mark);
  if (on_write_) on_write_(*this, write);
}

void TestNode::ReportWrites() {
  for (const LogMark& mark : std::exchange(unreported_, {})) raft_->OnPersisted(mark);
}

void TestNode::ReportLastWrite() {
  if (unreported_.empty()) return;
  raft_->OnPersisted(unreported_.back());
  unreported_.clear();
}

void TestNode::Persist() {
  while (!writes_.empty()) WriteOne();
  ReportWrites();
}

void TestNode::Compact(uint64_t keep) {
  if (!applied_) return;
  // What was applied before the own disk has it must not become durable before it either.
  if (!applied_entries_.empty() && !log_.Holds(applied_, applied_entries_.back().term)) return;
  SyncState();
  const Result<Term> term = log_.TermAt(applied_);
  CHECK(term.ok()) << term.status().ToString();
  log_.OfferSnapshot(SnapshotMeta{applied_, *term, membership_});
  if (applied_ > log_.start().index + keep) log_.Compact(applied_ - keep);
}

}  // namespace baton::raft::testing
