#include "pkg/raft/replication.h"

#include <algorithm>

#include "pkg/base/cruel.h"
#include "pkg/base/planted.h"
#include "pkg/raft/amnesia.h"
#include "pkg/raft/changing.h"
#include "pkg/raft/membership.h"
#include "pkg/raft/quorum.h"
#include "pkg/raft/reading.h"
#include "pkg/raft/sending.h"
#include "pkg/raft/tracing.h"
#include "pkg/raft/transfer.h"

namespace baton::raft {
namespace {

inline Index HeldBy(const Core& core, const Leader& lead, NodeId id) {
  if (id == core.id()) {
    return PLANTED("raft.leader_counts_itself_early") ? core.log.last_index()
                                                      : core.log.persisted();
  }
  const Progress* const peer = lead.peer(id);
  return peer && !peer->amnesia() ? peer->match() : Index();
}

// Where the peer's log may agree with this one, given the newest point of its log that has a term
// no newer than the rejected place: entries of this log with newer terms cannot be there either, so
// a whole term is skipped at a time, on both sides.
Index PlaceThatMayMatch(const Core& core, const Progress& peer, const AppendResponse& response) {
  const RaftLog& log = core.log;
  const Index high = std::min(response.hint_index, log.last_index());
  const Index low = std::max(peer.match(), log.first_index() - 1);
  if (high <= low) return high;
  const Index place = log.NewestWithTermAtMost(response.hint_term, low, high);
  const Result<Term> term = log.TermAt(place);
  // Even the oldest entry left is too new: what the peer needs is compacted.
  if (term.ok() && *term > response.hint_term && place > peer.match()) return place - 1;
  return place;
}

}  // namespace

void HandleAppendResponse(Core& core, Leader& lead, Progress& peer,
                          const AppendResponse& response) {
  if (response.amnesia != peer.amnesia()) return;
  peer.OnActive(core.now);
  lead.flush = true;
  if (response.rejected) {
    ++core.counters.append_rejections;
    if (peer.amnesia() && response.rejected_index <= peer.match()) Forget(core, peer);
    peer.OnRejected(response.rejected_index, PlaceThatMayMatch(core, peer, response));
    return;
  }
  const bool has_snapshot = peer.state() == ReplicationState::kSnapshot;
  const bool snapshot_travels =
      has_snapshot && !peer.snapshot_source() && response.match_index < peer.pending_snapshot();
  // Only then the driver need be asked where its log begins.
  const Index first_index = has_snapshot ? core.log.first_index() : Index();
  if (!peer.OnAccepted(response.match_index, first_index, core.now)) return;
  if (snapshot_travels && peer.state() != ReplicationState::kSnapshot) {
    // It found another way back to the log.
    core.out.Note().cancelled_snapshots.push_back(peer.id());
  }
  AdvanceCommit(core, lead);
  TellTransferTarget(core, lead);
}

void HandleHeartbeatResponse(Core& core, Leader& lead, Progress& peer,
                             const HeartbeatResponse& response) {
  LearnOfMemory(core, peer, response.amnesia, response.stamp);
  if (response.amnesia != peer.amnesia()) return;
  peer.OnActive(core.now);
  peer.OnReadCounter(PLANTED("raft.read_confirmed_by_any_answer") ? lead.reads.counter()
                                                                  : response.read_counter);
  peer.OnStamp(response.stamp);
  peer.OnHeartbeatAnswered();
  lead.flush = true;
  const bool asks_needlessly =
      peer.state() == ReplicationState::kReplicate && CRUEL("raft.needless_question");
  const bool stalled = peer.Stalled(core.now, core.config.heartbeat_interval_ticks + 1);
  if (asks_needlessly || (stalled && !PLANTED("raft.lost_append_forgotten"))) {
    AskForLostAppends(core, peer);
  }
  if (!CRUEL("raft.read_confirmed_late")) ConfirmReads(core, lead);
}

void HandleSnapshotWanted(Leader& lead, Progress& peer, const SnapshotWanted& wanted) {
  if (peer.state() == ReplicationState::kSnapshot) return;  // one is on its way
  peer.OnSnapshotWanted(wanted.at_least);
  lead.flush = true;
}

void HandleSnapshotReport(Leader& lead, NodeId source, const SnapshotReport& report) {
  Progress* const target = lead.peer(report.target);
  if (!target || target->snapshot_source() != source) return;
  target->OnSnapshotReport(report.delivered);
  lead.flush = true;
}

void replication_internal::HandleCovered(Core& core, LogMark mark) {
  std::erase_if(core.writes, [mark](const Core::Write& write) { return write.mark <= mark; });
  TraceOwnPersisted(core);
  Leader* const lead = core.leading();
  if (!lead) return;
  if (core.log.persisted() >= lead->first_index_in_term) lead->term_durable = true;
  if (!core.membership().witnesses.empty()) lead->flush = true;  // they may be sent more now
  AdvanceCommit(core, *lead);
}

Index DataReached(const Core& core, const Leader& lead) {
  const ConfigState& config = core.membership();
  const auto newest = [&](const std::vector<NodeId>& voters) {
    Index held;
    for (const NodeId id : voters) {
      if (!IsWitness(config, id)) held = std::max(held, HeldBy(core, lead, id));
    }
    return held;
  };
  const Index incoming = newest(config.voters);
  return config.joint() ? std::min(incoming, newest(config.voters_outgoing)) : incoming;
}

void AdvanceCommit(Core& core, Leader& lead) {
  if (core.log.committed() == core.log.last_index()) return;
  const auto held_by = [&](NodeId id) { return HeldBy(core, lead, id); };
  const uint64_t reached = core.commit_groups.empty()
                               ? QuorumReached(core.membership(), held_by)
                               : GroupQuorumReached(core.membership(), held_by, [&](NodeId id) {
                                   const auto group = core.commit_groups.find(id);
                                   return group == core.commit_groups.end() ? 0 : group->second;
                                 });
  Index index = std::min(Index(reached), core.log.last_index());
  if (!core.membership().witnesses.empty()) index = std::min(index, DataReached(core, lead));
  // Entries of earlier terms are only committed together with one of this term: a copy on a quorum
  // does not keep an older entry from being replaced (figure 8).
  const Index low = std::max(core.log.committed(), lead.first_index_in_term);
  if (index <= core.log.committed()) return;
  if (index < lead.first_index_in_term && !PLANTED("raft.old_term_committed")) return;
  if (index > low) lead.uncommitted_bytes -= core.log.BytesBetween(low + 1, index);
  core.log.CommitTo(index);
  Trace(core, TraceEventKind::kCommit);
  lead.flush = true;
  LeaveJointIfDue(core, lead);
}

}  // namespace baton::raft
