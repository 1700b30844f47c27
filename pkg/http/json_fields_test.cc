#include "pkg/http/json_fields.h"

#include <gtest/gtest.h>

#include <functional>

namespace baton::http {
namespace {

constexpr DurationBounds kMinute = {.min_ms = 100, .max_ms = 60'000};

void ExpectFails(std::string_view text, const std::function<void(JsonFields&)>& read,
                 const std::string& reason, const std::string& words) {
  JsonFields fields(text, {"session", "wait", "queue", "value", "token"});
  if (read) read(fields);
  ASSERT_FALSE(fields.ok()) << text;
  EXPECT_EQ(fields.status().reason(), reason) << fields.status().ToString();
  EXPECT_NE(fields.status().message().find(words), std::string::npos) << fields.status().message();
  const bool syntax = reason == "malformed_json";
  EXPECT_EQ(fields.status().code(), syntax ? Code::kInvalidArgument : Code::kUnprocessable);
}

TEST(JsonFieldsTest, ReadsWhatIsThere) {
  JsonFields fields(
      R"({"session":"00000000000000ff","wait":"30s","queue":true,"value":"me","token":7})",
      {"session", "wait", "queue", "value", "token"});
  EXPECT_EQ(fields.Session("session"), SessionId(255));
  EXPECT_EQ(fields.DurationMs("wait", kMinute), 30'000);
  EXPECT_TRUE(fields.BoolOr("queue", false));
  EXPECT_EQ(fields.String("value"), "me");
  EXPECT_EQ(fields.NumberId<Token>("token"), Token(7));
  EXPECT_TRUE(fields.IsNumber("token"));
  EXPECT_FALSE(fields.IsNumber("value"));
  EXPECT_TRUE(fields.ok()) << fields.status().ToString();
}

TEST(JsonFieldsTest, WhatIsMissingOrNullHasADefault) {
  for (const char* text : {"", "{}", R"({"wait":null,"queue":null,"value":null})"}) {
    JsonFields fields(text, {"session", "wait", "queue", "value"});
    EXPECT_FALSE(fields.Has("wait"));
    EXPECT_EQ(fields.DurationMsOr("wait", 5, kMinute), 5);
    EXPECT_FALSE(fields.BoolOr("queue", false));
    EXPECT_EQ(fields.StringOr("value", "x"), "x");
    EXPECT_TRUE(fields.ok());
    fields.String("session");
    EXPECT_EQ(fields.status().reason(), "missing_field");
  }
}

TEST(JsonFieldsTest, UnknownFieldsNameTheNearest) {
  ExpectFails(R"({"waitt":"1s"})", nullptr, "unknown_field",
              R"(unknown field "waitt"; did you mean "wait"?)");
  ExpectFails(R"({"Session":"x"})", nullptr, "unknown_field", R"(did you mean "session"?)");
  ExpectFails(R"({"zzzzzzzzzz":1})", nullptr, "unknown_field",
              "known: session, wait, queue, value, token");
  ExpectFails("{\"\\u001b[2J\":1}", nullptr, "unknown_field", "\\x1b[2J");
  JsonFields none(R"({"a":1})", {});
  EXPECT_NE(none.status().message().find("none is known here"), std::string::npos);
}

TEST(JsonFieldsTest, OnlyObjects) {
  for (const char* text : {"[]", "1", "\"a\"", "null", "true"}) {
    ExpectFails(text, nullptr, "wrong_type", "the body must be an object");
  }
  ExpectFails("{\"wait\":1", nullptr, "malformed_json", "at byte 9");
  ExpectFails("wait=1s", nullptr, "malformed_json", "not a value");
}

TEST(JsonFieldsTest, WrongTypesAreNamed) {
  ExpectFails(R"({"value":1})", [](JsonFields& f) { f.String("value"); }, "wrong_type",
              R"(field "value" must be a string, not number)");
  ExpectFails(R"({"value":["a"]})", [](JsonFields& f) { f.StringOr("value", ""); }, "wrong_type",
              "not array");
  ExpectFails(R"({"queue":"true"})", [](JsonFields& f) { f.BoolOr("queue", false); }, "wrong_type",
              R"(field "queue" must be true or false, not string)");
  ExpectFails(R"({"token":"7"})", [](JsonFields& f) { f.Number("token"); }, "wrong_type",
              R"(field "token" must be a number, not string)");
  ExpectFails(R"({"wait":true})", [](JsonFields& f) { f.DurationMs("wait", kMinute); },
              "wrong_type", R"(field "wait" must be a duration)");
  ExpectFails(R"({"wait":{}})", [](JsonFields& f) { f.DurationMsOr("wait", 0, kMinute); },
              "wrong_type", "not object");
}

TEST(JsonFieldsTest, NumbersAreWholeAndBounded) {
  for (const char* number : {"-1", "1.5", "1e2", "9223372036854775808", "18446744073709551615"}) {
    ExpectFails(R"({"token":)" + std::string(number) + "}",
                [](JsonFields& f) { f.Number("token"); }, "out_of_range", "must be a whole number");
  }
  ExpectFails(R"({"token":0})", [](JsonFields& f) { f.NumberId<Token>("token"); }, "out_of_range",
              "must not be 0");
  JsonFields largest(R"({"token":9223372036854775807})", {"token"});
  EXPECT_EQ(largest.Number("token"), 9223372036854775807u);
  EXPECT_TRUE(largest.ok());
}

TEST(JsonFieldsTest, Durations) {
  const auto read = [](JsonFields& f) { f.DurationMs("wait", kMinute); };
  ExpectFails(R"({"wait":"99ms"})", read, "out_of_range", "from 100 to 60000 ms");
  ExpectFails(R"({"wait":60001})", read, "out_of_range", "from 100 to 60000 ms");
  ExpectFails(R"({"wait":-1})", read, "out_of_range", "whole number");
  ExpectFails(R"({"wait":"soon"})", read, "malformed_duration", R"(field "wait" is "soon")");
  JsonFields number(R"({"wait":1500})", {"wait"});
  EXPECT_EQ(number.DurationMs("wait", kMinute), 1500);
}

TEST(JsonFieldsTest, TheFirstErrorStays) {
  JsonFields fields(R"({"token":"x","value":1})", {"token", "value", "session"});
  fields.Number("token");
  fields.String("value");
  fields.Session("session");
  fields.Fail(Status(Code::kConflict, "later", "later"));
  EXPECT_NE(fields.status().message().find("\"token\""), std::string::npos);
}

TEST(SessionIdTest, SixteenHexadecimalDigits) {
  EXPECT_EQ(FormatSessionId(SessionId(0xabc)), "0000000000000abc");
  EXPECT_EQ(FormatSessionId(SessionId(~uint64_t{0})), "ffffffffffffffff");
  EXPECT_EQ(*ParseSessionId("id", "0000000000000abc"), SessionId(0xabc));
  EXPECT_EQ(*ParseSessionId("id", "FFFFFFFFFFFFFFFF"), SessionId(~uint64_t{0}));
  for (const char* text :
       {"", "0", "abc", "0000000000000000", "00000000000000abcd", "0x00000000000abc",
        "-000000000000abc", "zzzzzzzzzzzzzzzz", "0000000000000ab "}) {
    const Result<SessionId> id = ParseSessionId("session", text);
    ASSERT_FALSE(id.ok()) << text;
    EXPECT_EQ(id.status().code(), Code::kInvalidArgument);
    EXPECT_EQ(id.status().reason(), "malformed_session_id");
  }
  ExpectFails(R"({"session":"abc"})", [](JsonFields& f) { f.Session("session"); },
              "malformed_session_id", R"(field "session" is "abc")");
}

}  // namespace
}  // namespace baton::http
