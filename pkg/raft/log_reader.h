// File: log_reader.h
//
// The port through which the core reads what the driver has made durable. The core keeps entries
// that are not yet acknowledged (OnPersisted) in its own memory and never asks for them here.
//
// Called on the thread that drives the core, possibly while another thread appends; an
// implementation must allow that. A call may read a disk; it must not wait for a write.
#pragma once

#include <cstddef>
#include <vector>

#include "pkg/base/status.h"
#include "pkg/raft/types.h"

namespace baton::raft {

class LogReader {
 public:
  virtual ~LogReader() = default;

  // The first index that Entries can give: one past the snapshot. 1 for a new log.
  virtual Index FirstIndex() const = 0;
  // The last durable index; FirstIndex() - 1 when there is none.
  virtual Index LastIndex() const = 0;
  // Valid for [FirstIndex() - 1, LastIndex()]; kGone below (compacted), kNotFound above.
  virtual Result<Term> TermAt(Index index) const = 0;
  // Entries [low, high), as many as fit into bytes_max but at least one. kGone if low <
  // FirstIndex(); kCorruption or kIo if the disk lies (the driver then stops the process).
  virtual Result<std::vector<Entry>> Entries(Index low, Index high, size_t bytes_max) const = 0;
  // The same, to be sent to `peer`. A driver that does not want to wait for its disk answers
  // kUnavailable, fetches them, and calls Raft::OnEntriesFetched(peer), upon which the core asks
  // again and must get them; until then it goes on with other peers.
  virtual Result<std::vector<Entry>> EntriesFor(NodeId peer, Index low, Index high,
                                                size_t bytes_max) const {
    (void)peer;
    return Entries(low, high, bytes_max);
  }
  // The newest snapshot that the driver can send: its index is the driver's applied index or below,
  // and never below FirstIndex() - 1. kUnavailable: none can be made right now; the core asks again
  // later.
  virtual Result<SnapshotMeta> Snapshot() const = 0;
};

// What a node starts from.
struct InitialState {
  HardState hard_state;
  ConfigState config;  // as of `applied`
  Index applied;       // the state machine already holds everything up to here
};

}  // namespace baton::raft
