#include "pkg/raft/recent_entries.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "pkg/raft/testing/solo.h"

namespace baton::raft {
namespace {

using testing::EntriesOf;

TEST(RecentEntriesTest, KnowsTheTermOfItsBase) {
  RecentEntries recent(Index(4), Term(2));
  EXPECT_EQ(recent.last_index(), Index(4));
  EXPECT_EQ(recent.last_term(), Term(2));
  for (Entry& entry : EntriesOf(5, {2, 3, 3})) recent.Append(std::move(entry));
  EXPECT_EQ(recent.TermAt(Index(4)), Term(2));
  EXPECT_EQ(recent.TermAt(Index(6)), Term(3));
  EXPECT_EQ(recent.last_index(), Index(7));
}

TEST(RecentEntriesTest, DropsAtTheFrontAndTruncatesAtTheBack) {
  RecentEntries recent(Index(0), Term(0));
  for (Entry& entry : EntriesOf(1, {1, 1, 2, 2, 3})) recent.Append(std::move(entry));
  recent.DropThrough(Index(2));
  EXPECT_EQ(recent.base_index(), Index(2));
  EXPECT_EQ(recent.TermAt(Index(2)), Term(1));
  EXPECT_EQ(recent.At(Index(3)).data.view(), "e3t2");
  recent.TruncateFrom(Index(5));
  EXPECT_EQ(recent.last_index(), Index(4));
  recent.DropThrough(Index(99));
  EXPECT_EQ(recent.size(), 0u);
  EXPECT_EQ(recent.last_term(), Term(2));
}

TEST(RecentEntriesTest, StaysRightWhileItMoves) {
  RecentEntries recent(Index(0), Term(0));
  uint64_t next = 1;
  uint64_t dropped = 0;
  int exchanges = 0;
  std::vector<Entry> moved;  // its room is used again
  moved.reserve(64);
  for (int round = 0; round < 500; ++round) {
    for (int i = 0; i < round % 9; ++i, ++next) {
      recent.Append(Entry{Term(1 + next / 10), Index(next), {}, Payload(std::to_string(next))});
    }
    if (round % 5 == 0 && next - 1 > dropped) recent.TruncateFrom(Index(--next));
    const uint64_t before = dropped;
    const bool all = round % 7 == 0;
    dropped = all ? next - 1 : std::min(next - 1, dropped + static_cast<uint64_t>(round % 8));
    if (round % 2 == 0) {
      recent.DropThrough(Index(dropped));
    } else {
      moved.clear();
      const Entry* const room = moved.data();
      const bool fits = moved.capacity() >= dropped - before;
      recent.MoveThrough(Index(dropped), &moved);
      ASSERT_EQ(moved.size(), dropped - before);
      if (fits && moved.data() != room) ++exchanges;  // it came as a whole
      uint64_t index = before;
      for (const Entry& entry : moved) ASSERT_EQ(entry.data.view(), std::to_string(++index));
    }
    ASSERT_EQ(recent.base_index(), Index(dropped));
    ASSERT_EQ(recent.last_index(), Index(next - 1));
    for (const Entry& entry : recent.Range(recent.first_index(), Index(next))) {
      ASSERT_EQ(entry.data.view(), std::to_string(entry.index.value()));
    }
  }
  EXPECT_GT(dropped, 1000u);
  EXPECT_GT(exchanges, 10);
}

TEST(RecentEntriesDeathTest, RefusesHoles) {
  RecentEntries recent(Index(4), Term(2));
  EXPECT_DEATH(recent.Append(Entry{Term(2), Index(6), {}, {}}), "CHECK");
  EXPECT_DEATH((void)recent.At(Index(4)), "CHECK");
  EXPECT_DEATH(recent.TruncateFrom(Index(4)), "CHECK");
}

}  // namespace
}  // namespace baton::raft
