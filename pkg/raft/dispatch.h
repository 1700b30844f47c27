// File: dispatch.h
//
// From a message to the room that handles it: refuses what no correct peer can have sent, settles
// whose term is newer (section 5.1), and hands over what remains.
#pragma once

#include "pkg/raft/core.h"

namespace baton::raft {

// See Raft::Step.
Status Dispatch(Core& core, Message&& message);

}  // namespace baton::raft
