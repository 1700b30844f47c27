#include "pkg/node/forwards.h"

#include <gtest/gtest.h>

namespace baton::node {
namespace {

constexpr NodeId kPeer{2};

TEST(SeenForwardsTest, ARequestIsNewOnce) {
  SeenForwards seen;
  EXPECT_TRUE(seen.Insert(kPeer, 10, 1));
  EXPECT_FALSE(seen.Insert(kPeer, 10, 1));
  EXPECT_TRUE(seen.Insert(kPeer, 10, 3));
  EXPECT_TRUE(seen.Insert(kPeer, 10, 2)) << "overtaken, not repeated";
  EXPECT_FALSE(seen.Insert(kPeer, 10, 2));
  EXPECT_FALSE(seen.Insert(kPeer, 10, 3));
  EXPECT_TRUE(seen.Insert(NodeId(3), 10, 1));
  EXPECT_TRUE(seen.Insert(kPeer, 11, 1));
}

TEST(SeenForwardsTest, WhatIsOlderThanTheMemoryCountsAsSeen) {
  SeenForwards seen;
  // Every other number, so that the floor cannot rise by itself.
  const uint64_t count = SeenForwards::kRequestsRemembered;
  for (uint64_t i = 1; i <= count; ++i) ASSERT_TRUE(seen.Insert(kPeer, 1, 2 * i + 1));
  EXPECT_TRUE(seen.Insert(kPeer, 1, 2)) << "at the bound everything is remembered";
  EXPECT_FALSE(seen.Insert(kPeer, 1, 1));
  EXPECT_FALSE(seen.Insert(kPeer, 1, 2));
  EXPECT_TRUE(seen.Insert(kPeer, 1, 2 * count + 4));
}

TEST(SeenForwardsTest, TheLastIncarnationsAreRememberedAndOlderOnesForgotten) {
  SeenForwards seen;
  for (uint64_t i = 1; i <= SeenForwards::kIncarnationsRemembered; ++i) {
    EXPECT_TRUE(seen.Insert(kPeer, i, 1));
  }
  EXPECT_FALSE(seen.Insert(kPeer, 1, 1));
  EXPECT_TRUE(seen.Insert(kPeer, 99, 1));
  EXPECT_FALSE(seen.Insert(kPeer, 2, 1));
}

}  // namespace
}  // namespace baton::node
