// File: roles.h
//
// What a node is, as a sum type: votes exist only while it stands for election, progress and reads
// only while it leads. The order of the alternatives is that of Role.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <variant>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/raft/progress.h"
#include "pkg/raft/reads.h"
#include "pkg/raft/types.h"

namespace baton::raft {

struct Follower {};

// Asks whether an election in the next term would be won; its own term stays.
struct PreCandidate {
  // The first answer of each other voter counts. Its own vote for itself is understood, here and in
  // Candidate.
  std::map<NodeId, bool> votes;
};

struct Candidate {
  std::map<NodeId, bool> votes;
};

struct Leader {
  explicit Leader(NodeId self) : reads(self) {}

  // Nothing for this node itself and for strangers.
  Progress* peer(NodeId id) {
    const auto at = std::find_if(peers.begin(), peers.end(),
                                 [id](const Progress& progress) { return progress.id() == id; });
    return at == peers.end() ? nullptr : &*at;
  }
  const Progress* peer(NodeId id) const { return const_cast<Leader*>(this)->peer(id); }

  std::vector<Progress> peers;  // all members but this node, ascending
  bool left_out = false;        // by the latest configuration: it may not lead in that one
  Index first_index_in_term;    // the empty entry that the leadership began with
  uint64_t heartbeat_at = 0;    // ticks, of the last regular heartbeat
  bool heartbeat_due = false;
  // Something may have to be sent; the next Ready finds out. Appends, commit news, heartbeats and
  // read rounds of many inputs are thus made once, per Ready.
  bool flush = true;
  // This node's vote for itself is on its disk. Others were asked only after that; who is elected
  // by its own vote alone says nothing before.
  bool term_durable = false;
  uint32_t quiet_ticks = 0;                // with nothing to do
  std::optional<uint64_t> sleep_asked_at;  // ticks
  std::set<NodeId> sleepers;               // who agreed to sleep
  size_t uncommitted_bytes = 0;  // of this leadership's proposals (Entry::ApproximateBytes)
  ReadRounds reads;
  NodeId transfer_target;  // 0: none
  uint64_t transfer_started_at = 0;
  bool transfer_told = false;   // TimeoutNow was sent
  bool lease_given_up = false;  // for the rest of the term: somebody may campaign at any time
};

using RoleState = std::variant<Follower, PreCandidate, Candidate, Leader>;

}  // namespace baton::raft
