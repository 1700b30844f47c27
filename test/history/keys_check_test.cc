// What is wrong with keys, each beside what is nearly the same and right.

#include "gtest/gtest.h"
#include "test/history/testing/scene.h"

namespace baton::history {
namespace {

TEST(KeysCheckTest, WhatIsRight) {
  Scene scene;
  scene.Put("k", "a", 1);
  scene.Get("k", "a", 1, 1);
  scene.PutIf("k", "b", 1, 2);
  Operation& refused = scene.Refused(scene.PutIf("k", "c", 1, 2), "precondition_failed");
  refused.found = true;
  refused.found_value = "b";
  refused.found_mod_revision = 2;
  scene.Delete("k", 2, 3);
  scene.GetNothing("k", 3);
  scene.PutIf("k", "d", 0, 5);
  scene.Delete("other", 0, 5);
  EXPECT_EQ(scene.Wrong(), "");
  EXPECT_EQ(Check(scene.history, scene.options).keys_searched, 0u);
}

TEST(KeysCheckTest, AReadThatWentBack) {
  Scene scene;
  scene.Put("k", "a", 1);
  scene.Put("k", "b", 2);
  scene.Get("k", "a", 1, 1);
  EXPECT_EQ(scene.Wrong(), "stale_read");
  scene.history.operations.back().call_us = 1'000'025;  // while the second put was under way
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(KeysCheckTest, AReadThatWentBackBehindAnotherKeysChange) {
  Scene scene;
  scene.Put("k", "a", 1);
  scene.Put("other", "b", 2);
  scene.Get("k", "a", 1, 1);
  EXPECT_EQ(scene.Wrong(), "stale_read");
  scene.history.operations.back().revision = 2;
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(KeysCheckTest, AReadThatWentBackBehindAStaleOne) {
  Scene scene;
  scene.Put("k", "a", 1);
  scene.Unknown(scene.Put("k", "b", 2));
  scene.Stale(scene.Get("k", "b", 2, 2), 3);
  scene.Get("k", "a", 1, 1);
  EXPECT_EQ(scene.Wrong(), "stale_read");
  scene.Stale(scene.history.operations.back(), 2);
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(KeysCheckTest, ANodeThatWentBackForOneClient) {
  Scene scene;
  scene.Put("k", "a", 1);
  scene.Put("k", "b", 2);
  scene.Stale(scene.Get("k", "b", 2, 2), 3);
  scene.Stale(scene.Get("k", "a", 1, 1), 3);
  EXPECT_EQ(scene.Wrong(), "node_went_back");
  scene.history.operations.back().node = 2;
  EXPECT_EQ(scene.Wrong(), "");
  scene.history.operations.back().node = 3;
  scene.history.operations.back().client = 2;
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(KeysCheckTest, AStaleReadOfAStateThatNeverWas) {
  Scene scene;
  scene.Put("k", "a", 1);
  scene.Put("k", "b", 2);
  scene.Stale(scene.Get("k", "a", 1, 2), 3);
  EXPECT_EQ(scene.Wrong(), "lost_write");
  scene.history.operations.back().revision = 1;
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(KeysCheckTest, AnAnswerOlderThanWanted) {
  Scene scene;
  scene.Put("k", "a", 1);
  scene.Put("k", "b", 2);
  scene.Stale(scene.Get("k", "a", 1, 1), 3).min_revision = 2;
  EXPECT_EQ(scene.Wrong(), "older_than_wanted");
  scene.history.operations.back().min_revision = 1;
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(KeysCheckTest, AnAnswerShowsWhatIsNewerThanItself) {
  Scene scene;
  scene.Put("k", "a", 1);
  scene.Put("k", "b", 2);
  scene.Stale(scene.Get("k", "b", 2, 1), 3);
  EXPECT_EQ(scene.Wrong(), "wrong_answer");
  scene.history.operations.back().revision = 2;
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(KeysCheckTest, APutIsAnsweredWithAnotherKeyThanItMade) {
  Scene scene;
  Operation& put = scene.Put("k", "a", 1);
  put.found = true;
  put.found_value = "a";
  put.found_mod_revision = 7;
  EXPECT_EQ(scene.Wrong(), "wrong_answer");
  put.found_mod_revision = 1;
  EXPECT_EQ(scene.Wrong(), "");
  put.found_value = "b";
  EXPECT_EQ(scene.Wrong(), "wrong_answer");
}

TEST(KeysCheckTest, AWriteThatIsLost) {
  Scene scene;
  scene.Put("k", "a", 1);
  scene.Put("k", "b", 2);
  scene.Get("k", "a", 1, 3);
  EXPECT_EQ(scene.Wrong(), "lost_write");
  scene.history.operations.back().found_value = "b";
  scene.history.operations.back().found_mod_revision = 2;
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(KeysCheckTest, AKeyThatVanished) {
  Scene scene;
  scene.Put("k", "a", 1);
  scene.GetNothing("k", 3);
  EXPECT_EQ(scene.Wrong(), "lost_write");
  Operation unknown;
  unknown.kind = Kind::kDelete;
  unknown.key = "k";
  unknown.call_us = 1'000'000;
  scene.history.operations.push_back(unknown);
  EXPECT_EQ(scene.Wrong(), "");
  scene.history.operations.back().call_us = 2'000'000;  // too late to explain it
  EXPECT_EQ(scene.Wrong(), "lost_write");
  scene.history.operations.back().call_us = 1'000'000;
  scene.history.operations.back().outcome = Outcome::kNotApplied;
  EXPECT_EQ(scene.Wrong(), "lost_write");
}

// A session may have ended, but not at the very revision of the put.
TEST(KeysCheckTest, AnEphemeralKeyThatVanishedAtOnce) {
  Scene scene;
  scene.Put("k", "a", 1).session = 5;
  scene.GetNothing("k", 1);
  EXPECT_EQ(scene.Wrong(), "lost_write");
  scene.history.operations.back().revision = 2;
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(KeysCheckTest, AKeyThatCameBack) {
  Scene scene;
  scene.Put("k", "a", 1);
  scene.Delete("k", 1, 2);
  scene.Get("k", "a", 1, 3);
  EXPECT_EQ(scene.Wrong(), "found_deleted");
}

TEST(KeysCheckTest, ARevisionThatIsUsedTwice) {
  Scene scene;
  scene.Put("k", "a", 1);
  scene.Put("other", "b", 1).call_us = 1'000'005;
  EXPECT_EQ(scene.Wrong(), "revision_reused");
  scene.history.operations.back().revision = 2;
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(KeysCheckTest, AWriteThatWasPutIntoThePast) {
  Scene scene;
  scene.Put("k", "a", 5);
  scene.Put("other", "b", 4);
  EXPECT_EQ(scene.Wrong(), "write_went_back");
  scene.history.operations.back().call_us = 1'000'005;
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(KeysCheckTest, TwoSwapsOfOneRevision) {
  Scene scene;
  scene.Put("k", "a", 1);
  scene.PutIf("k", "b", 1, 2);
  scene.PutIf("k", "c", 1, 3);
  EXPECT_EQ(scene.Wrong(), "split_cas");
  scene.history.operations.back().expected_revision = 2;
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(KeysCheckTest, TwoCreations) {
  Scene scene;
  scene.PutIf("k", "a", 0, 1);
  scene.PutIf("k", "b", 0, 2);
  EXPECT_EQ(scene.Wrong(), "split_cas");
  scene.history.operations.back().expected_revision.reset();
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(KeysCheckTest, AConditionalWriteOfUnknownOutcomeThatCannotHaveHappened) {
  Scene scene;
  scene.Put("k", "a", 1);
  scene.Unknown(scene.PutIf("k", "b", 1, 0));
  scene.Put("k", "c", 3);
  scene.Get("k", "b", 4, 4);
  EXPECT_EQ(scene.Wrong(), "split_cas");
  scene.history.operations.back().found_mod_revision = 2;
  scene.history.operations.back().revision = 2;
  scene.history.operations.back().call_us = 1'000'030;
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(KeysCheckTest, ARefusalThatWasNotTrue) {
  Scene scene;
  scene.Put("k", "a", 1);
  Operation& refused = scene.Refused(scene.PutIf("k", "b", 1, 1), "precondition_failed");
  refused.found = true;
  refused.found_value = "a";
  refused.found_mod_revision = 1;
  EXPECT_EQ(scene.Wrong(), "wrong_refusal");
  scene.history.operations.back().expected_revision = 7;
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(KeysCheckTest, WhatFailedForGoodIsVisible) {
  Scene scene;
  scene.Put("k", "a", 1);
  scene.Put("k", "b", 0).outcome = Outcome::kNotApplied;
  scene.Get("k", "b", 2, 2);
  EXPECT_EQ(scene.Wrong(), "not_applied_visible");
  scene.Unknown(scene.history.operations[1]);
  EXPECT_EQ(scene.Wrong(), "");
  scene.Refused(scene.history.operations[1], "session_not_found").return_us = 1'000'030;
  EXPECT_EQ(scene.Wrong(), "refused_visible");
}

TEST(KeysCheckTest, AValueThatNobodyWrote) {
  Scene scene;
  scene.Put("k", "a", 1);
  scene.Get("k", "b", 2, 2);
  EXPECT_EQ(scene.Wrong(), "value_from_nowhere");
  scene.history.operations.back().found_mod_revision = 1;
  scene.history.operations.back().revision = 1;
  EXPECT_EQ(scene.Wrong(), "wrong_value");
}

TEST(KeysCheckTest, AValueThatWasSeenBeforeItWasAskedFor) {
  Scene scene;
  scene.Get("k", "a", 1, 1);
  scene.Unknown(scene.Put("k", "a", 0));
  EXPECT_EQ(scene.Wrong(), "seen_too_early");
  scene.history.operations.front().return_us = 1'000'020;
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(KeysCheckTest, AnOperationThatHappenedTwice) {
  Scene scene;
  Operation& retried = scene.Put("k", "a", 3);
  retried.attempts = 2;
  retried.replayed = true;
  scene.Get("k", "a", 2, 2).call_us = 1'000'005;
  EXPECT_EQ(scene.Wrong(), "applied_twice");
  scene.history.operations.back().found_mod_revision = 3;
  scene.history.operations.back().revision = 3;
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(KeysCheckTest, AnUnknownOneThatHappenedTwice) {
  Scene scene;
  scene.Unknown(scene.Put("k", "a", 0)).attempts = 2;
  scene.Get("k", "a", 1, 1);
  scene.Get("k", "a", 2, 2);
  EXPECT_EQ(scene.Wrong(), "applied_twice");
  scene.history.operations.back().found_mod_revision = 1;
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(KeysCheckTest, ASwapThatHappenedAndWasThenRefused) {
  Scene scene;
  scene.Put("k", "a", 1);
  Operation& retried = scene.Refused(scene.PutIf("k", "b", 1, 2), "precondition_failed");
  retried.attempts = 2;
  retried.found = true;
  retried.found_value = "b";
  retried.found_mod_revision = 2;
  EXPECT_EQ(scene.Wrong(), "refused_visible");
}

TEST(KeysCheckTest, AGuardedKeyChangedWithoutItsToken) {
  Scene scene;
  scene.Acquire("l", 5, 1, 1);
  scene.Guarded(scene.Put("k", "a", 2), "l", 1);
  scene.Put("k", "b", 3);
  EXPECT_EQ(scene.Wrong(), "guard_bypassed");
  scene.Guarded(scene.history.operations.back(), "l", 1);
  EXPECT_EQ(scene.Wrong(), "");
}

TEST(KeysCheckTest, ARefusalForAGuardThatIsNotThere) {
  Scene scene;
  scene.Put("k", "a", 1);
  scene.Refused(scene.Put("k", "b", 1), "guard_required");
  EXPECT_EQ(scene.Wrong(), "wrong_refusal");
  scene.Acquire("l", 5, 1, 2).call_us = 1'000'000;
  scene.Guarded(scene.history.operations.front(), "l", 1).revision = 3;
  scene.history.operations[1].revision = 3;
  EXPECT_EQ(scene.Wrong(), "");
}

// Without revisions only the search can tell.
TEST(KeysCheckTest, NoOrderExplainsIt) {
  Scene scene;
  scene.Put("k", "a", 0);
  scene.Put("k", "b", 0);
  scene.Get("k", "a", 0, 0).found = true;
  EXPECT_EQ(scene.Wrong(), "not_linearizable");
  scene.history.operations.back().found_value = "b";
  EXPECT_EQ(scene.Wrong(), "");
}

// A put that does not say its revision has none after that of an answer which came later.
TEST(KeysCheckTest, APutIsOverBeforeTheRevisionThatItIsSaidToHave) {
  Scene scene;
  scene.Put("k", "a", 0);
  scene.Refused(scene.Put("k", "b", 2), "session_not_found").session = 5;
  scene.Get("k", "a", 3, 3);
  EXPECT_EQ(scene.Wrong(), "not_linearizable");
  scene.history.operations.back().found_mod_revision = 2;
  EXPECT_EQ(scene.Wrong(), "");
}

// What has no answer may happen late, but not later than anybody could have applied it.
TEST(KeysCheckTest, APutWithoutAnAnswerThatHappensTooLate) {
  Scene scene;
  scene.Unknown(scene.Put("k", "a", 0));
  scene.now_us += 1'000'000;
  scene.Put("k", "b", 0);
  scene.Get("k", "a", 0, 0).found = true;
  EXPECT_EQ(scene.Wrong(), "");
  scene.options.unknown_applied_us = 2'000'000;
  EXPECT_EQ(scene.Wrong(), "");
  scene.options.unknown_applied_us = 500'000;
  EXPECT_EQ(scene.Wrong(), "not_linearizable");
}

TEST(KeysCheckTest, ASearchThatIsTooLongSaysSo) {
  Scene scene;
  for (int i = 0; i < 10; ++i) {
    scene.Put("k", std::to_string(i), 0);
    scene.Get("k", std::to_string(i), 0, 0).found = true;
  }
  EXPECT_EQ(scene.Wrong(), "");
  scene.options.search_steps_max = 5;
  EXPECT_EQ(scene.Wrong(), "undecided");
}

TEST(KeysCheckTest, ViolationsAreBoundedAndCounted) {
  Scene scene;
  scene.Put("k", "a", 100);
  for (int i = 0; i < 60; ++i) scene.Get("k", "a", 100, 99);
  scene.options.violations_max = 50;
  const Verdict verdict = Check(scene.history, scene.options);
  EXPECT_EQ(verdict.violations.size(), 50u);
  EXPECT_GE(verdict.violations_total, 60u);
}

}  // namespace
}  // namespace baton::history
