// File: election.h
//
// Elections (section 5.2), with the restriction on the candidate's log (section 5.4.1), pre-vote
// and the protection of a live leader (thesis sections 4.2.3 and 9.6).
//
// Pre-vote asks "would I win in the next term?" and changes nobody's term. It is answered by the
// very rule that would decide the vote, so that a pre-vote is won only where the election can be.
#pragma once

#include "pkg/raft/core.h"

namespace baton::raft {

// A voter whose snapshot is installed, whose disk answers and whose terms are not used up.
bool MayCampaign(const Core& core);
// Pre-vote first, if configured. Nothing if it may not campaign or leads already.
void Campaign(Core& core);
// The leader handed over: no pre-vote, and a live leader is no reason to refuse.
void HandleTimeoutNow(Core& core, NodeId from);
// One tick of any role but the leader.
void TickElection(Core& core);

// Of any term: decides about its own term, too.
void HandleVoteRequest(Core& core, const Message& message, const VoteRequest& request);
// Not of an older term.
void HandleVoteResponse(Core& core, const Message& message, const VoteResponse& response);

}  // namespace baton::raft
