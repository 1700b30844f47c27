#include "test/fault/disk_life.h"

#include <gtest/gtest.h>

namespace baton::fault {
namespace {

// The rarest kinds are drawn by 96 of 100 scripts only; the last operations are those that are
// missing. Script 20 draws one kind too few.
TEST(DiskLifeTest, EveryScriptHasEveryKindOfStep) {
  for (const uint64_t seed : {1, 20}) {
    storage::FaultEnv disk;
    DiskLife life(&disk, seed);
    const Status status = life.Run(200);
    EXPECT_TRUE(status.ok()) << status.ToString();
    EXPECT_EQ(life.steps().size(), 13u) << "script " << seed;
    int operations = 0;
    for (const auto& [step, count] : life.steps()) operations += count;
    EXPECT_EQ(operations, 200);
  }
}

}  // namespace
}  // namespace baton::fault
