#include "pkg/raft/transfer.h"

#include "pkg/base/cruel.h"
#include "pkg/raft/membership.h"

namespace baton::raft {
namespace {

// To whoever lives, could lead and holds most of the log.
void HandOverToBest(Core& core, Leader& lead) {
  const Progress* best = nullptr;
  for (const Progress& peer : lead.peers) {
    const bool lives = core.now - peer.active_at() < core.config.election_timeout_ticks;
    if (!lives || !peer.match() || peer.amnesia()) continue;
    if (!CanLead(core.membership(), peer.id())) continue;
    if (!best || peer.match() > best->match()) best = &peer;
  }
  if (best) (void)StartTransfer(core, best->id()).ok();
}

}  // namespace

Status StartTransfer(Core& core, NodeId target) {
  Leader* const lead = core.leading();
  if (!lead) return Status(Code::kUnavailable, "not_leader", "This node does not lead.");
  if (target == core.id()) {
    return Status(Code::kInvalidArgument, "target already leads");
  }
  if (!CanLead(core.membership(), target)) {
    return Status(Code::kInvalidArgument, "target is not a voter that could lead this cluster");
  }
  if (target == lead->transfer_target) return Status::Ok();
  lead->transfer_target = target;
  lead->transfer_started_at = core.now;
  lead->transfer_told = false;
  lead->flush = true;
  TellTransferTarget(core, *lead);
  return Status::Ok();
}

void transfer_internal::TellTransferTarget(Core& core, Leader& lead) {
  if (lead.transfer_told) return;
  const Progress* const peer = lead.peer(lead.transfer_target);
  if (!peer || peer->match() != core.log.last_index()) return;
  lead.transfer_told = true;
  lead.lease_given_up = true;
  core.Send(lead.transfer_target, TimeoutNow{});
}

void TickTransfer(Core& core, Leader& lead) {
  const bool hands_over = core.snapshot_wanted || CRUEL("raft.needless_transfer");
  if (hands_over && !lead.transfer_target) HandOverToBest(core, lead);
  if (!lead.transfer_target) return;
  if (core.now - lead.transfer_started_at < core.config.election_timeout_ticks) return;
  lead.transfer_target = NodeId();
}

}  // namespace baton::raft
