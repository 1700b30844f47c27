// File: outgoing_snapshot.h
//
// One snapshot on its way to one peer:
//
//   piece n  --POST /peer/v1/snapshot-->  on the peer's disk, 204  -->  piece n + 1
//   no answer, or "busy"  -->  GET /peer/v1/snapshot?...: how far are you?  -->  n or n + 1
//
// The peer keeps what it has, and the copy of the state stays open here, so a connection that broke
// costs at most one piece (but for the first: nothing is there yet that could be gone on with).
// Only the piece under way is in memory, twice (as read and as sent), and the one after it.
// Whatever the peer refuses for another reason than being busy is the end: a new snapshot, with
// another number, starts over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "pkg/base/status.h"
#include "pkg/http/client.h"
#include "pkg/http/peer_link.h"
#include "pkg/http/token_bucket.h"
#include "pkg/node/ports.h"
#include "pkg/node/status_view.h"

namespace baton::http {

struct OutgoingSnapshotOptions {
  size_t piece_bytes = 1 << 20;
  // How long a peer that does not answer is waited for, with the copy of the state open. Less than
  // the peer keeps its part (node::SnapshotReceiver::kPartKeptUs).
  int64_t resume_ms = 60'000;
  int64_t pause_first_ms = 50;  // before it is asked how far it is; doubled up to
  int64_t pause_max_ms = 2'000;
};

class OutgoingSnapshot {
 public:
  // Waits for so long; false at once when the snapshot is not to be sent any more.
  using Wait = std::function<bool(int64_t wait_us)>;

  // `stream`: tells this snapshot from all others that this node ever sends. The pointers must
  // outlive it.
  OutgoingSnapshot(const OutgoingSnapshotOptions& options, PeerLink* link, Client* client,
                   SharedTokenBucket* bandwidth, uint64_t stream);

  // Sends everything, `message` with the last piece. OK: the peer has it all on its disk. Blocks;
  // once only.
  Status Run(const raft::Message& message, node::SnapshotReader* snapshot, const Wait& wait);

  // Any thread.
  node::SnapshotTransfer Progress() const;

 private:
  ClientRequest PieceRequest(std::string bytes, const raft::Message* message) const;
  Status Deliver(const ClientRequest& piece, bool last, const Wait& wait);
  // Asks until the peer says whether it has the piece under way, which failed for `why`.
  Result<bool> AskForPiece(const Status& why, bool last, int64_t deadline_ms, const Wait& wait);
  // kUnavailable: it may be asked again. Anything else: it does not have this snapshot any more.
  Result<node::Service::SnapshotReach> Ask();
  void CountPiece(size_t bytes, uint64_t total_bytes);

  const OutgoingSnapshotOptions options_;
  PeerLink* const link_;
  Client* const client_;
  SharedTokenBucket* const bandwidth_;
  const uint64_t stream_;
  const int64_t begun_us_;
  uint64_t number_ = 0;  // of the piece under way
  int64_t pause_ms_ = 0;

  mutable std::mutex mutex_;
  node::SnapshotTransfer progress_;  // protected by mutex_
};

}  // namespace baton::http
