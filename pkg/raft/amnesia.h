// File: amnesia.h
//
// A voter whose disk has lost what it had acknowledged is worse than a dead one: entries that were
// committed with its help may not be on a quorum any more, and it may vote twice in a term. It
// finds that out by itself: the commit index in a heartbeat is one that it acknowledged to this
// very leader, so a log that ends before it is not the log it was. (etcd and raft-rs end such a
// process: "tocommit is out of range".)
//
// From then on it does not vote, campaign or count: what it sends says so, and a leader takes it as
// one that it knows nothing of. It takes in the log all the same. An administrator demotes it to a
// learner, and promotes it when it has caught up. The state is part of HardState, so a restart does
// not forget it. (A learner counts nowhere: it tells the leader once, which starts over with it.)
//
// It is cured by a committed configuration in which it is no voter, and only when its log holds all
// that the leader has committed. On the way there it meets configurations from before its loss; one
// in which it was not a voter yet says nothing of what it promised and acknowledged later. And one
// that is not committed may be replaced by those that still count on its old promises.
//
// What this cannot find: a node that lost its disk and is asked for its vote before any leader that
// remembers it speaks to it. The driver, which knows that the disk is empty under a name that has
// been in use, starts such a node with HardState::amnesia set.
#pragma once

#include "pkg/raft/core.h"

namespace baton::raft {

// Follower: the leader says that this node holds everything up to `acknowledged`. True if it must
// hear that this is not so.
bool CheckForAmnesia(Core& core, Index acknowledged);
// Follower: an append was taken in whose leader has committed everything up to leader_commit. Is
// this node cured?
void CheckForCure(Core& core, Index leader_commit);
// Leader: the peer could be cured, but hears nothing that could do it while there is nothing to
// replicate.
bool AwaitsCure(const Core& core, const Progress& peer);
// Leader: what a message of the peer says about its memory.
void NoteAmnesia(Core& core, Progress& peer, bool amnesia);

}  // namespace baton::raft
