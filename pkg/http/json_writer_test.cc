#include "pkg/http/json_writer.h"

#include <limits>
#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include "pkg/http/json.h"

namespace baton::http {
namespace {

TEST(JsonWriter, WritesWhatATreeWouldSay) {
  JsonWriter json;
  json.Bytes("a", "plain");
  json.Number("b", std::numeric_limits<uint64_t>::max());
  JsonWriter inner;
  inner.SignedNumber("x", std::numeric_limits<int64_t>::min());
  json.Object("c", &inner);
  json.Null("d");
  json.Text("e", "");
  JsonWriter empty;
  json.Object("f", &empty);
  const nlohmann::json tree = {{"a", "plain"},
                               {"b", std::numeric_limits<uint64_t>::max()},
                               {"c", {{"x", std::numeric_limits<int64_t>::min()}}},
                               {"d", nullptr},
                               {"e", ""},
                               {"f", nlohmann::json::object()}};
  EXPECT_EQ(json.Take(), JsonText(tree));
}

TEST(JsonWriter, EscapesAsATreeWould) {
  std::string all;
  for (int c = 0; c < 0x80; ++c) all.push_back(static_cast<char>(c));
  for (const std::string& text :
       {all, std::string("\"\\/"), std::string("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
        std::string("a\0b", 3), std::string("\x7f")}) {
    JsonWriter json;
    json.Bytes("name", text);
    json.Text("text", text);
    EXPECT_EQ(json.Take(), JsonText({{"name", text}, {"text", text}}));
  }
  // One at a time, too.
  for (const char c : all) {
    JsonWriter json;
    json.Text("c", std::string(1, c));
    EXPECT_EQ(json.Take(), JsonText({{"c", std::string(1, c)}}));
  }
}

TEST(JsonWriter, TreatsWhatIsNotUtf8AsTheRestOfTheApiDoes) {
  for (const std::string& bytes :
       {std::string("\xff"), std::string("a\xc3"), std::string("\xc0\x80"),
        std::string("\xed\xa0\x80"), std::string("long enough\x80")}) {
    nlohmann::json tree;
    SetBytes(&tree, "name", bytes);
    tree["text"] = bytes;
    JsonWriter json;
    json.Bytes("name", bytes);
    json.Text("text", bytes);
    EXPECT_EQ(json.Take(), JsonText(tree));
  }
}

TEST(JsonWriterDeathTest, NamesAscend) {
  const auto write = [](std::string_view first, std::string_view second) {
    JsonWriter json;
    json.Null(first);
    json.Null(second);
  };
  write("a", "aa");
  EXPECT_DEATH(write("b", "a"), "a after b");
  EXPECT_DEATH(write("a", "a"), "a after a");
}

}  // namespace
}  // namespace baton::http
