// File: ports.h
//
// What a node needs from the world. pkg/storage and pkg/http implement these; the simulator has its
// own. Declared here, by the side that needs them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/coord/tables.h"
#include "pkg/node/peer.h"
#include "pkg/raft/log_reader.h"
#include "pkg/raft/types.h"

namespace baton::node {

// One thing to make durable, as one Ready asked for it. Applied in the order of the fields.
struct LogWrite {
  std::optional<raft::HardState> hard_state;
  std::optional<raft::SnapshotMeta> snapshot;  // drop the whole log; it goes on after this index
  std::vector<raft::Entry> entries;            // replace whatever is there from entries[0].index on
};

// What the log holds at start.
struct LogState {
  raft::HardState hard_state;
  raft::SnapshotMeta
      start;  // the log begins after start.index; its config is the one at that point
};

// The durable log. Reads come from the raft thread, Write and Compact from the log writer's thread,
// at the same time. An error of Write or Compact means that the disk's state is unknown: the
// process stops.
class LogStore {
 public:
  virtual ~LogStore() = default;

  virtual LogState State() const = 0;
  virtual Index FirstIndex() const = 0;
  virtual Index LastIndex() const = 0;
  virtual Result<Term> TermAt(Index index) const = 0;
  // As raft::LogReader::Entries.
  virtual Result<std::vector<raft::Entry>> Entries(Index low, Index high,
                                                   size_t bytes_max) const = 0;

  // Makes all of them durable, in order, in one synced write. `must_sync` false: the system may
  // keep it for a while (only a commit index changed).
  virtual Status Write(std::span<const LogWrite> writes, bool must_sync) = 0;
  // Drops entries up to and including start.index, which must be in the log.
  virtual Status Compact(const raft::SnapshotMeta& start) = 0;
  // What the entries count for (raft::Entry::ApproximateBytes) together: that, or a little more. As
  // FirstWithin cheap enough for every step, and on any thread.
  virtual uint64_t EntryBytes() const = 0;
  // The entries from this index on have at most bytes_max; about as many as do. LastIndex() + 1:
  // not even the last one.
  virtual Index FirstWithin(uint64_t bytes_max) const = 0;
  // Bytes on disk, about.
  virtual uint64_t ApproximateBytes() const = 0;
};

// A consistent copy of the state tables, read in pieces, on any one thread. Pins what it needs
// until it is destroyed; writes go on meanwhile.
class SnapshotReader {
 public:
  virtual ~SnapshotReader() = default;
  // The next piece, of about bytes_max; empty string: that was all. Pieces are framed and
  // checksummed.
  virtual Result<std::string> NextChunk(size_t bytes_max) = 0;
  // The bytes of all pieces together, guessed from those that were read; 0: no idea (yet).
  virtual uint64_t TotalBytesAbout() { return 0; }
};

// Receives such a copy beside the live state. Destroyed before Install: leaves nothing behind.
// After it: removes what was the live state before. Both may take a while.
class SnapshotWriter {
 public:
  virtual ~SnapshotWriter() = default;
  // The pieces in order. kCorruption: not what a reader made; give up.
  virtual Status Append(std::string_view chunk) = 0;
  // All pieces are here and all checksums hold; durable beside the live state.
  virtual Status Finish() = 0;
};

// The state tables. All calls on the raft thread but for Sync (log writer's thread), BeginInstall
// (any thread), the reader's and the writer's own calls (one thread each).
class StateStore : public coord::Tables {
 public:
  // The writes since the last Commit, as one atomic batch that need not be durable yet.
  virtual Status Commit() = 0;
  // Everything committed before the call is durable when it returns. Needed before the log is
  // compacted.
  virtual Status Sync() = 0;
  // A copy of the state as of the last Commit.
  virtual Result<std::unique_ptr<SnapshotReader>> OpenSnapshot() = 0;
  virtual Result<std::unique_ptr<SnapshotWriter>> BeginInstall() = 0;
  // Exchanges the live state and the finished copy, so that `finished` holds the old state. After a
  // crash either the old or the new one is there. After an error only destroying it makes sense.
  virtual Status Install(SnapshotWriter* finished) = 0;
  virtual uint64_t ApproximateBytes() const = 0;
  // The state is not what it should be (it differs from the peers'): from the next start on it is
  // an empty one. Any thread.
  virtual void Discard(const std::string& why) = 0;
};

struct DiskRoom {
  DiskLevel level = DiskLevel::kAmple;
  uint64_t free_bytes = 0;     // beside the reserve; 0: not known
  uint64_t reserve_bytes = 0;  // still held
  uint64_t reserve_bytes_wanted = 0;
};

// Any thread, at once.
class DiskSpace {
 public:
  virtual ~DiskSpace() = default;
  virtual DiskRoom Look() const = 0;
};

// The way to the peers. Calls never block: what cannot be sent now is dropped, as the network
// would. What is found out about a peer later comes back through Service::OnUnreachable. Raft
// thread, or the log writer's thread for what had to be durable first.
class Transport {
 public:
  virtual ~Transport() = default;
  // False: there was no room, or there is no such peer; it will not be sent.
  virtual bool Send(NodeId to, PeerMessage message) = 0;
  // Envelopes made from now on carry this. Raft thread, about once a tick.
  virtual void SetStamp(const EnvelopeStamp& stamp) = 0;
  // Streams the snapshot and then `message` (a SnapshotRequest) to the peer. The outcome comes back
  // through Service::OnSnapshotSent.
  virtual void SendSnapshot(NodeId to, raft::Message message,
                            std::unique_ptr<SnapshotReader> snapshot) = 0;
  // Nobody wants that snapshot any more: its sending stops, and no outcome is told unless it was on
  // its way already. Another one may be sent at once.
  virtual void CancelSnapshot(NodeId to) = 0;
  // From now on the peer is reached at HOST:PORT, unless its address was configured by hand; it may
  // be new. Raft thread.
  virtual void SetPeer(NodeId /*peer*/, const std::string& /*address*/) {}
  // It is no member any more; what was sent to it may still arrive. Raft thread.
  virtual void ForgetPeer(NodeId /*peer*/) {}
};

}  // namespace baton::node
