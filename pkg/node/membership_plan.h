// File: membership_plan.h
//
// Changes of membership as people ask for them: add a learner, promote it to a voter, remove a
// member. A request travels to the leader like a command (commands.h, forwards.h), and there
// becomes a change that Raft can make, or is refused with a sentence that says why. Pure.
//
// A change that would leave the cluster without a quorum of voters that answer is refused: Raft
// would make it, and then nothing could be decided any more, not even its reversal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/node/members.h"
#include "pkg/raft/confchange.h"
#include "pkg/raft/raft_status.h"

namespace baton::node {

struct MembershipRequest {
  // Numbers travel between nodes: only ever append.
  enum class Kind : uint8_t { kAdd = 0, kPromote = 1, kRemove = 2 };
  Kind kind = Kind::kAdd;
  NodeId id{};
  MemberInfo info{};  // kAdd
  friend bool operator==(const MembershipRequest&, const MembershipRequest&) = default;
};

// 0xff, which begins no command of coord's | kind u8 | id varint | info, as in members.h
std::string EncodeMembershipRequest(const MembershipRequest& request);
bool IsMembershipRequest(std::string_view command);
// kInvalidArgument.
Result<MembershipRequest> DecodeMembershipRequest(std::string_view bytes);

// What Raft must be asked. `leader`: the status of the leader, which this node is; `members`: as of
// its latest configuration. The change is bound to that configuration.
//   kNotFound "unknown_member"
//   kConflict "already_member", "already_voter", "name_taken", "member_leads",
//             "quorum_would_be_lost" (with the arithmetic), "too_many_members"
//   kUnprocessable "malformed_member"
//   kUnavailable "members_not_heard"
Result<raft::MembershipChange> PlanChange(const MembershipRequest& request,
                                          const raft::RaftStatus& leader, const Members& members);

// A refusal of a leader that knows too little yet, "members_not_heard" or "config_not_applied":
// asked again soon, it may do it.
bool PassesSoon(const Status& refusal);

}  // namespace baton::node
