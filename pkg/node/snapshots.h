// File: snapshots.h
//
// The receiving side of a snapshot, one at a time. Its pieces go to disk beside the live state,
// off the raft thread, one piece at a time (the sender waits for each). The last piece brings
// Raft's message; when everything is on disk the message goes to the core, and only if the core
// says so (Ready::snapshot) the copy takes the place of the live state. A sender that starts over
// replaces what came before, but for a complete copy that the core was told of: that one stays
// until the core has taken it or left it.
//
// One thread, but for the work that SnapshotWorker carries away.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "pkg/base/status.h"
#include "pkg/node/ports.h"
#include "pkg/node/service.h"
#include "pkg/raft/message.h"

namespace baton::node {

// Writes pieces to disk, elsewhere. At most one piece is under way.
class SnapshotWorker {
 public:
  virtual ~SnapshotWorker() = default;
  // Append, and Finish if `last`; the outcome goes to Node::OnChunkWritten. The writer is not
  // touched by anybody else until then.
  virtual void Write(SnapshotWriter* writer, std::string chunk, bool last) = 0;
};

class SnapshotReceiver {
 public:
  using Chunk = Service::SnapshotChunk;

  SnapshotReceiver(StateStore* state, SnapshotWorker* worker) : state_(state), worker_(worker) {}
  ~SnapshotReceiver();

  // `done`: when the piece is on disk, or why it was refused: kUnavailable/"busy" (another piece is
  // being written), kInvalidArgument/"unexpected_chunk", the disk's error.
  void OnChunk(Chunk chunk, Service::StatusCallback done);
  // The worker is done. Gives the message for the core when the snapshot is complete.
  std::optional<raft::Message> OnChunkWritten(const Status& status);

  // The complete copy that the core asked to install; null when it is not the one `meta` names.
  std::unique_ptr<SnapshotWriter> Take(const raft::SnapshotMeta& meta);
  // The core did not want it.
  void DropFinished() { finished_.reset(); }

  void Close(const Status& why);

 private:
  struct Stream {
    NodeId from;
    uint64_t number = 0;  // of the stream
    uint64_t next_chunk = 0;
    std::unique_ptr<SnapshotWriter> writer;
  };
  struct Finished {
    raft::SnapshotMeta meta;
    std::unique_ptr<SnapshotWriter> writer;
  };

  Status Prepare(const Chunk& chunk);

  StateStore* state_;
  SnapshotWorker* worker_;
  std::optional<Stream> stream_;
  std::optional<Finished> finished_;
  // The piece under way:
  bool writing_ = false;
  std::optional<raft::Message> message_;
  Service::StatusCallback done_;
};

}  // namespace baton::node
