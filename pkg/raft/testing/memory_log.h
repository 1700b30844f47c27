// File: memory_log.h
//
// A LogReader over memory that behaves like a disk: what was written without a sync may be gone
// after a crash. For tests.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "pkg/raft/log_reader.h"
#include "pkg/raft/ready.h"

namespace baton::raft::testing {

class MemoryLog final : public LogReader {
 public:
  // An empty log of a new node.
  explicit MemoryLog(ConfigState config) : start_{Index(), Term(), std::move(config)} {}

  Index FirstIndex() const override { return start_.index + 1; }
  Index LastIndex() const override { return start_.index + entries_.size(); }
  Result<Term> TermAt(Index index) const override;
  Result<std::vector<Entry>> Entries(Index low, Index high, size_t bytes_max) const override;
  Result<std::vector<Entry>> EntriesFor(NodeId peer, Index low, Index high,
                                        size_t bytes_max) const override;
  Result<SnapshotMeta> Snapshot() const override;

  // What a driver writes for one Ready, all at once.
  void Write(const std::optional<HardState>& hard_state,
             const std::optional<SnapshotMeta>& snapshot, const std::vector<Entry>& entries,
             bool must_sync);
  // The machine stops: what was not synced is gone.
  void Crash() { hard_state_ = synced_hard_state_; }
  // Drops entries up to `index`.
  void Compact(Index index);
  // The entries beyond `last` are gone.
  void CutAfter(Index last);
  // Everything is gone, as with a lost disk.
  void Wipe();

  // The snapshot that Snapshot() gives; nothing: kUnavailable.
  void OfferSnapshot(std::optional<SnapshotMeta> snapshot) { offered_ = std::move(snapshot); }
  // From now on entries for peers must be fetched first: each question is answered with
  // kUnavailable until EntriesFetched(peer), then once with the entries.
  void FetchLater() { fetch_later_ = true; }
  void EntriesFetched(NodeId peer) { fetched_.insert(peer); }
  // How often something was to be fetched.
  int fetches() const { return fetches_; }
  // From now on every read gives this error.
  void FailReads(Status error) { read_error_ = std::move(error); }

  const HardState& hard_state() const { return hard_state_; }
  const SnapshotMeta& start() const { return start_; }
  const std::vector<Entry>& entries() const { return entries_; }
  // The entry is in the log, or below its start.
  bool Holds(Index index, Term term) const;

 private:
  SnapshotMeta start_;
  std::vector<Entry> entries_;
  HardState hard_state_;
  HardState synced_hard_state_;
  std::optional<SnapshotMeta> offered_;
  Status read_error_;
  bool fetch_later_ = false;
  mutable std::set<NodeId> fetched_;  // and not asked for again yet
  mutable int fetches_ = 0;
};

}  // namespace baton::raft::testing
