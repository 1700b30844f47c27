#include "pkg/base/crc32c.h"

#include <gtest/gtest.h>

#include <string>

#include "pkg/base/random.h"

namespace baton {
namespace {

std::string Counting(int first, int step) {
  std::string bytes;
  for (int i = 0; i < 32; ++i) bytes.push_back(static_cast<char>(first + i * step));
  return bytes;
}

// RFC 3720, appendix B.4, and the check value of the CRC catalogues.
TEST(Crc32cTest, KnownVectors) {
  EXPECT_EQ(Crc32c(""), 0u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(Crc32c(Counting(0, 1)), 0x46dd794eu);
  EXPECT_EQ(Crc32c(Counting(31, -1)), 0x113fdb5cu);
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
}

TEST(Crc32cTest, TheTableAndTheInstructionAgree) {
  Random random(1);
  std::string bytes;
  for (int size = 0; size < 300; ++size) {
    const uint32_t start = random.NextU32();
    for (size_t skip = 0; skip < 9 && skip <= bytes.size(); ++skip) {  // any alignment
      const std::string_view part = std::string_view(bytes).substr(skip);
      ASSERT_EQ(Crc32c(part, start), internal::Crc32cByTable(part, start)) << size << "," << skip;
    }
    bytes.push_back(static_cast<char>(random.NextU32()));
  }
}

TEST(Crc32cTest, ContinuesFromAnyCut) {
  const std::string bytes = Counting(0, 7) + "and some more, so that words are cut";
  const uint32_t whole = Crc32c(bytes);
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    const std::string_view view(bytes);
    EXPECT_EQ(Crc32c(view.substr(cut), Crc32c(view.substr(0, cut))), whole) << cut;
  }
}

TEST(Crc32cTest, EverySingleBitCounts) {
  const std::string bytes = Counting(5, 3);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string other = bytes;
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_NE(Crc32c(other), Crc32c(bytes)) << bit;
  }
}

}  // namespace
}  // namespace baton
