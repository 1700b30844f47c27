#include "pkg/storage/database_facts.h"

#include <gtest/gtest.h>

namespace baton::storage {
namespace {

// As LevelDB 1.23 prints it.
constexpr const char* kStats =
    "                               Compactions\n"
    "Level  Files Size(MB) Time(sec) Read(MB) Write(MB)\n"
    "--------------------------------------------------\n"
    "  0        2        1         3        0        17\n"
    "  1       11       21         4       40        39\n";

TEST(DatabaseFactsTest, ReadsWhatLevelDbPrints) {
  const auto levels = ParseLevelDbStats(kStats);
  ASSERT_EQ(levels.size(), 2U);
  EXPECT_EQ(levels[0].number, 0);
  EXPECT_EQ(levels[0].files, 2U);
  EXPECT_EQ(levels[0].bytes, uint64_t{1} << 20);
  EXPECT_EQ(levels[0].compaction_seconds, 3);
  EXPECT_EQ(levels[1].files, 11U);
  EXPECT_EQ(levels[1].compaction_read_bytes, uint64_t{40} << 20);
  EXPECT_EQ(levels[1].compaction_written_bytes, uint64_t{39} << 20);
}

TEST(DatabaseFactsTest, LeavesOutWhatItDoesNotUnderstand) {
  EXPECT_TRUE(ParseLevelDbStats("").empty());
  EXPECT_TRUE(ParseLevelDbStats("no numbers here\n1 2 3\n-1 1 1 1 1 1\n").empty());
  EXPECT_EQ(ParseLevelDbStats("3 1 2 0 0 0").size(), 1U) << "without a line end";
}

}  // namespace
}  // namespace baton::storage
