// File: ready.h
//
// Everything that must now happen, as one value. The core never calls out. The driver's whole duty:
//
//   Ready ready = raft.TakeReady();
//   1. Send `messages` at once (a leader's appends travel while its own disk writes; heartbeats and
//      refusals depend on no write).
//   2. If NeedsPersist(): hand hard_state, snapshot, entries and messages_after_persist to the log
//      writer. It makes them durable in one synced write, in the order in which Readys were taken,
//      then sends messages_after_persist, then reports raft.OnPersisted(mark).
//   3. Apply committed_entries in order, then raft.OnApplied(last index).
//   4. Answer read_states whose index is applied; fail aborted_reads (their outcome: not read).
//
// More Readys may be taken before older ones are persisted or applied. An OnPersisted stands for
// all Readys before it, so only the last of a batch need be reported. A snapshot may come in any of
// the two message lists; OnSnapshotSent must follow each, or its receiver gets nothing more.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "pkg/raft/message.h"
#include "pkg/raft/trace_event.h"
#include "pkg/raft/types.h"

namespace baton::raft {

// Not durable: told only for routing and logging.
struct SoftState {
  Role role = Role::kFollower;
  NodeId leader;  // 0: unknown
  friend bool operator==(const SoftState&, const SoftState&) = default;
};

// How a read makes sure that nobody else leads.
enum class ReadMode : uint8_t {
  kQuorum,  // a round of messages
  kLease,   // the leader's lease (lease.h) while it holds, else as kQuorum
};

// The read `id` sees everything it must once the state machine has applied `index`.
struct ReadState {
  uint64_t id = 0;
  Index index;
  friend bool operator==(const ReadState&, const ReadState&) = default;
};

// What most Readys have nothing of.
struct Notices {
  std::vector<ReadState> read_states;
  std::vector<uint64_t> aborted_reads;      // ids of reads that leadership was lost under
  std::vector<NodeId> cancelled_snapshots;  // receivers that need none any more: stop sending
  std::vector<TraceEvent> trace;            // with Config::trace
  // One of the above may have something; false: none has.
  bool has_notices = false;

  void Clear();
};

struct Ready : Notices {
  std::optional<SoftState> soft_state;  // set when changed
  std::optional<HardState> hard_state;  // set when changed; persist
  // Persist: the state machine and the log start over from this snapshot, whose bytes the driver
  // has. Comes before `entries`; never together with committed_entries. A SnapshotRequest that
  // brings nothing new never shows up here: its bytes can be dropped after the Ready that follows.
  std::optional<SnapshotMeta> snapshot;
  std::vector<Entry> entries;  // persist; replaces whatever the log holds from entries[0].index on
  LogMark mark;                // report with OnPersisted when all of the above is durable
  bool must_sync = false;      // false only if just hard_state.commit changed

  std::vector<Message> messages;
  std::vector<Message> messages_after_persist;
  std::vector<Entry> committed_entries;

  // Empty again, with the room that the vectors have.
  void Clear();
  bool NeedsPersist() const {
    return hard_state || snapshot || !entries.empty() || !messages_after_persist.empty();
  }
};

inline void Notices::Clear() {
  read_states.clear();
  aborted_reads.clear();
  cancelled_snapshots.clear();
  trace.clear();
  has_notices = false;
}

inline void Ready::Clear() {
  soft_state.reset();
  hard_state.reset();
  snapshot.reset();
  entries.clear();
  mark = LogMark{};
  must_sync = false;
  messages.clear();
  messages_after_persist.clear();
  committed_entries.clear();
  if (has_notices) Notices::Clear();
}

}  // namespace baton::raft
