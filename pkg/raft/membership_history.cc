#include "pkg/raft/membership_history.h"

#include <algorithm>

#include "pkg/base/check.h"

namespace baton::raft {

MembershipHistory::MembershipHistory(Index index, ConfigState config) {
  changes_.push_back({index, std::move(config)});
}

const ConfigState& MembershipHistory::At(Index index) const {
  const auto later = std::find_if(changes_.begin() + 1, changes_.end(),
                                  [index](const Change& change) { return change.index > index; });
  return std::prev(later)->config;
}

void MembershipHistory::Append(Index index, ConfigState config) {
  CHECK_GT(index, latest_index());
  changes_.push_back({index, std::move(config)});
}

void MembershipHistory::TruncateFrom(Index index) {
  while (changes_.size() > 1 && changes_.back().index >= index) changes_.pop_back();
}

void MembershipHistory::Reset(Index index, ConfigState config) {
  changes_.clear();
  changes_.push_back({index, std::move(config)});
}

}  // namespace baton::raft
