// File: replication.h
//
// How a leader learns what its peers and its own disk hold, and what is committed by it (sections
// 5.3 and 5.4.2).
//
// Preconditions of the handlers: this node leads; the message is of its term and well-formed.
#pragma once

#include "pkg/raft/core.h"

namespace baton::raft {

namespace replication_internal {

// The same, when it covers a synced write: half of all writes move the commit index alone, and
// cover nothing that anybody waits for.
void HandleCovered(Core& core, LogMark mark);

}  // namespace replication_internal

void HandleAppendResponse(Core& core, Leader& lead, Progress& peer, const AppendResponse& response);
void HandleHeartbeatResponse(Core& core, Leader& lead, Progress& peer,
                             const HeartbeatResponse& response);

// The peer wants a snapshot although the log would do.
void HandleSnapshotWanted(Leader& lead, Progress& peer, const SnapshotWanted& wanted);
// `source` was told to send its snapshot.
void HandleSnapshotReport(Leader& lead, NodeId source, const SnapshotReport& report);

// Any role: everything up to `mark` is durable here.
inline void HandlePersisted(Core& core, LogMark mark) {
  core.log.OnPersisted(mark);
  const bool covers = !core.writes.empty() && core.writes.front().mark <= mark;
  if (covers) replication_internal::HandleCovered(core, mark);
}

// The newest entry that a voter with its data is known to hold, in each half. Witnesses prove the
// order of entries and have none of their data: without such a voter a quorum of witnesses commits
// nothing; and they are sent nothing newer, since an entry that only they held would keep everybody
// else from being elected for ever.
Index DataReached(const Core& core, const Leader& lead);
// Commits what a quorum holds, if it is of this leader's own term.
void AdvanceCommit(Core& core, Leader& lead);

}  // namespace baton::raft
