#include "pkg/raft/hibernation.h"

#include <algorithm>

namespace baton::raft {
namespace {

// Everything in the log is durable, committed and applied here.
bool LogIsAtRest(const Core& core) {
  const Index last = core.log.last_index();
  return core.log.committed() == last && core.log.applied() == last &&
         core.log.persisted() == last && !core.log.snapshot_pending() && core.writes.empty();
}

bool PeerIsAtRest(const Core& core, const Progress& peer) {
  return peer.state() == ReplicationState::kReplicate && peer.match() == core.log.last_index() &&
         !peer.amnesia() && core.now - peer.active_at() < core.config.election_timeout_ticks;
}

bool IsQuiet(const Core& core, const Leader& lead) {
  return LogIsAtRest(core) && !lead.transfer_target && lead.reads.size() == 0 &&
         !core.membership().joint() &&
         std::all_of(lead.peers.begin(), lead.peers.end(),
                     [&](const Progress& peer) { return PeerIsAtRest(core, peer); });
}

}  // namespace

void TickHibernation(Core& core, Leader& lead) {
  if (core.config.hibernate_after_ticks == 0 || HoldsBreath(core, lead)) return;
  // Not everybody has agreed. A heartbeat must pass before the next question: it brings the news
  // that somebody may lack.
  const bool asked_in_vain = lead.sleep_asked_at.has_value();
  lead.sleep_asked_at.reset();
  if (asked_in_vain || !IsQuiet(core, lead)) {
    lead.quiet_ticks = 0;
    return;
  }
  if (++lead.quiet_ticks < core.config.hibernate_after_ticks) return;
  lead.quiet_ticks = 0;  // asked again as late as this if somebody does not agree
  lead.sleepers.clear();
  lead.sleep_asked_at = core.now;
  for (const Progress& peer : lead.peers) {
    core.Send(peer.id(), Hibernate{core.log.last_index()});
  }
  core.asleep = lead.peers.empty();
}

bool HoldsBreath(const Core& core, const Leader& lead) {
  return lead.sleep_asked_at &&
         core.now - *lead.sleep_asked_at < std::max(core.config.election_timeout_ticks / 3, 1u);
}

void HandleHibernate(Core& core, NodeId from, const Hibernate& request) {
  core.HearLeader(from);
  // A driver that has not asked for sleep would not wake this node.
  const bool agreed = core.config.hibernate_after_ticks > 0 && LogIsAtRest(core) &&
                      core.log.last_index() == request.last_index && core.forwarded_reads.empty() &&
                      !core.snapshot_wanted && core.memory == Memory::kWhole;
  core.Send(from, HibernateResponse{request.last_index, agreed});
  core.asleep = agreed;
}

void HandleHibernateResponse(Core& core, Leader& lead, NodeId from,
                             const HibernateResponse& response) {
  lead.peer(from)->OnActive(core.now);
  if (!response.agreed || response.last_index != core.log.last_index()) return;
  if (!HoldsBreath(core, lead)) return;  // too late: a heartbeat has woken it since
  lead.sleepers.insert(from);
  core.asleep = IsQuiet(core, lead) && lead.sleepers.size() == lead.peers.size();
}

void Wake(Core& core, uint64_t ticks_slept, bool leader_lives) {
  core.asleep = false;
  core.now += ticks_slept;
  core.RestartElectionTimer();
  if (core.leader && leader_lives) core.leader_heard_at = core.now;
  Leader* const lead = core.leading();
  if (!lead) return;
  // Silence was agreed upon: it says nothing about the peers.
  for (Progress& peer : lead->peers) peer.OnActive(core.now);
  lead->sleepers.clear();
  lead->sleep_asked_at.reset();
  lead->quiet_ticks = 0;
  lead->heartbeat_at = core.now;
  lead->heartbeat_due = true;
  lead->flush = true;
}

}  // namespace baton::raft
