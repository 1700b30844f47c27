#include "pkg/raft/multi/beats.h"

#include <gtest/gtest.h>

namespace baton::raft {
namespace {

const NodeId kPeer(2);

TEST(BeatsTest, WhoWasNeverHeardDoesNotLive) {
  Beats beats(3);
  EXPECT_FALSE(beats.Lives(kPeer));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(beats.Tick().empty());
}

TEST(BeatsTest, LivesUntilTheTimeoutAndDiesOnce) {
  Beats beats(3);
  EXPECT_FALSE(beats.Hear(kPeer, 7));
  EXPECT_TRUE(beats.Lives(kPeer));
  EXPECT_TRUE(beats.Tick().empty());
  EXPECT_TRUE(beats.Tick().empty());
  EXPECT_EQ(beats.Tick(), std::vector<NodeId>{kPeer});
  EXPECT_FALSE(beats.Lives(kPeer));
  EXPECT_TRUE(beats.Tick().empty());
  EXPECT_FALSE(beats.Hear(kPeer, 7)) << "the same life, it was only silent";
  EXPECT_TRUE(beats.Lives(kPeer));
}

TEST(BeatsTest, TheDeadAreForgotten) {
  Beats beats(3);
  for (uint64_t node = 1; node <= 1000; ++node) {
    beats.Hear(NodeId(node), 7);
    beats.Tick();
  }
  EXPECT_EQ(beats.living(), 2u);
}

TEST(BeatsTest, AnotherIncarnationIsAnotherLife) {
  Beats beats(3);
  beats.Hear(kPeer, 7);
  EXPECT_FALSE(beats.Hear(kPeer, 7));
  EXPECT_TRUE(beats.Hear(kPeer, 8));
  EXPECT_FALSE(beats.Hear(kPeer, 8));
}

}  // namespace
}  // namespace baton::raft
