#include "pkg/raft/raft.h"

#include <utility>

#include "pkg/base/check.h"
#include "pkg/raft/changing.h"
#include "pkg/raft/core.h"
#include "pkg/raft/dispatch.h"
#include "pkg/raft/election.h"
#include "pkg/raft/leadership.h"
#include "pkg/raft/membership.h"
#include "pkg/raft/reading.h"
#include "pkg/raft/replication.h"
#include "pkg/raft/sending.h"
#include "pkg/raft/transfer.h"

namespace baton::raft {
namespace {

SoftState SoftStateOf(const Core& core) { return SoftState{core.role_kind(), core.leader}; }

HardState HardStateOf(const Core& core) {
  return HardState{core.term, core.vote, core.log.committed()};
}

PeerStatus SelfStatus(const Core& core) {
  return PeerStatus{.match = core.log.persisted(),
                    .next = core.log.last_index() + 1,
                    .state = ReplicationState::kReplicate,
                    .recently_active = true};
}

PeerStatus StatusOf(const Core& core, const Progress& peer) {
  return PeerStatus{
      .match = peer.match(),
      .next = peer.next(),
      .state = peer.state(),
      .recently_active = core.now - peer.active_at() < core.config.election_timeout_ticks,
      .inflight_messages = peer.inflight_messages()};
}

}  // namespace

Result<std::unique_ptr<Raft>> Raft::Create(const Config& config, const InitialState& initial,
                                           const LogReader* log) {
  BATON_RETURN_IF_ERROR(Validate(config));
  BATON_RETURN_IF_ERROR(ValidateMembership(initial.config));
  Result<RaftLog> opened = RaftLog::Open(log, initial);
  if (!opened.ok()) return opened.status();
  auto core = std::make_unique<Core>(config, std::move(*opened), initial);
  return std::unique_ptr<Raft>(new Raft(std::move(core)));
}

Raft::Raft(std::unique_ptr<Core> core)
    : core_(std::move(core)), told_hard_{core_->term, core_->vote, core_->log.committed()} {}

Raft::~Raft() = default;

void Raft::Tick() {
  Core& core = *core_;
  ++core.now;
  if (!log_status().ok()) {
    core.BecomeFollower(NodeId());  // leads nobody any more
  } else if (core.leading()) {
    TickLeader(core);
  } else {
    TickElection(core);
  }
}

Status Raft::Step(Message message) {
  if (!log_status().ok()) return log_status();
  return Dispatch(*core_, std::move(message));
}

Result<Proposed> Raft::Propose(Payload data) {
  if (!log_status().ok()) return log_status();
  return ProposeCommand(*core_, std::move(data));
}

Result<Proposed> Raft::ProposeMembership(const MembershipChange& change) {
  if (!log_status().ok()) return log_status();
  return raft::ProposeMembership(*core_, change);
}

Status Raft::ReadIndex(uint64_t id) {
  if (!log_status().ok()) return log_status();
  return AskRead(*core_, id);
}

void Raft::CancelRead(uint64_t id) { raft::CancelRead(*core_, id); }

Status Raft::TransferLeadership(NodeId target) { return StartTransfer(*core_, target); }

void Raft::Campaign() {
  if (log_status().ok()) raft::Campaign(*core_);
}

void Raft::OnPersisted(LogMark mark) { HandlePersisted(*core_, mark); }

void Raft::OnApplied(Index index) { core_->log.OnApplied(index); }

void Raft::OnUnreachable(NodeId peer) {
  Leader* const lead = core_->leading();
  if (Progress* const progress = lead ? lead->peer(peer) : nullptr) progress->OnUnreachable();
}

void Raft::OnSnapshotSent(NodeId peer, bool delivered) {
  Leader* const lead = core_->leading();
  if (Progress* const progress = lead ? lead->peer(peer) : nullptr) {
    progress->OnSnapshotReport(delivered);
  }
}

bool Raft::HasReady() const {
  const Core& core = *core_;
  const Outbox& out = core.out;
  return !out.messages.empty() || !out.messages_after_persist.empty() || !out.read_states.empty() ||
         !out.aborted_reads.empty() || !out.cancelled_snapshots.empty() || core.log.HasUnhanded() ||
         core.log.HasCommitted() || SoftStateOf(core) != told_soft_ ||
         HardStateOf(core) != told_hard_ || NeedsFlush(core);
}

Ready Raft::TakeReady() {
  Core& core = *core_;
  Flush(core);
  Ready ready;
  const SoftState soft = SoftStateOf(core);
  if (soft != told_soft_) ready.soft_state = soft;
  const HardState hard = HardStateOf(core);
  if (hard != told_hard_) ready.hard_state = hard;
  ready.snapshot = core.log.TakeUnhandedSnapshot();
  ready.entries = core.log.TakeUnhandedEntries();
  ready.mark = core.log.mark();
  ready.must_sync = ready.snapshot || !ready.entries.empty() || hard.term != told_hard_.term ||
                    hard.vote != told_hard_.vote;
  if (ready.must_sync) core.writes.push_back(Core::Write{ready.mark, core.now});
  ready.committed_entries = core.log.TakeCommitted(core.config.committed_bytes_max);
  ready.messages = std::exchange(core.out.messages, {});
  ready.messages_after_persist = std::exchange(core.out.messages_after_persist, {});
  ready.read_states = std::exchange(core.out.read_states, {});
  ready.aborted_reads = std::exchange(core.out.aborted_reads, {});
  ready.cancelled_snapshots = std::exchange(core.out.cancelled_snapshots, {});
  told_soft_ = soft;
  told_hard_ = hard;
  return ready;
}

RaftStatus Raft::GetStatus() const {
  const Core& core = *core_;
  RaftStatus status;
  status.id = core.id();
  status.role = role();
  status.leader = core.leader;
  status.term = core.term;
  status.vote = core.vote;
  status.commit = core.log.committed();
  status.applied = core.log.applied();
  status.persisted = core.log.persisted();
  status.first_index = core.log.first_index();
  status.last_index = core.log.last_index();
  status.config = core.membership();
  status.counters = core.counters;
  if (const Leader* const lead = core.leading()) {
    status.transfer_target = lead->transfer_target;
    status.peers.emplace(core.id(), SelfStatus(core));
    for (const Progress& peer : lead->peers) status.peers.emplace(peer.id(), StatusOf(core, peer));
  }
  return status;
}

Role Raft::role() const { return core_->role_kind(); }
NodeId Raft::leader() const { return core_->leader; }
Term Raft::term() const { return core_->term; }

bool Raft::has_committed_in_term() const {
  const Leader* const lead = core_->leading();
  return lead && HasCommittedInTerm(*core_, *lead);
}

const Status& Raft::log_status() const { return core_->log.failure(); }

}  // namespace baton::raft
