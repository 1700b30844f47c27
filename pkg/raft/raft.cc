#include "pkg/raft/raft.h"

#include <utility>
#include <vector>

#include "pkg/base/check.h"
#include "pkg/base/planted.h"
#include "pkg/raft/changing.h"
#include "pkg/raft/core.h"
#include "pkg/raft/dispatch.h"
#include "pkg/raft/election.h"
#include "pkg/raft/follower.h"
#include "pkg/raft/hibernation.h"
#include "pkg/raft/leadership.h"
#include "pkg/raft/membership.h"
#include "pkg/raft/reading.h"
#include "pkg/raft/replication.h"
#include "pkg/raft/sending.h"
#include "pkg/raft/tracing.h"
#include "pkg/raft/transfer.h"

namespace baton::raft {
namespace {

SoftState SoftStateOf(const Core& core) { return SoftState{core.role_kind(), core.leader}; }

HardState HardStateOf(const Core& core) {
  return HardState{core.term, core.vote, core.log.committed(), core.memory};
}

// `to` is empty, and what comes back has its room (Ready::Clear). Most are empty most of the time.
template <typename T>
void Move(std::vector<T>* from, std::vector<T>* to) {
  if (!from->empty()) from->swap(*to);
}

PeerStatus SelfStatus(const Core& core) {
  PeerStatus status;
  status.match = core.log.persisted();
  status.next = core.log.last_index() + 1;
  status.state = ReplicationState::kReplicate;
  status.recently_active = true;
  return status;
}

PeerStatus StatusOf(const Core& core, const Progress& peer) {
  return PeerStatus{
      .match = peer.match(),
      .next = peer.next(),
      .state = peer.state(),
      .recently_active = core.now - peer.active_at() < core.config.election_timeout_ticks,
      .inflight_messages = peer.inflight_messages(),
      .pending_snapshot = peer.pending_snapshot(),
      .amnesia = peer.amnesia(),
      .read_counter = peer.read_counter()};
}

}  // namespace

Result<std::unique_ptr<Raft>> Raft::Create(const Config& config, const InitialState& initial,
                                           const LogReader* log) {
  BATON_RETURN_IF_ERROR(Validate(config));
  BATON_RETURN_IF_ERROR(ValidateMembership(initial.config));
  auto core = std::make_unique<Core>(config, initial, log);
  BATON_RETURN_IF_ERROR(core->log.failure());
  return std::unique_ptr<Raft>(new Raft(std::move(core)));
}

Raft::Raft(std::unique_ptr<Core> core) : core_(std::move(core)), told_hard_(HardStateOf(*core_)) {
  Trace(*core_, TraceEventKind::kInitState);
}

Raft::~Raft() = default;

const Config& Raft::config() const { return core_->config; }

void Raft::Tick() {
  Core& core = *core_;
  CHECK(!core.asleep) << "wake it first";
  ++core.now;
  if (!log_status().ok()) {
    core.BecomeFollower(NodeId());  // leads nobody any more
  } else if (core.leading()) {
    TickLeader(core);
  } else {
    TickElection(core);
  }
}

Status Raft::Step(Message&& message) {
  CHECK(!core_->asleep) << "wake it first";
  if (!log_status().ok()) return log_status();
  return Dispatch(*core_, std::move(message));
}

Result<Proposed> Raft::Propose(Payload data, std::optional<Term> expected_term) {
  CHECK(!core_->asleep) << "wake it first";
  if (!log_status().ok()) return log_status();
  return ProposeCommand(*core_, std::move(data), expected_term);
}

Status Raft::Forward(Payload data) {
  CHECK(!core_->asleep) << "wake it first";
  if (!log_status().ok()) return log_status();
  Core& core = *core_;
  if (core.leading()) return ProposeCommand(core, std::move(data), std::nullopt).status();
  if (!core.config.forward_proposals) {
    return Status(Code::kPreconditionFailed, "forwarding_off", "forward_proposals is off.");
  }
  if (!core.leader) return Status(Code::kUnavailable, "no_leader", "No leader is known.");
  core.Send(core.leader, ProposeRequest{std::move(data)});
  return Status::Ok();
}

Result<Proposed> Raft::ProposeMembership(const MembershipChange& change) {
  CHECK(!core_->asleep) << "wake it first";
  if (!log_status().ok()) return log_status();
  return raft::ProposeMembership(*core_, change);
}

Status Raft::ReadIndex(uint64_t id, ReadMode mode) {
  CHECK(!core_->asleep) << "wake it first";  // or a lease that ended in its sleep would hold
  if (!log_status().ok()) return log_status();
  return AskRead(*core_, id, mode);
}

void Raft::CancelRead(uint64_t id) { raft::CancelRead(*core_, id); }

Status Raft::TransferLeadership(NodeId target) {
  CHECK(!core_->asleep) << "wake it first";
  return StartTransfer(*core_, target);
}

void Raft::Campaign() {
  if (log_status().ok()) raft::Campaign(*core_);
}

Status Raft::ForgetLeader() { return raft::ForgetLeader(*core_); }

Status Raft::RequestSnapshot() { return raft::RequestSnapshot(*core_); }

void Raft::Ping() {
  if (Leader* const lead = core_->leading()) {
    lead->heartbeat_due = true;
    lead->flush = true;
  }
}

void Raft::TellCommit(NodeId peer, Index index) {
  Leader* const lead = core_->leading();
  Progress* const progress = lead ? lead->peer(peer) : nullptr;
  if (!progress) return;
  progress->OnCommitWanted(index);
  lead->flush = true;
}

void Raft::TellCommit(Index index) {
  Leader* const lead = core_->leading();
  if (!lead) return;
  for (Progress& peer : lead->peers) peer.OnCommitWanted(index);
  lead->flush = true;
}

bool Raft::asleep() const { return core_->asleep; }

void Raft::Wake(uint64_t ticks_slept, bool leader_lives) {
  raft::Wake(*core_, ticks_slept, leader_lives);
}

Status Raft::Reconfigure(const Config& config) {
  Core& core = *core_;
  BATON_RETURN_IF_ERROR(ValidateChange(core.config, config));
  core.config = config;
  core.log.SetApplyLimits(config.committed_bytes_max, config.apply_unpersisted_entries_max);
  if (Leader* const lead = core.leading()) {
    for (Progress& peer : lead->peers) {
      peer.SetWindow(config.inflight_messages_max, config.inflight_bytes_max);
    }
    lead->flush = true;
  }
  return Status::Ok();
}

Status Raft::SetPeerWindow(NodeId peer, size_t messages_max, size_t bytes_max) {
  Leader* const lead = core_->leading();
  Progress* const progress = lead ? lead->peer(peer) : nullptr;
  if (!progress) return Status(Code::kNotFound, "This node leads no such peer.");
  progress->SetWindow(messages_max, bytes_max);
  lead->flush = true;
  return Status::Ok();
}

void Raft::SetCommitGroups(std::map<NodeId, uint64_t> groups) {
  core_->commit_groups = std::move(groups);
  if (Leader* const lead = core_->leading()) AdvanceCommit(*core_, *lead);
}

void Raft::OnPersisted(LogMark mark) { HandlePersisted(*core_, mark); }

void Raft::OnApplied(Index index) { core_->log.OnApplied(index); }

void Raft::OnUnreachable(NodeId peer) {
  Leader* const lead = core_->leading();
  if (Progress* const progress = lead ? lead->peer(peer) : nullptr) progress->OnUnreachable();
}

void Raft::OnSnapshotSent(NodeId peer, bool delivered) {
  if (ReportSnapshotOrder(*core_, peer, delivered)) return;
  Leader* const lead = core_->leading();
  if (Progress* const progress = lead ? lead->peer(peer) : nullptr) {
    progress->OnSnapshotReport(delivered);
  }
}

void Raft::CancelSnapshot(NodeId peer) {
  OnSnapshotSent(peer, false);
  core_->out.Note().cancelled_snapshots.push_back(peer);
}

void Raft::OnEntriesFetched(NodeId peer) {
  Leader* const lead = core_->leading();
  if (Progress* const progress = lead ? lead->peer(peer) : nullptr) {
    progress->OnFetched();
    lead->flush = true;
  }
}

bool Raft::HasReady() const {
  const Core& core = *core_;
  const Outbox& out = core.out;
  return !out.messages.empty() || !out.messages_after_persist.empty() || out.notices.has_notices ||
         core.log.HasUnhanded() || core.log.HasCommitted() || SoftStateOf(core) != told_soft_ ||
         HardStateOf(core) != told_hard_ || NeedsFlush(core);
}

Ready Raft::TakeReady() {
  Ready ready;
  TakeReady(&ready);
  return ready;
}

void Raft::TakeReady(Ready* out) {
  Core& core = *core_;
  Ready& ready = *out;
  ready.Clear();
  Flush(core);
  Trace(core, TraceEventKind::kReady);
  const SoftState soft = SoftStateOf(core);
  if (soft != told_soft_) ready.soft_state = soft;
  const HardState hard = HardStateOf(core);
  const bool promises = hard.term != told_hard_.term || hard.vote != told_hard_.vote ||
                        hard.memory != told_hard_.memory;
  if (promises || hard.commit != told_hard_.commit) ready.hard_state = told_hard_ = hard;
  if (core.log.snapshot_pending()) ready.snapshot = core.log.TakeUnhandedSnapshot();
  if (PLANTED("raft.snapshot_takes_term_back") && ready.snapshot) {
    ready.hard_state = HardState{ready.snapshot->term, NodeId(), hard.commit, hard.memory};
  }
  core.log.TakeUnhandedEntries(&ready.entries);
  ready.mark = core.log.mark();
  ready.must_sync =
      ready.snapshot || !ready.entries.empty() || (promises && !PLANTED("raft.vote_not_synced"));
  if (ready.must_sync) core.writes.push_back(Core::Write{ready.mark, core.now});
  core.log.TakeCommitted(&ready.committed_entries);
  Move(&core.out.messages, &ready.messages);
  Move(&core.out.messages_after_persist, &ready.messages_after_persist);
  if (core.out.notices.has_notices) std::swap(core.out.notices, static_cast<Notices&>(ready));
  told_soft_ = soft;
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
  status.last_term = core.log.last_term();
  status.snapshot_wanted = core.snapshot_wanted;
  status.config = core.membership();
  status.config_index = core.log.membership_index();
  status.memory = core.memory;
  status.counters = core.counters;
  if (const Leader* const lead = core.leading()) {
    status.transfer_target = lead->transfer_target;
    status.first_index_in_term = lead->first_index_in_term;
    status.peers.emplace(core.id(), SelfStatus(core));
    for (const Progress& peer : lead->peers) status.peers.emplace(peer.id(), StatusOf(core, peer));
  }
  return status;
}

Role Raft::role() const { return core_->role_kind(); }
NodeId Raft::leader() const { return core_->leader; }
Term Raft::term() const { return core_->term; }
Memory Raft::memory() const { return core_->memory; }
const ConfigState& Raft::membership() const { return core_->membership(); }

Index Raft::commit() const { return core_->log.committed(); }
bool Raft::has_untold_commit() const { return HasUntoldCommit(*core_); }
std::span<const Entry> Raft::entries_of_next_ready() const { return core_->log.unhanded(); }
bool Raft::has_committed_in_term() const {
  const Leader* const lead = core_->leading();
  return lead && HasCommittedInTerm(*core_, *lead);
}

const Status& Raft::log_status() const { return core_->log.failure(); }

}  // namespace baton::raft
