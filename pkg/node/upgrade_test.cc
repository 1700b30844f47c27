// Nodes of different age in one cluster: newer commands are not used before all know them, and an
// older node that comes too late says so.
#include "pkg/node/upgrade.h"

#include <gtest/gtest.h>

#include "pkg/coord/command_version.h"
#include "pkg/node/testing/commands.h"
#include "pkg/node/testing/sim_cluster.h"

namespace baton::node {
namespace {

using testing::SimCluster;
using testing::SimOptions;

class UpgradeTest : public ::testing::Test {
 protected:
  static SimOptions OldNodes() {
    SimOptions options;
    options.seed = 11;
    options.config.command_version = 1;
    return options;
  }

  Status Compact(NodeId at) {
    const auto pending = cluster_.Submit(at, {"", "", coord::CompactHistory{Revision(1)}}, 3'000);
    EXPECT_TRUE(cluster_.RunUntil([&] { return pending->done(); }, 5'000));
    if (!pending->result->ok()) return pending->result->status();
    return (*pending->result)->status;
  }

  void Put() {
    const auto put = cluster_.Submit(cluster_.AwaitLeader(), testing::Put("k", "v"), 3'000);
    ASSERT_TRUE(cluster_.RunUntil([&] { return put->ok(); }, 5'000));
  }

  void Renew(NodeId id) {
    cluster_.config(id).command_version = coord::kCommandVersion;
    cluster_.Crash(id);
    cluster_.Restart(id);
    cluster_.RunFor(5'000);
  }

  SimCluster cluster_{OldNodes()};
};

TEST_F(UpgradeTest, NewerCommandsComeIntoForceWithTheLastNode) {
  cluster_.AwaitLeader();
  Put();
  for (const NodeId id : cluster_.ids()) {
    const Status refused = Compact(cluster_.AwaitLeader());
    EXPECT_EQ(refused.reason(), "upgrade_unfinished") << "before node " << id;
    EXPECT_EQ(refused.outcome(), Outcome::kNotApplied);
    Renew(id);
  }
  EXPECT_TRUE(Compact(cluster_.AwaitLeader()).ok());
  ASSERT_TRUE(cluster_.RunUntil([&] { return cluster_.Converged(); }, 5'000));
  for (const NodeId id : cluster_.ids()) {
    EXPECT_EQ(cluster_.node(id).state().command_version(), coord::kCommandVersion);
  }
}

TEST_F(UpgradeTest, ANodeThatIsAwayKeepsTheOldCommands) {
  cluster_.AwaitLeader();
  cluster_.Crash(NodeId(3));
  Renew(NodeId(1));
  Renew(NodeId(2));
  Put();
  EXPECT_EQ(Compact(cluster_.AwaitLeader()).reason(), "upgrade_unfinished");
  cluster_.config(NodeId(3)).command_version = coord::kCommandVersion;
  cluster_.Restart(NodeId(3));
  cluster_.RunFor(5'000);
  EXPECT_TRUE(Compact(cluster_.AwaitLeader()).ok());
}

TEST_F(UpgradeTest, AnOlderNodeDoesNotStartOnNewerCommands) {
  for (const NodeId id : cluster_.ids()) Renew(id);
  cluster_.RunFor(5'000);
  cluster_.Crash(NodeId(2));
  cluster_.config(NodeId(2)).command_version = 1;
  const Status refused = cluster_.TryRestart(NodeId(2));
  EXPECT_EQ(refused.reason(), "newer_commands") << refused.ToString();
  EXPECT_NE(refused.message().find("run a newer Baton here"), std::string::npos);
}

TEST(CommandVersionTest, IsCheckedAtItsLimit) {
  EXPECT_TRUE(CheckCommandVersion(1, 1).ok());
  EXPECT_TRUE(CheckCommandVersion(1, 2).ok());
  EXPECT_FALSE(CheckCommandVersion(2, 1).ok());
}

}  // namespace
}  // namespace baton::node
