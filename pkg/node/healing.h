// File: healing.h
//
// How a cluster takes care by itself of a voter that has lost its memory (raft/amnesia.h): the
// leader demotes it to a learner, which is its cure, and promotes it again when it has caught up
// (the core refuses earlier: "learner_behind"). So a replaced disk needs nobody. Pure.
//
// Who was demoted for that is known in the log: the demotion's entry says so in its context, and as
// of the applied index it is a row of the state (node_rows.h), until the member is a learner no
// more. Other learners wait to be asked for: whoever added or removed a member meant it. (Nodes of
// a Baton without marks write none and read none; a learner that was demoted by one stays a learner
// until somebody promotes it.)
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/raft/confchange.h"
#include "pkg/raft/membership_codec.h"
#include "pkg/raft/raft_status.h"

namespace baton::node {

// The next change that a leader should propose; empty: none now. `demoted`: as of the applied index
// (DemotedAfter). One change at a time, each applied before the next. Nobody is demoted unless the
// others that are heard are a quorum without it.
std::optional<raft::MembershipChange> PlanHealing(const raft::RaftStatus& leader,
                                                  const std::vector<NodeId>& demoted);

// The context of a demotion. Says nothing of addresses (members.h, whose first byte is another).
//   version u8 (2) | id varint
std::string EncodeDemotion(NodeId demoted);
std::optional<NodeId> DecodeDemotion(std::string_view context);  // nothing: another context

// Who is a learner for lost memory, ascending, once `change` follows the configuration `before`.
std::vector<NodeId> DemotedAfter(const std::vector<NodeId>& demoted,
                                 const raft::ConfigState& before,
                                 const raft::MembershipEntry& change);

}  // namespace baton::node
