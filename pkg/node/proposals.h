// File: proposals.h
//
// What this node has put into the log and not yet seen applied. A proposal is known by index *and*
// term: another leader may have written something else at its index.
//
//   applied   the entry applied at its index has its term;
//   lost      it can never be applied: an entry of another term was applied at its index (of an
//             earlier one too: the next leader's log may hold what this one never had), or one of a
//             later term below it (terms never decrease along a log, so nothing older can follow);
//   unknown   a snapshot was installed over its index.
//
// Losing leadership alone decides nothing: the next leader may still commit it.
//
// Every proposal is stamped with the cluster time here, and nowhere else.
//
// One thread. Callbacks may propose again: they run after the bookkeeping is done.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/coord/reply.h"
#include "pkg/coord/state_machine.h"
#include "pkg/node/cluster_time.h"
#include "pkg/node/full_disk.h"
#include "pkg/node/step_time.h"
#include "pkg/raft/raft.h"

namespace baton::node {

enum class Fate { kApplied, kLost, kUnknown };

struct ProposalResult {
  Fate fate = Fate::kLost;
  Index index;                          // for kApplied
  const coord::Reply* reply = nullptr;  // for kApplied; valid during the callback
  int64_t proposed_us = 0;
};

class Proposals {
 public:
  using Callback = std::function<void(const ProposalResult&)>;
  // Proposes a change of membership (membership_plan.h).
  using ChangeMembers = std::function<Result<raft::Proposed>(std::string_view request)>;

  // All must outlive this object.
  Proposals(raft::Raft* raft, const ClusterTime* cluster_time, const StepTime* time,
            const FullDisk* full_disk, const coord::StateMachine* state,
            ChangeMembers change_members)
      : raft_(raft),
        cluster_time_(cluster_time),
        time_(time),
        full_disk_(full_disk),
        state_(state),
        change_members_(std::move(change_members)) {}

  // This node may propose: it leads, and its cluster time runs.
  bool CanPropose() const {
    return raft_->role() == raft::Role::kLeader && cluster_time_->leading();
  }
  // Appends a command (coord's encoding), or a change of membership. As raft::Raft::Propose, or
  // FullDisk::Admit, or PlanChange: when it fails, nothing was appended and `done` is never called.
  // kUnimplemented/"upgrade_unfinished" for a command of a version that is not in force here
  // (upgrade.h).
  Status Propose(std::string_view command, Callback done);

  // Entries are reported in log order, empty ones (without a reply) too.
  void OnApplied(Index index, Term term, const coord::Reply* reply);
  // Everything up to `index` came in a snapshot whose last entry had `term`.
  void OnSnapshotInstalled(Index index, Term term);

  size_t size() const { return pending_.size(); }

 private:
  struct Key {
    Index index;
    Term term;
    auto operator<=>(const Key&) const = default;
  };
  struct Pending {
    int64_t proposed_us = 0;
    Callback done;
  };
  using Map = std::map<Key, Pending>;

  Result<raft::Proposed> Append(std::string_view command);
  std::vector<Pending> TakeThrough(Index index);
  std::vector<Pending> TakeLost(Index from, Term term);

  raft::Raft* raft_;
  const ClusterTime* cluster_time_;
  const StepTime* time_;
  const FullDisk* full_disk_;
  const coord::StateMachine* state_;
  ChangeMembers change_members_;
  Map pending_;
  Term applied_term_;
};

}  // namespace baton::node
