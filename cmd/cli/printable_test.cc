#include "cmd/cli/printable.h"

#include <gtest/gtest.h>

namespace baton::cli {
namespace {

TEST(PrintableTest, NothingSteersTheTerminal) {
  EXPECT_EQ(Printable("plain \xc3\xa9"), "plain \xc3\xa9");
  EXPECT_EQ(Printable("a\nb\tc"), "a\\nb\\x09c");
  EXPECT_EQ(Printable("\x1b[2J"), "\\x1b[2J");
  EXPECT_EQ(Printable("\x7f"), "\\x7f");
  EXPECT_EQ(Printable(std::string("\0", 1)), "\\x00");
  EXPECT_EQ(Printable("\xff\xc3\xa9"), "\\xff\\xc3\\xa9") << "not UTF-8 as a whole";
  EXPECT_EQ(Printable("\xc2\x9b"
                      "2J"),
            "\\xc2\\x9b2J")
      << "a C1 control";
  EXPECT_EQ(Printable("\xc2\xa9"), "\xc2\xa9") << "the next above the C1 controls";
  EXPECT_EQ(Printable("\xe2\x82\x80"), "\xe2\x82\x80");
}

}  // namespace
}  // namespace baton::cli
