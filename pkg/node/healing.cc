#include "pkg/node/healing.h"

#include <algorithm>

#include "pkg/base/bytes.h"
#include "pkg/raft/membership.h"

namespace baton::node {
namespace {

constexpr uint8_t kDemotionVersion = 2;

bool Contains(const std::vector<NodeId>& ids, NodeId id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

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
                                                  const std::vector<NodeId>& demoted) {
  if (leader.role != raft::Role::kLeader || leader.transfer_target) return std::nullopt;
  if (leader.config.joint() || leader.config_index > leader.applied) return std::nullopt;
  for (const auto& [id, peer] : leader.peers) {
    const bool is_voter = raft::IsVoter(leader.config, id);
    if (is_voter && peer.amnesia && QuorumWithout(leader, id)) {
      raft::MembershipChange demotion = OneChange(raft::MemberChange::kAddLearner, id, leader);
      demotion.context = EncodeDemotion(id);
      return demotion;
    }
    if (!is_voter && Contains(demoted, id) && CanReturn(peer)) {
      return OneChange(raft::MemberChange::kAddVoter, id, leader);
    }
  }
  return std::nullopt;
}

std::string EncodeDemotion(NodeId demoted) {
  std::string bytes;
  ByteWriter out(&bytes);
  out.U8(kDemotionVersion);
  out.Varint(demoted.value());
  return bytes;
}

std::optional<NodeId> DecodeDemotion(std::string_view context) {
  ByteReader in(context);
  if (in.U8() != kDemotionVersion) in.Fail();
  const NodeId demoted(in.Varint());
  return in.AtEnd() ? std::optional(demoted) : std::nullopt;
}

std::vector<NodeId> DemotedAfter(const std::vector<NodeId>& demoted,
                                 const raft::ConfigState& before,
                                 const raft::MembershipEntry& change) {
  const std::optional<NodeId> now = DecodeDemotion(change.context);
  std::vector<NodeId> after;
  for (const NodeId id : change.config.learners) {
    const bool stays = Contains(demoted, id) && raft::IsLearner(before, id);
    if (stays || id == now) after.push_back(id);
  }
  return after;
}

}  // namespace baton::node
