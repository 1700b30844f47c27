// What a Node does about its own membership and, as the leader, about that of others.
#include <string>

#include "pkg/node/node.h"
#include "pkg/raft/membership.h"

namespace baton::node {
namespace {

Status Removed() {
  return Status(Code::kUnavailable, "member_removed",
                "This node was removed from the cluster; ask another one");
}

}  // namespace

Status Node::CheckServes() const {
  if (removed_) return Removed();
  if (raft::IsMember(core_->membership, core_->config.id)) return Status::Ok();
  return Status(Code::kUnavailable, "not_a_member",
                "This node is no member of the cluster yet; ask another one");
}

Result<raft::Proposed> Node::ProposeMembership(const raft::MembershipChange& change) {
  return core_->raft->ProposeMembership(change);
}

// Names and addresses are known as of the applied index, so a change is made of them only when the
// latest configuration is applied, which is soon.
Result<raft::Proposed> Node::ChangeMembers(std::string_view request) {
  const Result<MembershipRequest> decoded = DecodeMembershipRequest(request);
  if (!decoded.ok()) return decoded.status();
  const raft::RaftStatus status = core_->raft->GetStatus();
  if (status.config_index > status.commit) {
    return Status(Code::kConflict, "change_in_progress",
                  "The change of the members at index " +
                      std::to_string(status.config_index.value()) + " is not committed yet");
  }
  if (status.config_index > core_->state.applied()) {
    return Status(Code::kUnavailable, "config_not_applied",
                  "The latest change of the members is not applied yet");
  }
  const Result<raft::MembershipChange> change =
      PlanChange(*decoded, status, *core_->roster.members());
  if (!change.ok()) return change.status();
  return core_->raft->ProposeMembership(*change);
}

void Node::OnToldRemoved() {
  if (!core_->raft->leader() && !core_->membership.voters.empty()) told_removed_ = true;
}

Standing Node::GetStanding() const {
  const NodeId self = core_->config.id;
  if (removed_) return Standing::kRemoved;
  if (raft::IsVoter(core_->membership, self)) return Standing::kVoter;
  return raft::IsLearner(core_->membership, self) ? Standing::kLearner : Standing::kWaiting;
}

// Not by its own log: a member that was removed and added again passes through its removal on the
// way. Outside of its configuration it serves nothing and cannot stand.
void Node::NoticeRemoval() {
  removed_ = told_removed_;
  if (!removed_) return;
  core_->parts.logger->Log(LogLevel::kWarning, "removed from the cluster", {});
  End(Removed());
}

}  // namespace baton::node
