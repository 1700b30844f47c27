#include "pkg/raft/confchange.h"

#include <algorithm>
#include <utility>

#include "pkg/raft/membership.h"
#include "pkg/raft/membership_codec.h"

namespace baton::raft {
namespace {

void Insert(std::vector<NodeId>* ids, NodeId id) {
  const auto place = std::lower_bound(ids->begin(), ids->end(), id);
  if (place == ids->end() || *place != id) ids->insert(place, id);
}

void Erase(std::vector<NodeId>* ids, NodeId id) { std::erase(*ids, id); }

Status Refused(std::string reason, std::string sentence) {
  return Status(Code::kPreconditionFailed, std::move(reason), std::move(sentence));
}

Status RefusedFor(NodeId id, std::string reason, const std::string& what) {
  return Refused(std::move(reason), "Node " + std::to_string(id.value()) + " " + what);
}

Status CheckNames(const std::vector<MemberChange>& changes) {
  std::vector<NodeId> named;
  for (const MemberChange& change : changes) {
    if (!change.id) return Status(Code::kInvalidArgument, "bad_member", "id: must not be 0");
    if (Contains(named, change.id)) {
      return Status(Code::kInvalidArgument, "bad_member",
                    "id: node " + std::to_string(change.id.value()) + " is named twice");
    }
    Insert(&named, change.id);
  }
  return Status::Ok();
}

// The new half only, while both halves are alike: voters, learners and witnesses after one change.
Status Apply(const MemberChange& change, ConfigState* next) {
  const NodeId id = change.id;
  const bool voter = Contains(next->voters, id);
  const bool learner = Contains(next->learners, id);
  const bool witness = Contains(next->witnesses, id);
  if (witness &&
      (change.type == MemberChange::kAddVoter || change.type == MemberChange::kAddLearner)) {
    return RefusedFor(id, "witness_has_no_data",
                      "is or was a witness, whose log has no data: use a new id");
  }
  switch (change.type) {
    case MemberChange::kAddVoter:
      if (voter) return RefusedFor(id, "already_voter", "is a voter already");
      Erase(&next->learners, id);
      Insert(&next->voters, id);
      return Status::Ok();
    case MemberChange::kAddLearner:
      if (learner) return RefusedFor(id, "already_learner", "is a learner already");
      Erase(&next->voters, id);
      Insert(&next->learners, id);
      return Status::Ok();
    case MemberChange::kAddWitness:
      if (voter && witness) return RefusedFor(id, "already_witness", "is a witness already");
      if (voter) return RefusedFor(id, "already_voter", "is a voter that holds the data already");
      if (learner) return RefusedFor(id, "already_learner", "is a learner: remove it first");
      Insert(&next->voters, id);
      Insert(&next->witnesses, id);
      return Status::Ok();
    case MemberChange::kRemove:
      if (!voter && !learner) return RefusedFor(id, "not_a_member", "is no member");
      Erase(&next->voters, id);
      Erase(&next->learners, id);
      return Status::Ok();
  }
  return Status(Code::kInvalidArgument, "bad_member", "type: is none of the kinds of change");
}

size_t VotersChanged(const ConfigState& current, const ConfigState& next) {
  std::vector<NodeId> changed;
  std::set_symmetric_difference(current.voters.begin(), current.voters.end(), next.voters.begin(),
                                next.voters.end(), std::back_inserter(changed));
  return changed.size();
}

// Only majorities of sets that differ in one voter are sure to overlap.
bool FitsInOneStep(const ConfigState& current, const ConfigState& next) {
  const size_t changed = VotersChanged(current, next);
  const bool majorities = current.commit_quorum == 0 && next.commit_quorum == 0;
  return (changed == 0 && current.commit_quorum == next.commit_quorum) ||
         (changed == 1 && majorities);
}

// Old and new voters side by side. Who was a voter and becomes a learner is one only afterwards:
// until then it votes in the old half.
ConfigState Join(const ConfigState& current, ConfigState next, bool auto_leave) {
  next.voters_outgoing = current.voters;
  next.commit_quorum_outgoing = current.commit_quorum;
  next.auto_leave = auto_leave;
  for (const NodeId id : current.voters) {
    if (!Contains(next.learners, id)) continue;
    Erase(&next.learners, id);
    Insert(&next.learners_next, id);
  }
  return next;
}

Result<ConfigState> Leave(const ConfigState& current) {
  if (!current.joint()) {
    return Refused("not_joint", "There is no joint configuration to leave");
  }
  ConfigState next = current;
  next.voters_outgoing.clear();
  next.commit_quorum_outgoing = 0;
  next.auto_leave = false;
  for (const NodeId id : std::exchange(next.learners_next, {})) Insert(&next.learners, id);
  return next;
}

Status CheckResult(const ConfigState& next) {
  const bool leadable = std::any_of(next.voters.begin(), next.voters.end(),
                                    [&](NodeId id) { return CanLead(next, id); });
  if (!leadable) {
    return Status(Code::kInvalidArgument, "no_voters",
                  "changes: no voter that could lead would be left");
  }
  if (next.commit_quorum > next.voters.size()) {
    return Status(Code::kInvalidArgument, "bad_quorum",
                  "commit_quorum: must be at most the number of voters, " +
                      std::to_string(next.voters.size()));
  }
  if (next.voters.size() > kMembersMax || next.learners.size() > kMembersMax ||
      next.witnesses.size() > kMembersMax) {
    return Refused("too_many_members",
                   "A list of members holds at most " + std::to_string(kMembersMax) + " nodes");
  }
  return Status::Ok();
}

}  // namespace

Result<ConfigState> NextConfiguration(const ConfigState& current, const MembershipChange& change) {
  if (change.changes.empty() && !change.commit_quorum) return Leave(current);
  if (current.joint()) {
    return Refused("already_joint",
                   "Another change is being made: it must leave its joint "
                   "configuration first");
  }
  BATON_RETURN_IF_ERROR(CheckNames(change.changes));
  ConfigState next = current;
  for (const MemberChange& one : change.changes) BATON_RETURN_IF_ERROR(Apply(one, &next));
  if (change.commit_quorum) next.commit_quorum = *change.commit_quorum;
  BATON_RETURN_IF_ERROR(CheckResult(next));
  if (change.transition == JointTransition::kAuto && FitsInOneStep(current, next)) return next;
  return Join(current, std::move(next), change.transition != JointTransition::kExplicit);
}

}  // namespace baton::raft
