#include "pkg/raft/quorum.h"

#include <functional>

#include "pkg/base/planted.h"

namespace baton::raft {
namespace {

// So many are sorted sooner than it is decided how to select among them.
constexpr size_t kFewValues = 9;

}  // namespace

size_t CommitQuorum(size_t voters, uint32_t commit_quorum) {
  return commit_quorum != 0 ? commit_quorum : voters / 2 + 1;
}

size_t ElectionQuorum(size_t voters, uint32_t commit_quorum) {
  if (PLANTED("raft.half_elects")) return (voters + 1) / 2;
  return std::max(voters / 2 + 1, voters + 1 - CommitQuorum(voters, commit_quorum));
}

uint64_t QuorumValue(std::span<uint64_t> values, size_t needed) {
  if (values.empty()) return std::numeric_limits<uint64_t>::max();
  // In descending order, the value at place n - 1 is reached by n.
  if (values.size() <= kFewValues) {
    for (size_t end = 1; end < values.size(); ++end) {
      const uint64_t value = values[end];
      size_t at = end;
      for (; at > 0 && values[at - 1] < value; --at) values[at] = values[at - 1];
      values[at] = value;
    }
    return values[needed - 1];
  }
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(needed - 1);
  std::nth_element(values.begin(), place, values.end(), std::greater<>());
  return *place;
}

VoteResult CountVotes(size_t voters, size_t needed, size_t granted, size_t refused) {
  if (voters == 0 || granted >= needed) return VoteResult::kWon;
  // Lost as soon as those who may still answer are too few.
  if (voters - refused < needed) return VoteResult::kLost;
  return VoteResult::kPending;
}

uint64_t TwoGroupsReached(std::span<const GroupValue> values) {
  std::optional<GroupValue> best;
  for (const GroupValue& value : values) {
    if (value.group != 0 && (!best || value.value > best->value)) best = value;
  }
  std::optional<uint64_t> other;
  for (const GroupValue& value : values) {
    if (value.group == 0 || value.group == best->group) continue;
    other = std::max(other.value_or(0), value.value);
  }
  return other.value_or(std::numeric_limits<uint64_t>::max());
}

VoteResult JointVote(VoteResult incoming, VoteResult outgoing) {
  if (incoming == VoteResult::kLost || outgoing == VoteResult::kLost) return VoteResult::kLost;
  if (incoming == VoteResult::kPending || outgoing == VoteResult::kPending) {
    return VoteResult::kPending;
  }
  return VoteResult::kWon;
}

}  // namespace baton::raft
