#include "test/bench/picture.h"

#include <gtest/gtest.h>

#include <string>

namespace baton::bench {
namespace {

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++count;
  return count;
}

Comparison Ratio(double ratio) {
  Comparison comparison("put", {{"clients", 64}}, "1/s", Better::kMore, "etcd");
  comparison.AddRound(ratio * 100, 100);
  return comparison;
}

TEST(PictureTest, HasABarForEachRatio) {
  Comparison alone("lock", {}, "1/s", Better::kMore, "etcd");
  alone.AddRound(100, std::nullopt);
  const std::string picture = PictureOf({Ratio(2), alone, Ratio(0.4)}, "a < b");
  EXPECT_EQ(Count(picture, "put (clients 64)"), 2u);
  EXPECT_EQ(Count(picture, "lock"), 0u);
  EXPECT_EQ(Count(picture, "<rect"), 3u);  // two bars and the ground
  EXPECT_EQ(Count(picture, ">2.00<"), 1u);
  EXPECT_EQ(Count(picture, ">0.40<"), 1u);
  EXPECT_EQ(Count(picture, "a &lt; b"), 2u);
  EXPECT_TRUE(picture.ends_with("</svg>\n"));
}

// A ratio beyond the axis ends at its end; its number is told.
TEST(PictureTest, HoldsAnyRatio) {
  EXPECT_EQ(Count(PictureOf({Ratio(100)}, ""), ">100<"), 1u);
  EXPECT_EQ(Count(PictureOf({Ratio(0.01)}, ""), ">0.01<"), 1u);
  EXPECT_EQ(Count(PictureOf({}, "none"), "<rect"), 1u);
}

}  // namespace
}  // namespace baton::bench
