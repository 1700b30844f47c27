#include "pkg/load/json_field.h"

#include <gtest/gtest.h>

namespace baton::load {
namespace {

TEST(JsonFieldTest, FindsTextAndNumbers) {
  const std::string_view json = R"({"code":"lock_held","token":17,"id": "00ab" , "n" : 3})";
  EXPECT_EQ(TextField(json, "code"), "lock_held");
  EXPECT_EQ(TextField(json, "id"), "00ab");
  EXPECT_EQ(NumberField(json, "token"), "17");
  EXPECT_EQ(NumberField(json, "n"), "3");
}

TEST(JsonFieldTest, WhatIsNotThereIsEmpty) {
  const std::string_view json = R"({"code":"a","token":17,"none":null,"minus":-1})";
  EXPECT_EQ(TextField(json, "cod"), "");
  EXPECT_EQ(TextField(json, "ode"), "");
  EXPECT_EQ(TextField(json, "token"), "");
  EXPECT_EQ(NumberField(json, "code"), "");
  EXPECT_EQ(NumberField(json, "none"), "");
  EXPECT_EQ(NumberField(json, "minus"), "");
  EXPECT_EQ(TextField("", "code"), "");
  EXPECT_EQ(TextField("code", "code"), "");
  EXPECT_EQ(TextField(R"("code")", "code"), "");
  EXPECT_EQ(TextField(R"("code":)", "code"), "");
}

TEST(JsonFieldTest, AValueIsNoName) {
  EXPECT_EQ(TextField(R"({"a":"code","code":"right"})", "code"), "right");
  EXPECT_EQ(TextField(R"({"a":"\"code\":\"wrong\"","code":"right"})", "code"), "right");
}

TEST(JsonFieldTest, EscapesDoNotEndAText) {
  EXPECT_EQ(TextField(R"({"a":"x\"y\\","b":"z"})", "a"), R"(x\"y\\)");
}

TEST(JsonFieldTest, CutAnywhereItIsEmptyOrShorterButNeverBeyond) {
  const std::string_view json = R"({"code":"a\"b","token":123})";
  for (size_t end = 0; end <= json.size(); ++end) {
    const std::string_view cut = json.substr(0, end);
    const std::string_view code = TextField(cut, "code");
    EXPECT_TRUE(code.empty() || code == R"(a\"b)") << cut;
    EXPECT_TRUE(std::string_view("123").starts_with(NumberField(cut, "token"))) << cut;
  }
}

}  // namespace
}  // namespace baton::load
