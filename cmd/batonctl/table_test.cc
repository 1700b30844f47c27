#include "cmd/batonctl/table.h"

#include <gtest/gtest.h>

namespace baton::batonctl {
namespace {

TEST(RenderTableTest, AlignsColumns) {
  EXPECT_EQ(RenderTable({{"KEY", "VALUE"}, {{"a", "1"}, {"longer", "two words"}}}),
            "KEY     VALUE\n"
            "a       1\n"
            "longer  two words\n");
  EXPECT_EQ(RenderTable({{"KEY"}, {}}), "KEY\n");
}

TEST(RenderTableTest, CountsCodePoints) {
  EXPECT_EQ(RenderTable({{"A", "B"}, {{"\xc3\xa9\xc3\xa9", "x"}, {"ab", "y"}}}),
            "A   B\n"
            "\xc3\xa9\xc3\xa9  x\n"
            "ab  y\n");
}

TEST(RenderTableDeathTest, RowsAreAsLongAsTheHeader) {
  EXPECT_DEATH(RenderTable({{"A", "B"}, {{"only one"}}}), "CHECK failed");
}

TEST(RenderTableTest, CellsAreEscaped) {
  EXPECT_EQ(RenderTable({{"A", "B"}, {{"x\ny", "\x1b[2J"}}}), "A     B\nx\\ny  \\x1b[2J\n");
}

}  // namespace
}  // namespace baton::batonctl
