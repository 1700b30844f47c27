#include "test/sim/nemesis.h"

#include <algorithm>
#include <string>
#include <utility>

#include "pkg/coord/command_version.h"
#include "pkg/raft/membership.h"

namespace baton::sim {
namespace {

using node::Node;
using node::testing::LinkFault;
using node::testing::SimCluster;

constexpr uint64_t kMachinesMax = 9;
constexpr int64_t kPromoteEachMs = 1'000;
constexpr int kPromoteTriesMax = 20;
constexpr uint64_t kClockJumpMaxMs = 3'600'000;
constexpr int64_t kDelayMaxUs[] = {200'000, 1'000'000, Nemesis::kLongestDelayMs * 1'000};
constexpr int64_t kWriteTimesUs[] = {10'000, 100'000, 1'000'000, 5'000'000};
constexpr int64_t kTryEachUs = 200'000;
constexpr int kTriesMax = 100;
constexpr int64_t kHurryEachUs = 2'000;
constexpr int kHurryTriesMax = 5'000;

}  // namespace

Nemesis::Nemesis(const Plan& plan, SimCluster* cluster) : plan_(plan), cluster_(cluster) {}

void Nemesis::Start() {
  for (const Fault& fault : plan_.faults) {
    cluster_->After(fault.at_ms * 1000, [this, &fault] { Try(fault, kTriesMax); });
  }
}

void Nemesis::Try(const Fault& fault, int tries) {
  if (ended_) return;
  targets_[&fault] = PickFor(fault);
  if (!Begin(fault)) {
    if (cuts_.contains(&fault)) EndCut(fault, At(fault));
    targets_.erase(&fault);
    // There is a name to lose only after a snapshot, and while all are whole: it waits for that.
    if (fault.kind != FaultKind::kLostNames || tries == 0) return;
    return cluster_->After(kTryEachUs, [this, &fault, tries] { Try(fault, tries - 1); });
  }
  ++done_[static_cast<size_t>(fault.kind)];
  cluster_->Trace("fault: " + std::string(NameOf(fault.kind)) + " (node " +
                  std::to_string(At(fault).value()) + ")");
  cluster_->After(fault.lasts_ms * 1000, [this, &fault] {
    if (!ended_) Finish(fault, At(fault));
    targets_.erase(&fault);
  });
}

void Nemesis::End() {
  ended_ = true;
  cluster_->Trace("all faults end");
  cluster_->Heal();
  for (const NodeId id : cluster_->ids()) {
    EndDrain(id);
    cluster_->ReleaseDisk(id);
    cluster_->SetDiskLatency(id, 0);
    cluster_->SetDiskLevel(id, node::DiskLevel::kAmple);
    cluster_->SetClockRate(id, 1'000'000);
    cluster_->FailNextWrite(id, false);
    cluster_->Pause(id, 0);
    StartAgain(id);
  }
}

// --- pieces ---

std::vector<NodeId> Nemesis::Members() const {
  std::vector<NodeId> members;
  for (const NodeId id : cluster_->ids()) {
    if (!removed_.contains(id)) members.push_back(id);
  }
  return members;
}

// An upgrade goes to the old ones, and a name is lost where there is one to lose.
NodeId Nemesis::PickFor(const Fault& fault) const {
  const bool upgrade = fault.kind == FaultKind::kUpgrade;
  if (!upgrade && fault.kind != FaultKind::kLostNames) return Pick(fault.choice);
  const std::vector<NodeId> members = Members();
  const auto fits = [&](NodeId id) {
    return upgrade ? IsOld(id) : cluster_->state(id).has_replaced();
  };
  const auto first = std::find_if(members.begin(), members.end(), fits);
  return first == members.end() ? members.front() : *first;
}

NodeId Nemesis::Pick(uint64_t choice) const {
  const std::vector<NodeId> members = Members();
  // Half of the time the one that leads: it has most to lose.
  const std::optional<NodeId> leader = cluster_->Leader();
  if (leader && choice % 2 == 0 && !removed_.contains(*leader)) return *leader;
  return members[(choice >> 1) % members.size()];
}

bool Nemesis::IsOld(NodeId node) const {
  return cluster_->config(node).command_version < coord::kCommandVersion;
}

bool Nemesis::Crash(NodeId node, SimCluster::CrashKind kind) {
  if (!cluster_->alive(node)) return false;
  cluster_->Crash(node, kind);
  return true;
}

void Nemesis::StartAgain(NodeId node) {
  if (cluster_->alive(node) && cluster_->node(node).failed()) cluster_->Crash(node);
  if (cluster_->alive(node)) return;
  cluster_->Trace("node " + std::to_string(node.value()) + " starts");
  cluster_->Restart(node);
}

// It had its time; who is paused is killed.
void Nemesis::EndDrain(NodeId node) {
  if (draining_.erase(node) == 0 || !cluster_->alive(node)) return;
  if (!cluster_->paused(node)) cluster_->With(node, [](Node& it) { it.Close(); });
  Crash(node, SimCluster::CrashKind::kKill);
  StartAgain(node);
}

std::optional<raft::RaftStatus> Nemesis::LeaderStatus() const {
  const std::optional<NodeId> leader = cluster_->Leader();
  if (!leader) return std::nullopt;
  return cluster_->node(*leader).raft().GetStatus();
}

// Every member runs, remembers all, and has what was committed. None is still as empty as at the
// founding: that it replaces a disk that was not, nobody can tell it (raft/amnesia.h).
bool Nemesis::AllWhole() const {
  const std::optional<raft::RaftStatus> leader = LeaderStatus();
  if (!leader || leader->config.joint()) return false;
  if (leader->config_index > leader->commit) return false;
  if (leader->config.voters.size() < 3) return false;
  std::vector<NodeId> members = leader->config.voters;
  members.insert(members.end(), leader->config.learners.begin(), leader->config.learners.end());
  return std::all_of(members.begin(), members.end(), [&](NodeId id) {
    if (!cluster_->alive(id)) return false;
    const node::StatusView view = cluster_->node(id).MakeStatus();
    return view.raft.memory == raft::Memory::kWhole && !view.rebuilding &&
           cluster_->log(id).LastIndex() > Index() &&
           cluster_->log(id).LastIndex() >= leader->commit && !cluster_->disk_held(id);
  });
}

// --- each kind ---

bool Nemesis::Begin(const Fault& fault) {
  if (fault.kind <= FaultKind::kPause) return BeginLife(fault);
  if (fault.kind <= FaultKind::kClog) return BeginNetwork(fault);
  if (fault.kind <= FaultKind::kNewDisk) return BeginDisk(fault);
  if (fault.kind <= FaultKind::kClockJump) return BeginClock(fault, At(fault));
  return BeginMembership(fault);
}

bool Nemesis::BeginClock(const Fault& fault, NodeId node) {
  if (fault.kind == FaultKind::kClockRate) {
    const int64_t off_ppm = static_cast<int64_t>((fault.choice >> 8) % 200'000) - 100'000;
    cluster_->SetClockRate(node, 1'000'000 + off_ppm);
  } else {
    cluster_->JumpClock(node, static_cast<int64_t>((fault.choice >> 8) % kClockJumpMaxMs));
    clock_jumps_at_us_.push_back(cluster_->MonotonicUs());
  }
  return true;
}

bool Nemesis::BeginLife(const Fault& fault) {
  const NodeId node = At(fault);
  switch (fault.kind) {
    case FaultKind::kKill:
      return Crash(node, SimCluster::CrashKind::kKill);
    case FaultKind::kPowerLoss:
      return Crash(node, SimCluster::CrashKind::kPowerLoss);
    case FaultKind::kPowerLossOfAll: {
      bool any = false;
      for (const NodeId id : Members()) any |= Crash(id, SimCluster::CrashKind::kPowerLoss);
      return any;
    }
    case FaultKind::kUpgrade:
      if (!cluster_->alive(node) || !IsOld(node)) return false;
      cluster_->config(node).command_version = coord::kCommandVersion;  // of its next start
      [[fallthrough]];
    case FaultKind::kRestart:
      if (!cluster_->alive(node)) return false;
      cluster_->With(node, [](Node& it) { it.StartDrain(); });
      draining_.insert(node);
      return true;
    default:
      if (!cluster_->alive(node)) return false;
      cluster_->Pause(node, fault.lasts_ms);
      return true;
  }
}

bool Nemesis::BeginNetwork(const Fault& fault) {
  const std::vector<NodeId> all = cluster_->ids();
  const NodeId node = At(fault);
  if (all.size() < 2) return false;
  cuts_.insert(&fault);
  switch (fault.kind) {
    case FaultKind::kIsolate:
      cluster_->Isolate(node);
      return true;
    case FaultKind::kHalves:
      return CutCamps(all, fault.choice, /*bridge=*/false);
    case FaultKind::kBridge:
      return CutCamps(all, fault.choice, /*bridge=*/true);
    case FaultKind::kRing:
      return CutRing(all);
    default:
      return BeginLinks(fault, node);
  }
}

bool Nemesis::CutCamps(const std::vector<NodeId>& all, uint64_t choice, bool bridge) {
  const auto camp = [&](size_t i) { return ((choice >> (8 + i)) & 1) != 0; };
  bool any = false;
  const size_t between = bridge ? choice % all.size() : all.size();
  for (size_t i = 0; i < all.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (i == between || j == between || camp(i) == camp(j)) continue;
      cluster_->Cut(all[i], all[j]);
      any = true;
    }
  }
  return any;
}

bool Nemesis::CutRing(const std::vector<NodeId>& all) {
  for (size_t i = 0; i < all.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const bool neighbours = j + 1 == i || (j == 0 && i + 1 == all.size());
      if (!neighbours) cluster_->Cut(all[i], all[j]);
    }
  }
  return all.size() > 3;  // else all are neighbours
}

// What others have cut stays so.
void Nemesis::EndCut(const Fault& fault, NodeId node) {
  cuts_.erase(&fault);
  cluster_->Heal();
  const std::set<const Fault*> others = cuts_;
  for (const Fault* other : others) BeginNetwork(*other);
  if (fault.kind != FaultKind::kHalfOpen) return;
  for (const NodeId id : cluster_->ids()) {
    if (id == node) continue;
    for (const auto& [side, peer] : {std::pair(node, id), std::pair(id, node)}) {
      if (!cluster_->alive(side)) continue;
      cluster_->With(side, [peer = peer](Node& it) { it.OnUnreachable(peer, {}); });
    }
  }
}

bool Nemesis::BeginLinks(const Fault& fault, NodeId node) {
  const std::vector<NodeId> all = cluster_->ids();
  const NodeId only = all[(fault.choice >> 16) % all.size()];
  const uint64_t amount = fault.choice >> 32;
  for (const NodeId other : all) {
    if (other == node) continue;
    LinkFault& to = cluster_->network().Link(node, other);
    LinkFault& from = cluster_->network().Link(other, node);
    const int64_t until_us = (fault.at_ms + fault.lasts_ms) * 1000;
    if (fault.kind == FaultKind::kOneWay && other == only) to.cut = true;
    if (fault.kind == FaultKind::kHalfOpen) to.cut = from.cut = true;
    if (fault.kind == FaultKind::kDeaf) from.cut = true;
    if (fault.kind == FaultKind::kMute) to.cut = true;
    if (fault.kind == FaultKind::kLoss) to.loss_percent = from.loss_percent = 1 + amount % 50;
    if (fault.kind == FaultKind::kRepeats) to.repeat_percent = from.repeat_percent = 50;
    if (fault.kind == FaultKind::kDelays) {
      const int64_t delay_max_us = kDelayMaxUs[amount % 3];
      to.delay_max_us = from.delay_max_us = delay_max_us;
    }
    if (fault.kind == FaultKind::kClog) to.clogged_until_us = from.clogged_until_us = until_us;
  }
  return fault.kind != FaultKind::kOneWay || only != node;
}

bool Nemesis::BeginDisk(const Fault& fault) {
  const NodeId node = At(fault);
  if (!cluster_->alive(node)) return false;
  switch (fault.kind) {
    case FaultKind::kSlowDisk:
      cluster_->SetDiskLatency(node, kWriteTimesUs[(fault.choice >> 32) % 4]);
      return true;
    case FaultKind::kHungDisk:
      cluster_->HoldDisk(node);
      return true;
    case FaultKind::kFailedWrite:
      cluster_->FailNextWrite(node);
      return true;
    case FaultKind::kLowDisk:
      cluster_->SetDiskLevel(node, node::DiskLevel::kLow);
      return true;
    case FaultKind::kFullDisk:
      cluster_->SetDiskLevel(node, node::DiskLevel::kExhausted);
      return true;
    default:
      return BeginLoss(fault, node);
  }
}

// What was acknowledged is lost with a disk; the others must have it.
bool Nemesis::BeginLoss(const Fault& fault, NodeId node) {
  if (!AllWhole()) return false;
  if (fault.kind == FaultKind::kLostNames && !cluster_->state(node).has_replaced()) return false;
  cluster_->Crash(node, SimCluster::CrashKind::kPowerLoss);
  const bool lost = Lose(fault, node);
  if (!lost) StartAgain(node);  // the power was off, and that was all
  return lost;
}

bool Nemesis::Lose(const Fault& fault, NodeId node) {
  const Index first = cluster_->log(node).FirstIndex();
  const Index last = cluster_->log(node).LastIndex();
  if (fault.kind == FaultKind::kNewDisk) {
    cluster_->ReplaceDisk(node);
  } else if (fault.kind == FaultKind::kRottenState) {
    cluster_->LoseState(node);
  } else if (fault.kind == FaultKind::kLostNames) {
    return cluster_->RevertState(node);
  } else if (fault.choice % 5 == 0) {
    cluster_->LoseLog(node, raft::Memory::kLost);
  } else {
    const uint64_t lost = 1 + (fault.choice >> 32) % (last + 1 - first + 1);
    cluster_->LoseLog(node, raft::Memory::kLostEntries, std::max(first, last + 1 - lost) - 1);
    return last >= first;
  }
  return true;
}

bool Nemesis::Propose(raft::MemberChange::Type type, NodeId node) {
  const std::optional<NodeId> leader = cluster_->Leader();
  return leader && !cluster_->paused(*leader) && ProposeTo(*leader, type, node);
}

bool Nemesis::ProposeTo(NodeId leader, raft::MemberChange::Type type, NodeId node) {
  raft::MembershipChange change;
  change.changes = {{type, node}};
  bool taken = false;
  cluster_->With(leader, [&](Node& it) { taken = it.ProposeMembership(change).ok(); });
  return taken;
}

bool Nemesis::AddMember(const raft::RaftStatus& leader, bool by_the_next) {
  if (cluster_->ids().size() >= kMachinesMax) return false;
  node::NodeConfig config = plan_.cluster.config;
  config.command_version = coord::kCommandVersion;
  config.voters = leader.config.voters;
  const NodeId added = cluster_->AddMachine(config);
  removed_.insert(added);  // until it was added
  if (by_the_next) {
    AddByTheNext(added, leader.term, kHurryTriesMax);
    return false;  // counted when it is done
  }
  if (!Propose(raft::MemberChange::kAddLearner, added)) return false;
  (void)Propose(raft::MemberChange::kRemove, added);  // one change after the other: refused
  Welcome(added);
  return true;
}

// An administrator who waits for a new leader, and asks it until it agrees.
void Nemesis::AddByTheNext(NodeId added, Term term, int tries) {
  cluster_->After(kHurryEachUs, [this, added, term, tries] {
    if (ended_ || tries == 0) return;
    for (const NodeId id : cluster_->ids()) {
      if (!cluster_->alive(id) || cluster_->paused(id)) continue;
      const raft::Raft& raft = cluster_->node(id).raft();
      if (raft.role() != raft::Role::kLeader || raft.term() <= term) continue;
      if (!ProposeTo(id, raft::MemberChange::kAddLearner, added)) continue;
      ++done_[static_cast<size_t>(FaultKind::kAddMember)];
      cluster_->Trace("fault: the new leader adds node " + std::to_string(added.value()));
      return Welcome(added);
    }
    AddByTheNext(added, term, tries - 1);
  });
}

void Nemesis::Welcome(NodeId added) {
  removed_.erase(added);
  cluster_->Restart(added);
  PromoteLater(added, 0);
}

bool Nemesis::BeginMembership(const Fault& fault) {
  const NodeId node = At(fault);
  const std::optional<raft::RaftStatus> leader = LeaderStatus();
  if (!leader) return false;
  const bool voter = raft::IsVoter(leader->config, node);
  switch (fault.kind) {
    case FaultKind::kTransfer:
      if (cluster_->paused(leader->id) || node == leader->id) return false;
      cluster_->With(leader->id,
                     [node](Node& it) { it.TransferLeadership(node, [](const Status&) {}); });
      return true;
    case FaultKind::kAddMember:
      return AddMember(*leader, fault.choice % 3 == 0);
    case FaultKind::kRemoveMember:
      if (!voter || leader->config.voters.size() < 4 || !AllWhole()) return false;
      if (!Propose(raft::MemberChange::kRemove, node)) return false;
      removed_.insert(node);
      return true;
    default:
      if (!voter || leader->config.voters.size() < 4 || !AllWhole()) return false;
      if (!Propose(raft::MemberChange::kAddLearner, node)) return false;
      PromoteLater(node, 0);
      return true;
  }
}

// An administrator who looks again and again: the leader refuses as long as it has not caught up.
void Nemesis::PromoteLater(NodeId node, int tries) {
  cluster_->After(kPromoteEachMs * 1000, [this, node, tries] {
    if (ended_ || tries >= kPromoteTriesMax || removed_.contains(node)) return;
    // Not while a disk has lost something: two of a larger quorum might.
    const bool promoted = AllWhole() && Propose(raft::MemberChange::kAddVoter, node);
    if (!promoted) PromoteLater(node, tries + 1);
  });
}

void Nemesis::Finish(const Fault& fault, NodeId node) {
  switch (fault.kind) {
    case FaultKind::kPowerLossOfAll:
      for (const NodeId id : Members()) StartAgain(id);
      return;
    case FaultKind::kUpgrade:
    case FaultKind::kRestart:
      EndDrain(node);
      return;
    case FaultKind::kHungDisk:
      cluster_->ReleaseDisk(node);
      return;
    case FaultKind::kSlowDisk:
      cluster_->SetDiskLatency(node, 0);
      return;
    case FaultKind::kLowDisk:
    case FaultKind::kFullDisk:
      cluster_->SetDiskLevel(node, node::DiskLevel::kAmple);
      return;
    case FaultKind::kClockRate:
      cluster_->SetClockRate(node, 1'000'000);
      return;
    case FaultKind::kFailedWrite:
      cluster_->FailNextWrite(node, false);  // it wrote nothing
      break;
    default:
      break;
  }
  if (fault.kind > FaultKind::kPause && fault.kind <= FaultKind::kClog) return EndCut(fault, node);
  const bool may_stop_a_process = fault.kind <= FaultKind::kNewDisk;
  if (may_stop_a_process && !removed_.contains(node)) StartAgain(node);
}

}  // namespace baton::sim
