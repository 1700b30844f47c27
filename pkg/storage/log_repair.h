// File: log_repair.h
//
// When the log is not what was written. What can be believed is copied into a new log beside the
// old one, which is set aside for people and never written to again; and the new log says that it
// is one (raft::Memory), so that the node gives no vote until its peers have given it what it
// lacks.
//
//   kept        the start row, and the entries after it up to the first that is missing or wrong:
//               nothing, when LevelDB cannot open the old log at all
//   term, vote  the newer of the hard state row and WATERMARK, which is synced with each of them.
//               Both are lost only if both are damaged: then nobody knows what the node has said
//               (Memory::kLost). Else Memory::kLostEntries, in the next term.
#pragma once

#include <string>

#include "pkg/base/status.h"
#include "pkg/storage/env.h"
#include "pkg/storage/identity.h"

namespace baton::storage {

// Makes a new log in `parent`, as above, and names it the live one: a crash before that leaves the
// damaged one, to be repaired anew. `why`: what Open said. Gives a sentence that says what was
// kept. kInvalidArgument: the log is another owner's. kIo, kStorageFull: the disk refused.
Result<std::string> RepairLog(DurableEnv* env, const std::string& parent, const Identity& identity,
                              const std::string& why);

}  // namespace baton::storage
