#include "pkg/raft/testing/played_operator.h"

#include <algorithm>

#include "pkg/raft/membership.h"

namespace baton::raft::testing {

bool PlayedOperator::FindsAllInOrder(NodeId leader) {
  Raft& raft = cluster_.raft(leader);
  const RaftStatus status = raft.GetStatus();
  if (status.config_index > status.commit) return false;
  if (status.config.joint()) {
    if (!status.config.auto_leave) (void)raft.ProposeMembership(MembershipChange()).ok();
    return false;
  }
  const std::vector<NodeId> members = Members(status.config);
  for (auto& [id, node] : cluster_.nodes()) {
    const bool member = std::ranges::count(members, id) > 0;
    if (!member && node.running()) cluster_.Crash(id);
  }
  for (const auto& [id, peer] : status.peers) {
    if (!peer.amnesia || !IsVoter(status.config, id)) continue;
    (void)raft.ProposeMembership(OneChange(MemberChange::kAddLearner, id.value())).ok();
    return false;
  }
  return true;
}

}  // namespace baton::raft::testing
