// File: random_options.h
//
// Different seeds run different clusters, so that all of these meet all kinds of trouble. For
// tests.
#pragma once

#include <cstdint>

#include "pkg/base/random.h"
#include "pkg/raft/testing/cluster.h"

namespace baton::raft::testing {

// Nodes 1 to 5 at most, of one kind or another, with settings that bite. `seed` is that of the
// cores; `random` chooses.
ClusterOptions RandomOptions(uint64_t seed, Random& random);

}  // namespace baton::raft::testing
