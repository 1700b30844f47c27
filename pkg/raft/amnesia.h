// File: amnesia.h
//
// A voter whose disk has lost what it had acknowledged is worse than a dead one: entries that were
// committed with its help may not be on a quorum any more, and it may vote twice in a term. It
// finds that out by itself: the commit index in a heartbeat is one that it acknowledged to this
// very leader, so a log that ends before it is not the log it was. (etcd and raft-rs end such a
// process: "tocommit is out of range".)
//
// From then on it does not vote, campaign or count: what it sends says so, and a leader takes it as
// one that it knows nothing of. It takes in the log all the same. It is cured when its log says
// that it is no voter: an administrator demotes it to a learner, and promotes it when it has caught
// up. The state is part of HardState, so a restart does not forget it. (A learner counts nowhere:
// it tells the leader once, which starts over with it.)
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
// The latest configuration may have changed: is this node cured?
void CheckForCure(Core& core);
// Leader: what a message of the peer says about its memory.
void NoteAmnesia(Core& core, Progress& peer, bool amnesia);

}  // namespace baton::raft
