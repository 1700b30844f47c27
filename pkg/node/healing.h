// File: healing.h
//
// How a cluster takes care by itself of a voter that has lost its memory (raft/amnesia.h): the
// leader demotes it to a learner, which is its cure, and promotes it again when it has caught up
// (the core refuses earlier: "learner_behind"). So a replaced disk needs nobody. Pure.
#pragma once

#include <optional>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/raft/confchange.h"
#include "pkg/raft/raft_status.h"

namespace baton::node {

// The next change that a leader should propose; empty: none now. `voters`: who is meant to be one
// (NodeConfig::voters); other learners are left alone. One change at a time, each committed before
// the next. Nobody is demoted unless the others that are heard are a quorum without it.
std::optional<raft::MembershipChange> PlanHealing(const raft::RaftStatus& leader,
                                                  const std::vector<NodeId>& voters);

}  // namespace baton::node
