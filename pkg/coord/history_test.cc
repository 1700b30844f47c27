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
  void SetUp() override { machine_.check_each = false; }
  void PutUntil(uint64_t revision) {
    while (machine_.state().revision() < Revision(revision)) machine_.MustDo(Put("k", "v"));
  }
  Status StatusOf(uint64_t from) {
    return machine_.state().EventsSince(kAllKeys, Revision(from), 1).status();
  }
};

TEST_F(CompactionTest, TheLastRevisionsAreKept) {
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
  PutUntil(kHistoryRevisionsMax + 1000);
  EXPECT_EQ(StatusOf(1000).code(), Code::kGone);
  EXPECT_EQ(Since(1001, kAllKeys, 1).front().revision, Revision(1001));
  EXPECT_LE(Rows(), kHistoryRevisionsMax + 32) << "the rows go, soon after";
  machine_.Restart();
  EXPECT_EQ(machine_.state().compact_revision(), Revision(1000));
  machine_.check_each = true;
  machine_.MustDo(AdvanceTime{});
}

TEST_F(CompactionTest, NoApplyTrimsMoreThanItsBoundAndTrimmingCatchesUp) {
  machine_.MustDo(Create(1));
  for (int i = 0; i < 300; ++i) {
    machine_.MustDo(EphemeralPut("k" + std::to_string(i), "", SessionId(1)));
  }
  machine_.MustDo(SessionDestroy{SessionId(1)});  // 300 rows of one revision
  const Revision burst = machine_.state().revision();
  PutUntil(burst.value() + kHistoryRevisionsMax - 1);
  uint64_t rows = Rows();
  while (Rows() > kHistoryRevisionsMax) {
    machine_.MustDo(Put("k", "v"));
    const uint64_t rows_now = Rows();
    EXPECT_LE(rows, rows_now + kTrimRowsMin) << "one step trimmed too much";
    ASSERT_LT(machine_.state().revision(), burst + kHistoryRevisionsMax + 200) << "no progress";
    rows = rows_now;
  }
  machine_.check_each = true;
  machine_.MustDo(AdvanceTime{});
}

TEST_F(CompactionTest, BytesAreBoundedToo) {
  const std::string big(kValueBytesMax, 'x');
  const uint64_t fit = kHistoryBytesMax / kValueBytesMax;
  for (uint64_t i = 0; i < fit + 10; ++i) machine_.MustDo(Put("k", big));
  EXPECT_EQ(Rows(), fit - 1) << "a row is a little more than its value";
  EXPECT_EQ(machine_.state().compact_revision(), Revision(11));
  EXPECT_EQ(StatusOf(11).code(), Code::kGone);
  EXPECT_EQ(Since(12, kAllKeys, 1).front().revision, Revision(12));
  machine_.check_each = true;
  machine_.MustDo(AdvanceTime{});
}

}  // namespace
}  // namespace baton::coord
