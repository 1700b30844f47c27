#include "pkg/http/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "pkg/base/random.h"

namespace baton::http {
namespace {

using nlohmann::json;

void ExpectRefused(std::string_view text, const std::string& rule) {
  const Status status = CheckJson(text);
  ASSERT_FALSE(status.ok()) << text.substr(0, 100);
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_EQ(status.reason(), "malformed_json");
  EXPECT_NE(status.message().find(rule), std::string::npos)
      << text.substr(0, 100) << ": " << status.message();
  EXPECT_FALSE(ParseJson(text).ok());
}

TEST(CheckJsonTest, WellFormed) {
  for (const char* text : {"{}",
                           "[]",
                           "null",
                           "true",
                           "false",
                           "0",
                           "-0",
                           "-1",
                           "1.5",
                           "1e3",
                           "1E+3",
                           "1.25e-3",
                           "\"\"",
                           "\"a\"",
                           " \t\r\n{ } \n",
                           "[1,2,3]",
                           "[ 1 , 2 ]",
                           R"({"a":1,"b":[true,null]})",
                           R"({"a":{"a":{"a":1}}})",
                           "9223372036854775807",
                           "-9223372036854775808",
                           "18446744073709551615",
                           "1e308",
                           "1e-400",
                           R"("\"\\\/\b\f\n\r\t\u00e9")",
                           R"("\ud83d\ude00")",
                           "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\x7f\"",
                           R"({"":0})",
                           R"({"a":1,"A":2})"}) {
    const Status status = CheckJson(text);
    EXPECT_TRUE(status.ok()) << text << ": " << status.ToString();
    const Result<json> parsed = ParseJson(text);
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_EQ(*parsed, json::parse(text));
  }
}

TEST(CheckJsonTest, Structure) {
  ExpectRefused("", "ends where a value is expected");
  ExpectRefused("  ", "ends where a value is expected");
  ExpectRefused("{", "expected a field name");
  ExpectRefused("[", "ends where a value is expected");
  ExpectRefused("[1", "expected ',' or ']'");
  ExpectRefused("[1}", "expected ',' or ']'");
  ExpectRefused("{\"a\":1]", "expected ',' or '}'");
  ExpectRefused("[1,]", "not a value");
  ExpectRefused("[,1]", "not a value");
  ExpectRefused("{\"a\":1,}", "expected a field name");
  ExpectRefused("{\"a\"}", "expected ':'");
  ExpectRefused("{\"a\" 1}", "expected ':'");
  ExpectRefused("{a:1}", "expected a field name");
  ExpectRefused("{1:1}", "expected a field name");
  ExpectRefused("{'a':1}", "expected a field name");
  ExpectRefused("[1 2]", "expected ',' or ']'");
  ExpectRefused("nul", "not a value");
  ExpectRefused("True", "not a value");
  ExpectRefused("NaN", "not a value");
  ExpectRefused("Infinity", "not a value");
  ExpectRefused("// a comment\n1", "not a value");
  ExpectRefused("\xef\xbb\xbf{}", "not a value");  // a byte order mark
}

TEST(CheckJsonTest, NothingFollows) {
  ExpectRefused("{}{}", "nothing may follow the value");
  ExpectRefused("1 2", "nothing may follow the value");
  ExpectRefused("{} x", "nothing may follow the value");
  ExpectRefused("[]]", "nothing may follow the value");
  ExpectRefused("nullnull", "nothing may follow the value");
  ExpectRefused(std::string("{}\0", 3), "nothing may follow the value");
  EXPECT_NE(CheckJson("{} x").message().find("at byte 3"), std::string::npos);
}

TEST(CheckJsonTest, Strings) {
  ExpectRefused("\"", "ends inside a string");
  ExpectRefused("\"abc", "ends inside a string");
  ExpectRefused("\"abc\\", "an escape that does not exist");
  ExpectRefused("\"\\x\"", "an escape that does not exist");
  ExpectRefused("\"\\'\"", "an escape that does not exist");
  ExpectRefused("\"a\nb\"", "control character");
  ExpectRefused(std::string("\"a\0b\"", 5), "control character");
  ExpectRefused("\"\\u12\"", "four hexadecimal digits");
  ExpectRefused("\"\\u12g4\"", "four hexadecimal digits");
  ExpectRefused("\"\\u-123\"", "four hexadecimal digits");
  ExpectRefused("\"\\u", "four hexadecimal digits");
  ExpectRefused(R"("\ud83d")", "half of a surrogate pair");
  ExpectRefused(R"("\ud83dx")", "half of a surrogate pair");
  ExpectRefused(R"("\ud83d\n")", "half of a surrogate pair");
  ExpectRefused(R"("\ud83d\u0041")", "half of a surrogate pair");
  ExpectRefused(R"("\ud83d\ud83d")", "half of a surrogate pair");
  ExpectRefused(R"("\ude00")", "half of a surrogate pair");
  ExpectRefused(R"("\ud83d\u")", "half of a surrogate pair");
}

TEST(CheckJsonTest, Utf8) {
  const char* const not_utf8[] = {"\xff",
                                  "\xfe\xff",
                                  "\x80",
                                  "\xbf",
                                  "\xc3",
                                  "\xc3(",
                                  "\xe2\x82",
                                  "\xf0\x9f\x98",
                                  "\xc0\x80",          // overlong NUL
                                  "\xc1\xbf",          // overlong
                                  "\xe0\x9f\xbf",      // overlong
                                  "\xf0\x8f\xbf\xbf",  // overlong
                                  "\xed\xa0\x80",      // surrogate
                                  "\xed\xbf\xbf",      // surrogate
                                  "\xf4\x90\x80\x80",  // above U+10FFFF
                                  "\xf5\x80\x80\x80",
                                  "\xf8\x88\x80\x80\x80"};
  for (const char* bytes : not_utf8) {
    EXPECT_FALSE(IsUtf8(bytes)) << bytes;
    ExpectRefused("\"" + std::string(bytes) + "\"", "not UTF-8");
    ExpectRefused("{\"" + std::string(bytes) + "\":1}", "not UTF-8");
  }
  for (const char* bytes : {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                            "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsUtf8(bytes)) << bytes;
  }
}

TEST(CheckJsonTest, Numbers) {
  ExpectRefused("18446744073709551616", "beyond 64 bits");
  ExpectRefused("-9223372036854775809", "beyond 64 bits");
  ExpectRefused("1" + std::string(1000, '0'), "beyond 64 bits");
  ExpectRefused("1e400", "too large");
  ExpectRefused("-1e400", "too large");
  ExpectRefused("1e999999999999", "too large");
  ExpectRefused("1" + std::string(400, '0') + ".0", "too large");
  ExpectRefused("01", "must not begin with 0");
  ExpectRefused("-01", "must not begin with 0");
  ExpectRefused("-", "expected a digit");
  ExpectRefused("1.", "expected a digit");
  ExpectRefused("1.e3", "expected a digit");
  ExpectRefused("1e", "expected a digit");
  ExpectRefused("1e+", "expected a digit");
  ExpectRefused("+1", "not a value");
  ExpectRefused(".5", "not a value");
  ExpectRefused("0x10", "nothing may follow");
}

TEST(CheckJsonTest, FieldsGivenTwice) {
  ExpectRefused(R"({"a":1,"a":2})", "a field given twice");
  ExpectRefused(R"({"a":1,"\u0061":2})", "a field given twice");
  ExpectRefused("{\"\xc3\xa4\":1,\"\\u00e4\":2}", "a field given twice");
  ExpectRefused("{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\ude00\":2}", "a field given twice");
  ExpectRefused(R"([{"b":{"a":1,"c":2,"a":3}}])", "a field given twice");
  ExpectRefused(R"({"\n":1,"\n":2})", "a field given twice");
  EXPECT_TRUE(CheckJson(R"([{"a":1},{"a":2}])").ok());
}

std::string Nested(size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(CheckJsonTest, Depth) {
  EXPECT_TRUE(CheckJson(Nested(kJsonDepthMax)).ok());
  ExpectRefused(Nested(kJsonDepthMax + 1), "nested deeper than 64");
  ExpectRefused(Nested(100'000), "nested deeper than 64");
  ExpectRefused(std::string(100'000, '['), "nested deeper than 64");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  ExpectRefused(objects, "nested deeper than 64");
  EXPECT_TRUE(CheckJson(Nested(3), {.depth_max = 3, .values_max = 10}).ok());
  EXPECT_FALSE(CheckJson(Nested(4), {.depth_max = 3, .values_max = 10}).ok());
}

std::string Zeros(size_t count) {
  std::string text = "[0";
  for (size_t i = 1; i < count; ++i) text += ",0";
  return text + "]";
}

TEST(CheckJsonTest, Values) {
  EXPECT_TRUE(CheckJson(Zeros(kJsonValuesMax - 1)).ok());  // the array counts
  ExpectRefused(Zeros(kJsonValuesMax), "more than 10000 values");
  ExpectRefused(Zeros(1'000'000), "more than 10000 values");
  EXPECT_TRUE(CheckJson("[0,{\"a\":1}]", {.depth_max = 64, .values_max = 4}).ok());
  EXPECT_FALSE(CheckJson("[0,{\"a\":1}]", {.depth_max = 64, .values_max = 3}).ok());
}

// Whatever CheckJson lets through, the library reads, and writes again as JSON that says the same;
// whatever the library refuses, CheckJson refuses.
TEST(CheckJsonTest, MutationsNeverPassWhatTheLibraryRefuses) {
  const std::vector<std::string> seeds = {
      R"({"session":"0123456789abcdef","wait":"30s","queue":true,"value":"\u00e4\ud83d\ude00"})",
      R"([1,-2,3.5e10,[],{},"",null,false,{"a":[{"b":"c"}]}])", R"({"ttl":30000,"name":"\"\\"})"};
  constexpr std::string_view kPieces = "{}[]\",:\\u0123456789abcdefE+-. \n\t\xc3\xa4\xff";
  Random random(7);
  int accepted = 0;
  for (int round = 0; round < 40'000; ++round) {
    std::string text = seeds[random.Below(seeds.size())];
    for (uint64_t change = 0; change <= random.Below(3); ++change) {
      const size_t at = random.Below(text.size() + 1);
      const char piece = kPieces[random.Below(kPieces.size())];
      if (random.Chance(1, 3) || at == text.size()) {
        text.insert(at, 1, piece);
      } else if (random.Chance(1, 2)) {
        text[at] = piece;
      } else {
        text.erase(at, 1 + random.Below(4));
      }
    }
    if (!CheckJson(text).ok()) continue;
    ++accepted;
    const json value = json::parse(text, nullptr, false);
    ASSERT_FALSE(value.is_discarded()) << text;
    ASSERT_EQ(json::parse(JsonText(value), nullptr, false), value) << text;
  }
  EXPECT_GT(accepted, 1000);
}

TEST(JsonTextTest, NeverFails) {
  EXPECT_EQ(JsonText(json{{"a", 1}}), R"({"a":1})");
  EXPECT_EQ(JsonText(json{{"a", "\xff\xfe"}}), "{\"a\":\"\xef\xbf\xbd\xef\xbf\xbd\"}");
}

TEST(JsonTextTest, BytesAsTextOrBase64) {
  json object;
  SetBytes(&object, "key", "a\xc3\xa4");
  SetBytes(&object, "value", "\xff\xfe");
  SetBytes(&object, "empty", "");
  EXPECT_EQ(JsonText(object), "{\"empty\":\"\",\"key\":\"a\xc3\xa4\",\"value_b64\":\"//4=\"}");
}

}  // namespace
}  // namespace baton::http
