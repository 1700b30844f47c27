// File: test_node.h
//
// A Raft core with the least driver around it: a disk that works when the test says so, a state
// machine that remembers what was applied, and an outbox. For tests.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pkg/raft/raft.h"
#include "pkg/raft/testing/memory_log.h"

namespace baton::raft::testing {

// One write that the disk was given.
struct PendingWrite {
  std::optional<HardState> hard_state;
  std::optional<SnapshotMeta> snapshot;
  std::vector<Entry> entries;
  bool must_sync = false;
  LogMark mark;
  std::vector<Message> messages;
};

class TestNode {
 public:
  TestNode(const Config& config, const ConfigState& membership);
  TestNode(const TestNode&) = delete;  // the core points to the log
  TestNode& operator=(const TestNode&) = delete;

  // --- the process ---
  void Crash();  // loses memory, queued writes and completions
  void Restart();
  // The process stops and its disk is lost. Restarts as a new node would; or as one whose
  // driver knows better (amnesia.h).
  void LoseDisk(Memory memory = Memory::kWhole);
  // The process stops and the log loses what is beyond `last`; the driver knows that from its hard
  // state that it does.
  void LoseTail(Index last);
  bool running() const { return raft_ != nullptr; }
  Raft& raft() { return *raft_; }
  const Raft& raft() const { return *raft_; }
  NodeId id() const { return config_.id; }
  MemoryLog& log() { return log_; }
  const MemoryLog& log() const { return log_; }

  // Takes Readys until there are none; on_ready sees each before it is carried out.
  using ReadyHook = std::function<void(TestNode&, const Ready&)>;
  void TakeReadys(const ReadyHook& on_ready = nullptr);

  // --- the disk: write, then report ---
  // Sees every write when it has reached the disk.
  using WriteHook = std::function<void(const TestNode&, const PendingWrite&)>;
  void OnWrite(WriteHook hook) { on_write_ = std::move(hook); }
  const std::deque<PendingWrite>& writes() const { return writes_; }
  // The oldest write reaches the disk and its messages leave; the core is not told yet.
  void WriteOne();
  // The core is told of the newest `count` of the finished writes, oldest first (all by default).
  void ReportWrites();
  // Told only of the newest: it stands for all before.
  void ReportLastWrite();
  const std::vector<LogMark>& unreported() const { return unreported_; }
  // Everything to the disk, and told.
  void Persist();

  // --- the state machine ---
  Index applied() const { return applied_; }
  const std::vector<Entry>& applied_entries() const { return applied_entries_; }
  Index durable_applied() const { return durable_applied_; }
  // What was applied becomes durable; the log up to `keep` entries before it is dropped and a
  // snapshot of the state is on offer.
  void Compact(uint64_t keep);
  // The state machine is slow: each page of committed entries waits for ApplyPage.
  void HoldApply() { apply_held_ = true; }
  // Applies the oldest waiting page. False if there is none.
  bool ApplyPage();
  // After a restart the state machine has what was durable.
  void SyncState() {
    durable_applied_ = applied_;
    durable_membership_ = membership_;
  }

  std::vector<Message>& outbox() { return outbox_; }
  std::vector<ReadState>& read_states() { return read_states_; }
  std::vector<uint64_t>& aborted_reads() { return aborted_reads_; }
  std::vector<NodeId>& cancelled_snapshots() { return cancelled_snapshots_; }

 private:
  void CarryOut(Ready ready);
  void Apply(const std::vector<Entry>& entries);

  Config config_;
  uint64_t losses_ = 0;
  ConfigState first_membership_;
  MemoryLog log_;
  ConfigState membership_;          // as of applied_
  ConfigState durable_membership_;  // as of durable_applied_
  std::unique_ptr<Raft> raft_;
  std::deque<PendingWrite> writes_;
  std::vector<LogMark> unreported_;
  Index applied_;
  Index durable_applied_;
  std::vector<Entry> applied_entries_;  // since the last start or snapshot
  bool apply_held_ = false;
  std::deque<std::vector<Entry>> unapplied_pages_;
  WriteHook on_write_;
  std::vector<Message> outbox_;
  std::vector<ReadState> read_states_;
  std::vector<uint64_t> aborted_reads_;
  std::vector<NodeId> cancelled_snapshots_;
};

}  // namespace baton::raft::testing
