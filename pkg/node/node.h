// File: node.h
//
// A node as one deterministic object: no thread, no clock, no chance but its seed. Whoever drives
// it (runner.h in a process, the simulator in a test) sets the time, gives inputs and calls Step():
//
//   node->AdvanceTo(now_us);
//   node->Tick(); node->Receive(envelope); node->Submit(...); node->OnPersisted(mark); ...
//   while (node->Step()) {}
//
// Inputs only take note. Step carries out what Raft wants done (raft/ready.h), proposes and
// forwards commands, applies what is committed, and answers. It is where callbacks run, besides
// refusals, which come at once; callbacks must not call the node.
//
// The parts, one file each: commands and proposals (writes), forwards (other nodes' writes), reads,
// commit_news, keepalives, waits (acquires), watches, expiry, snapshots, compaction,
// history_compaction, cluster_time, recovery.
//
// After a fatal error (of the disk) the node has told NodeParts::fatal and does nothing any more.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "pkg/base/status.h"
#include "pkg/coord/state_machine.h"
#include "pkg/node/applied_metrics.h"
#include "pkg/node/commands.h"
#include "pkg/node/commit_news.h"
#include "pkg/node/expiry.h"
#include "pkg/node/forwards.h"
#include "pkg/node/full_disk.h"
#include "pkg/node/history_compaction.h"
#include "pkg/node/keepalives.h"
#include "pkg/node/node_core.h"
#include "pkg/node/proposals.h"
#include "pkg/node/reads.h"
#include "pkg/node/repair.h"
#include "pkg/node/service.h"
#include "pkg/node/snapshots.h"
#include "pkg/node/transfer.h"
#include "pkg/node/upgrade.h"
#include "pkg/node/waits.h"
#include "pkg/node/watches.h"
#include "pkg/raft/raft.h"

namespace baton::node {

// An envelope is for this node and from another one of its cluster, which need not be a member as
// far as this node knows: whoever lags must hear the leader that has joined since (thesis, section
// 4.1: "servers process incoming RPC requests without consulting their current configurations").
// kPermissionDenied/"wrong_cluster" or "unknown_peer" (itself or nobody),
// kInvalidArgument/"wrong_receiver".
Status CheckAddress(const NodeConfig& config, const PeerEnvelope& envelope);

class Node {
 public:
  // Reads what the disk holds and brings it in order (recovery.h). Errors as Runner::Create.
  static Result<std::unique_ptr<Node>> Create(const NodeConfig& config, const NodeParts& parts,
                                              int64_t now_us);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // --- time ---
  void AdvanceTo(int64_t now_us);
  // tick_ms have passed. After a long pause once or twice is enough: nobody wants to time out on
  // ticks that were missed.
  void Tick();

  // --- clients; as in service.h, with numbers that the caller has chosen ---
  void Submit(EncodedCommand command, int64_t timeout_ms, Service::ReplyCallback done);
  // `command` is `acquire` with its key, encoded.
  void Acquire(uint64_t id, coord::Acquire acquire, EncodedCommand command, int64_t timeout_ms,
               Service::AcquireCallback done);
  void CancelAcquire(uint64_t id) { waits_.Cancel(id); }
  void KeepAlive(SessionId session, int64_t timeout_ms, Keepalives::Callback done);
  void Read(Consistency consistency, Revision min_revision, int64_t timeout_ms,
            Service::ReadCallback done);
  void OpenBackup(Consistency consistency, Revision min_revision, int64_t timeout_ms,
                  Service::BackupCallback done);
  void Watch(uint64_t id, coord::EventFilter filter, Revision from,
             std::shared_ptr<WatchSink> sink);
  void CancelWatch(uint64_t id) { watches_.Cancel(id); }
  void TransferLeadership(NodeId target, Service::StatusCallback done);
  // On the leader; as raft::Raft::ProposeMembership. What became of it is seen in the status. For
  // tests, and for what PlanChange does not offer; requests of people come through Submit.
  Result<raft::Proposed> ProposeMembership(const raft::MembershipChange& change);
  // Somebody who must know says that this node was removed. While nobody leads it, it believes so:
  // everything that is pending or comes later is answered kUnavailable/"member_removed", and it
  // takes part in nothing until its process is started again.
  void OnToldRemoved();

  // --- peers ---
  Status Receive(PeerEnvelope envelope);
  void OnUnreachable(NodeId peer, const std::vector<uint64_t>& undelivered_forwards);
  void OnSnapshotSent(NodeId peer, bool delivered);
  void OnSnapshotChunk(Service::SnapshotChunk chunk, Service::StatusCallback done);
  Result<Service::SnapshotReach> GetSnapshotReach(NodeId from, uint64_t stream) const;

  // --- completions ---
  void OnPersisted(raft::LogMark mark);
  void OnCompacted() { compacting_ = false; }
  void OnChunkWritten(SnapshotWritten written);

  // True when there is more to do at once.
  bool Step();
  // Monotonic, when Step should be called although nothing has happened; none: with the next tick.
  std::optional<int64_t> due_us() const {
    return failed() || removed_ ? std::nullopt : commit_news_.due_us();
  }

  // Leadership is handed over, now and whenever it comes back; work goes on.
  void StartDrain();
  // Draining, not leading (if anybody else could), and nothing is pending.
  bool drained() const;
  // The end: everything pending is answered kUnavailable/"shutting_down".
  void Close();

  StatusView MakeStatus() const;
  bool failed() const { return core_->failed; }
  bool removed() const { return removed_; }
  const coord::StateMachine& state() const { return core_->state; }
  const raft::Raft& raft() const { return *core_->raft; }
  const ClusterTime& cluster_time() const { return core_->cluster_time; }

 private:
  explicit Node(std::unique_ptr<NodeCore> core);

  int64_t DeadlineUs(int64_t timeout_ms) const;
  Status CheckEnvelope(const PeerEnvelope& envelope) const;
  // OK: this node is a member, as far as it has applied.
  Status CheckServes() const;
  void End(const Status& why);
  // As the leader, from its bytes.
  Result<raft::Proposed> ChangeMembers(std::string_view request);
  void NoticeRemoval();
  Standing GetStanding() const;
  void ReceiveMessage(NodeId from, PeerMessage message);
  void NoteLeaderContact(const PeerEnvelope& envelope);
  void SaveDiskSpace();

  // --- node_ready.cc: what a Ready asks for ---
  // Step, but for the reads.
  bool Advance();
  // True when it stopped before everything was done.
  bool HandleReadys();
  void HandleReady(raft::Ready ready);
  // Entries that are new in this node's log; those that it knows already change nothing.
  void LearnOfAppended(std::span<const raft::Entry> entries);
  bool LeadershipIsNew() const;  // and was not noticed yet
  void NoticeLeadership();
  void LogLeadership(raft::Role role, NodeId leader) const;
  void TellStamp();
  void Send(std::vector<raft::Message> messages);
  void SendSnapshot(raft::Message message);
  // The term is over, and nobody would take what was sent in its name.
  void GiveUpSnapshots();
  void CancelSnapshots(const std::vector<NodeId>& receivers);
  void Persist(raft::Ready* ready);
  void Apply(const std::vector<raft::Entry>& entries);
  void PassOver(const std::vector<raft::Entry>& entries);
  void CountApply(int64_t duration_us);
  coord::Reply PlainReply() const;
  void NoteMembership(const raft::Entry& entry);
  void ApplyMembership(const raft::Entry& entry);
  void ReloadRows();
  bool CommitState();
  bool KnowsCommands();
  // next_entries: what the log goes on with, in the same Ready.
  void InstallSnapshot(const raft::SnapshotMeta& meta,
                       const std::vector<raft::Entry>& next_entries);
  void CompactIfDue();

  struct WriteUnderWay {
    raft::LogMark mark;
    int64_t given_us = 0;
    std::vector<raft::Message> snapshot_requests;  // to be sent after it
  };

  std::unique_ptr<NodeCore> core_;
  FullDisk full_disk_;
  Proposals proposals_;
  Commands commands_;
  Forwards forwards_;
  Keepalives keepalives_;
  Reads reads_;
  Waits waits_;
  Watches watches_;
  AppliedCounts applied_counts_;
  HistoryCompaction history_;
  Expiry expiry_;
  CommitNews commit_news_;
  Upgrade upgrade_;
  Transfer transfer_;
  Repair repair_;
  SnapshotReceiver snapshots_;

  // What was last noticed of the leadership.
  raft::Role role_ = raft::Role::kFollower;
  NodeId leader_;
  Term term_;
  int64_t leader_contact_us_ = 0;

  std::set<NodeId> snapshots_out_;    // whom a snapshot is being sent to, in this term
  std::deque<WriteUnderWay> writes_;  // given to the log writer, not durable yet
  bool compacting_ = false;
  bool expiry_due_ = false;
  bool draining_ = false;
  bool told_removed_ = false;
  bool removed_ = false;
};

}  // namespace baton::node
