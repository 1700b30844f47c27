// File: election.h
//
// Elections (section 5.2), with the restriction on the candidate's log (section 5.4.1), pre-vote
// and the protection of a live leader (thesis sections 4.2.3 and 9.6).
//
// Pre-vote asks "would I win in the next term?" and changes nobody's term. It is answered by the
// very rule that would decide the vote, so that a pre-vote is won only where the election can be.
//
// Priority: a voter that could lead itself, holds no older log and has the higher Config::priority
// refuses a candidate, to stand itself when its timer runs out, but only for
// kPriorityPatienceTimeouts election timeouts after it last heard a leader. So priority delays an
// election and never prevents one (NuRaft#30).
//
// Commit news travels with requests and refusals, as a point of the log that is committed: whoever
// holds that very point knows it, too. A candidate thus learns what it missed by losing.
#pragma once

#include "pkg/raft/core.h"

namespace baton::raft {

inline constexpr uint64_t kPriorityPatienceTimeouts = 4;

// A voter, in the latest configuration or in the last that is committed, whose snapshot is
// installed, whose disk answers and whose terms are not used up. One that waits for a snapshot it
// has asked for leaves it to others, but only as long as priority would: its log may be the only
// one that can win. It hands over then (transfer.h).
bool MayCampaign(const Core& core);
// Pre-vote first, if configured. Nothing if it may not campaign, leads already or is
// bound by a lease (lease.h).
void Campaign(Core& core);
// See Raft::ForgetLeader.
Status ForgetLeader(Core& core);
// The leader handed over: no pre-vote, and a live leader is no reason to refuse.
void HandleTimeoutNow(Core& core, NodeId from);
// One tick of any role but the leader.
void TickElection(Core& core);

// Of any term: decides about its own term, too.
void HandleVoteRequest(Core& core, const Message& message, const VoteRequest& request);
// Not of an older term.
void HandleVoteResponse(Core& core, const Message& message, const VoteResponse& response);

}  // namespace baton::raft
