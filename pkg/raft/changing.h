// File: changing.h
//
// Membership changes as the leader makes them (paper section 6, thesis chapter 4). A configuration
// is in force on a node from the moment it stands in its log, committed or not; so there is nothing
// to apply, and no node can campaign or commit under one that it should know is over.
//
// One change at a time: the next is refused until the last one is committed, and until the leader
// has committed an entry of its own term (D. Ongaro, "bug in single-server membership changes",
// raft-dev, 2015). A leader that finds a committed joint configuration with auto_leave, whoever
// proposed it, ends it. One that is no voter any more leads until that is committed, then tells a
// caught-up voter to campaign and steps down.
#pragma once

#include "pkg/raft/confchange.h"
#include "pkg/raft/core.h"

namespace baton::raft {

namespace changing_internal {

// The same, when there is one.
void LeaveJointIfDue(Core& core, Leader& lead);

}  // namespace changing_internal

// See Raft::ProposeMembership.
Result<Proposed> ProposeMembership(Core& core, const MembershipChange& change);
// Ends a joint configuration that is committed and ends by itself.
inline void LeaveJointIfDue(Core& core, Leader& lead) {
  if (core.membership().joint()) changing_internal::LeaveJointIfDue(core, lead);
}
// The latest configuration is committed and this leader cannot lead in it.
bool LeadsNoMore(const Core& core, const Leader& lead);
// The end of a leader for which that holds; its peers have been told of the commit.
void LeaveLeadership(Core& core, Leader& lead);

}  // namespace baton::raft
