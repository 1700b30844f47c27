// What is wrong with sessions, locks and elections, each beside what is nearly the same and right.

#include <vector>

#include "gtest/gtest.h"
#include "test/history/testing/scene.h"

namespace baton::history {
namespace {

TEST(SessionsCheckTest, WhatIsRight) {
  Scene scene;
  scene.Create(5, 1000, 1);
  scene.Put("k", "a", 2).session = 5;
  scene.Acquire("l", 5, 1, 3);
  scene.Keep(5);
  scene.Destroy(5, 4);
  scene.GetNothing("k", 4);
  scene.Holder("l", 0, 0, 4);
  scene.Refused(scene.Keep(5), "session_not_found");
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(SessionsCheckTest, AKeyOutlivesItsSession) {
  Scene scene;
  scene.Create(5, 1000, 1);
  scene.Put("k", "a", 2).session = 5;
  scene.Destroy(5, 3);
  scene.Get("k", "a", 2, 3);
  EXPECT_EQ(scene.Wrong(), "session_lived_on");
  scene.history.operations[1].session = 0;
  EXPECT_EQ(scene.Wrong(), "");
}

// One key of the session goes with another revision than its lock.
TEST(SessionsCheckTest, ASessionEndsInTwoSteps) {
  Scene scene;
  scene.Create(5, 1000, 1);
  scene.Put("k", "a", 2).session = 5;
  scene.Acquire("l", 5, 1, 3);
  scene.Unknown(scene.Destroy(5, 0));
  scene.GetNothing("k", 4);
  scene.Verify("l", 1, 4);
  EXPECT_EQ(scene.Wrong(), "session_lived_on");
  scene.Refused(scene.history.operations.back(), "stale_token");
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(SessionsCheckTest, AnEndedSessionIsRenewed) {
  Scene scene;
  scene.Create(5, 1000, 1);
  scene.Destroy(5, 2);
  scene.Keep(5);
  EXPECT_EQ(scene.Wrong(), "session_lived_on");
  scene.history.operations.back().call_us = 1'000'020;  // while it was being destroyed
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(SessionsCheckTest, ASessionExpiresEarly) {
  Scene scene;
  scene.Create(5, 100, 1);
  scene.now_us = 1'050'000;
  scene.Keep(5);
  scene.now_us = 1'149'980;
  scene.End(5, true, 2);
  EXPECT_EQ(scene.Wrong(), "expired_early");
  scene.history.session_ends.back().at_us = 1'150'000;
  EXPECT_EQ(scene.Wrong(), "");
  scene.history.session_ends.back().at_us = 1'149'000;
  EXPECT_EQ(scene.Wrong(), "expired_early");
  scene.options.clock_drift_percent = 1;
  EXPECT_EQ(scene.Wrong(), "");
}

// It ends 60 ms after a renewal that is good for 100.
TEST(SessionsCheckTest, AJumpOfAClockExcusesWhatWasRenewedBeforeIt) {
  Scene scene;
  scene.options.clock_jump_costs_us = 40'000;
  scene.Create(5, 100, 1);
  scene.now_us = 1'050'000;
  scene.Keep(5);
  scene.now_us = 1'110'000;
  scene.End(5, true, 2);
  int64_t& end_us = scene.history.session_ends.back().at_us;
  std::vector<int64_t>& jumps = scene.options.clock_jumps_at_us;
  EXPECT_EQ(scene.Wrong(), "expired_early");
  jumps = {1'110'001};  // after the end
  EXPECT_EQ(scene.Wrong(), "expired_early");
  jumps = {1'040'000, 1'000'000, 1'049'999};  // before the renewal, however many
  EXPECT_EQ(scene.Wrong(), "expired_early");
  for (const int64_t within_us : {1'050'000, 1'090'000, 1'110'000}) {
    jumps = {within_us};
    EXPECT_EQ(scene.Wrong(), "") << within_us;
  }
  end_us = 1'109'999;
  jumps = {1'090'000, 1'040'000};  // one counts
  EXPECT_EQ(scene.Wrong(), "expired_early");
  jumps = {1'090'000, 1'070'000};  // both
  EXPECT_EQ(scene.Wrong(), "");
}

// Nobody knows when it ended. A jump hastens no end that is before it.
TEST(SessionsCheckTest, AJumpOfAClockExcusesAKeyThatIsGone) {
  Scene scene;
  scene.options.clock_jump_costs_us = 40'000;
  scene.options.clock_jumps_at_us = {1'050'000, 1'080'000};
  scene.Create(5, 100, 1);
  scene.Put("k", "a", 2).session = 5;
  scene.now_us = 1'060'000;
  scene.GetNothing("k", 3).return_us = 1'059'999;
  scene.history.operations.back().call_us = 1'059'000;
  EXPECT_EQ(scene.Wrong(), "expired_early");
  scene.history.operations.back().return_us = 1'060'000;
  EXPECT_EQ(scene.Wrong(), "");
  scene.options.clock_jumps_at_us = {1'030'000, 999'999, 999'998};
  EXPECT_EQ(scene.Wrong(), "");
  scene.options.clock_jumps_at_us = {999'997, 999'999, 999'998};
  EXPECT_EQ(scene.Wrong(), "expired_early");
  for (Operation& operation : scene.history.operations) operation.revision = 0;
  EXPECT_EQ(scene.Wrong(), "not_linearizable");  // the search ends no session earlier, either
  scene.options.clock_jumps_at_us = {1'030'000};
  EXPECT_EQ(scene.Wrong(), "");
}

// What real processes show: nobody can have destroyed it, and it is gone.
TEST(SessionsCheckTest, ASessionThatExpiredEarlyIsKnownByItsKeys) {
  Scene scene;
  scene.Create(5, 1000, 1);
  scene.Put("k", "a", 2).session = 5;
  scene.GetNothing("k", 3);
  EXPECT_EQ(scene.Wrong(), "expired_early");
  scene.Unknown(scene.Destroy(5, 0)).call_us = 1'000'000;
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(SessionsCheckTest, AnUnansweredKeepaliveProvesNothing) {
  Scene scene;
  scene.Create(5, 100, 1);
  scene.now_us = 1'050'000;
  scene.Unknown(scene.Keep(5));
  scene.now_us = 1'100'000;
  scene.End(5, true, 2);
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(SessionsCheckTest, ASessionIsNotEndedInTime) {
  Scene scene;
  scene.options.session_end_late_us = 50'000;
  scene.Create(5, 100, 1);
  scene.now_us = 1'150'020;
  scene.End(5, true, 2);
  EXPECT_EQ(scene.Wrong(), "expired_late");
  scene.history.session_ends.back().at_us = 1'150'010;
  EXPECT_EQ(scene.Wrong(), "");
  scene.history.session_ends.clear();
  scene.now_us = 3'000'000;
  scene.Put("k", "a", 3);
  EXPECT_EQ(scene.Wrong(), "");  // nobody knows
  scene.options.session_ends_complete = true;
  EXPECT_EQ(scene.Wrong(), "expired_late");
}

// A put that wants the session's key to be gone, and whose client gives up before it happens.
TEST(SessionsCheckTest, WhatNobodyAnsweredHappensAfterTheEnd) {
  Scene scene;
  scene.options.session_ends_complete = true;
  scene.Create(5, 100'000, 1);
  scene.Put("k", "a", 2).session = 5;
  Operation& put = scene.Put("k", "b", 0);
  put.expected_revision = 0;
  scene.Unknown(put).return_us = put.call_us + 10;
  scene.now_us = 200'000'000;
  scene.End(5, true, 3);
  scene.Get("k", "b", 4, 4);
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(SessionsCheckTest, ASessionIsDestroyedThoughNobodyAsked) {
  Scene scene;
  scene.Create(5, 100'000, 1);
  scene.End(5, false, 2);
  EXPECT_EQ(scene.Wrong(), "session_lost");
  scene.Unknown(scene.Destroy(5, 0)).call_us = 1'000'010;
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(LocksCheckTest, WhatIsRight) {
  Scene scene;
  scene.Acquire("l", 5, 1, 1);
  scene.Acquire("l", 6, 0, 2).ticket = 1;
  scene.Verify("l", 1, 2);
  scene.Release("l", 5, 1, 3);
  scene.Acquire("l", 6, 2, 3).ticket = 1;
  scene.Refused(scene.Release("l", 5, 1, 3), "stale_token");
  scene.Refused(scene.Verify("l", 1, 3), "stale_token");
  scene.Holder("l", 6, 2, 3);
  scene.Guarded(scene.Put("k", "a", 4), "l", 2);
  scene.Release("l", 6, 2, 5);
  scene.Holder("l", 0, 0, 5);
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(LocksCheckTest, TwoHold) {
  Scene scene;
  scene.Acquire("l", 5, 1, 1);
  scene.Acquire("l", 6, 2, 2);
  scene.Holder("l", 5, 1, 3);
  EXPECT_EQ(scene.Wrong(), "session_lived_on two_holders");
  scene.history.operations.back().holder_session = 6;
  scene.history.operations.back().granted_token = 2;
  scene.Unknown(scene.Release("l", 5, 1, 0)).call_us = 1'000'020;
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(LocksCheckTest, TwoHoldByTheirTimesAlone) {
  Scene scene;
  scene.Acquire("l", 5, 1, 0);
  scene.Acquire("l", 6, 2, 0);
  scene.Acquire("l", 5, 1, 0);
  EXPECT_EQ(scene.Wrong(), "two_holders");
  scene.history.operations.back().call_us = 1'000'030;
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(LocksCheckTest, ALockIsTakenAwayFromALiveSession) {
  Scene scene;
  scene.Create(5, 10, 1);
  scene.Acquire("l", 5, 1, 2);
  scene.Acquire("l", 6, 2, 3);
  scene.now_us = 1'020'000;
  scene.Keep(5);
  EXPECT_EQ(scene.Wrong(), "expired_early session_lived_on");
  scene.Unknown(scene.Release("l", 5, 1, 0)).call_us = 1'000'040;
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(LocksCheckTest, ATokenIsGivenTwice) {
  Scene scene;
  scene.Acquire("l", 5, 1, 1);
  scene.Acquire("m", 6, 1, 2);
  EXPECT_EQ(scene.Wrong(), "token_reused");
  scene.history.operations.back().granted_token = 2;
  EXPECT_EQ(scene.Wrong(), "");
  scene.history.operations.back().key = "l";
  scene.history.operations.back().granted_token = 1;
  EXPECT_EQ(scene.Wrong(), "token_reused");
}

TEST(LocksCheckTest, ATokenIsSmallerThanOneBefore) {
  Scene scene;
  scene.Acquire("l", 5, 2, 1);
  scene.Release("l", 5, 2, 2);
  scene.Acquire("l", 6, 1, 3);
  EXPECT_EQ(scene.Wrong(), "session_lived_on two_holders");
  scene.history.operations.back().granted_token = 3;
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(LocksCheckTest, TokensDoNotRiseOverTheCluster) {
  Scene scene;
  scene.Unknown(scene.Acquire("l", 5, 0, 0));
  scene.Unknown(scene.Acquire("m", 6, 0, 0));
  Watch& watch = scene.StartWatch(1, Space::kLock);
  scene.Deliver(watch, {LineEvent(1, "acquired", "l", 5, 2)}, 1);
  scene.Deliver(watch, {LineEvent(2, "acquired", "m", 6, 1)}, 2);
  EXPECT_EQ(scene.Wrong(), "token_order");
  watch.deliveries[1].events[0].token = 3;
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(LocksCheckTest, NobodyIsSaidToHoldWhileSomebodyDoes) {
  Scene scene;
  scene.Acquire("l", 5, 1, 1);
  scene.Put("k", "a", 2);
  scene.Holder("l", 0, 0, 2);
  scene.Put("k", "b", 3);
  scene.Verify("l", 1, 3);
  EXPECT_EQ(scene.Wrong(), "wrong_holder");
  scene.history.operations[2].holder_session = 5;
  scene.history.operations[2].granted_token = 1;
  scene.history.operations[2].found = true;
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(LocksCheckTest, AStaleTokenIsAccepted) {
  Scene scene;
  scene.Acquire("l", 5, 1, 1);
  scene.Release("l", 5, 1, 2);
  scene.Acquire("l", 6, 2, 3);
  scene.Guarded(scene.Put("k", "a", 4), "l", 1);
  EXPECT_EQ(scene.Wrong(), "released_lived_on stale_token_accepted");
  scene.Guarded(scene.history.operations.back(), "l", 2);
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(LocksCheckTest, AStaleTokenVerifies) {
  Scene scene;
  scene.Acquire("l", 5, 1, 1);
  scene.Release("l", 5, 1, 2);
  scene.Verify("l", 1, 2);
  EXPECT_EQ(scene.Wrong(), "released_lived_on");
  scene.history.operations.back().revision = 1;
  scene.history.operations.back().call_us = 1'000'025;
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(LocksCheckTest, ATokenThatNobodyGot) {
  Scene scene;
  scene.Acquire("l", 5, 1, 1);
  scene.Release("l", 5, 1, 2);
  scene.Verify("l", 7, 2);
  EXPECT_EQ(scene.Wrong(), "token_from_nowhere");
  scene.Unknown(scene.Acquire("l", 6, 0, 0)).call_us = 1'000'005;
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(LocksCheckTest, ALiveTokenIsRefused) {
  Scene scene;
  scene.Acquire("l", 5, 1, 1);
  scene.Refused(scene.Guarded(scene.Put("k", "a", 1), "l", 1), "stale_token");
  scene.Put("other", "b", 2);
  scene.Verify("l", 1, 2);
  EXPECT_EQ(scene.Wrong(), "wrong_refusal");
  scene.history.operations[1].token = 7;
  EXPECT_EQ(scene.Wrong(), "");
}

// The session that does not hold may not release, whatever its token.
TEST(LocksCheckTest, AnotherSessionsReleaseIsRefused) {
  Scene scene;
  scene.Acquire("l", 5, 1, 1);
  scene.Refused(scene.Release("l", 6, 1, 1), "stale_token");
  scene.Verify("l", 1, 1);
  EXPECT_EQ(scene.Wrong(), "");
  scene.history.operations[1].session = 5;
  EXPECT_EQ(scene.Wrong(), "wrong_refusal");
}

TEST(LocksCheckTest, TheLineIsJumped) {
  Scene scene;
  scene.Acquire("l", 5, 1, 1);
  scene.Acquire("l", 6, 0, 2).ticket = 1;
  scene.Acquire("l", 7, 0, 3).ticket = 2;
  scene.Release("l", 5, 1, 4);
  scene.Acquire("l", 7, 2, 4).ticket = 2;
  scene.Release("l", 7, 2, 5);
  scene.Acquire("l", 6, 3, 5).ticket = 1;
  EXPECT_EQ(scene.Wrong(), "line_jumped");
  scene.history.operations[1].ticket = 3;  // it had asked later after all
  scene.history.operations[6].ticket = 3;
  std::swap(scene.history.operations[1].call_us, scene.history.operations[2].call_us);
  scene.history.operations[1].revision = 3;
  scene.history.operations[2].revision = 2;
  scene.history.operations[1].return_us = scene.history.operations[1].call_us + 10;
  scene.history.operations[2].return_us = scene.history.operations[2].call_us + 10;
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(LocksCheckTest, SomebodyIsServedWhoCameLater) {
  Scene scene;
  scene.Acquire("l", 5, 1, 1);
  scene.Acquire("l", 6, 0, 2).ticket = 1;
  scene.Release("l", 5, 1, 3);
  scene.Acquire("l", 7, 2, 4);
  scene.Release("l", 7, 2, 5);
  scene.Acquire("l", 6, 3, 5).ticket = 1;
  EXPECT_EQ(scene.Wrong(), "line_jumped");
  scene.history.operations[3].call_us = 1'000'025;  // may have come before
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(LocksCheckTest, NobodyIsWoken) {
  Scene scene;
  scene.Acquire("l", 5, 1, 1);
  scene.Acquire("l", 6, 0, 2).ticket = 1;
  scene.Release("l", 5, 1, 3);
  scene.Holder("l", 0, 0, 3);
  scene.Acquire("l", 6, 2, 4).ticket = 1;
  EXPECT_EQ(scene.Wrong(), "lost_wakeup");
  scene.history.operations.back().ticket = 2;  // it had left, and came again
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(ElectionsCheckTest, AProclaimedValueIsLost) {
  Scene scene;
  scene.Acquire("e", 5, 1, 1).value = "a";
  scene.OnLine(Kind::kProclaim, "e", 5, 1, 2).value = "b";
  Operation& holder = scene.Holder("e", 5, 1, 2);
  holder.found_value_omitted = false;
  holder.found_value = "a";
  for (Operation& operation : scene.history.operations) operation.space = Space::kElection;
  EXPECT_EQ(scene.Wrong(), "lost_write");
  scene.history.operations.back().found_value = "c";
  EXPECT_EQ(scene.Wrong(), "lost_write");
  scene.history.operations.back().found_value = "b";
  EXPECT_EQ(scene.Wrong(), "");
  scene.history.operations.erase(scene.history.operations.begin() + 1);
  EXPECT_EQ(scene.Wrong(), "value_from_nowhere");
}

TEST(ElectionsCheckTest, AProclaimHappensTwice) {
  Scene scene;
  scene.Acquire("e", 5, 1, 1).value = "a";
  scene.OnLine(Kind::kProclaim, "e", 5, 1, 2).value = "b";
  for (Operation& operation : scene.history.operations) operation.space = Space::kElection;
  Watch& watch = scene.StartWatch(1, Space::kElection);
  scene.Deliver(watch, {LineEvent(1, "elected", "e", 5, 1, "a")}, 1);
  scene.Deliver(watch, {LineEvent(2, "proclaimed", "e", 5, 1, "b")}, 2);
  EXPECT_EQ(scene.Wrong(), "");
  scene.Deliver(watch, {LineEvent(3, "proclaimed", "e", 5, 1, "b")}, 3);
  EXPECT_EQ(scene.Wrong(), "applied_twice");
}

TEST(ElectionsCheckTest, ATermIsSeenTwice) {
  Scene scene;
  scene.Acquire("e", 5, 1, 1).space = Space::kElection;
  scene.Unknown(scene.Release("e", 5, 1, 0)).space = Space::kElection;
  scene.Acquire("e", 5, 2, 3).space = Space::kElection;
  Watch& watch = scene.StartWatch(1, Space::kElection);
  scene.Deliver(watch,
                {LineEvent(1, "elected", "e", 5, 1), LineEvent(2, "gone", "e", 5, 1),
                 LineEvent(3, "elected", "e", 5, 2)},
                3);
  EXPECT_EQ(scene.Wrong(), "");
  watch.deliveries[0].events[1].kind = "proclaimed";
  watch.deliveries[0].events[1].token = 7;
  EXPECT_NE(scene.Wrong().find("holder_order"), std::string::npos);
  watch.deliveries[0].events[1] = LineEvent(2, "gone", "e", 5, 1);
  watch.deliveries[0].events[2].token = 1;
  EXPECT_NE(scene.Wrong().find("holder_order"), std::string::npos);
}

}  // namespace
}  // namespace baton::history
