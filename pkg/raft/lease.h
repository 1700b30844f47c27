// File: lease.h
//
// Reads without a round of messages (thesis section 6.4.1). A voter that hears the leader refuses
// its vote to others for an election timeout of its own clock (election.h), so a leader that a
// quorum heard recently knows that nobody else leads.
//
//   leader        sent at tick s          lease over
//                 |---- election_timeout - 2 - drift ----|
//   voter           heard |---- refuses others for election_timeout - 1 .. election_timeout ----|
//
// Counted from when the acknowledged heartbeat was *sent*, since it was heard later. One tick is
// lost on either side because a tick may follow at once after the event, and clock_drift_ticks is
// what the voter's clock may run ahead meanwhile. Whoever drives a core with leases ticks it by a
// clock that goes on while the machine is suspended, and delivers all ticks that are due before it
// asks.
//
// There is no lease from the moment a transfer is asked for, and none for the rest of the term once
// the target was told: its campaign may come at any time. A node that has restarted does not know
// what it promised, so it refuses for one election timeout.
#pragma once

#include "pkg/raft/core.h"

namespace baton::raft {

// A read may be answered with the commit index of now.
bool LeaseHolds(const Core& core, const Leader& lead);
// This node has promised, or may have before a restart, to vote for nobody but the leader yet.
bool IsBoundByLease(const Core& core);

}  // namespace baton::raft
