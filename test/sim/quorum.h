// File: quorum.h
//
// What a quorum is, in words of its own: whoever checks pkg/raft must not borrow its arithmetic.
#pragma once

#include <algorithm>
#include <vector>

#include "pkg/raft/types.h"

namespace baton::sim {

// Of the voters, and of the outgoing ones of a joint configuration, more than half are such.
template <typename IsSuch>
bool QuorumIs(const raft::ConfigState& config, const IsSuch& is_such) {
  for (const std::vector<NodeId>* half : {&config.voters, &config.voters_outgoing}) {
    const auto count = static_cast<size_t>(std::count_if(half->begin(), half->end(), is_such));
    if (!half->empty() && count <= half->size() / 2) return false;
  }
  return true;
}

}  // namespace baton::sim
