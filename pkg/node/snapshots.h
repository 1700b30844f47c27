// File: snapshots.h
//
// The receiving side of a snapshot, one at a time. Its pieces go to disk beside the live state,
// off the raft thread, one piece at a time (the sender waits for each). The last piece brings
// Raft's message; when everything is on disk the message goes to the core, and only if the core
// says so (Ready::snapshot) the copy takes the place of the live state.
//
//   piece 0 of a stream    begins it; a part of another stream that was here is dropped, but not a
//                          complete copy that the core was told of: that one stays until the core
//                          has taken it or left it
//   the next piece         is written
//   any other              is refused by name, and nothing changes: a piece may come twice, late,
//                          or from a sender that does not know that it was replaced
//   none for kPartKeptUs   the part is dropped
//
// A sender whose connection broke asks how far its stream has come (Reach) and goes on from there.
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
#include "pkg/node/status_view.h"
#include "pkg/node/step_time.h"
#include "pkg/raft/message.h"

namespace baton::node {

// A piece to be written: begins a copy when there is no writer, and finishes it with the last.
struct SnapshotWork {
  std::unique_ptr<SnapshotWriter> writer;
  std::string chunk;
  bool last = false;
};
// What came of it. No writer: it was given up, and nothing of it is left.
struct SnapshotWritten {
  Status status;
  std::unique_ptr<SnapshotWriter> writer;
};
// For SnapshotWorkers: does the work, on their thread.
SnapshotWritten DoSnapshotWork(StateStore* state, SnapshotWork work);

// Does the work on files, elsewhere and in the order of the calls.
class SnapshotWorker {
 public:
  virtual ~SnapshotWorker() = default;
  // At most one at a time is under way; the outcome goes to Node::OnChunkWritten.
  virtual void Write(SnapshotWork work) = 0;
  // Destroys it, and with it the files that nobody needs.
  virtual void Discard(std::unique_ptr<SnapshotWriter> writer) = 0;
};

class SnapshotReceiver {
 public:
  using Chunk = Service::SnapshotChunk;

  // How long a part waits for its next piece. A sender gives up sooner.
  static constexpr int64_t kPartKeptUs = 120'000'000;

  SnapshotReceiver(SnapshotWorker* worker, const StepTime* time, NodeMetrics* metrics)
      : worker_(worker), time_(time), metrics_(metrics) {}

  // `done`: when the piece is on disk, or why it was refused: kUnavailable/"busy" (a piece is being
  // written), kConflict/"duplicate_piece" (it is here already), kConflict/"piece_out_of_order" (one
  // before it is missing), kNotFound/"no_such_snapshot" (of another stream than the one under way),
  // kInvalidArgument/"message"; or the disk's error, or kCorruption: the part is dropped then.
  void OnChunk(Chunk chunk, Service::StatusCallback done);
  // The worker is done. Gives the message for the core when the snapshot is complete.
  std::optional<raft::Message> OnChunkWritten(SnapshotWritten written);
  void OnTick();
  // There is no room for it: what has come of a snapshot is dropped, once nothing is being written.
  void DropPart();

  // As Service::GetSnapshotReach.
  Result<Service::SnapshotReach> Reach(NodeId from, uint64_t stream) const;
  // Of the snapshot under way.
  std::optional<SnapshotTransfer> Progress() const;

  // The complete copy that the core asked to install; null when it is not the one `meta` names.
  std::unique_ptr<SnapshotWriter> Take(const raft::SnapshotMeta& meta);
  // The core did not want it.
  void DropFinished();

  void Close(const Status& why);

 private:
  struct Name {
    NodeId from;
    uint64_t number = 0;
    friend bool operator==(const Name&, const Name&) = default;
  };
  struct Stream {
    Name name;
    uint64_t next_chunk = 0;
    uint64_t bytes = 0;  // on disk
    uint64_t total_bytes = 0;
    int64_t begun_us = 0;
    int64_t last_us = 0;                     // when the last piece came
    std::unique_ptr<SnapshotWriter> writer;  // null while a piece is written
  };
  struct Finished {
    raft::SnapshotMeta meta;
    std::unique_ptr<SnapshotWriter> writer;
  };
  struct Complete {
    Name name;
    uint64_t chunks = 0;
  };

  Status Check(const Chunk& chunk) const;
  Status CheckNumber(const Chunk& chunk) const;
  void Begin(const Chunk& chunk);
  void DropStream();

  SnapshotWorker* worker_;
  const StepTime* time_;
  NodeMetrics* metrics_;
  std::optional<Stream> stream_;
  std::optional<Finished> finished_;
  std::optional<Complete> complete_;  // the last one of which every piece came
  // The piece under way:
  bool writing_ = false;
  uint64_t writing_bytes_ = 0;
  std::optional<raft::Message> message_;
  Service::StatusCallback done_;
};

}  // namespace baton::node
