#include "pkg/raft/log.h"

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "pkg/base/check.h"
#include "pkg/base/cruel.h"
#include "pkg/base/planted.h"
#include "pkg/raft/membership_codec.h"

namespace baton::raft {
namespace {

// Of the log, read at once at the start.
constexpr size_t kPageBytes = 1 << 20;

// Mostly to none, for which vector's insert does too much.
void AppendTo(std::vector<Entry>* entries, std::span<const Entry> more) {
  if (entries->empty()) return entries->assign(more.begin(), more.end());
  entries->insert(entries->end(), more.begin(), more.end());
}

// Of `entries`, those that fit with the `bytes` of others before them, to which they are added. The
// first of all always fits.
std::span<const Entry> FirstThatFit(std::span<const Entry> entries, size_t bytes_max,
                                    size_t* bytes) {
  size_t count = 0;
  for (const Entry& entry : entries) {
    const size_t more = entry.ApproximateBytes();
    if (*bytes > 0 && *bytes + more > bytes_max) break;
    *bytes += more;
    ++count;
  }
  return entries.first(count);
}

std::string Text(Index index) { return std::to_string(index.value()); }

Status Contradiction(std::string sentence) {
  return Status(Code::kCorruption, std::move(sentence));
}

// The initial state must fit what the log holds.
Status CheckInitial(const InitialState& initial, Index first, Index last, Term last_term) {
  if (last + 1 < first) {
    return Contradiction("the log ends at " + Text(last) + ", before its start " + Text(first));
  }
  if (initial.hard_state.commit > last) {
    return Contradiction("commit " + Text(initial.hard_state.commit) +
                         " is beyond the end of the log " + Text(last));
  }
  if (initial.applied > last) {
    return Contradiction("applied " + Text(initial.applied) + " is beyond the end of the log " +
                         Text(last));
  }
  if (initial.applied + 1 < first) {
    return Contradiction("applied " + Text(initial.applied) + " is below the start of the log " +
                         Text(first));
  }
  if (initial.hard_state.term < last_term) {
    return Contradiction("term " + std::to_string(initial.hard_state.term.value()) +
                         " is below the term of the last entry " +
                         std::to_string(last_term.value()));
  }
  return Status::Ok();
}

}  // namespace

// commit on disk may lag behind what was applied and what was compacted: both were committed.
RaftLog::RaftLog(const LogReader* reader, const InitialState& initial)
    : reader_(reader),
      recent_(reader->LastIndex(), Term()),
      memberships_(initial.applied, initial.config),
      committed_(std::max(initial.hard_state.commit, initial.applied)),
      applied_(initial.applied),
      emitted_(initial.applied),
      persisted_(last_index()),
      handed_(last_index()) {
  failure_ = Open(initial);
}

Status RaftLog::Open(const InitialState& initial) {
  const Index last = last_index();
  const Result<Term> last_term = reader_->TermAt(last);
  if (!last_term.ok()) return last_term.status();
  BATON_RETURN_IF_ERROR(CheckInitial(initial, reader_->FirstIndex(), last, *last_term));
  recent_.Reset(last, *last_term);
  accepted_term_ = *last_term;
  return FindMemberships();
}

Status RaftLog::FindMemberships() {
  for (Index next = applied_ + 1; next <= last_index();) {
    const Result<std::vector<Entry>> page = reader_->Entries(next, last_index() + 1, kPageBytes);
    if (!page.ok()) return page.status();
    if (page->empty()) return Contradiction("the log has a hole at " + Text(next));
    for (const Entry& entry : *page) {
      if (entry.type != EntryType::kConfigChange) continue;
      Result<MembershipEntry> change = DecodeMembershipEntry(entry.data.view());
      if (!change.ok()) {
        return Contradiction("entry " + Text(entry.index) + ": " + change.status().message());
      }
      memberships_.Append(entry.index, std::move(change->config));
    }
    next = page->back().index + 1;
  }
  return Status::Ok();
}

// Requires an entry that this node made or has checked (message_check.h).
void RaftLog::NoteChange(const Entry& entry) {
  Result<MembershipEntry> change = DecodeMembershipEntry(entry.data.view());
  CHECK(change.ok()) << change.status().ToString();
  memberships_.Append(entry.index, std::move(change->config));
}

Index RaftLog::first_index() const {
  return snapshot_ ? snapshot_->index + 1 : reader_->FirstIndex();
}

Result<Term> RaftLog::StoredTermAt(Index index) const {
  if (index > last_index()) return Status(Code::kNotFound, "beyond the end of the log");
  if (snapshot_) return Status(Code::kGone, "below the snapshot");
  Result<Term> term = reader_->TermAt(index);
  if (!term.ok()) return Note(term.status());
  return term;
}

bool RaftLog::IsUpToDate(Index last, Term term) const {
  if (PLANTED("raft.vote_compares_length")) return last >= last_index();
  return term > last_term() || (term == last_term() && last >= last_index());
}

Index RaftLog::NewestWithTermAtMost(Term term, Index low, Index high) const {
  CHECK_LE(low, high);
  // Invariant: everything above `high` has a larger term, `low` is the answer so far.
  while (low < high) {
    const Index middle = low + (high - low + 1) / 2;
    const Result<Term> middle_term = TermAt(middle);
    // Compacted under our feet: the answer lies above, or is `low`, which the caller knows.
    if (middle_term.ok() ? *middle_term <= term : middle_term.status().code() == Code::kGone) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

Status RaftLog::SliceFor(NodeId peer, Index low, Index high, size_t bytes_max,
                         std::vector<Entry>* slice) const {
  CHECK(low < high && high <= last_index() + 1) << low << ".." << high;
  size_t bytes = 0;
  if (low < recent_.first_index()) {
    const Index stored_end = std::min(high, recent_.first_index());
    BATON_RETURN_IF_ERROR(StoredFor(peer, low, stored_end, bytes_max, slice));
    low = slice->back().index + 1;
    if (low < stored_end || low == high) return Status::Ok();
    for (const Entry& entry : *slice) bytes += entry.ApproximateBytes();
  }
  AppendTo(slice, FirstThatFit(recent_.Range(low, high), bytes_max, &bytes));
  return Status::Ok();
}

Status RaftLog::StoredFor(NodeId peer, Index low, Index high, size_t bytes_max,
                          std::vector<Entry>* slice) const {
  if (low < first_index()) return Status(Code::kGone, "compacted");
  Result<std::vector<Entry>> stored = peer ? reader_->EntriesFor(peer, low, high, bytes_max)
                                           : reader_->Entries(low, high, bytes_max);
  if (!stored.ok()) return Note(stored.status());
  if (stored->empty()) {
    return Note(Status(Code::kCorruption, "the log has a hole at " + Text(low)));
  }
  *slice = *std::move(stored);
  return Status::Ok();
}

Result<SnapshotMeta> RaftLog::Snapshot() const {
  Result<SnapshotMeta> meta = reader_->Snapshot();
  if (meta.ok() && meta->config.voters.empty()) {
    return Status(Code::kUnavailable, "it says nothing of the members");
  }
  return meta;
}

size_t RaftLog::BytesBetween(Index low, Index high) const {
  low = std::max(low, recent_.first_index());
  size_t bytes = 0;
  for (; low <= high; ++low) bytes += recent_.At(low).ApproximateBytes();
  return bytes;
}

Index RaftLog::Append(Term term, EntryType type, Payload&& data) {
  CHECK_GE(term, accepted_term_);
  const Index index = last_index() + 1;
  Entry entry{term, index, type, std::move(data)};
  NoteMembership(entry);
  recent_.Append(std::move(entry));
  accepted_term_ = term;
  return index;
}

bool RaftLog::Contradicts(Term leader_term, Index prev_index, Term prev_term,
                          const std::vector<Entry>& entries) const {
  const Index fixed = leader_term == accepted_term_ ? last_index() : committed_;
  const auto differs = [&](Index index, Term term) {
    if (index > fixed) return false;
    const Result<Term> own = TermAt(index);
    return own.ok() && *own != term;  // compacted entries cannot be compared
  };
  if (differs(prev_index, prev_term)) return true;
  for (const Entry& entry : entries) {
    if (entry.index > fixed) break;
    if (differs(entry.index, entry.term)) return true;
  }
  return false;
}

Status RaftLog::Accept(Term leader_term, Term prev_term, std::vector<Entry>&& entries) {
  for (size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].index <= committed_) continue;
    if (entries[i].index <= last_index()) {
      const Result<Term> own = TermAt(entries[i].index);
      if (!own.ok()) return own.status();
      if (*own == entries[i].term || PLANTED("raft.conflict_kept")) continue;
    }
    const Term before = i == 0 ? prev_term : entries[i - 1].term;
    Rewrite(leader_term, before, std::move(entries), i);
    return Status::Ok();
  }
  return Status::Ok();
}

// prev_term: of the entry before the first new one.
void RaftLog::Rewrite(Term leader_term, Term prev_term, std::vector<Entry>&& entries,
                      size_t first_new) {
  const Index from = entries[first_new].index;
  CHECK(from > committed_ && from <= last_index() + 1 && leader_term >= accepted_term_) << from;
  if (from <= last_index()) {
    CHECK_GT(leader_term, accepted_term_);
    if (from > recent_.base_index()) {
      recent_.TruncateFrom(from);
    } else {
      recent_.Reset(from - 1, prev_term);
    }
    handed_ = std::min(handed_, from - 1);
    persisted_ = std::min(persisted_, from - 1);
    memberships_.TruncateFrom(from);
  }
  for (size_t i = first_new; i < entries.size(); ++i) {
    NoteMembership(entries[i]);
    recent_.Append(std::move(entries[i]));
  }
  accepted_term_ = leader_term;
}

void RaftLog::Restore(Term leader_term, const SnapshotMeta& meta) {
  CHECK(meta.index >= committed_ && leader_term >= accepted_term_) << meta.index;
  const LogMark before = mark();
  // What lies above committed goes with the old log; what lies below stays durable in the snapshot.
  persisted_ = std::min(persisted_, committed_);
  recent_.Reset(meta.index, meta.term);
  memberships_.Reset(meta.index, meta.config);
  committed_ = meta.index;
  emitted_ = meta.index;
  unapplied_.clear();
  unapplied_bytes_ = 0;
  handed_ = meta.index;
  accepted_term_ = leader_term;
  snapshot_ = std::make_unique<const SnapshotMeta>(meta);
  snapshot_handed_ = false;
  if (mark() == before) ++restored_;
  snapshot_mark_ = mark();
}

void RaftLog::HandOut(std::vector<Entry>* entries) {
  AppendTo(entries, unhanded());
  handed_ = last_index();
}

std::optional<SnapshotMeta> RaftLog::TakeUnhandedSnapshot() {
  if (!snapshot_ || snapshot_handed_) return std::nullopt;
  snapshot_handed_ = true;
  return *snapshot_;
}

void RaftLog::Confirm(LogMark done) {
  CHECK(done.term <= accepted_term_) << "this mark was never handed out: term " << done.term;
  if (snapshot_ && snapshot_handed_ && done >= snapshot_mark_) {
    persisted_ = snapshot_->index;
    applied_ = std::max(applied_, snapshot_->index);
    snapshot_.reset();
  }
  if (!snapshot_ && done.term == accepted_term_) {
    CHECK_LE(done.last_index, handed_);
    persisted_ = std::max(persisted_, done.last_index);
  }
  Trim(IsFarBehind() ? committed_ : emitted_);
}

void RaftLog::SetApplyLimits(size_t bytes_max, uint64_t unpersisted_max) {
  apply_bytes_max_ = bytes_max;
  apply_unpersisted_max_ = unpersisted_max;
}

void RaftLog::Emit(std::vector<Entry>* entries) {
  const size_t bytes_max =
      CRUEL("raft.one_committed_entry") ? 1 : apply_bytes_max_ - unapplied_bytes_;
  const Index high = EmitLimit() + 1;
  if (emitted_ + 1 == recent_.first_index()) {
    EmitFromMemory(high, bytes_max, entries);
    return;
  }
  const Status taken = SliceFor(NodeId(), emitted_ + 1, high, bytes_max, entries);
  if (!taken.ok()) {
    // Nothing that is not applied may be compacted, so even "gone" is a broken log here.
    if (failure_.ok()) failure_ = taken;
    return;
  }
  size_t bytes = 0;
  for (const Entry& entry : *entries) bytes += entry.ApproximateBytes();
  NoteEmitted(entries->back().index, bytes);
  Trim(emitted_);
}

// What is durable leaves the memory with that: it is moved, not copied.
void RaftLog::EmitFromMemory(Index high, size_t bytes_max, std::vector<Entry>* entries) {
  size_t bytes = 0;
  const auto taken = FirstThatFit(recent_.Range(emitted_ + 1, high), bytes_max, &bytes);
  NoteEmitted(emitted_ + taken.size(), bytes);
  const Index durable = std::min(emitted_, persisted_);
  recent_.MoveThrough(durable, entries);
  if (durable < emitted_) AppendTo(entries, recent_.Range(recent_.first_index(), emitted_ + 1));
}

void RaftLog::OnApplied(Index index) {
  CHECK_LE(index, emitted_) << "was never handed out";
  applied_ = std::max(applied_, index);
  memberships_.DropThrough(applied_);
  while (!unapplied_.empty() && unapplied_.front().last <= applied_) {
    unapplied_bytes_ -= unapplied_.front().bytes;
    unapplied_.erase(unapplied_.begin());  // hardly ever more than one or two
  }
}

Status RaftLog::Note(const Status& status) const {
  const bool expected = status.code() == Code::kGone || status.code() == Code::kNotFound ||
                        status.code() == Code::kUnavailable;
  if (!expected && failure_.ok()) failure_ = status;
  return status;
}

}  // namespace baton::raft
