#include "pkg/coord/event.h"

#include <gtest/gtest.h>

namespace baton::coord {
namespace {

Event Make(EventKind kind, std::string key) {
  Event event;
  event.kind = kind;
  event.key = std::move(key);
  return event;
}

TEST(EventTest, EveryKindHasItsSpace) {
  EXPECT_EQ(SpaceOf(EventKind::kKvPut), EventSpace::kKv);
  EXPECT_EQ(SpaceOf(EventKind::kKvDelete), EventSpace::kKv);
  EXPECT_EQ(SpaceOf(EventKind::kLockAcquired), EventSpace::kLock);
  EXPECT_EQ(SpaceOf(EventKind::kLockReleased), EventSpace::kLock);
  EXPECT_EQ(SpaceOf(EventKind::kLeaderElected), EventSpace::kElection);
  EXPECT_EQ(SpaceOf(EventKind::kLeaderProclaimed), EventSpace::kElection);
  EXPECT_EQ(SpaceOf(EventKind::kLeaderGone), EventSpace::kElection);
}

TEST(EventFilterTest, PrefixOrExactInOneSpace) {
  const EventFilter prefix{EventSpace::kKv, "a/", false};
  EXPECT_TRUE(prefix.Matches(Make(EventKind::kKvPut, "a/1")));
  EXPECT_TRUE(prefix.Matches(Make(EventKind::kKvDelete, "a/")));
  EXPECT_FALSE(prefix.Matches(Make(EventKind::kKvPut, "a")));
  EXPECT_FALSE(prefix.Matches(Make(EventKind::kLockAcquired, "a/1")));
  const EventFilter exact{EventSpace::kLock, "a", true};
  EXPECT_TRUE(exact.Matches(Make(EventKind::kLockReleased, "a")));
  EXPECT_FALSE(exact.Matches(Make(EventKind::kLockReleased, "ab")));
  EXPECT_FALSE(exact.Matches(Make(EventKind::kLeaderGone, "a")));
  const EventFilter all{EventSpace::kElection, "", false};
  EXPECT_TRUE(all.Matches(Make(EventKind::kLeaderProclaimed, "anything")));
}

}  // namespace
}  // namespace baton::coord
