// File: sending.h
//
// What a leader sends to its peers, decided once per Ready: so that everything proposed since the
// last one travels in one append per peer, reads share a round, and a heartbeat, a read round and
// commit news for the same peer are one message.
#pragma once

#include "pkg/raft/core.h"

namespace baton::raft {

namespace sending_internal {

// The same, when something may be due.
void Flush(Core& core, Leader& lead);

}  // namespace sending_internal

// Flush would send something, or must at least try to.
bool NeedsFlush(const Core& core);
// This node leads, and some peer has not been sent the newest commit index that it can use.
bool HasUntoldCommit(const Core& core);
// Sends what is due to each peer, in ascending order of ids. Nothing if this node does not lead.
inline void Flush(Core& core) {
  Leader* const lead = core.leading();
  if (lead && lead->flush) sending_internal::Flush(core, *lead);
}
// One tick of a leader, about snapshots that a follower was told to send. If it is not heard any
// more: starts over. Else tells it again from time to time, for its order or its report may be
// lost.
void TickSnapshotSources(Core& core, Leader& lead);
// An empty append at the end of what was sent: a peer that lost some of it will reject.
void AskForLostAppends(Core& core, Progress& peer);

}  // namespace baton::raft
