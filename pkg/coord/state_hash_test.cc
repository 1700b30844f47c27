#include "pkg/coord/state_hash.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "pkg/base/random.h"

namespace baton::coord {
namespace {

// The formula of the header, byte by byte. The hash is in the tables: it never changes.
uint64_t Reference(uint64_t hash, std::string_view bytes) {
  const auto step = [&hash](uint64_t word) {
    hash = (hash ^ word) * 0x9E3779B97F4A7C15ULL;
    hash ^= hash >> 32;
  };
  step(bytes.size());
  for (size_t at = 0; at < bytes.size(); at += 8) {
    uint64_t word = 0;
    for (size_t i = 0; i < 8 && at + i < bytes.size(); ++i) {
      word |= uint64_t{static_cast<uint8_t>(bytes[at + i])} << (8 * i);
    }
    step(word);
  }
  return hash;
}

TEST(StateHashTest, IsTheFormulaOfTheHeader) {
  Random random(1);
  for (size_t size = 0; size < 100; ++size) {
    std::string bytes;
    while (bytes.size() < size) bytes.push_back(static_cast<char>(random.NextU32()));
    const uint64_t start = random.NextU64();
    EXPECT_EQ(MixBytes(start, bytes), Reference(start, bytes)) << size;
    EXPECT_EQ(MixPut(start, bytes, "v"), Reference(Reference(start ^ 1, bytes), "v"));
    EXPECT_EQ(MixDelete(start, bytes), Reference(start ^ 2, bytes));
  }
}

TEST(StateHashTest, EveryBitAndEveryBorderCounts) {
  std::set<uint64_t> hashes;
  for (const auto& [key, value] : {std::pair<std::string, std::string>{"", ""},
                                   {"a", ""},
                                   {"", "a"},
                                   {"a", "b"},
                                   {"ab", ""},
                                   {"", "ab"},
                                   {std::string(1, '\0'), ""},
                                   {std::string(8, '\0'), ""},
                                   {std::string(9, '\0'), ""}}) {
    EXPECT_TRUE(hashes.insert(MixPut(0, key, value)).second) << key << "|" << value;
  }
  for (const char* key : {"", "a", "ab"}) EXPECT_TRUE(hashes.insert(MixDelete(0, key)).second);
  const std::string bytes(33, 'x');
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string other = bytes;
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_TRUE(hashes.insert(MixBytes(0, other)).second) << "bit " << bit;
  }
}

TEST(StateHashTest, OrderCounts) {
  EXPECT_NE(MixPut(MixPut(0, "a", "1"), "b", "2"), MixPut(MixPut(0, "b", "2"), "a", "1"));
  EXPECT_NE(MixPut(MixDelete(0, "a"), "a", "1"), MixDelete(MixPut(0, "a", "1"), "a"));
}

}  // namespace
}  // namespace baton::coord
