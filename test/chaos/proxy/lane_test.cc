#include "test/chaos/proxy/lane.h"

#include <gtest/gtest.h>

namespace baton::chaos {
namespace {

class LaneTest : public testing::Test {
 protected:
  Random random{1};
  Lane lane;
};

TEST_F(LaneTest, WithoutFaultsBytesLeaveAtOnceAndInOrder) {
  EXPECT_EQ(lane.WaitUs(0, {}), std::nullopt);
  lane.Push("a", 10, {}, &random);
  lane.Push("b", 10, {}, &random);
  lane.PushEnd(10, {}, &random);
  EXPECT_EQ(lane.WaitUs(10, {}), 0);
  EXPECT_EQ(lane.Take(10, {}).bytes, "a");
  EXPECT_EQ(lane.Take(10, {}).bytes, "b");
  EXPECT_TRUE(lane.Take(10, {}).end);
  EXPECT_TRUE(lane.empty());
}

TEST_F(LaneTest, ADelayIsWithinItsBoundsAndEndsWithTheFault) {
  const LinkFaults delay{.delay_min_ms = 10, .delay_max_ms = 20};
  for (int i = 0; i < 100; ++i) {
    Lane one;
    one.Push("a", 1000, delay, &random);
    const int64_t wait_us = one.WaitUs(1000, delay).value_or(-1);
    EXPECT_GE(wait_us, 10'000);
    EXPECT_LT(wait_us, 20'000);
    EXPECT_EQ(one.WaitUs(1000, {}), 0);
    EXPECT_EQ(one.WaitUs(21'000, delay), 0);
  }
}

TEST_F(LaneTest, ALaterPieceDoesNotOvertake) {
  lane.Push("slow", 0, {.delay_min_ms = 50, .delay_max_ms = 50}, &random);
  lane.Push("fast", 0, {}, &random);
  const LinkFaults delay{.delay_min_ms = 50, .delay_max_ms = 50};
  EXPECT_EQ(lane.WaitUs(0, delay), 50'000);
  EXPECT_EQ(lane.Take(50'000, delay).bytes, "slow");
  EXPECT_EQ(lane.Take(50'000, delay).bytes, "fast");
}

TEST_F(LaneTest, AClogHoldsAll) {
  lane.Push("a", 0, {}, &random);
  EXPECT_EQ(lane.WaitUs(1'000'000, {.clogged = true}), std::nullopt);
  EXPECT_EQ(lane.WaitUs(1'000'000, {}), 0);
}

TEST_F(LaneTest, BandwidthIsWhatItSays) {
  const LinkFaults slow{.bytes_per_second = 1000};
  lane.Push(std::string(100, 'x'), 0, slow, &random);
  int64_t now_us = 0;
  size_t bytes = 0;
  while (!lane.empty()) {
    now_us += lane.WaitUs(now_us, slow).value_or(0);
    bytes += lane.Take(now_us, slow).bytes.size();
  }
  EXPECT_EQ(bytes, 100u);
  EXPECT_EQ(now_us, 80'000);  // and the last portion needs another 20 ms to be through
}

TEST_F(LaneTest, AResetComesAfterWhatWasBeforeIt) {
  lane.Push("a", 0, {}, &random);
  lane.PushReset(0, {}, &random);
  EXPECT_FALSE(lane.Take(0, {}).reset);
  EXPECT_TRUE(lane.Take(0, {}).reset);
}

TEST_F(LaneTest, ItIsFullBeyondItsBound) {
  lane.Push(std::string(Lane::kBytesMax, 'x'), 0, {}, &random);
  EXPECT_FALSE(lane.full());
  lane.Push("x", 0, {}, &random);
  EXPECT_TRUE(lane.full());
  EXPECT_EQ(lane.Take(0, {}).bytes.size(), Lane::kBytesMax);
  EXPECT_FALSE(lane.full());
}

}  // namespace
}  // namespace baton::chaos
