// File: confchange.h
//
// Which membership changes are legal, and what they lead to (paper section 6; thesis chapter 4). A
// pure function from one configuration to the next; who may propose a change, and when, is the
// business of changing.h.
//
//   MembershipChange change{.changes = {{MemberChange::kAddLearner, NodeId(4)}}};
//   Result<ConfigState> next = NextConfiguration(current, change);
//
// One change of one voter is made in one step: the majorities before and after overlap. Anything
// larger goes through a joint configuration, in which both the old and the new voters must agree.
// Learners may be added and removed in any number in one step.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/raft/types.h"

namespace baton::raft {

struct MemberChange {
  enum Type : uint8_t {
    kAddVoter,    // a new member, or a learner that is promoted
    kAddLearner,  // a new member, or a voter that is demoted
    kAddWitness,  // a new member, or a former witness
    kRemove,
  };
  Type type = kAddVoter;
  NodeId id{};
  friend bool operator==(const MemberChange&, const MemberChange&) = default;
};

// How a joint configuration is entered and left.
enum class JointTransition : uint8_t {
  kAuto,      // one step if that is possible, else as kImplicit
  kImplicit,  // joint; the leader leaves it by itself when it is committed
  kExplicit,  // joint until somebody proposes to leave
};

struct MembershipChange {
  std::vector<MemberChange> changes;  // empty: leave the joint configuration
  JointTransition transition = JointTransition::kAuto;
  std::optional<uint32_t> commit_quorum;       // of the new voters; nothing: as it is
  std::optional<Index> expected_config_index;  // refused unless the latest configuration is this
  std::string context;                         // the proposer's own, in the log beside the change
};

// The configuration after the change. Refusals, by reason:
//   kInvalidArgument     "bad_member"        an id of 0, or one that is named twice
//                        "no_voters"         nobody could decide or lead any more
//                        "bad_quorum"        a commit quorum larger than the number of voters
//   kPreconditionFailed  "already_joint"     a change is being made; leave the joint state first
//                        "not_joint"         there is no joint configuration to leave
//                        "already_voter", "already_learner", "already_witness", "not_a_member"
//                        "witness_has_no_data"  once a witness, an id is nothing else any more: the
//                        entries on its disk are empty, and it could lead and hand them on.
//                        (An addition that was never committed is not remembered: after one that
//                        failed, a node without data needs a new id or an empty disk.)
//                        "too_many_members"  more than kMembersMax in a list
// The current configuration must be valid (membership.h); so is the next.
Result<ConfigState> NextConfiguration(const ConfigState& current, const MembershipChange& change);

}  // namespace baton::raft
