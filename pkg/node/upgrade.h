// File: upgrade.h
//
// Brings newer commands into force when all members know them (coord/command_version.h). Every
// envelope says which version its sender knows; the leader counts what it has heard in this
// leadership, and proposes the raise. So a cluster is upgraded node by node, with the old commands
// only, and has the new ones when the last node has been replaced.
//
// One thread.
#pragma once

#include <cstdint>
#include <map>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/coord/state_machine.h"
#include "pkg/node/proposals.h"
#include "pkg/raft/types.h"

namespace baton::node {

// OK if a node that knows the commands up to `known` can work on a state with `in_force`; else
// kUnimplemented with what to do.
Status CheckCommandVersion(uint32_t in_force, uint32_t known);

class Upgrade {
 public:
  // All must outlive it. `known`: of this node.
  Upgrade(NodeId self, uint32_t known, Proposals* proposals, const coord::StateMachine* state,
          const raft::ConfigState* membership)
      : self_(self), known_(known), proposals_(proposals), state_(state), membership_(membership) {}

  void OnPeer(NodeId from, uint32_t known) { heard_[from] = known; }
  void OnLeaderChange();
  // After each batch of messages: a new cluster should not wait for a tick.
  void Run();

 private:
  uint32_t KnownByAll() const;

  const NodeId self_;
  const uint32_t known_;
  Proposals* const proposals_;
  const coord::StateMachine* const state_;
  const raft::ConfigState* const membership_;
  std::map<NodeId, uint32_t> heard_;  // of members, since the leader changed
  bool under_way_ = false;
  uint64_t round_ = 0;
};

}  // namespace baton::node
