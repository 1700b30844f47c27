#include "test/bench/panels.h"

#include <gtest/gtest.h>

#include <string>

namespace baton::bench {
namespace {

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++count;
  return count;
}

Panel Rates(const std::string& title) {
  return {title, {"10k", "100k", "1M"}, {{"put", {900, 800, 0}}, {"get", {1900, 1800, 1700}}}};
}

TEST(PanelsTest, EachPanelHasItsLinesAndMarks) {
  const std::string picture =
      PictureOfPanels({Rates("a < b"), Rates("c"), Rates("d")}, 2, "growth");
  EXPECT_EQ(Count(picture, "<polyline"), 6u);
  EXPECT_EQ(Count(picture, ">100k<"), 3u);
  EXPECT_EQ(Count(picture, ">1800<"), 3u);
  EXPECT_EQ(Count(picture, ">put<"), 1u);  // the legend
  EXPECT_EQ(Count(picture, "a &lt; b"), 1u);
  EXPECT_TRUE(picture.ends_with("</svg>\n"));
  EXPECT_NE(picture.find("viewBox=\"0 0 600 432\""), std::string::npos) << picture.substr(0, 200);
}

TEST(PanelsTest, OneMarkAndNoPanelAreDrawnToo) {
  EXPECT_EQ(Count(PictureOfPanels({{"one", {"3"}, {{"put", {7}}}}}, 3, ""), ">7.00<"), 1u);
  EXPECT_EQ(Count(PictureOfPanels({}, 3, "none"), "<polyline"), 0u);
}

TEST(PanelsDeathTest, EachMarkHasAValue) {
  EXPECT_DEATH(PictureOfPanels({{"torn", {"1", "2"}, {{"put", {7}}}}}, 1, ""), "torn");
}

TEST(AxisTest, EndsAtARoundNumber) {
  EXPECT_DOUBLE_EQ(AxisEnd(0), 1);
  EXPECT_DOUBLE_EQ(AxisEnd(1), 1);
  EXPECT_DOUBLE_EQ(AxisEnd(1.01), 2);
  EXPECT_DOUBLE_EQ(AxisEnd(2300), 2500);
  EXPECT_DOUBLE_EQ(AxisEnd(5100), 10000);
  EXPECT_DOUBLE_EQ(AxisEnd(0.03), 0.05);
}

}  // namespace
}  // namespace baton::bench
