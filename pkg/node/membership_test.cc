// Clusters whose members change, of real nodes.
#include <gtest/gtest.h>

#include "pkg/node/testing/commands.h"
#include "pkg/node/testing/sim_cluster.h"

namespace baton::node::testing {
namespace {

class MembershipTest : public ::testing::Test {
 protected:
  bool Change(raft::MemberChange::Type type, NodeId id) {
    raft::MembershipChange change;
    change.changes = {{type, id}};
    return cluster.RunUntil(
        [&] {
          const std::optional<NodeId> leader = cluster.Leader();
          bool taken = false;
          if (!leader) return false;
          cluster.With(*leader, [&](Node& node) { taken = node.ProposeMembership(change).ok(); });
          return taken;
        },
        20'000);
  }

  NodeId AddVoter() {
    NodeConfig config;
    config.voters = cluster.ids();
    const NodeId added = cluster.AddMachine(config);
    cluster.Restart(added);
    EXPECT_TRUE(Change(raft::MemberChange::kAddLearner, added));
    EXPECT_TRUE(Change(raft::MemberChange::kAddVoter, added)) << "it never caught up";
    return added;
  }

  SimCluster cluster{{.seed = 3}};
};

TEST_F(MembershipTest, ANodeThatWasAwayHearsTheLeaderThatHasJoinedSince) {
  const NodeId away = cluster.AFollower();
  cluster.Isolate(away);
  const NodeId added = AddVoter();
  cluster.Cut(away, added);
  ASSERT_TRUE(cluster.RunUntil(
      [&] {
        cluster.With(cluster.Leader().value_or(added),
                     [&](Node& node) { node.TransferLeadership(added, [](const Status&) {}); });
        return cluster.Leader() == added;
      },
      20'000));
  cluster.Heal();
  ASSERT_TRUE(cluster.RunUntil([&] { return cluster.Converged(); }, 20'000));
  EXPECT_EQ(cluster.Leader(), added);
}

}  // namespace
}  // namespace baton::node::testing
