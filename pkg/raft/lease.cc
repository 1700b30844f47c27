#include "pkg/raft/lease.h"

#include "pkg/base/planted.h"
#include "pkg/raft/quorum.h"

namespace baton::raft {

bool LeaseHolds(const Core& core, const Leader& lead) {
  const bool may_be_replaced = lead.transfer_target || lead.lease_given_up;
  if (!core.config.lease_reads) return false;
  if (may_be_replaced && !PLANTED("raft.lease_kept_in_transfer")) return false;
  if (core.log.committed() < lead.first_index_in_term) return false;
  const uint64_t stamp = QuorumReached(core.membership(), [&](NodeId id) -> uint64_t {
    if (id == core.id()) return core.now + 1;
    const Progress* const peer = lead.peer(id);
    return peer && !peer->amnesia() ? peer->stamp() : 0;
  });
  if (stamp == 0) return false;
  const uint64_t ticks_since_sent = core.now + 1 - stamp;
  return ticks_since_sent + 2 + core.config.clock_drift_ticks <= core.config.election_timeout_ticks;
}

bool IsBoundByLease(const Core& core) {
  return core.config.lease_reads &&
         core.now - core.leader_heard_at < core.config.election_timeout_ticks;
}

}  // namespace baton::raft
