// File: membership.h
//
// Questions to a ConfigState: who takes part, and as what.
#pragma once

#include <algorithm>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/raft/types.h"

namespace baton::raft {

// One of the lists of a configuration, which ascend.
inline bool Contains(const std::vector<NodeId>& ids, NodeId id) {
  return !ids.empty() && std::binary_search(ids.begin(), ids.end(), id);
}
// Has a vote in either half.
inline bool IsVoter(const ConfigState& config, NodeId id) {
  return Contains(config.voters, id) || Contains(config.voters_outgoing, id);
}
// Receives the log and has no vote. (learners_next still vote until the joint state ends.)
bool IsLearner(const ConfigState& config, NodeId id);
// Takes part: one of the two above.
bool IsMember(const ConfigState& config, NodeId id);
// Votes, but holds the log without its data; or did so before it was removed.
inline bool IsWitness(const ConfigState& config, NodeId id) {
  return Contains(config.witnesses, id);
}
// May lead: a voter that holds the data.
inline bool CanLead(const ConfigState& config, NodeId id) {
  return IsVoter(config, id) && !IsWitness(config, id);
}
// All voters of both halves, ascending, each once.
std::vector<NodeId> AllVoters(const ConfigState& config);
// All voters of both halves and all learners, ascending, each once.
std::vector<NodeId> Members(const ConfigState& config);

// kInvalidArgument naming the list and the id that is wrong: lists ascend without repetition, no id
// is 0, nobody is voter and learner at once, learners_next are voters_outgoing but not voters,
// witnesses are no learners and never all of a half, a commit quorum is not larger than its half,
// and only a configuration with voters can be joint or have learners.
Status ValidateMembership(const ConfigState& config);

}  // namespace baton::raft
