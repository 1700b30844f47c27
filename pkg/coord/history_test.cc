#include <gtest/gtest.h>

#include <algorithm>

#include "pkg/coord/limits.h"
#include "pkg/coord/test_machine.h"

namespace baton::coord {
namespace {

const EventFilter kAllKeys{EventSpace::kKv, "", false};

class HistoryTest : public ::testing::Test {
 protected:
  std::vector<Event> Since(uint64_t from, const EventFilter& filter = kAllKeys,
                           uint64_t events_max = UINT64_MAX) {
    Result<std::vector<Event>> events =
        machine_.state().EventsSince(filter, Revision(from), events_max);
    EXPECT_TRUE(events.ok()) << events.status().ToString();
    return events.ok() ? std::move(*events) : std::vector<Event>();
  }
  uint64_t Rows() {
    uint64_t rows = 0;
    for (const auto& [row_key, value] : machine_.tables().rows()) rows += row_key[0] == 'h';
    return rows;
  }

  TestMachine machine_;
};

TEST_F(HistoryTest, WhatApplyTellsIsWhatTheHistoryTells) {
  std::vector<Event> told;
  const auto hear = [&told](const Applied& applied) {
    told.insert(told.end(), applied.events.begin(), applied.events.end());
  };
  machine_.MustDo(Create(1));
  hear(machine_.MustDo(Put("a", std::string("\0x", 2))));
  hear(machine_.MustDo(EphemeralPut("b", "2", SessionId(1))));
  hear(machine_.MustDo(Delete("a")));
  hear(machine_.MustDo(Try("lock", SessionId(1), "me")));
  hear(machine_.MustDo(Campaign("election", SessionId(1), "me")));
  hear(machine_.MustDo(SessionDestroy{SessionId(1)}));
  std::vector<Event> found = Since(1);
  for (EventSpace space : {EventSpace::kLock, EventSpace::kElection}) {
    const auto more = Since(1, EventFilter{space, "", false});
    found.insert(found.end(), more.begin(), more.end());
  }
  EXPECT_EQ(found.size(), told.size());
  for (const Event& event : told) {
    EXPECT_EQ(std::count(found.begin(), found.end(), event), 1) << event.key;
  }
}

TEST_F(HistoryTest, FiltersBySpacePrefixAndExactName) {
  machine_.MustDo(Create(1));
  for (const char* key : {"a", "a/1", "a/2", "b"}) {
    machine_.MustDo(Put(key, ""));
    machine_.MustDo(Try(key, SessionId(1)));
  }
  EXPECT_EQ(Since(1).size(), 4u);
  EXPECT_EQ(Since(1, {EventSpace::kKv, "a", false}).size(), 3u);
  EXPECT_EQ(Since(1, {EventSpace::kKv, "a", true}).size(), 1u);
  EXPECT_EQ(Since(1, {EventSpace::kKv, "a/", false}).size(), 2u);
  EXPECT_EQ(Since(1, {EventSpace::kKv, "", true}).size(), 0u);
  EXPECT_EQ(Since(1, {EventSpace::kLock, "a/2", true}).size(), 1u);
  EXPECT_EQ(Since(1, {EventSpace::kElection, "", false}).size(), 0u);
}

TEST_F(HistoryTest, BeginsAtTheAskedRevisionAndNeverBefore) {
  for (int i = 1; i <= 5; ++i) machine_.MustDo(Put("k", std::to_string(i)));
  EXPECT_EQ(Since(0).size(), 5u);
  EXPECT_EQ(Since(1).size(), 5u);
  EXPECT_EQ(Since(4).front().revision, Revision(4));
  EXPECT_EQ(Since(5).size(), 1u);
  EXPECT_TRUE(Since(6).empty());
  EXPECT_TRUE(Since(1000).empty());
}

TEST_F(HistoryTest, ARevisionIsNeverSplit) {
  machine_.MustDo(Create(1));
  machine_.MustDo(Put("first", ""));
  for (int i = 0; i < 5; ++i) {
    machine_.MustDo(EphemeralPut("k" + std::to_string(i), "", SessionId(1)));
  }
  const Revision end = machine_.MustDo(SessionDestroy{SessionId(1)}).reply.revision;
  machine_.MustDo(Put("last", ""));
  const auto events = Since(end.value(), kAllKeys, 2);
  ASSERT_EQ(events.size(), 5u) << "the whole revision, and not the next";
  EXPECT_EQ(events.back().revision, end);
}

TEST_F(HistoryTest, PagesSayHowFarTheyGot) {
  for (int i = 1; i <= 10; ++i) machine_.MustDo(Put(i % 5 == 0 ? "wanted" : "other", ""));
  const EventFilter wanted{EventSpace::kKv, "wanted", true};
  EventPageMax max;
  max.rows = 4;
  std::vector<Revision> through;
  std::vector<Revision> found;
  for (Revision from(1); from <= machine_.state().revision();) {
    const Result<EventPage> page = machine_.state().EventsPage(wanted, from, max);
    ASSERT_TRUE(page.ok());
    for (const Event& event : page.value().events) found.push_back(event.revision);
    ASSERT_GE(page.value().through, from) << "no progress";
    through.push_back(page.value().through);
    from = page.value().through + 1;
  }
  EXPECT_EQ(through, (std::vector{Revision(4), Revision(8), Revision(10)}));
  EXPECT_EQ(found, (std::vector{Revision(5), Revision(10)}));
  max = {};
  max.events = 1;
  EXPECT_EQ(machine_.state().EventsPage(wanted, Revision(1), max)->through, Revision(5));
  EXPECT_EQ(machine_.state().EventsPage(wanted, Revision(11), max)->through, Revision(10));
  EXPECT_EQ(machine_.state().EventsPage(wanted, Revision(50), max)->through, Revision(49));
}

TEST_F(HistoryTest, PagesAreBoundedByBytes) {
  const std::string big(1000, 'x');
  for (int i = 0; i < 10; ++i) machine_.MustDo(Put("k", big));
  EventPageMax max;
  max.bytes = 2500;
  const Result<EventPage> page = machine_.state().EventsPage(kAllKeys, Revision(1), max);
  EXPECT_EQ(page.value().events.size(), 3u);
  EXPECT_EQ(page.value().through, Revision(3));
}

TEST_F(HistoryTest, RevisionsWithoutEventsLeaveGaps) {
  machine_.MustDo(Put("a", ""));
  machine_.MustDo(Create(1));
  machine_.MustDo(Put("b", ""));
  const auto events = Since(1);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].revision, Revision(3));
}

class CompactionTest : public HistoryTest {
 protected:
  void PutUntil(uint64_t revision) {
    while (machine_.state().revision() < Revision(revision)) machine_.MustDo(Put("k", "v"));
  }
  // As if so many changes without events had happened.
  void JumpTo(uint64_t revision) {
    machine_.EditMeta([revision](Meta* meta) { meta->revision = Revision(revision); });
  }
  // As if rows of so many bytes were kept that are newer than those that are.
  void AddBytes(uint64_t bytes) {
    machine_.EditMeta([bytes](Meta* meta) { meta->history_bytes += bytes; });
  }
  Status StatusOf(uint64_t from) {
    return machine_.state().EventsSince(kAllKeys, Revision(from), 1).status();
  }
};

TEST_F(CompactionTest, TheLastRevisionsAreKept) {
  PutUntil(100);
  JumpTo(kHistoryRevisionsMax - 1);
  PutUntil(kHistoryRevisionsMax);
  EXPECT_EQ(machine_.state().compact_revision(), Revision(0));
  EXPECT_EQ(Since(1, kAllKeys, 1).front().revision, Revision(1));
  PutUntil(kHistoryRevisionsMax + 1);
  EXPECT_EQ(machine_.state().compact_revision(), Revision(1));
  EXPECT_EQ(StatusOf(1).code(), Code::kGone);
  EXPECT_EQ(StatusOf(1).reason(), "compacted");
  EXPECT_NE(StatusOf(1).message().find("revision 1 "), std::string::npos);
  EXPECT_EQ(StatusOf(0).code(), Code::kGone);
  EXPECT_EQ(Since(2, kAllKeys, 1).front().revision, Revision(2));
  machine_.Restart();
  EXPECT_EQ(machine_.state().compact_revision(), Revision(1));
  PutUntil(kHistoryRevisionsMax + 99);
  EXPECT_EQ(StatusOf(99).code(), Code::kGone);
  EXPECT_EQ(Since(100, kAllKeys, 1).front().revision, Revision(100));
  JumpTo(3 * kHistoryRevisionsMax);
  machine_.MustDo(AdvanceTime{});
  EXPECT_EQ(machine_.state().compact_revision(), Revision(2 * kHistoryRevisionsMax));
  EXPECT_EQ(StatusOf(2 * kHistoryRevisionsMax).code(), Code::kGone);
  EXPECT_TRUE(Since(2 * kHistoryRevisionsMax + 1).empty());
}

TEST_F(CompactionTest, CompactedRowsGoSoonAfter) {
  PutUntil(1000);
  JumpTo(kHistoryRevisionsMax);
  const uint64_t rows = Rows();
  for (uint64_t i = 1; i <= 500; ++i) {
    machine_.MustDo(Put("k", "v"));
    EXPECT_LE(Rows(), rows + 32) << "at most so many rows wait for their turn";
    EXPECT_GE(Rows(), rows) << "no row goes that is served";
  }
}

TEST_F(CompactionTest, NoApplyTrimsMoreThanItsBoundAndTrimmingCatchesUp) {
  machine_.MustDo(Create(1));
  for (int i = 0; i < 300; ++i) {
    machine_.MustDo(EphemeralPut("k" + std::to_string(i), "", SessionId(1)));
  }
  machine_.MustDo(SessionDestroy{SessionId(1)});  // 300 rows of one revision
  JumpTo(machine_.state().revision().value() + kHistoryRevisionsMax + 50);
  uint64_t rows = Rows();
  EXPECT_EQ(rows, 600u);
  for (int steps = 0; rows > 0; ++steps) {
    machine_.MustDo(AdvanceTime{});
    const uint64_t rows_now = Rows();
    EXPECT_EQ(rows - rows_now, std::min(rows, kTrimRowsMax));
    ASSERT_LT(steps, 20) << "no progress";
    rows = rows_now;
  }
}

TEST_F(CompactionTest, BytesAreBoundedToo) {
  const std::string value(10'000, 'x');
  for (int i = 0; i < 20; ++i) machine_.MustDo(Put("k", value));
  AddBytes(kHistoryBytesMax - 205'000);  // 20 rows are a little more than 200,000 bytes
  machine_.MustDo(AdvanceTime{});
  EXPECT_EQ(machine_.state().compact_revision(), Revision(0));
  machine_.MustDo(Put("k", value));
  EXPECT_EQ(machine_.state().compact_revision(), Revision(1));
  EXPECT_EQ(StatusOf(1).code(), Code::kGone);
  EXPECT_EQ(Since(2).size(), 20u);
  EXPECT_EQ(Rows(), 20u);
  machine_.MustDo(Put("k", std::string(5 * value.size(), 'x')));
  EXPECT_EQ(machine_.state().compact_revision(), Revision(6));
  EXPECT_EQ(Rows(), 16u);
}

TEST_F(CompactionTest, ARevisionOfManyRowsGoesAsAWholeWhenBytesAreShort) {
  machine_.MustDo(Create(1));
  for (int i = 100; i < 120; ++i) {
    machine_.MustDo(EphemeralPut(std::string(1000, 'k') + std::to_string(i), "", SessionId(1)));
  }
  const Revision end = machine_.MustDo(SessionDestroy{SessionId(1)}).reply.revision;
  AddBytes(kHistoryBytesMax - 10'000);  // the puts and half of that revision are over it
  uint64_t left = 0;
  for (int i = 0; i < 5; ++i) {
    machine_.MustDo(AdvanceTime{});
    left = Rows();
  }
  EXPECT_EQ(machine_.state().compact_revision(), end);
  EXPECT_EQ(left, 0u) << "rows of a compacted revision are left behind";
}

}  // namespace
}  // namespace baton::coord
