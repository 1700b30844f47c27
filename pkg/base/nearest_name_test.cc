#include "pkg/base/nearest_name.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace baton {
namespace {

TEST(EditDistanceTest, CountsSteps) {
  EXPECT_EQ(EditDistance("", ""), 0u);
  EXPECT_EQ(EditDistance("", "abc"), 3u);
  EXPECT_EQ(EditDistance("abc", ""), 3u);
  EXPECT_EQ(EditDistance("wait", "wait"), 0u);
  EXPECT_EQ(EditDistance("wiat", "wait"), 1u);   // swap
  EXPECT_EQ(EditDistance("waait", "wait"), 1u);  // insertion
  EXPECT_EQ(EditDistance("wat", "wait"), 1u);    // deletion
  EXPECT_EQ(EditDistance("wabt", "wait"), 1u);   // substitution
  EXPECT_EQ(EditDistance("session", "lesson"), 2u);
}

TEST(NearestNameTest, FindsTheNearestOrNothing) {
  const std::vector<std::string_view> known = {"queue", "session", "value", "wait"};
  EXPECT_EQ(NearestName("sesion", known), "session");
  EXPECT_EQ(NearestName("valeu", known), "value");
  EXPECT_EQ(NearestName("w", known), "");
  EXPECT_EQ(NearestName("completely-other", known), "");
  EXPECT_EQ(NearestName("", known), "");
  EXPECT_EQ(NearestName("wait", {}), "");
}

TEST(NearestNameTest, FirstOfEquals) {
  const std::vector<std::string_view> known = {"cat", "bat"};
  EXPECT_EQ(NearestName("rat", known), "cat");
}

TEST(NearestNameTest, LongNamesAreBounded) {
  const std::vector<std::string_view> known = {"wait"};
  EXPECT_EQ(NearestName(std::string(10'000'000, 'w'), known), "");
}

}  // namespace
}  // namespace baton
