// What the leader's duty to end things costs. That it ends them is shown elsewhere: by
// session_commands_test of pkg/coord, by test/scenario and by test/sim.
#include "pkg/node/expiry.h"

#include <gtest/gtest.h>

#include <functional>

#include "pkg/node/testing/commands.h"
#include "pkg/node/testing/sim_cluster.h"

namespace baton::node::testing {
namespace {

// To look for what is due is to look through the tables, on a disk that may hold much, past all
// that was deleted lately: it takes far longer than a write.
class ExpiryTest : public ::testing::Test {
 protected:
  uint64_t ScansInASecond(NodeId node, const std::function<void()>& work) {
    const uint64_t before = cluster_.state(node).scans();
    const int64_t end_ms = cluster_.MonotonicMs() + 1'000;
    work();
    cluster_.RunFor(end_ms - cluster_.MonotonicMs());
    return cluster_.state(node).scans() - before;
  }
  void Do(coord::Command command) {
    const auto done = cluster_.Submit(leader_, std::move(command), 10'000);
    ASSERT_TRUE(cluster_.RunUntil([&] { return done->ok(); }, 1'000));
  }

  SimCluster cluster_{{.seed = 1}};
  const NodeId leader_ = cluster_.AwaitLeader();
};

TEST_F(ExpiryTest, NobodyLooksWhileNothingCanBeDue) {
  EXPECT_EQ(ScansInASecond(leader_, [] {}), 0u) << "there are no sessions";
  const auto puts = [&] {
    for (int i = 0; i < 100; ++i) Do(Put("k", "v"));
  };
  EXPECT_EQ(ScansInASecond(leader_, puts), 0u);
  Do(CreateSession(1, 60'000));
  EXPECT_LE(ScansInASecond(leader_, puts), 1u) << "once it knows the earliest deadline";
  EXPECT_EQ(ScansInASecond(leader_, puts), 0u);
}

// Or its first look, were it elected, would pass over all that was deleted since it was started.
TEST_F(ExpiryTest, AFollowerKeepsItsPlace) {
  const NodeId follower(leader_.value() % 3 + 1);
  Do(CreateSession(1, 60'000));
  EXPECT_EQ(ScansInASecond(follower, [] {}), 1u);
  EXPECT_EQ(ScansInASecond(follower, [] {}), 0u);
  Do(CreateSession(2, 500));
  EXPECT_GT(ScansInASecond(follower, [] {}), 0u) << "the deadline has passed";
  EXPECT_EQ(ScansInASecond(follower, [] {}), 0u);
}

}  // namespace
}  // namespace baton::node::testing
