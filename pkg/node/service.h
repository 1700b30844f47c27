// File: service.h
//
// What pkg/http may ask of a node. Every method may be called from any thread and returns soon; the
// answer comes to the callback, exactly once, on the raft thread. So is called, here and in other
// headers, the thread whose turn it is to run the node (turn.h): mostly one of that name, but it
// may be the caller's, inside the call, or that of somebody else's call. Refusals may come inside
// the call, too. Callbacks must not block, and the caller must hold no lock that they take: they
// hand the value to their own thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "pkg/base/status.h"
#include "pkg/coord/command.h"
#include "pkg/coord/event.h"
#include "pkg/coord/reply.h"
#include "pkg/coord/state_machine.h"
#include "pkg/node/backup_format.h"
#include "pkg/node/membership_plan.h"
#include "pkg/node/peer.h"
#include "pkg/node/ports.h"
#include "pkg/node/status_view.h"

namespace baton::node {

enum class Consistency {
  kLinearizable,  // sees every change acknowledged anywhere before the call
  // What this node has. Never goes back while its process runs; after a start it may be behind what
  // an earlier process answered, until it has heard its leader: min_revision says where to begin.
  kStale,
};

// The state at an answered read, valid inside the callback only.
struct ReadView {
  const coord::StateMachine& state;
  Consistency consistency;
};

// What was decided about an acquire. Granted: token. Still queued (its wait_ms is over and the
// place goes on: stay_queued, or the session has made it for longer): ticket and position. Else
// refused, at once or at the end of a wait.
struct AcquireResult {
  Status refusal;  // OK: granted or queued
  Token token;
  Ticket ticket;
  uint64_t position = 0;
  // Who has it; of a refusal at once: who had it then.
  std::optional<coord::Holder> holder;
  // Of the holder's session; nothing when this node does not know it, or not any more.
  std::optional<int64_t> holder_remaining_ms;
  int64_t session_remaining_ms = 0;
  Revision revision;
  bool replayed = false;  // the command was answered from the idempotency table
};

// What a sink has made of an event: see WatchEvent.
struct EventRendering {
  virtual ~EventRendering() = default;
};

// An event as all watches that want it share it: it is in memory once, and so is what is made of
// it.
struct WatchEvent {
  coord::Event event;
  // For the one thread on which sinks turn events into bytes, and for nobody else.
  mutable std::unique_ptr<EventRendering> rendering;
};
using SharedEvent = std::shared_ptr<const WatchEvent>;

// A client that reads along. Called on the raft thread only, one call at a time, never after OnEnd
// or after the callback of CancelWatch... returned.
class WatchSink {
 public:
  virtual ~WatchSink() = default;
  // Matching events, whole revisions, in order, after `from`. All matching events with revision <=
  // `through` have been given now (events may be empty: then it is only a progress mark). Return
  // false when the client does not keep up: the watch ends with kResourceExhausted/"slow_watcher".
  virtual bool OnEvents(const std::vector<SharedEvent>& events, Revision through) = 0;
  // kGone/"compacted", kResourceExhausted/"slow_watcher", kUnavailable (shutting down).
  virtual void OnEnd(Status why) = 0;
};

// The state of this node as of one entry. Whoever has it reads it on a thread of its own, while the
// node goes on; it keeps disk space from being freed until it is destroyed, and must be destroyed
// before the node's stores.
struct Backup {
  BackupHeader header;  // without wall_ms and version
  std::unique_ptr<SnapshotReader> pieces;
};

class Service {
 public:
  using ReplyCallback = std::function<void(Result<coord::Reply>)>;
  using ReadCallback = std::function<void(Result<ReadView>)>;
  // A Status when nothing was decided, or it is not known what.
  using AcquireCallback = std::function<void(Result<AcquireResult>)>;
  using BackupCallback = std::function<void(Result<Backup>)>;
  using StatusCallback = std::function<void(Status)>;

  virtual ~Service() = default;

  // Proposes a valid command (coord::Validate), through the leader if another node leads. An OK
  // Result holds the Reply, whose own status says whether the command was refused when it was
  // applied. A failed Result: kUnavailable/"no_leader", /"overloaded", /"shutting_down",
  // kDeadlineExceeded; its outcome() says whether the command may still be applied.
  virtual void Submit(coord::Command command, int64_t timeout_ms, ReplyCallback done) = 0;

  // An Acquire, and the wait for its turn. The callback comes when it is granted, refused, timed
  // out, or when wait_ms is over and the place goes on. timeout_ms bounds the command; the wait as
  // a whole ends after wait_ms + timeout_ms. Returns a number for CancelAcquire. Ends of a wait:
  // kConflict/"wait_timed_out", kNotFound/"session_not_found", kUnavailable/"cancelled",
  // kConflict/"grant_ended" (it was granted and is over already: outcome applied) and "wait_ended"
  // (this node did not see how: outcome unknown), kDeadlineExceeded (unknown).
  virtual uint64_t Acquire(coord::Command command, int64_t timeout_ms, AcquireCallback done) = 0;
  // The caller went away: leaves the line, unless stay_queued or another request waits in the same
  // place; the callback comes with kUnavailable
  // /"cancelled". Unknown or answered numbers: nothing happens.
  virtual void CancelAcquire(uint64_t acquire) = 0;

  // Keeps a session alive. Keepalives that arrive together share one log entry; answered when it is
  // applied. kNotFound/"session_not_found" when it has ended.
  virtual void KeepAlive(SessionId session, int64_t timeout_ms,
                         std::function<void(Result<coord::SessionInfo>)> done) = 0;

  // Runs the callback with the state. min_revision: wait until this node has reached it.
  virtual void Read(Consistency consistency, Revision min_revision, int64_t timeout_ms,
                    ReadCallback done) = 0;

  // A copy of the state as a Read at this moment would see it. Errors as Read; the disk's.
  virtual void OpenBackup(Consistency consistency, Revision min_revision, int64_t timeout_ms,
                          BackupCallback done) = 0;

  // Events with revision >= from (0: from now on). Returns a number for CancelWatch. Over the bound
  // of watches: OnEnd with kResourceExhausted/"too_many_watches".
  virtual uint64_t Watch(coord::EventFilter filter, Revision from,
                         std::shared_ptr<WatchSink> sink) = 0;
  virtual void CancelWatch(uint64_t watch) = 0;  // no OnEnd follows

  virtual void TransferLeadership(NodeId target, StatusCallback done) = 0;  // 0: the best follower

  // Adds, promotes or removes a member, through the leader if another node leads; OK when the
  // change is committed. Refusals as PlanChange and Raft::ProposeMembership; errors as Submit.
  virtual void ChangeMembers(MembershipRequest request, int64_t timeout_ms,
                             StatusCallback done) = 0;
  // A member of this cluster says that this node was removed from it. Believed while nobody leads
  // this node.
  virtual void OnToldRemoved() {}

  // --- from the peers (pkg/http's peer endpoint and transport) ---
  // kPermissionDenied/"wrong_cluster" or "unknown_peer", kUnavailable/"overloaded" at once; else
  // OK.
  virtual Status Deliver(PeerEnvelope envelope) = 0;
  // Something that was sent to the peer did not reach it, or its answer was lost. Of the
  // ForwardRequests named in undelivered_forwards it has certainly heard nothing.
  virtual void OnUnreachable(NodeId peer, std::vector<uint64_t> undelivered_forwards) = 0;
  virtual void OnSnapshotSent(NodeId peer, bool delivered) = 0;
  // A snapshot arrives in numbered pieces (from 0); the last carries `message`. The callback comes
  // when the piece is on disk and the next may be sent (back-pressure). Piece 0 of another stream
  // starts over. Errors as SnapshotReceiver::OnChunk.
  struct SnapshotChunk {
    NodeId from;
    uint64_t stream = 0;  // chosen by the sender, one per snapshot
    uint64_t number = 0;
    uint64_t total_bytes = 0;  // of all pieces, about; 0: not known
    std::string bytes;
    std::optional<raft::Message> message;
  };
  virtual void OnSnapshotChunk(SnapshotChunk chunk, StatusCallback done) = 0;
  // How far that snapshot has come here: every piece before next_chunk is on disk.
  struct SnapshotReach {
    uint64_t next_chunk = 0;
    bool complete = false;
  };
  using ReachCallback = std::function<void(Result<SnapshotReach>)>;
  // kNotFound/"no_such_snapshot", kUnavailable/"busy" (a piece is being written).
  virtual void GetSnapshotReach(NodeId from, uint64_t stream, ReachCallback done) = 0;

  // --- about the node ---
  virtual std::shared_ptr<const StatusView> GetStatus() const = 0;
  virtual const NodeMetrics& metrics() const = 0;
};

}  // namespace baton::node
