// File: amnesia.h
//
// A node whose disk has lost what it had acknowledged is worse than a dead one: entries that were
// committed with its help may not be on a quorum any more, and it may vote twice in a term. What
// its disk still knows is part of HardState (Memory), so that a restart does not forget it:
//
//   kNewborn      The disk was empty: the driver sets it when it makes one. The node is new, or its
//                 disk was replaced; it does not know. So it votes and stands only in the election
//                 that begins a cluster: for candidates with an empty log, while its own is. It is
//                 whole when it wins that election, or takes in a log that the leader of this term
//                 began. Whatever else a leader tells it proves a past that it may have been part
//                 of: kLost.
//   kLostEntries  The log has lost its end, or a part, or all of it, and the driver knows that term
//                 and vote are intact. The node does not vote or stand, but what it acknowledges
//                 from now on counts. So that no answer from before is taken for one of now, the
//                 driver starts it in a new term: last known term + 1, no vote.
//   kLost         "Amnesia": nobody knows what the node has said. Also found out by itself: its log
//                 ends before the commit index in a heartbeat, which is one that it acknowledged to
//                 this very leader. (etcd and raft-rs end such a process: "tocommit is out of
//                 range".) It does not vote, stand or count: what it sends says so, and a leader
//                 takes it as one that it knows nothing of. It takes in the log all the same.
//
// THE CURE is a linearizable read (reading.h) that the node asks of the leader after the loss. The
// answer comes from a leader that a quorum confirmed since then, so all that can have been
// committed with this node's help is at or below its index: once the node has committed up to
// there, its log lacks nothing. That ends kLostEntries. kLost has lost votes, too: it ends when the
// node is moreover no voter in a configuration that it knows to be committed. An administrator
// demotes it to a learner, and promotes it when it has caught up. (A leader that is deposed and
// does not know it cannot confirm the read; so neither its log nor its old configurations cure
// anybody.)
//
// WHAT THE LEADER BELIEVES of a peer's memory follows the answers to its heartbeats, and those only
// that were sent, by its clock, after it last changed its mind or made the peer a voter. A late
// answer from before the cure would have a whole node demoted again, and one from before the loss
// would make an ill one a voter. Whatever a peer sends that contradicts the belief is not counted.
//
// The answer to the read is known by a random id, so that one to an earlier life of the node is not
// taken for it: Config::seed must be another one at each start.
//
// What no node can find by itself: that its disk was lost while others still had empty ones.
#pragma once

#include "pkg/raft/core.h"

namespace baton::raft {

namespace amnesia_internal {

// The same, when there is a reason to look.
void CheckForPast(Core& core, Index prev_index, const std::vector<Entry>& entries);
void SeekCure(Core& core);

}  // namespace amnesia_internal

// May this node, as far as its memory goes, vote for who has a log up to last_index, or stand with
// it?
bool MayVoteFor(const Core& core, Index last_index);
// Follower: the leader says that this node holds everything up to `acknowledged`.
void CheckForAmnesia(Core& core, Index acknowledged);
// Follower: the leader sends the log from here on. Is it one that begins, or does it have a past?
inline void CheckForPast(Core& core, Index prev_index, const std::vector<Entry>& entries) {
  if (core.memory != Memory::kNewborn) return;
  amnesia_internal::CheckForPast(core, prev_index, entries);
}
// Follower that has heard its leader: is this node cured? If not, it asks for what it needs.
inline void SeekCure(Core& core) {
  if (HasLost(core.memory)) amnesia_internal::SeekCure(core);
}
// Follower: the answer, if it is one to that question.
bool TakeCure(Core& core, const ReadIndexResponse& response);
// Leader: a peer that is believed ill has not even what it acknowledged since: its disk was lost
// again before it was heard whole.
void Forget(const Core& core, Progress& peer);
// Leader: the peer has answered the heartbeat of this stamp, and says so about its memory.
void LearnOfMemory(const Core& core, Progress& peer, bool amnesia, uint64_t stamp);

}  // namespace baton::raft
