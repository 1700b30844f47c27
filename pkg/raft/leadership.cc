#include "pkg/raft/leadership.h"

#include <utility>

#include "pkg/base/cruel.h"
#include "pkg/base/planted.h"
#include "pkg/raft/changing.h"
#include "pkg/raft/hibernation.h"
#include "pkg/raft/membership.h"
#include "pkg/raft/quorum.h"
#include "pkg/raft/sending.h"
#include "pkg/raft/tracing.h"
#include "pkg/raft/transfer.h"

namespace baton::raft {
namespace {

bool QuorumIsActive(const Core& core, const Leader& lead) {
  const uint64_t heard_at = QuorumReached(core.membership(), [&](NodeId id) -> uint64_t {
    if (id == core.id()) return core.now;
    const Progress* const peer = lead.peer(id);
    return peer && !peer->amnesia() ? peer->active_at() : 0;
  });
  return core.now < heard_at + core.config.election_timeout_ticks;
}

Status Refused(Core& core, Code code, std::string reason, std::string message) {
  ++core.counters.proposals_refused;
  return Status(code, std::move(reason), std::move(message));
}

// The ways into a leader's own log are this one and a membership change's (changing.cc).
Index AppendNormal(Core& core, Payload&& data) {
  Trace(core, TraceEventKind::kReplicate);
  const Index index = core.log.Append(core.term, EntryType::kNormal, std::move(data));
  TraceOwnAppend(core);
  return index;
}

}  // namespace

void BecomeLeader(Core& core, bool others_voted) {
  Leader lead(core.id());
  for (const NodeId member : Members(core.membership())) {
    if (member == core.id()) continue;
    lead.peers.emplace_back(member, core.log.last_index() + 1, core.config, core.now);
  }
  lead.left_out = !CanLead(core.membership(), core.id());
  lead.heartbeat_at = core.now;
  lead.term_durable = others_voted;  // they were asked only after this node's disk had its vote
  lead.first_index_in_term = core.log.last_index() + 1;
  core.memory = Memory::kWhole;
  core.role = std::move(lead);
  core.SetLeader(core.id());
  Trace(core, TraceEventKind::kBecomeLeader);
  AppendNormal(core, Payload());
}

Result<Proposed> ProposeCommand(Core& core, Payload&& data, std::optional<Term> expected_term) {
  Leader* const lead = core.leading();
  if (!lead) {
    return Refused(core, Code::kUnavailable, "not_leader", "This node does not lead.");
  }
  if (expected_term && *expected_term != core.term) {
    return Refused(
        core, Code::kPreconditionFailed, "term_changed",
        "expected_term: this node leads in term " + std::to_string(core.term.value()) + " now.");
  }
  if (lead->transfer_target) {
    return Refused(core, Code::kUnavailable, "leader_transfer",
                   "Leadership is being handed over to node " +
                       std::to_string(lead->transfer_target.value()) + ".");
  }
  if (lead->left_out) {
    return Refused(core, Code::kUnavailable, "leader_removed",
                   "This node leads only until its removal is committed.");
  }
  const size_t size = Entry::kOverheadBytes + data.size();
  const size_t bytes_max =
      CRUEL("raft.uncommitted_limit_tiny") ? 1 : core.config.uncommitted_bytes_max;
  // The first always passes, so that no command is too large for ever.
  if (lead->uncommitted_bytes > 0 &&
      size > bytes_max - std::min(lead->uncommitted_bytes, bytes_max)) {
    return Refused(core, Code::kResourceExhausted, "too_many_uncommitted",
                   "More bytes wait to be committed than uncommitted_bytes_max allows.");
  }
  lead->uncommitted_bytes += size;
  lead->flush = true;
  if (CRUEL("raft.heartbeat_with_proposal")) lead->heartbeat_due = true;
  return Proposed{AppendNormal(core, std::move(data)), core.term};
}

void TickLeader(Core& core) {
  Leader& lead = *core.leading();
  if (core.DiskHangs()) {
    ++core.counters.step_downs_for_slow_disk;
    core.BecomeFollower(NodeId());
    return;
  }
  if (core.config.check_quorum && !QuorumIsActive(core, lead) &&
      !PLANTED("raft.leader_without_quorum_stays")) {
    ++core.counters.step_downs_without_quorum;
    core.BecomeFollower(NodeId());
    return;
  }
  if (CRUEL("raft.leader_steps_down")) return core.BecomeFollower(NodeId());
  for (Progress& peer : lead.peers) {
    if (CRUEL("raft.back_to_probe")) peer.OnUnreachable();
  }
  TickTransfer(core, lead);
  TickSnapshotSources(core, lead);
  TickHibernation(core, lead);
  LeaveJointIfDue(core, lead);
  if (core.now - lead.heartbeat_at >= core.config.heartbeat_interval_ticks &&
      !HoldsBreath(core, lead)) {
    lead.heartbeat_at = core.now;
    if (CRUEL("raft.heartbeat_skipped")) return;
    lead.heartbeat_due = true;
    lead.flush = true;
  }
}

}  // namespace baton::raft
