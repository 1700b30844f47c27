#include "pkg/node/healing.h"

#include <algorithm>

#include "pkg/raft/membership.h"

namespace baton::node {
namespace {

raft::MembershipChange OneChange(raft::MemberChange::Type type, NodeId id,
                                 const raft::RaftStatus& leader) {
  raft::MembershipChange change;
  change.changes = {{type, id}};
  change.expected_config_index = leader.config_index;
  return change;
}

// More than half of the voters but `without` are heard and count.
bool QuorumWithout(const raft::RaftStatus& leader, NodeId without) {
  size_t others = 0;
  size_t heard = 0;
  for (const NodeId id : leader.config.voters) {
    if (id == without) continue;
    ++others;
    const auto peer = leader.peers.find(id);
    heard += id == leader.id ||
             (peer != leader.peers.end() && peer->second.recently_active && !peer->second.amnesia);
  }
  return heard > others / 2;
}

bool CanReturn(const raft::PeerStatus& peer) {
  return !peer.amnesia && peer.recently_active && peer.match;
}

}  // namespace

std::optional<raft::MembershipChange> PlanHealing(const raft::RaftStatus& leader,
                                                  const std::vector<NodeId>& voters) {
  if (leader.role != raft::Role::kLeader || leader.transfer_target) return std::nullopt;
  if (leader.config.joint() || leader.config_index > leader.commit) return std::nullopt;
  for (const auto& [id, peer] : leader.peers) {
    const bool is_voter = raft::IsVoter(leader.config, id);
    if (is_voter && peer.amnesia && QuorumWithout(leader, id)) {
      return OneChange(raft::MemberChange::kAddLearner, id, leader);
    }
    const bool meant = std::find(voters.begin(), voters.end(), id) != voters.end();
    if (!is_voter && meant && CanReturn(peer)) {
      return OneChange(raft::MemberChange::kAddVoter, id, leader);
    }
  }
  return std::nullopt;
}

}  // namespace baton::node
