#include "test/bench/table.h"

#include <gtest/gtest.h>

namespace baton::bench {
namespace {

TEST(MarkdownTableTest, NumbersStandToTheRight) {
  EXPECT_EQ(MarkdownTable({{"what", false}, {"µs", true}}, {{"a", "12345"}, {"longer", "6"}}),
            "| what   |    µs |\n"
            "|--------|-------|\n"
            "| a      | 12345 |\n"
            "| longer |     6 |\n");
}

TEST(MarkdownTableTest, HasItsHeadsWithoutRows) {
  EXPECT_EQ(MarkdownTable({{"a", false}}, {}), "| a |\n|---|\n");
}

TEST(MarkdownTableDeathTest, ARowHasACellForEachColumn) {
  EXPECT_DEATH(MarkdownTable({{"a", false}}, {{"1", "2"}}), "");
}

TEST(ThreeDigitsTest, SaysNoMoreThanCounts) {
  EXPECT_EQ(ThreeDigits(12345.6), "12346");
  EXPECT_EQ(ThreeDigits(100), "100");
  EXPECT_EQ(ThreeDigits(99.44), "99.4");
  EXPECT_EQ(ThreeDigits(1.234), "1.23");
  EXPECT_EQ(ThreeDigits(-12.34), "-12.3");
  EXPECT_EQ(ThreeDigits(0), "0");
  EXPECT_EQ(ThreeDigits(std::nullopt), "-");
}

}  // namespace
}  // namespace baton::bench
