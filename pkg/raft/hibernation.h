// File: hibernation.h
//
// Sleep of a group that has nothing to do, for processes with very many groups (multi/): no ticks,
// no heartbeats, no timers. A leader that has been quiet for Config::hibernate_after_ticks asks all
// its peers; each that holds and has committed everything agrees and sleeps at once (unless that
// setting of its own is 0); when all have agreed the leader sleeps, too. Anything that arrives
// wakes a node, a heartbeat among it; so a leader that has asked holds its breath for a while, and
// one that did not get everybody's agreement just goes on.
//
// Sleep is about liveness only. Who would otherwise find a dead leader by its silence must be woken
// by somebody who knows it: a failure detector of whole processes (liveness.h). Time that was slept
// has passed: Wake() adds it, so that no lease outlives its end.
#pragma once

#include "pkg/raft/core.h"

namespace baton::raft {

// One tick of a leader.
void TickHibernation(Core& core, Leader& lead);
// Leader: waits for answers, so that no heartbeat wakes who has agreed.
bool HoldsBreath(const Core& core, const Leader& lead);
// Follower: the leader asks.
void HandleHibernate(Core& core, NodeId from, const Hibernate& request);
// Leader: requires `from` to be a peer.
void HandleHibernateResponse(Core& core, Leader& lead, NodeId from,
                             const HibernateResponse& response);
// See Raft::Wake.
void Wake(Core& core, uint64_t ticks_slept, bool leader_lives);

}  // namespace baton::raft
