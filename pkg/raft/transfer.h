// File: transfer.h
//
// Handing leadership over (thesis section 3.10): the leader refuses proposals, brings the target's
// log up to its own and tells it to campaign at once. Given up after an election timeout. A leader
// that waits for a snapshot has a state machine that is lost or wrong: it hands over by itself.
#pragma once

#include "pkg/raft/core.h"

namespace baton::raft {

namespace transfer_internal {

// The same, when there is one.
void TellTransferTarget(Core& core, Leader& lead);

}  // namespace transfer_internal

// See Raft::TransferLeadership.
Status StartTransfer(Core& core, NodeId target);
// The target has caught up: tells it, once.
inline void TellTransferTarget(Core& core, Leader& lead) {
  if (lead.transfer_target) transfer_internal::TellTransferTarget(core, lead);
}
// One tick of a leader.
void TickTransfer(Core& core, Leader& lead);

}  // namespace baton::raft
