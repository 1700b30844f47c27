#include "pkg/node/membership_plan.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "pkg/base/bytes.h"
#include "pkg/raft/membership.h"

namespace baton::node {
namespace {

constexpr uint8_t kMark = 0xff;

Status Refused(std::string reason, std::string sentence) {
  return Status(Code::kConflict, std::move(reason), std::move(sentence));
}

enum class Contact { kAnswers, kNotYet, kSilent };

// When it is elected, a leader takes all for active; for an election timeout those of whom it has
// heard nothing may be there or not.
Contact ContactOf(const raft::RaftStatus& leader, NodeId id) {
  if (id == leader.id) return Contact::kAnswers;
  const auto peer = leader.peers.find(id);
  if (peer == leader.peers.end() || !peer->second.recently_active || peer->second.amnesia) {
    return Contact::kSilent;
  }
  return peer->second.match ? Contact::kAnswers : Contact::kNotYet;
}

std::string List(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

// Whether `voters` could decide anything. `change` begins the sentence: "Without baton-2".
Status CheckQuorum(const raft::RaftStatus& leader, const Members& members,
                   const std::vector<NodeId>& voters, const std::string& change) {
  std::vector<std::string> silent;
  size_t answer = 0;
  for (const NodeId id : voters) {
    const Contact contact = ContactOf(leader, id);
    answer += contact == Contact::kAnswers;
    if (contact == Contact::kSilent) silent.push_back(members.NameOf(id));
  }
  const size_t quorum = voters.size() / 2 + 1;
  if (answer >= quorum) return Status::Ok();
  if (voters.size() - silent.size() >= quorum) {
    return Status(Code::kUnavailable, "members_not_heard",
                  "This leader has not heard yet of all voters that would be left");
  }
  return Refused("quorum_would_be_lost",
                 change + " the cluster has " + std::to_string(voters.size()) +
                     " voters and needs " + std::to_string(quorum) + " of them, but only " +
                     std::to_string(answer) + (answer == 1 ? " answers" : " answer") +
                     " now (silent: " + List(silent) + ")");
}

Status CheckAddition(const MembershipRequest& request, const raft::ConfigState& config,
                     const Members& members) {
  BATON_RETURN_IF_ERROR(CheckMemberInfo(request.info));
  if (!request.id) {
    return Status(Code::kUnprocessable, "malformed_member", "\"id\" must be greater than 0");
  }
  const std::vector<NodeId> all = raft::Members(config);
  if (std::binary_search(all.begin(), all.end(), request.id)) {
    return Refused("already_member", members.NameOf(request.id) + " is a member already, a " +
                                         (raft::IsVoter(config, request.id) ? "voter" : "learner"));
  }
  for (const NodeId id : all) {
    const auto known = members.known.find(id);
    if (request.info.name.empty() || known == members.known.end()) continue;
    if (known->second.name != request.info.name) continue;
    return Refused("name_taken", request.info.name + " is the name of member " +
                                     std::to_string(id.value()) + "; remove that one first");
  }
  if (all.size() >= kClusterMembersMax) {
    return Refused("too_many_members", "The cluster has " + std::to_string(all.size()) +
                                           " members, and no more than " +
                                           std::to_string(kClusterMembersMax) + " are allowed");
  }
  return Status::Ok();
}

Status CheckPromotion(NodeId id, const raft::RaftStatus& leader, const Members& members) {
  const raft::ConfigState& config = leader.config;
  if (raft::IsVoter(config, id)) {
    return Refused("already_voter", members.NameOf(id) + " is a voter already");
  }
  std::vector<NodeId> voters = config.voters;
  voters.push_back(id);
  return CheckQuorum(leader, members, voters, "With " + members.NameOf(id) + " as a voter");
}

Status CheckRemoval(NodeId id, const raft::RaftStatus& leader, const Members& members) {
  const raft::ConfigState& config = leader.config;
  if (!raft::IsVoter(config, id)) return Status::Ok();
  std::vector<NodeId> voters = config.voters;
  std::erase(voters, id);
  if (voters.empty()) {
    return Refused("quorum_would_be_lost",
                   members.NameOf(id) + " is the only voter; without it there is no cluster");
  }
  BATON_RETURN_IF_ERROR(CheckQuorum(leader, members, voters, "Without " + members.NameOf(id)));
  if (id != leader.id) return Status::Ok();
  return Refused("member_leads",
                 members.NameOf(id) + " leads; have it hand the leadership over first");
}

Members After(const MembershipRequest& request, Members members) {
  if (request.kind == MembershipRequest::Kind::kAdd) {
    members.known[request.id] = request.info;
    std::erase(members.removed, request.id);
  } else if (request.kind == MembershipRequest::Kind::kRemove) {
    members.known.erase(request.id);
    members.removed.push_back(request.id);
    if (members.removed.size() > kRemovedRemembered) members.removed.erase(members.removed.begin());
  }
  return members;
}

}  // namespace

std::string EncodeMembershipRequest(const MembershipRequest& request) {
  std::string bytes;
  ByteWriter out(&bytes);
  out.U8(kMark);
  out.U8(static_cast<uint8_t>(request.kind));
  out.Varint(request.id.value());
  out.String(request.info.name);
  out.String(request.info.peer_address);
  out.String(request.info.client_url);
  return bytes;
}

bool IsMembershipRequest(std::string_view command) {
  return !command.empty() && static_cast<uint8_t>(command[0]) == kMark;
}

Result<MembershipRequest> DecodeMembershipRequest(std::string_view bytes) {
  ByteReader in(bytes);
  MembershipRequest request;
  if (in.U8() != kMark) in.Fail();
  const uint8_t kind = in.U8();
  if (kind > static_cast<uint8_t>(MembershipRequest::Kind::kRemove)) in.Fail();
  request.kind = static_cast<MembershipRequest::Kind>(kind);
  request.id = NodeId(in.Varint());
  request.info.name = in.String(kMemberNameBytesMax);
  request.info.peer_address = in.String(kMemberAddressBytesMax);
  request.info.client_url = in.String(kMemberUrlBytesMax);
  if (in.AtEnd()) return request;
  return Status(Code::kInvalidArgument, "unknown_command",
                "the bytes are not a known change of membership");
}

Result<raft::MembershipChange> PlanChange(const MembershipRequest& request,
                                          const raft::RaftStatus& leader, const Members& members) {
  using Kind = MembershipRequest::Kind;
  const std::vector<NodeId> all = raft::Members(leader.config);
  if (request.kind != Kind::kAdd && !std::binary_search(all.begin(), all.end(), request.id)) {
    return Status(Code::kNotFound, "unknown_member",
                  "There is no member " + std::to_string(request.id.value()));
  }
  raft::MembershipChange change;
  switch (request.kind) {
    case Kind::kAdd:
      BATON_RETURN_IF_ERROR(CheckAddition(request, leader.config, members));
      change.changes = {{raft::MemberChange::kAddLearner, request.id}};
      break;
    case Kind::kPromote:
      BATON_RETURN_IF_ERROR(CheckPromotion(request.id, leader, members));
      change.changes = {{raft::MemberChange::kAddVoter, request.id}};
      break;
    case Kind::kRemove:
      BATON_RETURN_IF_ERROR(CheckRemoval(request.id, leader, members));
      change.changes = {{raft::MemberChange::kRemove, request.id}};
      break;
  }
  change.expected_config_index = leader.config_index;
  change.context = EncodeMembers(After(request, members));
  return change;
}

bool PassesSoon(const Status& refusal) {
  return refusal.reason() == "members_not_heard" || refusal.reason() == "config_not_applied";
}

}  // namespace baton::node
