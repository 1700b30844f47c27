#include "pkg/raft/quorum.h"

#include <functional>

namespace baton::raft {

uint64_t MajorityReached(std::span<uint64_t> values) {
  if (values.empty()) return std::numeric_limits<uint64_t>::max();
  // In descending order, the value at place n/2 is reached by n/2 + 1 of n.
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), place, values.end(), std::greater<>());
  return *place;
}

VoteResult MajorityVote(size_t voters, size_t granted, size_t refused) {
  if (voters == 0) return VoteResult::kWon;
  const size_t needed = voters / 2 + 1;
  if (granted >= needed) return VoteResult::kWon;
  // Lost as soon as those who may still answer are too few.
  if (voters - refused < needed) return VoteResult::kLost;
  return VoteResult::kPending;
}

VoteResult JointVote(VoteResult incoming, VoteResult outgoing) {
  if (incoming == VoteResult::kLost || outgoing == VoteResult::kLost) return VoteResult::kLost;
  if (incoming == VoteResult::kPending || outgoing == VoteResult::kPending) {
    return VoteResult::kPending;
  }
  return VoteResult::kWon;
}

}  // namespace baton::raft
