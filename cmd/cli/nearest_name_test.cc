#include "cmd/cli/nearest_name.h"

#include <gtest/gtest.h>

#include <vector>

namespace baton::cli {
namespace {

TEST(EditDistanceTest, CountsEdits) {
  EXPECT_EQ(EditDistance("", ""), 0U);
  EXPECT_EQ(EditDistance("abc", "abc"), 0U);
  EXPECT_EQ(EditDistance("", "abc"), 3U);
  EXPECT_EQ(EditDistance("abc", ""), 3U);
  EXPECT_EQ(EditDistance("abc", "abxc"), 1U);
  EXPECT_EQ(EditDistance("abc", "ac"), 1U);
  EXPECT_EQ(EditDistance("abc", "axc"), 1U);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3U);
}

TEST(EditDistanceTest, ASwapOfNeighboursIsOneEdit) {
  EXPECT_EQ(EditDistance("data-dri", "data-dir"), 1U);
  EXPECT_EQ(EditDistance("ab", "ba"), 1U);
  EXPECT_EQ(EditDistance("abcd", "badc"), 2U);
}

TEST(NearestNameTest, TakesTheNearestAndTheFirstOfEquals) {
  const std::vector<std::string_view> known = {"tick-ms", "name", "node-id", "gate"};
  EXPECT_EQ(NearestName("tik-ms", known), "tick-ms");
  EXPECT_EQ(NearestName("nodeid", known), "node-id");
  EXPECT_EQ(NearestName("nate", known), "name");  // "gate" is as near
}

TEST(NearestNameTest, NothingNearIsNothing) {
  const std::vector<std::string_view> known = {"tick-ms"};
  EXPECT_EQ(NearestName("zzzzzz", known), "");
  EXPECT_EQ(NearestName("", known), "");
  EXPECT_EQ(NearestName("tick-ms", {}), "");
  EXPECT_EQ(DidYouMean("zzzzzz", known), "");
  EXPECT_EQ(DidYouMean("tickms", known), "; did you mean \"tick-ms\"?");
}

TEST(NearestNameTest, AHugeNameIsCheap) {
  const std::vector<std::string_view> known = {"tick-ms"};
  EXPECT_EQ(NearestName(std::string(10'000'000, 'x'), known), "");
}

}  // namespace
}  // namespace baton::cli
