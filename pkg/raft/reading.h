// File: reading.h
//
// Linearizable reads end to end: asked here or forwarded by a peer, collected and confirmed by the
// leader (reads.h), answered here or back to the peer.
//
// A read waits until the leader has committed an entry of its own term: before, its commit index
// may be behind that of the leader before it (section 8, last paragraph).
#pragma once

#include "pkg/raft/core.h"

namespace baton::raft {

// See Raft::ReadIndex and Raft::CancelRead.
Status AskRead(Core& core, uint64_t id, ReadMode mode);
void CancelRead(Core& core, uint64_t id);

// An entry of the leader's own term is committed, hence everything committed before is known.
bool HasCommittedInTerm(const Core& core, const Leader& lead);

// Leader: a peer asks. Dropped if too many reads are held; the asker has a deadline.
void HandleReadIndexRequest(Core& core, Leader& lead, NodeId from, const ReadIndexRequest& request);
// Follower: the leader's answer. Unknown ids (cancelled, aborted, repeated) are ignored.
void HandleReadIndexResponse(Core& core, const ReadIndexResponse& response);

// Leader: a round for the reads that wait, if it may start. True if the peers must be asked.
bool StartReadRound(Core& core, Leader& lead);
// Leader: answers the reads that a quorum has confirmed.
void ConfirmReads(Core& core, Leader& lead);

}  // namespace baton::raft
