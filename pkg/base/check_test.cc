#include "pkg/base/check.h"

#include <gtest/gtest.h>

#include <string>

#include "pkg/base/ids.h"

namespace baton {
namespace {

int Count(int* calls) { return ++*calls; }

TEST(CheckTest, WhatHoldsCostsNothingMore) {
  int calls = 0;
  int messages = 0;
  CHECK(Count(&calls) == 1) << Count(&messages);
  EXPECT_EQ(calls, 1) << "the condition is looked at once";
  EXPECT_EQ(messages, 0) << "the message is not made";
  CHECK_EQ(2, 2);
  CHECK_NE(1, 2);
  CHECK_LT(1, 2);
  CHECK_LE(2, 2);
  CHECK_GT(2, 1);
  CHECK_GE(2, 2);
}

TEST(CheckTest, IsOneStatement) {
  for (bool broken : {false, false}) {
    if (broken)
      CHECK(false) << "not reached";
    else
      continue;
    FAIL() << "the else belongs to the CHECK";
  }
}

TEST(CheckDeathTest, StopsTheProcessWithPlaceConditionAndMessage) {
  const std::string name = "x";
  EXPECT_DEATH(CHECK(name.empty()) << "name is " << name,
               "check_test.cc:[0-9]+: CHECK failed: name.empty\\(\\) name is x");
}

TEST(CheckDeathTest, ComparisonsShowBothValues) {
  const int one = 1;
  const int two = 2;
  EXPECT_DEATH(CHECK_EQ(one, two) << "more",
               "CHECK failed: \\(one\\)==\\(two\\)  \\(1 vs 2\\) more");
  EXPECT_DEATH(CHECK_NE(one, one), "1 vs 1");
  EXPECT_DEATH(CHECK_LT(two, one), "2 vs 1");
  EXPECT_DEATH(CHECK_LE(two, one), "2 vs 1");
  EXPECT_DEATH(CHECK_GT(one, two), "1 vs 2");
  EXPECT_DEATH(CHECK_GE(one, two), "1 vs 2");
  EXPECT_DEATH(CHECK_EQ(Index(3), Index(4)), "3 vs 4");
}

}  // namespace
}  // namespace baton
