// File: quorum.h
//
// The arithmetic of majorities, and of joint majorities (paper section 6: while two configurations
// overlap, every decision needs a majority of each). Commit indexes, votes, read rounds and
// check-quorum all go through the same two functions, so none of them can forget the joint half.
//
//   QuorumReached(config, [&](NodeId id) { return match_of(id); })   // uint64_t or StrongNumber
//   QuorumVote(config, [&](NodeId id) { return vote_of(id); })       // std::optional<bool>
//
// An empty half agrees to everything: its value is the largest, its vote is won. So a simple
// configuration is a joint one whose other half is empty; that it is not asked saves time. A node
// without any voters must not decide anything; its callers see to that (it never campaigns).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/base/planted.h"
#include "pkg/raft/types.h"

namespace baton::raft {

enum class VoteResult : uint8_t { kPending, kWon, kLost };

// Of `voters`, how many must hold an entry for it to be committed: `commit_quorum`, or more than
// half if that is 0.
size_t CommitQuorum(size_t voters, uint32_t commit_quorum);
// How many must grant an election: more than half, and so many that they meet every commit quorum
// (H. Howard, D. Malkhi, A. Spiegelman, "Flexible Paxos", 2016).
size_t ElectionQuorum(size_t voters, uint32_t commit_quorum);

// The largest value that `needed` of `values` reach; the largest there is if there are none.
// Reorders `values`. Requires 1 <= needed <= values.size() unless there are none.
uint64_t QuorumValue(std::span<uint64_t> values, size_t needed);

// The result of `granted` and `refused` votes among `voters`, of which `needed` must grant.
VoteResult CountVotes(size_t voters, size_t needed, size_t granted, size_t refused);

// Group commit: what a voter holds, and the group (zone, rack) it stands in; 0: in none.
struct GroupValue {
  uint64_t group = 0;
  uint64_t value = 0;
};
// The largest value that voters of two groups reach; the largest there is if there are no two
// groups, so that a lost or unassigned group holds up nothing.
uint64_t TwoGroupsReached(std::span<const GroupValue> values);

// The result when both halves must agree.
VoteResult JointVote(VoteResult incoming, VoteResult outgoing);

namespace quorum_internal {

inline uint64_t Plain(uint64_t value) { return value; }
template <typename Tag>
uint64_t Plain(StrongNumber<Tag> value) {
  return value.value();
}

template <typename ValueOf>
uint64_t HalfReached(std::span<const NodeId> voters, uint32_t commit_quorum,
                     const ValueOf& value_of) {
  if (voters.empty()) return std::numeric_limits<uint64_t>::max();
  if (voters.size() == 1) return Plain(value_of(voters.front()));
  std::array<uint64_t, 16> few;  // no allocation for the clusters people run
  std::vector<uint64_t> many;
  if (voters.size() > few.size()) many.resize(voters.size());
  const std::span<uint64_t> values =
      many.empty() ? std::span<uint64_t>(few).first(voters.size()) : std::span<uint64_t>(many);
  for (size_t i = 0; i < voters.size(); ++i) values[i] = Plain(value_of(voters[i]));
  size_t needed = CommitQuorum(voters.size(), commit_quorum);
  if (PLANTED("raft.commit_short_of_quorum") && needed > 1) --needed;
  return QuorumValue(values, needed);
}

template <typename ValueOf, typename GroupOf>
uint64_t HalfGroupsReached(std::span<const NodeId> voters, const ValueOf& value_of,
                           const GroupOf& group_of) {
  std::vector<GroupValue> values;
  values.reserve(voters.size());
  for (const NodeId id : voters) values.push_back({group_of(id), Plain(value_of(id))});
  return TwoGroupsReached(values);
}

template <typename VoteOf>
VoteResult HalfVote(std::span<const NodeId> voters, uint32_t commit_quorum, const VoteOf& vote_of) {
  size_t granted = 0;
  size_t refused = 0;
  for (const NodeId id : voters) {
    const std::optional<bool> vote = vote_of(id);
    if (!vote) continue;
    ++(*vote ? granted : refused);
  }
  return CountVotes(voters.size(), ElectionQuorum(voters.size(), commit_quorum), granted, refused);
}

}  // namespace quorum_internal

// The largest value that a quorum of the configuration reaches: what is committed, confirmed or
// alive. Whoever a commit quorum confirms leads on, since every election meets it. value_of(NodeId)
// is asked once per voter and half, and gives 0 for a voter that nothing is known of.
template <typename ValueOf>
uint64_t QuorumReached(const ConfigState& config, const ValueOf& value_of) {
  const uint64_t incoming =
      quorum_internal::HalfReached(config.voters, config.commit_quorum, value_of);
  if (!config.joint() || PLANTED("raft.joint_half_forgotten")) return incoming;
  return std::min(incoming, quorum_internal::HalfReached(config.voters_outgoing,
                                                         config.commit_quorum_outgoing, value_of));
}

// As above, and in each half voters of two groups reach it, too. group_of(NodeId) as in GroupValue.
template <typename ValueOf, typename GroupOf>
uint64_t GroupQuorumReached(const ConfigState& config, const ValueOf& value_of,
                            const GroupOf& group_of) {
  return std::min({QuorumReached(config, value_of),
                   quorum_internal::HalfGroupsReached(config.voters, value_of, group_of),
                   quorum_internal::HalfGroupsReached(config.voters_outgoing, value_of, group_of)});
}

// Whether a quorum has voted for, or can no longer. vote_of(NodeId) gives nothing for a voter that
// has not answered.
template <typename VoteOf>
VoteResult QuorumVote(const ConfigState& config, const VoteOf& vote_of) {
  const VoteResult incoming =
      quorum_internal::HalfVote(config.voters, config.commit_quorum, vote_of);
  if (!config.joint()) return incoming;
  return JointVote(incoming, quorum_internal::HalfVote(config.voters_outgoing,
                                                       config.commit_quorum_outgoing, vote_of));
}

}  // namespace baton::raft
