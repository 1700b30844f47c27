#include "pkg/node/repair.h"

#include <string>
#include <utility>

#include "pkg/base/cruel.h"
#include "pkg/node/healing.h"

namespace baton::node {
namespace {

// Long enough for an election; then it is asked again.
constexpr int64_t kReadTimeoutElections = 3;

// With its whole log a node makes its state again from the first entry on. On the way it is as it
// was once, and who read here before must not see that again.
bool BeginsAgain(const NodeCore& core) {
  return !core.state.applied() && core.raft->GetStatus().last_index > Index();
}

}  // namespace

Repair::Repair(NodeCore* core, Reads* reads, Transfer* transfer)
    : core_(core),
      reads_(reads),
      transfer_(transfer),
      memory_(core->raft->GetStatus().memory),
      rebuilding_(core->state_lost || raft::HasLost(memory_) || BeginsAgain(*core)) {
  if (!rebuilding_) return;
  core_->parts.logger->Log(LogLevel::kWarning, "this node has lost data and rebuilds it",
                           {{"state_lost", core_->state_lost || BeginsAgain(*core_)},
                            {"log_lost", raft::HasLost(memory_)}});
}

void Repair::OnMemory(raft::Memory memory) {
  if (memory == memory_) return;
  const raft::Memory before = std::exchange(memory_, memory);
  if (memory == raft::Memory::kLost) {
    rebuilding_ = true;
    core_->parts.logger->Log(LogLevel::kError,
                             "this disk does not know what this node has acknowledged: it counts "
                             "for nothing until it was made a learner");
  } else if (raft::HasLost(before)) {
    core_->parts.logger->Log(LogLevel::kInfo, "what was lost of the log is back");
  }
}

void Repair::OnTick() {
  if (core_->state_lost) {
    (void)core_->raft->RequestSnapshot();  // refused while one is on its way, or nobody leads
    transfer_->Drain();                    // who cannot apply must not lead
  }
  if (rebuilding_) AskForRead();
  const bool due = ++ticks_ % core_->config.election_timeout_ticks == 0;
  if (due || CRUEL("node.leader_looks_often")) Lead();
  Report();
}

void Repair::AskForRead() {
  if (read_asked_) return;
  read_asked_ = true;
  const int64_t deadline_us =
      core_->time.now_us + kReadTimeoutElections * core_->election_timeout_us();
  reads_->Add(Consistency::kLinearizable, Revision(), deadline_us, [this](Result<ReadView> view) {
    read_asked_ = false;
    if (!view.ok() || core_->state_lost || memory_ == raft::Memory::kLostEntries) return;
    rebuilding_ = false;
    core_->parts.logger->Log(LogLevel::kInfo, "rebuilt: this node serves again",
                             {{"applied", core_->state.applied()}});
  });
}

void Repair::Lead() {
  if (!core_->raft->has_committed_in_term()) return;
  const raft::RaftStatus status = core_->raft->GetStatus();
  if (const auto change = PlanHealing(status, core_->demoted)) {
    const Result<raft::Proposed> proposed = core_->raft->ProposeMembership(*change);
    if (proposed.ok()) {
      const bool demotes = change->changes[0].type == raft::MemberChange::kAddLearner;
      core_->parts.logger->Log(LogLevel::kWarning,
                               demotes ? "a voter has lost its memory: made a learner"
                                       : "a learner has caught up: made a voter again",
                               {{"peer", change->changes[0].id}});
    }
  }
  for (const Divergence::Finding& found :
       divergence_.Judge(core_->config.id, status.config.voters)) {
    core_->parts.metrics->state_divergences.Add();
    core_->parts.logger->Log(LogLevel::kError, "the state of a node differs from the majority's",
                             {{"peer", found.node}, {"index", found.index}});
    if (found.node == core_->config.id) return Diverged(found.index);
    core_->parts.transport->Send(found.node, StateDiverged{found.index});
  }
}

void Repair::Report() {
  const NodeId leader = core_->raft->leader();
  if (!leader || leader == core_->config.id || core_->state_lost) return;
  if (const std::optional<StateCheckpoint> report = divergence_.TakeReport()) {
    core_->parts.transport->Send(leader, *report);
  }
}

void Repair::OnCheckpoint(NodeId from, const StateCheckpoint& checkpoint) {
  if (core_->raft->role() == raft::Role::kLeader) divergence_.OnReport(from, checkpoint);
}

void Repair::OnDiverged(NodeId from, const StateDiverged& verdict) {
  // Only what is said of the state as it is now.
  if (from == core_->raft->leader() && divergence_.HashAt(verdict.index)) Diverged(verdict.index);
}

void Repair::Diverged(Index index) {
  const std::string why = "The state differs from that of the other nodes since entry " +
                          std::to_string(index.value()) + " at the latest";
  core_->parts.state->Discard(why);
  core_->Fail(
      Status(Code::kCorruption, "state_diverged", why + "; the next start fetches it from a peer"));
}

}  // namespace baton::node
