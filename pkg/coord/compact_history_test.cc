// CompactHistory: what it moves at once, what it leaves for later, and how little work that is.
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "pkg/coord/limits.h"
#include "pkg/coord/memory_tables.h"
#include "pkg/coord/test_machine.h"

namespace baton::coord {
namespace {

const EventFilter kAllKeys{EventSpace::kKv, "", false};

class CompactHistoryTest : public ::testing::Test {
 protected:
  void PutMany(uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) machine_.MustDo(Put("k", "v"));
  }
  Revision Compact(uint64_t revision) {
    const Applied applied = machine_.MustDo(CompactHistory{Revision(revision)});
    EXPECT_TRUE(applied.events.empty());
    const auto* reply = std::get_if<CompactReply>(&applied.reply.body);
    EXPECT_NE(reply, nullptr);
    return reply == nullptr ? Revision() : reply->compact_revision;
  }
  Status StatusFrom(uint64_t revision) {
    return machine_.state().EventsSince(kAllKeys, Revision(revision), 1).status();
  }
  TestMachine machine_;
};

TEST_F(CompactHistoryTest, MovesTheBeginOfWatchesAtOnce) {
  PutMany(10);
  EXPECT_TRUE(StatusFrom(1).ok());
  EXPECT_EQ(Compact(4), Revision(4));
  EXPECT_EQ(machine_.state().compact_revision(), Revision(4));
  EXPECT_EQ(machine_.state().revision(), Revision(10)) << "it is no change that users can see";
  EXPECT_EQ(StatusFrom(4).code(), Code::kGone);
  EXPECT_EQ(StatusFrom(4).reason(), "compacted");
  EXPECT_EQ(machine_.state().EventsSince(kAllKeys, Revision(5), 100)->size(), 6u);
  machine_.Restart();
  EXPECT_EQ(machine_.state().compact_revision(), Revision(4));
}

TEST_F(CompactHistoryTest, NeverGoesBack) {
  PutMany(10);
  EXPECT_EQ(Compact(6), Revision(6));
  EXPECT_EQ(Compact(6), Revision(6)) << "again";
  EXPECT_EQ(Compact(1), Revision(6));
  EXPECT_EQ(machine_.state().compact_revision(), Revision(6));
}

TEST_F(CompactHistoryTest, TheNewestRevisionIsTheLast) {
  PutMany(10);
  for (const uint64_t beyond : {uint64_t{11}, uint64_t{1000}, UINT64_MAX}) {
    const Applied refused = machine_.Do(CompactHistory{Revision(beyond)});
    EXPECT_EQ(refused.reply.status.code(), Code::kUnprocessable);
    EXPECT_EQ(refused.reply.status.reason(), "future_revision");
    EXPECT_EQ(refused.reply.status.message(),
              "revision is " + std::to_string(beyond) + "; the newest one is 10");
    EXPECT_EQ(machine_.state().compact_revision(), Revision(0));
  }
  EXPECT_EQ(Compact(10), Revision(10));
  EXPECT_EQ(StatusFrom(10).code(), Code::kGone);
  EXPECT_TRUE(StatusFrom(11).ok()) << "what comes next can be watched";
}

TEST_F(CompactHistoryTest, TheStateIsUntouched) {
  machine_.MustDo(Create(1));
  const Token token = machine_.MustAcquire("lock", 1);
  PutMany(10);
  Compact(machine_.state().revision().value());
  EXPECT_EQ(machine_.state().Get("k")->version, 10u);
  EXPECT_TRUE(machine_.state().Verify(QueueKind::kLock, "lock", token).ok());
}

// Tables that count what one Apply does with rows.
class CountingTables final : public Tables {
 public:
  std::optional<std::string> Get(std::string_view key) const override {
    ++reads;
    return tables_.Get(key);
  }
  void Put(std::string_view key, std::string_view value) override {
    ++writes;
    tables_.Put(key, value);
  }
  void Delete(std::string_view key) override {
    ++writes;
    tables_.Delete(key);
  }
  void Scan(std::string_view start, std::string_view end, const Visitor& visit) const override {
    tables_.Scan(start, end, [&](std::string_view key, std::string_view value) {
      ++reads;
      return visit(key, value);
    });
  }

  mutable uint64_t reads = 0;
  uint64_t writes = 0;

 private:
  MemoryTables tables_;
};

// The promise of history.h, with the most that there can be: nobody waits for a compaction.
TEST(CompactHistoryWorkTest, NoApplyDoesMoreThanItsShareOfAHundredThousand) {
  CountingTables tables;
  StateMachine state(&tables);
  const auto apply = [&](CommandBody body) {
    tables.reads = tables.writes = 0;
    const std::string command = EncodeCommand(Command{"", "", std::move(body)});
    const Applied applied = state.Apply(state.applied() + 1, Term(1), EncodeEntry(1'000, command));
    EXPECT_TRUE(applied.reply.status.ok()) << applied.reply.status.ToString();
    return applied;
  };
  apply(RaiseVersion{2});
  for (uint64_t i = 0; i < kHistoryRevisionsMax; ++i) apply(Put("k", "v"));
  // A put: its key is read and written, then the event, the meta row. A scan sees one row more.
  const uint64_t reads_max = 1 + kTrimRowsMax + 1;
  const uint64_t writes_max = 3 + kTrimRowsMax;

  apply(CompactHistory{state.revision()});
  EXPECT_EQ(state.compact_revision(), Revision(kHistoryRevisionsMax)) << "at once";
  EXPECT_LE(tables.writes, writes_max);
  uint64_t trimmed = tables.writes - 1;
  uint64_t applies = 1;
  Revision next = state.revision() + 1;  // of a watch at the head
  for (; trimmed < kHistoryRevisionsMax; ++applies) {
    ASSERT_LT(applies, 2 * kHistoryRevisionsMax / kTrimRowsMax) << "no progress";
    const Applied applied = apply(Put("k", "v"));
    ASSERT_LE(tables.reads, reads_max);
    ASSERT_LE(tables.writes, writes_max);
    trimmed += tables.writes - 3;
    const auto events = state.EventsSince(kAllKeys, next, 10);
    ASSERT_TRUE(events.ok()) << events.status().ToString();
    ASSERT_EQ(events.value(), applied.events);
    next = state.revision() + 1;
  }
  EXPECT_EQ(applies, (kHistoryRevisionsMax + kTrimRowsMax - 1) / kTrimRowsMax);
  EXPECT_EQ(state.compact_revision(), Revision(kHistoryRevisionsMax));
}

}  // namespace
}  // namespace baton::coord
