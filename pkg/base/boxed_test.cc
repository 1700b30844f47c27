#include "pkg/base/boxed.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace baton {
namespace {

TEST(BoxedTest, IsAValue) {
  Boxed<std::string> box(std::string("one"));
  Boxed<std::string> copy = box;
  EXPECT_EQ(copy, box);
  *copy = "two";
  EXPECT_EQ(*box, "one") << "a copy is another value";
  EXPECT_FALSE(copy == box);
  box = copy;
  EXPECT_EQ(*box, "two");
  box = std::string("three");
  EXPECT_EQ(box->size(), 5U);
  EXPECT_EQ(*copy, "two");
}

TEST(BoxedTest, HasAValueFromTheStart) { EXPECT_EQ(*Boxed<std::string>(), ""); }

TEST(BoxedTest, IsAPointerWide) { EXPECT_EQ(sizeof(Boxed<std::string>), sizeof(void*)); }

TEST(BoxedTest, MovesWithoutCopying) {
  Boxed<std::string> box(std::string(100, 'x'));
  const char* const bytes = box->data();
  Boxed<std::string> moved = std::move(box);
  EXPECT_EQ(moved->data(), bytes);
  box = std::string("again");  // what it was moved from can be assigned to
  EXPECT_EQ(*box, "again");
}

TEST(BoxedDeathTest, WhatItWasMovedFromHasNoValue) {
  Boxed<std::string> box(std::string("x"));
  const Boxed<std::string> moved = std::move(box);
  EXPECT_DEATH(box->clear(), "moved from");
}

}  // namespace
}  // namespace baton
