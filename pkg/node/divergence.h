// File: divergence.h
//
// Finds a node whose state is not what its log makes of it (a bug, or memory or a disk that lied).
// Nodes note the rolling hash of their state (coord/state_hash.h) at every kEvery-th entry;
// followers tell the leader, and where a majority of the voters had the same hash after the same
// entry, whoever had another one is wrong. Without a majority nobody is.
//
// Pure; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/node/peer.h"

namespace baton::node {

class Divergence {
 public:
  static constexpr uint64_t kEvery = 64;
  // Checkpoints of this node that are remembered, and entries for which reports are.
  static constexpr size_t kKept = 1024;
  static constexpr size_t kReportedKept = 64;

  // After each applied entry.
  void OnApplied(Index index, uint64_t hash);
  // The state was replaced.
  void Reset();

  // Follower: what to tell the leader now; empty: nothing new. Of all that is new, the index with
  // the most factors of two: so nodes that apply at different speeds still speak of the same ones.
  std::optional<StateCheckpoint> TakeReport();
  // The hash after that entry, if it is remembered.
  std::optional<uint64_t> HashAt(Index index) const;

  // Leader: a peer's report.
  void OnReport(NodeId peer, const StateCheckpoint& report);
  // Leader: who is wrong, and where; each is named once. `self` may be among them.
  struct Finding {
    NodeId node;
    Index index;
  };
  std::vector<Finding> Judge(NodeId self, const std::vector<NodeId>& voters);

 private:
  std::deque<StateCheckpoint> own_;  // ascending
  Index reported_;
  std::map<Index, std::map<NodeId, uint64_t>> reports_;
};

}  // namespace baton::node
