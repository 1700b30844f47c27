// Three real nodes, simulated disks and network, one thread: what clients see.
#include <gtest/gtest.h>

#include "pkg/node/testing/commands.h"
#include "pkg/node/testing/sim_cluster.h"

namespace baton::node::testing {
namespace {

TEST(ClusterTest, AWriteThroughEveryNodeIsSeenOnEveryNode) {
  SimCluster cluster({.seed = 1});
  cluster.AwaitLeader();
  for (const NodeId id : cluster.ids()) {
    const auto put = cluster.Submit(id, Put("key" + std::to_string(id.value()), "v"), 5'000);
    ASSERT_TRUE(cluster.RunUntil([&] { return put->done(); }, 1'000));
    ASSERT_TRUE(put->ok()) << put->result->status().ToString();
    EXPECT_TRUE((*put->result)->status.ok());
  }
  for (const NodeId id : cluster.ids()) {
    for (const NodeId writer : cluster.ids()) {
      const auto read = cluster.Read(id, Consistency::kLinearizable, Revision(), 5'000,
                                     ValueOf("key" + std::to_string(writer.value())));
      ASSERT_TRUE(cluster.RunUntil([&] { return read->done(); }, 1'000));
      EXPECT_EQ(**read->result, "v");
    }
  }
}

}  // namespace
}  // namespace baton::node::testing
