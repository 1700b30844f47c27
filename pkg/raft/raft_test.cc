// The core as its driver sees it: what comes out of which calls.
#include "pkg/raft/raft.h"

#include <gtest/gtest.h>

#include "pkg/raft/testing/cluster.h"

namespace baton::raft {
namespace {

using testing::Cluster;

TEST(RaftTest, ThreeNodesElectReplicateAndApply) {
  Cluster cluster(3);
  const NodeId leader = cluster.WaitForLeader(40);
  ASSERT_NE(leader, NodeId());
  cluster.Propose(leader, "a");
  cluster.Propose(leader, "b");
  cluster.Settle();
  for (uint64_t id = 1; id <= 3; ++id) EXPECT_EQ(cluster.Applied(NodeId(id)), "a b") << id;
}

}  // namespace
}  // namespace baton::raft
