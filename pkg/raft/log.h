// File: log.h
//
// The Raft log as the protocol sees it: a durable part behind LogReader and, in memory, every entry
// that is not yet durable and emitted; but what is committed and durable waits on the disk for a
// state machine that is a whole limit (SetApplyLimits) behind. It remembers how far things have
// come:
//
//   first_index .. applied <= emitted <= min(committed, persisted + what may be applied early)
//   committed <= last_index,  persisted <= handed <= last_index
//
//   committed  known to be chosen for good            persisted  durable on this node's own disk
//   emitted    given to the driver for applying       handed     given to the driver for writing
//   applied    reported applied
//
// Late completions. Writes and their completions are ordered by LogMark (types.h). Its term is the
// accepted term: that of the leader whose log this log is a prefix of, as far as it goes. While
// the accepted term stays, the log only grows; a rewrite needs an append of a later leader, which
// raises it. Hence a completion of the accepted term confirms exactly what it says, and one of an
// older term confirms nothing about entries: they may have been rewritten since, and the
// completion of a later write is under way. (A snapshot holds committed entries only and cannot be
// rewritten; any completion at or after its mark confirms it.)
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "pkg/base/check.h"
#include "pkg/base/status.h"
#include "pkg/raft/log_reader.h"
#include "pkg/raft/membership_history.h"
#include "pkg/raft/recent_entries.h"
#include "pkg/raft/types.h"

namespace baton::raft {

class RaftLog {
 public:
  // `reader` must outlive the log. Reads all that is not applied, for the membership changes in it.
  // When that cannot be read, or `initial` contradicts what is stored (kCorruption), failure() says
  // so, and nothing else may be asked.
  RaftLog(const LogReader* reader, const InitialState& initial);

  Index first_index() const;
  Index last_index() const { return recent_.last_index(); }
  Term last_term() const { return recent_.last_term(); }
  Index committed() const { return committed_; }
  Index applied() const { return applied_; }
  Index persisted() const { return persisted_; }
  Term accepted_term() const { return accepted_term_; }
  bool snapshot_pending() const { return snapshot_ != nullptr; }
  // The latest configuration in the log, committed or not, and the index it holds from; and the one
  // in force at an index that is applied or later.
  const ConfigState& membership() const { return memberships_.latest(); }
  Index membership_index() const { return memberships_.latest_index(); }
  const ConfigState& MembershipAt(Index index) const { return memberships_.At(index); }
  // The first error of the reader that no protocol step can cause (kIo, kCorruption): from then on
  // the log hands out nothing more.
  const Status& failure() const { return failure_; }

  // --- questions ---
  // Valid for [first_index() - 1, last_index()]; kGone below, kNotFound above.
  Result<Term> TermAt(Index index) const {
    if (recent_.Knows(index)) return recent_.TermAt(index);
    return StoredTermAt(index);
  }
  bool Matches(Index index, Term term) const {
    const Result<Term> own = TermAt(index);
    return own.ok() && *own == term;
  }
  // A candidate's log that ends in (last_term, last_index) is at least as new as this one
  // (section 5.4.1).
  bool IsUpToDate(Index last_index, Term last_term) const;
  // The newest index in [low, high] whose term is at most `term`; low if there is none. Terms never
  // decrease along a log, so this is a binary search. Requires low <= high, both with a known term.
  Index NewestWithTermAtMost(Term term, Index low, Index high) const;
  // Into `slice`, which must be empty: entries [low, high) for sending to `peer` (0: for this node
  // itself), as many as fit into bytes_max but at least one. kUnavailable while they are being
  // fetched (log_reader.h).
  Status SliceFor(NodeId peer, Index low, Index high, size_t bytes_max,
                  std::vector<Entry>* slice) const;
  // As LogReader::Snapshot; kUnavailable also for one from when this node, added by a change that
  // it had not applied yet, did not know who the members are: nobody could go on from it.
  Result<SnapshotMeta> Snapshot() const;
  // Bytes (Entry::ApproximateBytes) of those entries in [low, high] that are in memory.
  size_t BytesBetween(Index low, Index high) const;

  // --- changes ---
  // As leader of `term`: appends one entry and gives its index.
  Index Append(Term term, EntryType type, Payload&& data);
  // No leader of `term` can have sent this: it differs from entries that are committed, or that
  // the same leader wrote. Only asked of well-formed appends (message_check.h).
  bool Contradicts(Term leader_term, Index prev_index, Term prev_term,
                   const std::vector<Entry>& entries) const;
  // As follower of a leader of `term`, for entries whose predecessor matches and that do not
  // contradict: keeps what agrees, removes what differs and all after it, appends the rest
  // (section 5.3). An error of the reader changes nothing.
  Status Accept(Term leader_term, Term prev_term, std::vector<Entry>&& entries);
  // Up to last_index() at most; never backwards.
  void CommitTo(Index index) {
    CHECK_LE(index, last_index());
    committed_ = std::max(committed_, index);
  }
  // Starts over from a snapshot at or beyond `committed`.
  void Restore(Term leader_term, const SnapshotMeta& meta);

  // --- the driver's side ---
  bool HasUnhanded() const { return handed_ < last_index() || (snapshot_ && !snapshot_handed_); }
  // What TakeUnhandedEntries would take.
  std::span<const Entry> unhanded() const { return recent_.Range(handed_ + 1, last_index() + 1); }
  // Appends to `entries` what must be written next, once each.
  void TakeUnhandedEntries(std::vector<Entry>* entries) {
    if (handed_ < last_index()) HandOut(entries);
  }
  std::optional<SnapshotMeta> TakeUnhandedSnapshot();
  // Of a write that is handed out now.
  LogMark mark() const { return LogMark{accepted_term_, last_index(), restored_}; }
  // Requires a mark that was handed out.
  void OnPersisted(LogMark mark) {
    if (mark.term != accepted_term_ || mark.last_index > persisted_ || snapshot_) {
      Confirm(mark);
    } else if (IsFarBehind()) {  // nothing new: half of all writes move the commit index alone
      Trim(committed_);
    }
  }

  // bytes_max: of entries that are emitted and not applied, at least one entry. unpersisted_max: so
  // many of them may lie beyond `persisted`.
  void SetApplyLimits(size_t bytes_max, uint64_t unpersisted_max);
  bool HasCommitted() const {
    return emitted_ < EmitLimit() && !snapshot_ && unapplied_bytes_ < apply_bytes_max_ &&
           failure_.ok();
  }
  // Into `entries`, which must be empty: the next committed ones within the limits, once each. None
  // if the reader failed.
  void TakeCommitted(std::vector<Entry>* entries) {
    if (HasCommitted()) Emit(entries);
  }
  // Requires index <= emitted (or the snapshot's). Late reports are ignored.
  void OnApplied(Index index);

 private:
  Status Open(const InitialState& initial);
  Status FindMemberships();
  void NoteMembership(const Entry& entry) {
    if (entry.type == EntryType::kConfigChange) NoteChange(entry);
  }
  void NoteChange(const Entry& entry);
  // Of what is no longer in memory, or not in the log.
  Result<Term> StoredTermAt(Index index) const;
  void Rewrite(Term leader_term, Term prev_term, std::vector<Entry>&& entries, size_t first_new);
  // As SliceFor, of entries that are no longer in memory.
  Status StoredFor(NodeId peer, Index low, Index high, size_t bytes_max,
                   std::vector<Entry>* slice) const;
  Index EmitLimit() const {
    const uint64_t unpersisted = committed_ > persisted_ ? committed_ - persisted_ : 0;
    return std::min(committed_, persisted_ + std::min(unpersisted, apply_unpersisted_max_));
  }
  // Drops what is durable, up to `through`, from memory.
  void Trim(Index through) {
    if (!snapshot_) recent_.DropThrough(std::min(through, persisted_));
  }
  // A state machine that is so far behind gets the rest from the disk.
  bool IsFarBehind() const { return unapplied_bytes_ >= apply_bytes_max_; }
  void Confirm(LogMark mark);
  void HandOut(std::vector<Entry>* entries);
  void Emit(std::vector<Entry>* entries);
  void EmitFromMemory(Index high, size_t bytes_max, std::vector<Entry>* entries);
  void NoteEmitted(Index last, size_t bytes) {
    emitted_ = last;
    unapplied_.push_back(Page{last, bytes});
    unapplied_bytes_ += bytes;
  }
  // Remembers an error that means trouble with the disk; passes all through.
  Status Note(const Status& status) const;

  const LogReader* reader_;
  RecentEntries recent_;
  MembershipHistory memberships_;
  Index committed_;
  Index applied_;
  Index emitted_;
  Index persisted_;
  Index handed_;
  Term accepted_term_;
  std::unique_ptr<const SnapshotMeta> snapshot_;  // restored, and not durable yet; mostly none
  LogMark snapshot_mark_;
  uint64_t restored_ = 0;  // see LogMark
  bool snapshot_handed_ = false;
  // What is emitted and not applied, page by page.
  struct Page {
    Index last;
    size_t bytes = 0;
  };
  std::vector<Page> unapplied_;
  size_t unapplied_bytes_ = 0;
  size_t apply_bytes_max_ = std::numeric_limits<size_t>::max();
  uint64_t apply_unpersisted_max_ = 0;
  mutable Status failure_;
};

}  // namespace baton::raft
