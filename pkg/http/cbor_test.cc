#include "pkg/http/cbor.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pkg/base/random.h"

namespace baton::http {
namespace {

using nlohmann::json;

std::string Bytes(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text.push_back(static_cast<char>(byte));
  return text;
}

TEST(CborTest, WhatIsWrittenIsReadByOthers) {
  const std::vector<uint64_t> numbers = {0,
                                         23,
                                         24,
                                         255,
                                         256,
                                         65'535,
                                         65'536,
                                         (uint64_t{1} << 32) - 1,
                                         uint64_t{1} << 32,
                                         std::numeric_limits<uint64_t>::max()};
  std::string text;
  BeginCborMap(&text);
  AppendCborText("numbers", &text);
  BeginCborArray(numbers.size(), &text);
  for (const uint64_t number : numbers) AppendCborNumber(number, &text);
  AppendCborText("yes", &text);
  AppendCborBool(true, &text);
  AppendCborText("no", &text);
  AppendCborBool(false, &text);
  AppendCborText("bytes", &text);
  AppendCborBytes(Bytes({0, 0xff}), &text);
  EndCborMap(&text);
  EXPECT_TRUE(CheckCbor(text).ok());
  const json read = json::from_cbor(text);
  EXPECT_EQ(read["numbers"], json(numbers));
  EXPECT_EQ(read["yes"], true);
  EXPECT_EQ(read["no"], false);
  EXPECT_EQ(read["bytes"], json::binary({0, 0xff}));
}

TEST(CborTest, WhatOthersWriteIsRead) {
  const json object = {{"number", 1'000'000},
                       {"text", std::string(300, 'x')},
                       {"list", {1, {2, {{"deep", 3}}}, "four", nullptr}},
                       {"last", false}};
  const std::vector<uint8_t> written = json::to_cbor(object);
  const std::string text(written.begin(), written.end());
  ASSERT_TRUE(CheckCbor(text).ok()) << CheckCbor(text).ToString();
  const CborValue value{std::string_view(text)};
  ASSERT_TRUE(value.is_map());
  EXPECT_EQ(value.Find("number")->Number(), 1'000'000u);
  EXPECT_EQ(value.Find("text")->Text(), std::string(300, 'x'));
  EXPECT_EQ(value.Find("last")->Bool(), false);
  EXPECT_FALSE(value.Find("lasting").has_value());
  const CborValue list = *value.Find("list");
  ASSERT_TRUE(list.is_array());
  ASSERT_EQ(list.size(), 4u);
  auto item = list.begin();
  EXPECT_EQ((*item).Number(), 1u);
  ++item;
  EXPECT_EQ((*item).size(), 2u);
  ++item;
  EXPECT_EQ((*item).Text(), "four");
  ++item;
  EXPECT_FALSE((*item).Number() || (*item).Bool() || (*item).Text() || (*item).Bytes());
  ++item;
  EXPECT_FALSE(item != list.end());
  EXPECT_FALSE(list.Find("deep").has_value());
  EXPECT_EQ(value.size(), 0u) << "a map is no array";
}

TEST(CborTest, WhatIsRefused) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"", "a value is missing"},
      {Bytes({0x18}), "a value is missing"},
      {Bytes({0x1b, 0, 0, 0, 0, 0, 0, 0}), "a value is missing"},
      {Bytes({0x1c}), "a value is missing"},
      {Bytes({0x1f}), "not known"},
      {Bytes({0x00, 0x00}), "nothing may follow"},
      {Bytes({0x61}), "ends too early"},
      {Bytes({0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), "ends too early"},
      {Bytes({0x7f, 0x61, 'a', 0xff}), "without a length"},
      {Bytes({0x5f, 0x41, 'a', 0xff}), "without a length"},
      {Bytes({0x9f, 0x01, 0xff}), "without a length"},
      {Bytes({0x61, 0xff}), "not UTF-8"},
      {Bytes({0x81}), "a value is missing"},
      {Bytes({0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), "a value is missing"},
      {Bytes({0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), "a value is missing"},
      {Bytes({0xa1, 0x01, 0x01}), "a name must be a text"},
      {Bytes({0xa1, 0x61, 'a'}), "a value is missing"},
      {Bytes({0xbf, 0x61, 'a', 0xff}), "not known"},
      {Bytes({0xbf, 0x61, 'a', 0x01}), "a name must be a text"},
      {Bytes({0xa2, 0x61, 'a', 0x01, 0x61, 'a', 0x02}), "a name is repeated"},
      {Bytes({0xbf, 0x61, 'a', 0x01, 0x61, 'a', 0x02, 0xff}), "a name is repeated"},
      {Bytes({0xc1, 0x01}), "not known"},
      {Bytes({0xf9, 0x3c, 0x00}), "not known"},
      {Bytes({0xfb, 0, 0, 0, 0, 0, 0, 0, 0}), "not known"},
      {Bytes({0xf7}), "not known"},
      {Bytes({0xff}), "not known"},
  };
  for (const auto& [bytes, words] : wrong) {
    const Status checked = CheckCbor(bytes);
    EXPECT_EQ(checked.code(), Code::kInvalidArgument) << json(words);
    EXPECT_NE(checked.message().find(words), std::string::npos)
        << words << ": " << checked.message();
  }
  EXPECT_TRUE(CheckCbor(Bytes({0x20})).ok()) << "a number below zero is one";
}

TEST(CborTest, Bounds) {
  const auto nested = [](size_t depth) { return std::string(depth - 1, '\x81') + '\x80'; };
  EXPECT_TRUE(CheckCbor(nested(8)).ok());
  EXPECT_FALSE(CheckCbor(nested(9)).ok());
  EXPECT_FALSE(CheckCbor(nested(1'000'000)).ok());
  EXPECT_TRUE(CheckCbor(nested(kCborDepthMax), {.depth_max = kCborDepthMax}).ok());

  const auto long_list = [](size_t values) {
    std::string text;
    BeginCborArray(values - 1, &text);
    return text + std::string(values - 1, '\0');
  };
  EXPECT_TRUE(CheckCbor(long_list(1000), {.values_max = 1000}).ok());
  EXPECT_FALSE(CheckCbor(long_list(1001), {.values_max = 1000}).ok());
  EXPECT_FALSE(CheckCbor(long_list(1'000'000), {.values_max = 1000}).ok());

  const auto many_names = [](size_t names) {
    std::string text;
    BeginCborMap(&text);
    for (size_t i = 0; i < names; ++i) {
      AppendCborText(std::to_string(i), &text);
      AppendCborNumber(i, &text);
    }
    EndCborMap(&text);
    return text;
  };
  EXPECT_TRUE(CheckCbor(many_names(kCborNamesMax)).ok());
  EXPECT_FALSE(CheckCbor(many_names(kCborNamesMax + 1)).ok());
  EXPECT_FALSE(CheckCbor(many_names(100 * kCborNamesMax)).ok());
  EXPECT_EQ(CborValue(std::string_view(many_names(3))).Find("2")->Number(), 2u);
}

// Reads all there is, so that a sanitizer sees every step.
size_t Walk(const CborValue& value) {
  size_t values = 1;
  for (const CborValue item : value) values += Walk(item);
  (void)value.Find("no such name");
  if (const auto inner = value.Find("a")) values += Walk(*inner);
  return values;
}

TEST(CborTest, AnyBytesAreRefusedOrReadable) {
  Random random(20261127);
  const std::string good = Bytes({0xbf, 0x61, 'a',  0x82, 0x18, 0x64, 0xa1, 0x61, 'a', 0x43, 1,
                                  2,    3,    0x61, 'b',  0x65, 'h',  'e',  'l',  'l', 'o',  0xff});
  int readable = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string bytes = good;
    for (uint64_t n = random.Between(1, 3); n > 0; --n) {
      bytes[random.Below(bytes.size())] = static_cast<char>(random.Below(256));
    }
    // On the heap and of its exact size: what reads beyond is found.
    const std::vector<char> exact(bytes.begin(), bytes.end());
    const std::string_view view(exact.data(), exact.size());
    if (!CheckCbor(view).ok()) continue;
    ++readable;
    EXPECT_GT(Walk(CborValue(view)), 0u);
  }
  EXPECT_GT(readable, 1'000);
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(CheckCbor(std::string_view(good).substr(0, size)).ok()) << size;
  }
}

}  // namespace
}  // namespace baton::http
