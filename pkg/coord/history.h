// File: history.h
//
// The events of the last revisions, so that any node can serve a watch from any of them. Internal
// to this room.
//
// Compaction never stops the world. `compact_revision` moves on at once (what is at or below it is
// not served), the rows go later, at most kTrimRowsMax with each Apply, however much is compacted
// in one step. The limits: kHistoryRevisionsMax revisions and kHistoryBytesMax bytes, and whatever
// a CompactHistory says; rows of up to 32 compacted revisions wait for each other, so that not
// every Apply must look for them.
#pragma once

#include "pkg/coord/apply_context.h"
#include "pkg/coord/command.h"

namespace baton::coord {

// The events of this Apply. Before the revision moves.
void AppendHistory(ApplyContext& context);
// After the revision has moved.
void TrimHistory(ApplyContext& context);

// Moves no revision. Compacted already: that is the answer.
Decision Execute(ApplyContext& context, CompactHistory compact);

}  // namespace baton::coord
