// What the leader's duty to end things costs. That it ends them is shown elsewhere: by
// session_commands_test of pkg/coord, by test/scenario and by test/sim.
#include "pkg/node/expiry.h"

#include <gtest/gtest.h>

#include <functional>

#include "pkg/node/testing/commands.h"
#include "pkg/node/testing/sim_cluster.h"

namespace baton::node::testing {
namespace {

// To look for what is due is to look through the tables, on a disk that may hold much: it takes
// longer than a write.
TEST(ExpiryTest, ABusyLeaderLooksNoMoreOftenThanAnIdleOne) {
  SimCluster cluster({.seed = 1});
  const NodeId leader = cluster.AwaitLeader();
  const auto scans_in_a_second = [&](const std::function<void()>& work) {
    const uint64_t before = cluster.state(leader).scans();
    const int64_t end_ms = cluster.MonotonicMs() + 1'000;
    work();
    cluster.RunFor(end_ms - cluster.MonotonicMs());
    return cluster.state(leader).scans() - before;
  };
  const uint64_t idle = scans_in_a_second([] {});
  EXPECT_GT(idle, 0u) << "once a tick it does";
  uint64_t puts = 0;
  const uint64_t busy = scans_in_a_second([&] {
    for (; puts < 100; ++puts) {
      const auto put = cluster.Submit(leader, Put("k", "v"), 10'000);
      ASSERT_TRUE(cluster.RunUntil([&] { return put->ok(); }, 1'000));
    }
  });
  ASSERT_EQ(puts, 100u);
  EXPECT_LE(busy, idle + puts / 10) << "writes look now and then for history to remove";
}

}  // namespace
}  // namespace baton::node::testing
