#include "cmd/cli/utf8.h"

#include <gtest/gtest.h>

namespace baton::cli {
namespace {

TEST(FirstCodePointTest, ReadsEachLengthAtItsEnds) {
  const struct {
    std::string_view bytes;
    uint32_t value;
  } cases[] = {{"a", 'a'},
               {"\x7f", 0x7f},
               {"\xc2\x80", 0x80},
               {"\xdf\xbf", 0x7ff},
               {"\xe0\xa0\x80", 0x800},
               {"\xed\x9f\xbf", 0xd7ff},
               {"\xee\x80\x80", 0xe000},
               {"\xef\xbf\xbf", 0xffff},
               {"\xf0\x90\x80\x80", 0x10000},
               {"\xf4\x8f\xbf\xbf", 0x10ffff}};
  for (const auto& [bytes, value] : cases) {
    const CodePoint point = FirstCodePoint(bytes);
    EXPECT_TRUE(point.valid);
    EXPECT_EQ(point.value, value);
    EXPECT_EQ(point.bytes, bytes.size());
    EXPECT_TRUE(IsUtf8(bytes));
    // Cut anywhere it is not UTF-8.
    for (size_t size = 1; size < bytes.size(); ++size) EXPECT_FALSE(IsUtf8(bytes.substr(0, size)));
  }
}

TEST(FirstCodePointTest, RefusesWhatBeginsNone) {
  for (const std::string_view bytes :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80",
        "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xff", "\xc3(", "\xe2\x82(", "\xf0\x9f\x98("}) {
    const CodePoint point = FirstCodePoint(bytes);
    EXPECT_FALSE(point.valid);
    EXPECT_EQ(point.value, kReplacementCharacter);
    EXPECT_EQ(point.bytes, 1U);
    EXPECT_FALSE(IsUtf8(bytes));
  }
}

TEST(IsUtf8Test, WholeTexts) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z"));
  EXPECT_FALSE(IsUtf8("a\xc3\xa9\xff"));
}

}  // namespace
}  // namespace baton::cli
