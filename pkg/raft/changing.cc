#include "pkg/raft/changing.h"

#include <algorithm>
#include <string>
#include <utility>

#include "pkg/base/check.h"
#include "pkg/base/planted.h"
#include "pkg/raft/membership.h"
#include "pkg/raft/membership_codec.h"
#include "pkg/raft/reading.h"
#include "pkg/raft/replication.h"
#include "pkg/raft/tracing.h"

namespace baton::raft {
namespace {

Status NotNow(std::string reason, std::string sentence) {
  return Status(Code::kUnavailable, std::move(reason), std::move(sentence));
}

bool LatestIsCommitted(const Core& core) {
  return core.log.membership_index() <= core.log.committed();
}

Status CheckMoment(const Core& core, const Leader& lead, const MembershipChange& change) {
  if (lead.transfer_target) {
    return NotNow("leader_transfer", "Leadership is being handed over to node " +
                                         std::to_string(lead.transfer_target.value()));
  }
  if (!HasCommittedInTerm(core, lead) && !PLANTED("raft.change_before_own_commit")) {
    return NotNow("term_not_committed", "This leader has not committed an entry of its term yet");
  }
  if (!LatestIsCommitted(core) && !PLANTED("raft.change_while_one_is_open")) {
    return Status(Code::kConflict, "change_in_progress",
                  "The change at index " + std::to_string(core.log.membership_index().value()) +
                      " is not committed yet");
  }
  if (change.expected_config_index &&
      *change.expected_config_index != core.log.membership_index()) {
    return Status(Code::kPreconditionFailed, "config_changed",
                  "expected_config_index: the latest configuration is that of index " +
                      std::to_string(core.log.membership_index().value()));
  }
  if (change.context.size() > kMembershipContextBytesMax) {
    return Status(Code::kInvalidArgument, "context_too_large",
                  "context: at most " + std::to_string(kMembershipContextBytesMax) + " bytes");
  }
  return Status::Ok();
}

// A learner that lags would stand in every quorum's way as a voter.
Status CheckPromotions(const Core& core, const Leader& lead, const MembershipChange& change) {
  for (const MemberChange& one : change.changes) {
    if (one.type != MemberChange::kAddVoter || !IsLearner(core.membership(), one.id)) continue;
    const Progress* const peer = lead.peer(one.id);
    const Index match = peer ? peer->match() : core.log.persisted();
    if (peer && (!match || peer->amnesia())) {
      return Status(Code::kPreconditionFailed, "learner_behind",
                    "Node " + std::to_string(one.id.value()) +
                        (match ? " has lost its disk and has not caught up since"
                               : " has not acknowledged anything to this leader yet"));
    }
    const uint64_t lag = core.log.last_index() - std::min(match, core.log.last_index());
    if (lag <= core.config.promotion_lag_entries_max) continue;
    return Status(Code::kPreconditionFailed, "learner_behind",
                  "Node " + std::to_string(one.id.value()) + " is " + std::to_string(lag) +
                      " entries behind, more than promotion_lag_entries_max, " +
                      std::to_string(core.config.promotion_lag_entries_max));
  }
  return Status::Ok();
}

// Progress for who is new, none for who is gone.
void SyncPeers(Core& core, Leader& lead, const ConfigState& before, Index new_peers_next) {
  lead.left_out = !CanLead(core.membership(), core.id());
  const std::vector<NodeId> members = Members(core.membership());
  for (const Progress& peer : lead.peers) {
    const bool stays = Contains(members, peer.id());
    if (!stays && peer.state() == ReplicationState::kSnapshot) {
      core.out.Note().cancelled_snapshots.push_back(peer.id());
    }
  }
  std::erase_if(lead.peers, [&](const Progress& peer) { return !Contains(members, peer.id()); });
  for (const NodeId member : members) {
    if (member == core.id() || lead.peer(member)) continue;
    const auto place = std::find_if(lead.peers.begin(), lead.peers.end(),
                                    [&](const Progress& peer) { return peer.id() > member; });
    lead.peers.emplace(place, member, new_peers_next, core.config, core.now);
  }
  for (Progress& peer : lead.peers) {
    const bool made_voter = IsVoter(core.membership(), peer.id()) && !IsVoter(before, peer.id());
    if (made_voter) peer.OnMadeVoter(core.now);
  }
}

std::vector<TraceEvent::MemberChange> TracedChanges(const MembershipChange& change) {
  std::vector<TraceEvent::MemberChange> traced;
  for (const MemberChange& one : change.changes) {
    const auto action = one.type == MemberChange::kRemove       ? TraceEvent::Change::kRemoveServer
                        : one.type == MemberChange::kAddLearner ? TraceEvent::Change::kAddLearner
                                                                : TraceEvent::Change::kAddNewServer;
    traced.push_back({one.id, action});
  }
  return traced;
}

Proposed AppendConfiguration(Core& core, Leader& lead, const ConfigState& next,
                             std::string_view context) {
  const ConfigState before = core.membership();
  Payload data = EncodeMembershipEntry(next, context);
  lead.uncommitted_bytes += Entry::kOverheadBytes + data.size();
  const Index index = core.log.Append(core.term, EntryType::kConfigChange, std::move(data));
  Trace(core, TraceEventKind::kApplyConfChange);
  TraceOwnAppend(core);
  SyncPeers(core, lead, before, index);
  lead.flush = true;
  const Proposed proposed{index, core.term};
  // With fewer voters than before, more may be committed and confirmed already.
  AdvanceCommit(core, lead);
  ConfirmReads(core, lead);
  return proposed;
}

}  // namespace

Result<Proposed> ProposeMembership(Core& core, const MembershipChange& change) {
  Leader* const lead = core.leading();
  if (!lead) return NotNow("not_leader", "This node does not lead.");
  BATON_RETURN_IF_ERROR(CheckMoment(core, *lead, change));
  const Result<ConfigState> next = NextConfiguration(core.membership(), change);
  if (!next.ok()) return next.status();
  BATON_RETURN_IF_ERROR(CheckPromotions(core, *lead, change));
  if (core.config.trace) TraceChanges(core, TracedChanges(change));
  return AppendConfiguration(core, *lead, *next, change.context);
}

void changing_internal::LeaveJointIfDue(Core& core, Leader& lead) {
  const ConfigState& current = core.membership();
  if (!current.auto_leave || lead.transfer_target) return;
  if (!LatestIsCommitted(core) || !HasCommittedInTerm(core, lead)) return;
  const bool of_earlier_leader = core.log.membership_index() < lead.first_index_in_term;
  if (PLANTED("raft.joint_of_earlier_leader_stays") && of_earlier_leader) return;
  const Result<ConfigState> next = NextConfiguration(current, MembershipChange());
  CHECK(next.ok()) << next.status().ToString();
  TraceChanges(core, {});
  AppendConfiguration(core, lead, *next, "");
}

bool LeadsNoMore(const Core& core, const Leader& lead) {
  return lead.left_out && LatestIsCommitted(core);
}

void LeaveLeadership(Core& core, Leader& lead) {
  const auto successor =
      std::find_if(lead.peers.begin(), lead.peers.end(), [&](const Progress& peer) {
        return CanLead(core.membership(), peer.id()) && peer.match() == core.log.last_index();
      });
  if (successor != lead.peers.end()) core.Send(successor->id(), TimeoutNow{});
  core.BecomeFollower(NodeId());
}

}  // namespace baton::raft
