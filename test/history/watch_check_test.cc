// What is wrong with watches, each beside what is nearly the same and right.

#include "test/history/watch_check.h"

#include <string>

#include "gtest/gtest.h"
#include "test/history/testing/scene.h"

namespace baton::history {
namespace {

class WatchCheckTest : public ::testing::Test {
 protected:
  WatchCheckTest() {
    scene_.Put("a", "1", 1);
    scene_.Put("b", "2", 2);
    scene_.Put("a", "3", 3);
    scene_.Delete("b", 2, 4);
    scene_.history.watches.reserve(4);
  }
  Watch& Complete() {
    Watch& watch = scene_.StartWatch(1);
    scene_.Deliver(watch, {PutEvent(1, "a", "1"), PutEvent(2, "b", "2")}, 2);
    scene_.Deliver(watch, {PutEvent(3, "a", "3")}, 3);
    scene_.Deliver(watch, {DeleteEvent(4, "b")}, 4);
    scene_.Deliver(watch, {}, 6);
    return watch;
  }

  Scene scene_;
};

TEST_F(WatchCheckTest, WhatIsRight) {
  Complete();
  Watch& some = scene_.StartWatch(3);
  some.prefix = "a";
  scene_.Deliver(some, {PutEvent(3, "a", "3")}, 4);
  Watch& now = scene_.StartWatch(0);
  scene_.Deliver(now, {}, 2);
  scene_.Deliver(now, {PutEvent(3, "a", "3"), DeleteEvent(4, "b")}, 4);
  EXPECT_EQ(scene_.Wrong(), "");
}

TEST_F(WatchCheckTest, AnAcknowledgedWriteIsMissing) {
  Watch& watch = Complete();
  watch.deliveries[1].events.clear();
  EXPECT_EQ(scene_.Wrong(), "watch_gap");
  watch.exact = true;
  watch.prefix = "b";
  watch.deliveries[0].events.erase(watch.deliveries[0].events.begin());
  EXPECT_EQ(scene_.Wrong(), "");
}

TEST_F(WatchCheckTest, WhatAnotherWatchSawIsMissing) {
  scene_.Unknown(scene_.Put("c", "5", 0));
  Watch& watch = Complete();
  Watch& other = scene_.StartWatch(5);
  scene_.Deliver(other, {PutEvent(5, "c", "5")}, 5);
  EXPECT_EQ(scene_.Wrong(), "watch_gap");
  watch.deliveries.pop_back();  // it vouches for less
  EXPECT_EQ(scene_.Wrong(), "");
}

TEST_F(WatchCheckTest, AResumedWatchLeavesAGap) {
  Watch& first = scene_.StartWatch(1);
  scene_.Deliver(first, {PutEvent(1, "a", "1"), PutEvent(2, "b", "2")}, 2);
  Watch& resumed = scene_.StartWatch(3);
  scene_.Deliver(resumed, {DeleteEvent(4, "b")}, 4);
  EXPECT_EQ(scene_.Wrong(), "watch_gap");
  resumed.deliveries[0].events.insert(resumed.deliveries[0].events.begin(), PutEvent(3, "a", "3"));
  EXPECT_EQ(scene_.Wrong(), "");
}

TEST_F(WatchCheckTest, AnEventComesTwice) {
  Watch& watch = Complete();
  scene_.Deliver(watch, {DeleteEvent(4, "b")}, 6);
  EXPECT_EQ(scene_.Wrong(), "watch_duplicate");
}

TEST_F(WatchCheckTest, EventsAreOutOfOrder) {
  Watch& watch = Complete();
  std::swap(watch.deliveries[0].events[0], watch.deliveries[0].events[1]);
  EXPECT_EQ(scene_.Wrong(), "watch_order");
}

TEST_F(WatchCheckTest, ProgressWasAheadOfTheEvents) {
  Watch& watch = Complete();
  watch.deliveries[0].through = 3;
  EXPECT_EQ(scene_.Wrong(), "watch_split");
}

TEST_F(WatchCheckTest, ProgressIsBehindTheEvents) {
  Watch& watch = Complete();
  watch.deliveries[2].through = 3;
  EXPECT_EQ(scene_.Wrong(), "watch_progress");
  watch.deliveries[2].through = 4;
  watch.deliveries[3].through = 3;
  EXPECT_EQ(scene_.Wrong(), "watch_progress");
}

TEST_F(WatchCheckTest, SomethingFromBeforeWhatWasAsked) {
  Watch& watch = Complete();
  watch.from = 2;
  EXPECT_EQ(scene_.Wrong(), "watch_unasked");
  watch.deliveries[0].events.erase(watch.deliveries[0].events.begin());
  EXPECT_EQ(scene_.Wrong(), "");
}

TEST_F(WatchCheckTest, SomethingThatWasNotAsked) {
  Watch& watch = scene_.StartWatch(1);
  watch.prefix = "a";
  scene_.Deliver(watch, {PutEvent(1, "a", "1"), PutEvent(2, "b", "2")}, 2);
  EXPECT_EQ(scene_.Wrong(), "watch_unasked");
}

TEST_F(WatchCheckTest, AnotherValueThanWasWritten) {
  Watch& watch = Complete();
  watch.deliveries[1].events[0].value = "x";
  EXPECT_EQ(scene_.Wrong(), "watch_lied");
  Watch& other = scene_.StartWatch(3);
  scene_.Deliver(other, {PutEvent(3, "a", "3")}, 3);
  EXPECT_EQ(scene_.Wrong(), "watch_differs watch_lied");
}

TEST_F(WatchCheckTest, ARevisionIsSplitBetweenTwoWatches) {
  scene_.Create(5, 1000, 5);
  scene_.Put("x", "6", 6).session = 5;
  scene_.Put("y", "7", 7).session = 5;
  scene_.Destroy(5, 8);
  Watch& one = scene_.StartWatch(8);
  scene_.Deliver(one, {DeleteEvent(8, "x", 5), DeleteEvent(8, "y", 5)}, 8);
  Watch& other = scene_.StartWatch(8);
  scene_.Deliver(other, {DeleteEvent(8, "x", 5), DeleteEvent(8, "y", 5)}, 8);
  EXPECT_EQ(scene_.Wrong(), "");
  std::swap(other.deliveries[0].events[0], other.deliveries[0].events[1]);
  EXPECT_EQ(scene_.Wrong(), "watch_differs");
  other.deliveries[0].events.pop_back();
  EXPECT_EQ(scene_.Wrong(), "watch_not_atomic");
}

TEST_F(WatchCheckTest, AnEventWithoutACause) {
  Watch& watch = Complete();
  watch.deliveries[3].events = {DeleteEvent(5, "a")};
  EXPECT_EQ(scene_.Wrong(), "delete_from_nowhere");
  watch.deliveries[3].events = {PutEvent(5, "a", "9")};
  EXPECT_EQ(scene_.Wrong(), "value_from_nowhere");
  scene_.Put("a", "9", 0).outcome = Outcome::kNotApplied;
  EXPECT_EQ(scene_.Wrong(), "not_applied_visible");
  scene_.history.operations.back().outcome = Outcome::kUnknown;
  scene_.history.operations.back().call_us = 1'000'000;
  EXPECT_EQ(scene_.Wrong(), "");
}

TEST_F(WatchCheckTest, AnEventThatWasSeenTooEarly) {
  Watch& watch = Complete();
  watch.deliveries[0].at_us = 999'999;
  EXPECT_NE(scene_.Wrong().find("seen_too_early"), std::string::npos);
}

TEST_F(WatchCheckTest, APutThatHappenedTwice) {
  Watch& watch = Complete();
  watch.deliveries[3].events = {PutEvent(5, "a", "3")};
  EXPECT_EQ(scene_.Wrong(), "applied_twice");
}

// Progress is a promise about the state, too.
TEST_F(WatchCheckTest, AReadIsBehindTheProgressOfAWatch) {
  Complete();
  scene_.Get("a", "3", 3, 5);
  EXPECT_EQ(scene_.Wrong(), "stale_read");
  scene_.history.operations.back().revision = 6;
  EXPECT_EQ(scene_.Wrong(), "");
}

// Nobody saw the end of the session, but the key is gone: whoever vouches for it saw the delete.
TEST_F(WatchCheckTest, TheEndOfASessionIsMissing) {
  scene_.Create(5, 1000, 5);
  scene_.Put("x", "6", 6).session = 5;
  scene_.Unknown(scene_.Destroy(5, 0));
  scene_.GetNothing("x", 8);
  Watch& watch = scene_.StartWatch(6);
  scene_.Deliver(watch, {PutEvent(6, "x", "6", 5)}, 8);
  EXPECT_EQ(scene_.Wrong(), "watch_gap");
  watch.deliveries[0].events.push_back(DeleteEvent(7, "x", 5));
  EXPECT_EQ(scene_.Wrong(), "");
}

TEST_F(WatchCheckTest, AHolderIsMissing) {
  scene_.Acquire("l", 5, 1, 5);
  scene_.Release("l", 5, 1, 6);
  scene_.Acquire("l", 6, 2, 7);
  Watch& watch = scene_.StartWatch(1, Space::kLock);
  scene_.Deliver(watch, {LineEvent(5, "acquired", "l", 5, 1), LineEvent(6, "released", "l", 5, 1)},
                 7);
  EXPECT_EQ(scene_.Wrong(), "watch_gap");
  watch.deliveries[0].events.push_back(LineEvent(7, "acquired", "l", 6, 2));
  EXPECT_EQ(scene_.Wrong(), "");
  watch.deliveries[0].events.erase(watch.deliveries[0].events.begin() + 1);
  EXPECT_EQ(scene_.Wrong(), "watch_gap");
}

// What proves an event is compared with those of its revisions alone, in whatever order they came.
TEST_F(WatchCheckTest, WhatCameInAnotherOrderIsNotMissing) {
  Watch& watch = scene_.StartWatch(1);
  scene_.Deliver(watch, {PutEvent(3, "a", "3"), PutEvent(1, "a", "1")}, 3);
  watch.exact = true;
  watch.prefix = "a";
  EXPECT_EQ(scene_.Wrong(), "watch_order");
}

// A test that goes through all events of a key for each of its writes takes minutes here.
TEST(LongWatchCheckTest, ALongCalmWatchOfOneKeyIsJudgedSoon) {
  constexpr uint64_t kPuts = 200'000;
  Scene scene;
  for (uint64_t revision = 1; revision <= kPuts; ++revision) {
    scene.Put("k", std::to_string(revision), revision);
  }
  Watch& watch = scene.StartWatch(1);
  for (uint64_t revision = 1; revision <= kPuts; ++revision) {
    scene.Deliver(watch, {PutEvent(revision, "k", std::to_string(revision))}, revision);
  }
  EXPECT_EQ(scene.Wrong(), "");
  watch.deliveries[kPuts / 2].events.clear();
  EXPECT_EQ(scene.Wrong(), "watch_gap");
}

TEST_F(WatchCheckTest, CompactedThoughNothingCanBe) {
  Watch& watch = scene_.StartWatch(2);
  watch.end_us = scene_.now_us;
  watch.end_error = "compacted";
  EXPECT_EQ(scene_.Wrong(), "");  // nobody knows how much is kept
  scene_.options.history_revisions_kept = 100;
  EXPECT_EQ(scene_.Wrong(), "compacted_wrongly");
  scene_.Unknown(scene_.Add(Kind::kCompact, "", 0)).call_us = 1'000'000;
  scene_.history.operations.back().compact_to = 1;
  EXPECT_EQ(scene_.Wrong(), "compacted_wrongly");
  scene_.history.operations.back().compact_to = 2;
  EXPECT_EQ(scene_.Wrong(), "");
}

}  // namespace
}  // namespace baton::history
