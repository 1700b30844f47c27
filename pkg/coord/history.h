// File: history.h
//
// The events of the last revisions, so that any node can serve a watch from any of them. Internal
// to this room.
//
// Compaction never stops the world. `compact_revision` moves on at once (what is at or below it is
// not served), the rows go later: some with each Apply, at most kTrimRowsMin or twice the rows that
// it added, so that deleting keeps up with adding. The limits: kHistoryRevisionsMax revisions and
// kHistoryBytesMax bytes; the table may hold some rows more until they are trimmed.
#pragma once

#include "pkg/coord/apply_context.h"

namespace baton::coord {

// The events of this Apply. Before the revision moves.
void AppendHistory(ApplyContext& context);
// After the revision has moved.
void TrimHistory(ApplyContext& context);

}  // namespace baton::coord
