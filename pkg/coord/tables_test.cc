#include "pkg/coord/tables.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "pkg/base/random.h"
#include "pkg/coord/memory_tables.h"

namespace baton::coord {
namespace {

std::vector<std::string> Keys(const Tables& tables, std::string_view start, std::string_view end) {
  std::vector<std::string> keys;
  tables.Scan(start, end, [&keys](std::string_view key, std::string_view) {
    keys.emplace_back(key);
    return true;
  });
  return keys;
}

using Strings = std::vector<std::string>;

TEST(PrefixEndTest, IsTheSmallestKeyAfterAllWithThePrefix) {
  EXPECT_EQ(PrefixEnd("a"), "b");
  EXPECT_EQ(PrefixEnd("a\xff"), "b");
  EXPECT_EQ(PrefixEnd(std::string("a\0", 2)), "a\x01");
  EXPECT_EQ(PrefixEnd("a\x7f"), "a\x80");
  EXPECT_EQ(PrefixEnd("\xff\xff"), "") << "no key is greater";
  EXPECT_EQ(PrefixEnd(""), "");
}

TEST(MemoryTablesTest, GetPutDelete) {
  MemoryTables tables;
  EXPECT_EQ(tables.Get("a"), std::nullopt);
  tables.Put("a", "1");
  tables.Put("b", "");
  tables.Put("a", std::string("\0", 1));
  EXPECT_EQ(tables.Get("a"), std::string("\0", 1));
  EXPECT_EQ(tables.Get("b"), "");
  tables.Delete("a");
  tables.Delete("a");
  EXPECT_EQ(tables.Get("a"), std::nullopt);
  EXPECT_EQ(tables.rows().size(), 1u);
}

TEST(MemoryTablesTest, ScansHalfOpenRangesInByteOrder) {
  MemoryTables tables;
  for (const char* key : {"b", "a", "\xff", "c", "ab"}) tables.Put(key, key);
  EXPECT_EQ(Keys(tables, "", ""), (Strings{"a", "ab", "b", "c", "\xff"}));
  EXPECT_EQ(Keys(tables, "ab", "c"), (Strings{"ab", "b"}));
  EXPECT_EQ(Keys(tables, "c", ""), (Strings{"c", "\xff"}));
  EXPECT_EQ(Keys(tables, "c", "a"), Strings{});
  EXPECT_EQ(Keys(tables, "d", "e"), Strings{});
  int visited = 0;
  tables.Scan("", "", [&visited](std::string_view, std::string_view) { return ++visited < 2; });
  EXPECT_EQ(visited, 2) << "false stops the scan";
}

TEST(MemoryTablesTest, ACopyIsASnapshot) {
  MemoryTables tables;
  tables.Put("a", "1");
  const MemoryTables copy = tables;
  tables.Put("a", "2");
  EXPECT_EQ(copy.Get("a"), "1");
}

// The scan of a prefix finds exactly the keys that begin with it.
TEST(PrefixEndTest, BoundsRandomPrefixes) {
  Random random(5);
  MemoryTables tables;
  const auto draw = [&random](uint64_t size_max) {
    std::string key;
    for (uint64_t left = random.Below(size_max + 1); left > 0; --left) {
      key.push_back("\x01\x7f\x80\xfe\xff"[random.Below(5)]);
    }
    return key;
  };
  for (int i = 0; i < 500; ++i) tables.Put(draw(5), "");
  for (int i = 0; i < 500; ++i) {
    const std::string prefix = draw(4);
    Strings expected;
    for (const auto& [key, value] : tables.rows()) {
      if (key.starts_with(prefix)) expected.push_back(key);
    }
    ASSERT_EQ(Keys(tables, prefix, PrefixEnd(prefix)), expected);
  }
}

}  // namespace
}  // namespace baton::coord
