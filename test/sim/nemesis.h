// File: nemesis.h
//
// Carries out the faults of a plan on a simulated cluster: begins each at its time and ends it. It
// knows what must not be done if the promises are to hold: of a quorum's disks none may lose
// anything, so a disk is damaged only while all others are whole and known to be so. What cannot be
// done at its time is left out.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "pkg/node/testing/sim_cluster.h"
#include "test/sim/plan.h"

namespace baton::sim {

class Nemesis {
 public:
  // What a kDelays adds to a message at most.
  static constexpr int64_t kLongestDelayMs = 5'000;

  // Both must outlive it.
  Nemesis(const Plan& plan, node::testing::SimCluster* cluster);
  Nemesis(const Nemesis&) = delete;
  Nemesis& operator=(const Nemesis&) = delete;

  void Start();
  // The storm is over: every fault ends now, every machine runs, and nothing begins any more.
  void End();

  // Who was removed for good; its process does not run any more after the end.
  const std::set<NodeId>& removed() const { return removed_; }
  // When a clock jumped ahead: in order, by the clock of the history.
  const std::vector<int64_t>& clock_jumps_at_us() const { return clock_jumps_at_us_; }
  // How often each kind was carried out.
  const std::array<uint64_t, kFaultKinds>& done() const { return done_; }

 private:
  void Try(const Fault& fault, int tries);  // at its time, or until it can be done
  bool Begin(const Fault& fault);
  bool BeginLife(const Fault& fault);
  bool BeginNetwork(const Fault& fault);
  bool BeginLinks(const Fault& fault, NodeId node);
  bool BeginDisk(const Fault& fault);
  bool BeginLoss(const Fault& fault, NodeId node);
  bool Lose(const Fault& fault, NodeId node);
  bool BeginMembership(const Fault& fault);
  void Finish(const Fault& fault, NodeId node);

  // --- pieces ---
  NodeId Pick(uint64_t choice) const;  // one that was not removed
  NodeId PickFor(const Fault& fault) const;
  bool IsOld(NodeId node) const;
  bool Crash(NodeId node, node::testing::SimCluster::CrashKind kind);
  void StartAgain(NodeId node);
  void EndDrain(NodeId node);
  bool CutCamps(const std::vector<NodeId>& all, uint64_t choice, bool bridge);
  bool CutRing(const std::vector<NodeId>& all);
  void EndCut(const Fault& fault, NodeId node);
  bool BeginClock(const Fault& fault, NodeId node);
  bool AllWhole() const;
  std::optional<raft::RaftStatus> LeaderStatus() const;
  bool Propose(raft::MemberChange::Type type, NodeId node);
  bool ProposeTo(NodeId leader, raft::MemberChange::Type type, NodeId node);
  bool AddMember(const raft::RaftStatus& leader, bool by_the_next);
  void AddByTheNext(NodeId added, Term term, int tries);
  void Welcome(NodeId added);
  void PromoteLater(NodeId node, int tries);
  std::vector<NodeId> Members() const;  // not removed
  NodeId At(const Fault& fault) const { return targets_.at(&fault); }

  const Plan& plan_;
  node::testing::SimCluster* const cluster_;
  std::set<NodeId> removed_;
  std::set<NodeId> draining_;
  std::map<const Fault*, NodeId> targets_;  // of what is under way
  std::set<const Fault*> cuts_;             // of the network, under way
  std::array<uint64_t, kFaultKinds> done_{};
  std::vector<int64_t> clock_jumps_at_us_;
  bool ended_ = false;
};

}  // namespace baton::sim
