#include "pkg/raft/testing/played_operator.h"

#include <algorithm>
#include <ranges>
#include <vector>

#include "pkg/base/check.h"
#include "pkg/raft/membership.h"
#include "pkg/raft/membership_codec.h"

namespace baton::raft::testing {
namespace {

ConfigState ConfigIn(const Entry& entry) {
  const Result<MembershipEntry> change = DecodeMembershipEntry(entry.data.view());
  CHECK(change.ok()) << change.status().ToString();
  return change->config;
}

ConfigState LastConfig(const std::map<Index, Entry>& committed, const ConfigState& first) {
  for (const auto& [index, entry] : std::views::reverse(committed)) {
    if (entry.type == EntryType::kConfigChange) return ConfigIn(entry);
  }
  return first;
}

// The leader waits for a snapshot that nobody can send: who could lead in its place waits for one,
// too, or lacks what is compacted and gets it from nobody while this leader waits (sending.cc).
bool WaitsInVain(const Cluster& cluster, const RaftStatus& status) {
  if (!status.snapshot_wanted) return false;
  return std::ranges::none_of(status.peers, [&](const auto& peer) {
    const auto& [id, progress] = peer;
    if (id == status.id || !CanLead(status.config, id) || progress.amnesia) return false;
    const TestNode& node = cluster.nodes().at(id);
    const bool waits = node.running() && node.raft().GetStatus().snapshot_wanted > Index();
    return !waits && progress.match + 1 >= status.first_index;
  });
}

}  // namespace

void PlayedOperator::StopRemoved() {
  const std::set<NodeId> may_take_part = MayTakePart();
  for (auto& [id, node] : cluster_.nodes()) {
    if (!node.running() || may_take_part.contains(id)) continue;
    const bool is_spare = Members(node.raft().GetStatus().config).empty();
    if (!is_spare) cluster_.Crash(id);
  }
}

// The members of the last configuration that was acknowledged, and of all whose fate is open: those
// that follow the newest committed entry in some log. What does not follow it will never be.
std::set<NodeId> PlayedOperator::MayTakePart() const {
  const std::map<Index, Entry>& committed = cluster_.checker().committed();
  const Index last = cluster_.checker().last_committed();
  const Term last_term = committed.empty() ? Term() : committed.rbegin()->second.term;
  std::vector<ConfigState> configs = {LastConfig(committed, first_)};
  for (const auto& [id, node] : cluster_.nodes()) {
    if (!node.log().Holds(last, last_term)) continue;
    for (const Entry& entry : node.log().entries()) {
      const bool is_open = entry.index > last && entry.type == EntryType::kConfigChange;
      if (is_open) configs.push_back(ConfigIn(entry));
    }
  }
  std::set<NodeId> members;
  for (const ConfigState& config : configs) {
    const std::vector<NodeId> of_one = Members(config);
    members.insert(of_one.begin(), of_one.end());
  }
  return members;
}

bool PlayedOperator::EndsVainWait(NodeId leader) {
  if (!WaitsInVain(cluster_, cluster_.raft(leader).GetStatus())) return false;
  cluster_.Crash(leader);
  cluster_.Restart(leader);
  return true;
}

bool PlayedOperator::FindsAllInOrder(NodeId leader) {
  const RaftStatus status = cluster_.raft(leader).GetStatus();
  if (status.config_index > status.commit) return false;
  if (status.config.joint()) {
    if (!status.config.auto_leave) (void)cluster_.TryChange(leader, MembershipChange()).ok();
    return false;
  }
  for (const auto& [id, peer] : status.peers) {
    if (!peer.amnesia || !IsVoter(status.config, id)) continue;
    (void)cluster_.TryChange(leader, OneChange(MemberChange::kAddLearner, id.value())).ok();
    return false;
  }
  return true;
}

}  // namespace baton::raft::testing
