// File: recovery.h
//
// What a starting node finds on its disk, and how log and state are brought together. They are two
// stores, and a crash may leave them at different points:
//
//   applied inside the log     the rule: the log beyond is applied again as it is committed
//   applied beyond the log,    a snapshot was installed and the log not yet reset after it (the
//   or another term there      state is replaced first): the log starts over from the state
//   applied before the log     the state was lost (pkg/storage has put an empty one in its place):
//                              a peer's snapshot must replace it, and nothing is applied before
//
// A node that has lost something needs others that have it. The only voter of a cluster has none:
// kCorruption, with what to do.
//
// Raft thread, before anything else.
#pragma once

#include <vector>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/node/ports.h"
#include "pkg/raft/log_reader.h"
#include "pkg/raft/types.h"

namespace baton::node {

struct Recovered {
  raft::InitialState initial;
  bool state_lost = false;
};

// Brings log and state together, durably, and says where Raft continues. `voters`: of a new
// cluster; used only when neither log nor state know a configuration. Empty: the node joins a
// cluster, and its configuration is empty until the leader tells it. kCorruption as above.
Result<Recovered> Recover(NodeId self, const std::vector<NodeId>& voters, Index applied,
                          Term applied_term, LogStore* log, StateStore* state);

}  // namespace baton::node
