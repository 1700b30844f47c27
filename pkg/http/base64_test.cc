#include "pkg/http/base64.h"

#include <gtest/gtest.h>

#include "pkg/base/random.h"

namespace baton::http {
namespace {

// RFC 4648, section 10.
TEST(Base64Test, VectorsOfTheStandard) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(Base64Encode(bytes), text);
    const Result<std::string> decoded = Base64Decode(text);
    ASSERT_TRUE(decoded.ok()) << text << ": " << decoded.status().ToString();
    EXPECT_EQ(*decoded, bytes);
  }
}

TEST(Base64Test, BytesThatAreNotText) {
  const std::string bytes("\xfb\xff\xfe\x00\x01", 5);
  EXPECT_EQ(Base64Encode(bytes), "+//+AAE=");
  EXPECT_EQ(Base64UrlEncode(bytes), "-__-AAE");
  for (const char* text : {"-__-AAE", "-__-AAE=", "+//+AAE=", "+//+AAE"}) {
    const Result<std::string> decoded = Base64UrlDecode(text);
    ASSERT_TRUE(decoded.ok()) << text;
    EXPECT_EQ(*decoded, bytes) << text;
  }
}

TEST(Base64Test, RandomBytesComeBack) {
  Random random(1);
  for (int round = 0; round < 500; ++round) {
    std::string bytes(random.Below(70), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.Below(256));
    ASSERT_EQ(*Base64Decode(Base64Encode(bytes)), bytes);
    ASSERT_EQ(*Base64UrlDecode(Base64UrlEncode(bytes)), bytes);
  }
}

TEST(Base64Test, OnlyOneTextMeansTheBytes) {
  const std::pair<const char*, const char*> malformed[] = {
      {"Zg", "length is not a multiple of four at offset 2"},
      {"Zg=", "length is not a multiple of four"},
      {"Z===", "a character that is not base64 at offset 1"},
      {"====", "a character that is not base64 at offset 0"},
      {"Zg==Zg==", "a character that is not base64 at offset 2"},
      {"Zh==", "last bits are not zero"},
      {"Zm9=", "last bits are not zero"},
      {"Zm9v\n", "length is not a multiple of four"},
      {"Zm 9", "a character that is not base64 at offset 2"},
      {"-__-", "a character that is not base64 at offset 0"},
      {"Zm\xc3\xa4", "a character that is not base64 at offset 2"}};
  for (const auto& [text, why] : malformed) {
    const Result<std::string> decoded = Base64Decode(text);
    ASSERT_FALSE(decoded.ok()) << text;
    EXPECT_EQ(decoded.status().code(), Code::kInvalidArgument);
    EXPECT_EQ(decoded.status().reason(), "malformed_base64");
    EXPECT_NE(decoded.status().message().find(why), std::string::npos)
        << text << ": " << decoded.status().message();
  }
}

TEST(Base64Test, UrlFormIsStrictAsWell) {
  for (const char* text : {"Z", "Zg=", "Zh", "Zm9v=", "Zg===", "Z g", "Zg==="}) {
    const Result<std::string> decoded = Base64UrlDecode(text);
    ASSERT_FALSE(decoded.ok()) << text;
    EXPECT_EQ(decoded.status().reason(), "malformed_base64");
  }
}

}  // namespace
}  // namespace baton::http
