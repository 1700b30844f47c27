#include "pkg/node/upgrade.h"

#include <algorithm>
#include <string>

#include "pkg/coord/command.h"

namespace baton::node {

Status CheckCommandVersion(uint32_t in_force, uint32_t known) {
  if (in_force <= known) return Status::Ok();
  return Status(Code::kUnimplemented, "newer_commands",
                "The cluster uses commands of version " + std::to_string(in_force) +
                    ", and this Baton knows those up to version " + std::to_string(known) +
                    ": run a newer Baton here. A cluster does not go back to older commands.");
}

void Upgrade::OnLeaderChange() {
  heard_.clear();
  under_way_ = false;
  ++round_;
}

// 0: not all have said.
uint32_t Upgrade::KnownByAll() const {
  uint32_t known = known_;
  for (const std::vector<NodeId>* members :
       {&membership_->voters, &membership_->voters_outgoing, &membership_->learners}) {
    for (const NodeId id : *members) {
      if (id == self_) continue;
      const auto heard = heard_.find(id);
      known = std::min(known, heard == heard_.end() ? 0 : heard->second);
    }
  }
  return known;
}

void Upgrade::Run() {
  if (under_way_ || state_->command_version() >= known_ || !proposals_->CanPropose()) return;
  const uint32_t known = KnownByAll();
  if (known <= state_->command_version()) return;
  const std::string command =
      coord::EncodeCommand(coord::Command{"", "", coord::RaiseVersion{known}});
  const Status proposed = proposals_->Propose(
      command, [this, round = round_](const ProposalResult&) { under_way_ &= round != round_; });
  under_way_ = proposed.ok();  // refused: with the next step
}

}  // namespace baton::node
