#include "pkg/storage/log_memory.h"

#include <gtest/gtest.h>

#include "pkg/base/random.h"
#include "pkg/storage/testing/fixtures.h"

namespace baton::storage {
namespace {

TEST(LogMemoryTest, BeginsEmpty) {
  const LogMemory memory(1000);
  EXPECT_EQ(memory.first(), Index(1));
  EXPECT_EQ(memory.last(), Index(0));
  EXPECT_EQ(memory.cached_first(), Index(1));
  EXPECT_EQ(memory.TermAt(Index(0)), Term(0));
}

TEST(LogMemoryTest, CacheIsBoundedByBytes) {
  // Entries of 100: 76 bytes and the fixed overhead.
  for (const auto& [limit, kept] : std::vector<std::pair<size_t, size_t>>{
           {0, 0}, {99, 0}, {100, 1}, {199, 1}, {200, 2}, {1000, 5}}) {
    LogMemory memory(limit);
    for (uint64_t i = 1; i <= 5; ++i) memory.Append(MakeEntry(i, 1, std::string(76, 'x')));
    EXPECT_EQ(memory.last() + 1 - memory.cached_first(), kept) << limit;
    EXPECT_EQ(memory.cached_bytes(), kept * 100) << limit;
    EXPECT_EQ(memory.last(), Index(5));
  }
}

TEST(LogMemoryTest, OneEntryLargerThanTheCacheIsNotKept) {
  LogMemory memory(1000);
  memory.Append(MakeEntry(1, 1, "small"));
  memory.Append(MakeEntry(2, 1, std::string(100'000, 'x')));
  EXPECT_EQ(memory.cached_bytes(), 0u);
  memory.Append(MakeEntry(3, 1, "small"));
  EXPECT_EQ(memory.cached_first(), Index(3));
}

// Against the simplest thing that could be right: a vector of terms.
TEST(LogMemoryTest, AgreesWithAPlainVectorOverRandomHistories) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    LogMemory memory(2000);
    Index start;
    std::vector<Term> terms = {Term(0)};  // of start, start + 1, ...
    for (int step = 0; step < 500; ++step) {
      const Index last = start + (terms.size() - 1);
      switch (random.Below(8)) {
        case 0: {
          const Index to = start + random.Below(terms.size());
          memory.Compact(to);
          terms.erase(terms.begin(), terms.begin() + static_cast<ptrdiff_t>(to - start));
          start = to;
          break;
        }
        case 1: {
          const Index to = start + random.Below(terms.size() + 3);
          memory.Truncate(to);
          if (to < last) terms.resize(to - start + 1);
          break;
        }
        case 2:
          if (random.Chance(1, 5)) {
            start = last + random.Below(10);
            terms = {terms.back() + 1};
            memory.Reset(start, terms[0]);
          }
          break;
        default:
          terms.push_back(terms.back() + random.Below(3) / 2);
          memory.Append(MakeEntry((last + 1).value(), terms.back().value(),
                                  std::string(random.Below(200), 'x')));
      }
      ASSERT_EQ(memory.first(), start + 1);
      ASSERT_EQ(memory.last(), start + (terms.size() - 1));
      for (size_t i = 0; i < terms.size(); ++i) ASSERT_EQ(memory.TermAt(start + i), terms[i]);
      ASSERT_LE(memory.cached_bytes(), 2000u);
      ASSERT_GE(memory.cached_first(), memory.first());
      Index index = memory.cached_first();
      for (const raft::Entry& entry :
           memory.Cached(memory.cached_first(), memory.last() + 1, SIZE_MAX)) {
        ASSERT_EQ(entry.index, index);
        ++index;
      }
      ASSERT_EQ(index, memory.last() + 1);
    }
  }
}

TEST(LogMemoryDeathTest, Misuse) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  LogMemory memory(1000);
  memory.Append(MakeEntry(1, 5, ""));
  memory.Append(MakeEntry(2, 5, ""));
  memory.Compact(Index(1));
  EXPECT_DEATH(memory.Append(MakeEntry(4, 5, "")), "4 vs 3");
  EXPECT_DEATH(memory.Append(MakeEntry(3, 4, "")), "4 vs 5");
  EXPECT_DEATH((void)memory.TermAt(Index(0)), "0 vs 1");
  EXPECT_DEATH((void)memory.TermAt(Index(3)), "3 vs 2");
  EXPECT_DEATH(memory.Compact(Index(3)), "3 vs 2");
  EXPECT_DEATH(memory.Truncate(Index(0)), "0 vs 1");
}

}  // namespace
}  // namespace baton::storage
