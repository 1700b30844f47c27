#include "pkg/http/percent.h"

#include <gtest/gtest.h>

#include "pkg/http/query.h"

namespace baton::http {
namespace {

TEST(Percent, EncodesAllButUnreserved) {
  EXPECT_EQ(PercentEncode("azAZ09-._~"), "azAZ09-._~");
  EXPECT_EQ(PercentEncode("a b/c%"), "a%20b%2Fc%25");
  EXPECT_EQ(PercentEncode("a/b c", true), "a/b%20c");
  EXPECT_EQ(PercentEncode("\xc3\xa4\xff"), "%C3%A4%FF");
}

TEST(Percent, DecodesWhatItEncoded) {
  std::string all;
  for (int byte = 1; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  const Result<std::string> decoded = PercentDecode(PercentEncode(all));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(*decoded, all);
}

TEST(Percent, RefusesWhatIsNotAByte) {
  for (const char* text : {"%", "a%", "%2", "%zz", "%2g", "%g2", "%%20", "% 20", "%u0041"}) {
    const Result<std::string> decoded = PercentDecode(text);
    ASSERT_FALSE(decoded.ok()) << text;
    EXPECT_EQ(decoded.status().code(), Code::kInvalidArgument);
    EXPECT_EQ(decoded.status().reason(), "malformed_percent_encoding");
  }
}

TEST(Percent, RefusesNul) { EXPECT_FALSE(PercentDecode("a%00b").ok()); }

TEST(Percent, DecodesOnce) { EXPECT_EQ(*PercentDecode("%252F"), "%2F"); }

using Parameters = std::multimap<std::string, std::string>;

TEST(Query, SplitsPairs) {
  EXPECT_EQ(*ParseQuery(""), Parameters{});
  EXPECT_EQ(*ParseQuery("a=b&c=d"), (Parameters{{"a", "b"}, {"c", "d"}}));
  EXPECT_EQ(*ParseQuery("a&b="), (Parameters{{"a", ""}, {"b", ""}}));
  EXPECT_EQ(*ParseQuery("&&a=1&"), (Parameters{{"a", "1"}}));
  EXPECT_EQ(*ParseQuery("a=1&a=2&a=1"), (Parameters{{"a", "1"}, {"a", "2"}, {"a", "1"}}));
}

TEST(Query, AValueMayHoldDelimiters) {
  EXPECT_EQ(*ParseQuery("token=abc=="), (Parameters{{"token", "abc=="}}));
  EXPECT_EQ(*ParseQuery("a=b=c?d"), (Parameters{{"a", "b=c?d"}}));
  EXPECT_EQ(*ParseQuery("a=b%26c%3Dd"), (Parameters{{"a", "b&c=d"}}));
}

TEST(Query, DecodesAsForms) {
  EXPECT_EQ(*ParseQuery("a=b+c%2Bd%20e"), (Parameters{{"a", "b c+d e"}}));
}

TEST(Query, RefusesMalformedEncoding) {
  EXPECT_FALSE(ParseQuery("a=%zz").ok());
  EXPECT_FALSE(ParseQuery("%=a").ok());
  EXPECT_FALSE(ParseQuery("a=1&b=%00").ok());
}

}  // namespace
}  // namespace baton::http
