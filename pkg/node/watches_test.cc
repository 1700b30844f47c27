// Watches against a state machine, without a cluster: what needs a long history.
#include "pkg/node/watches.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "pkg/coord/limits.h"
#include "pkg/coord/memory_tables.h"
#include "pkg/node/testing/commands.h"

namespace baton::node {
namespace {

using testing::RecordingSink;

// Drops nothing before it is told to, as the thread behind a sink does that is behind.
class HoldingSink final : public WatchSink {
 public:
  bool OnEvents(const std::vector<SharedEvent>& given, Revision) override {
    held.insert(held.end(), given.begin(), given.end());
    for (const SharedEvent& each : given) revisions.push_back(each->event.revision);
    return true;
  }
  void OnEnd(Status) override { ++ends; }

  std::vector<SharedEvent> held;
  std::vector<Revision> revisions;
  int ends = 0;
};

class WatchesTest : public ::testing::Test {
 protected:
  void Put(const std::string& key, const std::string& value = "v") {
    const std::string entry = coord::EncodeEntry(1, coord::EncodeCommand(testing::Put(key, value)));
    const coord::Applied applied = machine.Apply(machine.applied() + 1, Term(1), entry);
    watches.OnEvents(applied.events);
    watches.Flush();
  }

  coord::MemoryTables tables;
  coord::StateMachine machine{&tables};
  StepTime time;
  NodeMetrics metrics;
  Watches watches{100, &time, &machine, &metrics};
};

TEST_F(WatchesTest, AHistoryThatIsGoneEndsTheWatchWithCompacted) {
  for (uint64_t i = 0; i < coord::kHistoryRevisionsMax + 10; ++i) Put("k");
  ASSERT_GE(machine.compact_revision(), Revision(10));
  auto gone = std::make_shared<RecordingSink>();
  auto kept = std::make_shared<RecordingSink>();
  watches.Add(1, {coord::EventSpace::kKv, "k", true}, machine.compact_revision(), gone);
  watches.Add(2, {coord::EventSpace::kKv, "k", true}, machine.revision() - 5, kept);
  while (watches.CatchUp()) {
  }
  EXPECT_EQ(gone->ends, 1);
  EXPECT_EQ(gone->end.code(), Code::kGone);
  EXPECT_EQ(gone->end.reason(), "compacted");
  EXPECT_TRUE(gone->events.empty());
  EXPECT_EQ(kept->events.size(), 6U);
  EXPECT_EQ(watches.size(), 1U);
}

TEST_F(WatchesTest, CatchingUpIsCutIntoBoundedSteps) {
  for (int i = 0; i < 5'000; ++i) Put("k");
  std::vector<std::shared_ptr<RecordingSink>> sinks;
  for (uint64_t id = 1; id <= 20; ++id) {
    sinks.push_back(std::make_shared<RecordingSink>());
    watches.Add(id, {coord::EventSpace::kKv, "k", true}, Revision(1), sinks.back());
  }
  int steps = 0;
  size_t given = 0;
  bool more = true;
  while (more) {
    more = watches.CatchUp();
    ++steps;
    size_t now_given = 0;
    for (const auto& sink : sinks) now_given += sink->events.size();
    EXPECT_LE(now_given - given, Watches::kSlice.events * Watches::kSlicesPerStep);
    given = now_given;
    if (steps % 10 == 0) Put("k");  // and the present goes on meanwhile
  }
  for (const auto& sink : sinks) {
    ASSERT_EQ(sink->events.size(), machine.revision().value());
    for (size_t i = 0; i < sink->events.size(); ++i) {
      ASSERT_EQ(sink->events[i].revision, Revision(i + 1));
    }
  }
}

TEST_F(WatchesTest, AHistoryWithNothingToSeeIsReadInBoundedStepsToo) {
  for (int i = 0; i < 5'000; ++i) Put("k");
  auto sink = std::make_shared<RecordingSink>();
  watches.Add(1, {coord::EventSpace::kKv, "other", true}, Revision(1), sink);
  watches.CatchUp();
  EXPECT_GT(sink->through, Revision());
  EXPECT_LT(sink->through, machine.revision() + 1);
  EXPECT_LE(sink->through, Revision(Watches::kSlice.rows * Watches::kSlicesPerStep));
  while (watches.CatchUp()) {
  }
  Put("other");
  ASSERT_EQ(sink->events.size(), 1U);
  EXPECT_EQ(sink->events[0].revision, machine.revision());
}

TEST_F(WatchesTest, AnEventIsInMemoryOnceForAllWatches) {
  std::vector<std::shared_ptr<HoldingSink>> sinks;
  for (uint64_t id = 1; id <= 100; ++id) {
    sinks.push_back(std::make_shared<HoldingSink>());
    watches.Add(id, {}, Revision(), sinks.back());
  }
  while (watches.CatchUp()) {
  }
  const std::string value(1 << 20, 'x');
  Put("k", value);
  EXPECT_GT(watches.held_bytes(), value.size());
  EXPECT_LT(watches.held_bytes(), value.size() + 1000);
  for (const auto& sink : sinks) {
    ASSERT_EQ(sink->held.size(), 1U);
    EXPECT_EQ(sink->held[0], sinks[0]->held[0]);
  }
  for (size_t i = 1; i < sinks.size(); ++i) sinks[i]->held.clear();
  EXPECT_GT(watches.held_bytes(), value.size()) << "one has it still";
  sinks[0]->held.clear();
  EXPECT_EQ(watches.held_bytes(), 0U);
}

TEST_F(WatchesTest, WhatSinksHoldIsBoundedAndNothingIsLeftOut) {
  const std::string value(1 << 20, 'x');
  auto live = std::make_shared<HoldingSink>();
  auto other = std::make_shared<HoldingSink>();
  watches.Add(1, {coord::EventSpace::kKv, "k", true}, Revision(1), live);
  watches.Add(2, {coord::EventSpace::kKv, "other", true}, Revision(1), other);
  while (watches.CatchUp()) {
  }
  const size_t fits = Watches::kHeldBytesMax / value.size();
  for (size_t i = 0; i < fits; ++i) Put("k", value);
  EXPECT_EQ(live->held.size(), fits);
  EXPECT_FALSE(watches.CatchUp());
  // One more, and as much again; also for those who come now. The history has it all.
  auto late = std::make_shared<HoldingSink>();
  watches.Add(3, {coord::EventSpace::kKv, "k", true}, Revision(1), late);
  for (size_t i = 0; i < fits; ++i) {
    Put(i % 2 == 0 ? "k" : "other", value);
    EXPECT_FALSE(watches.CatchUp()) << "nobody makes room before this returns";
    ASSERT_LT(watches.held_bytes(), Watches::kHeldBytesMax + (2 << 20));
  }
  EXPECT_EQ(live->held.size(), fits);
  const size_t changes = machine.revision().value();
  const auto all_told = [&] {
    return live->revisions.size() + other->revisions.size() == changes &&
           late->revisions.size() == live->revisions.size();
  };
  for (size_t steps = 0; !all_told(); ++steps) {
    ASSERT_LT(steps, changes);
    for (HoldingSink* sink : {live.get(), other.get(), late.get()}) sink->held.clear();
    ASSERT_EQ(watches.held_bytes(), 0U);
    watches.CatchUp();
    ASSERT_LT(watches.held_bytes(), Watches::kHeldBytesMax + (2 << 20));
  }
  for (HoldingSink* sink : {live.get(), other.get(), late.get()}) {
    EXPECT_TRUE(std::is_sorted(sink->revisions.begin(), sink->revisions.end()));
    EXPECT_EQ(std::set<Revision>(sink->revisions.begin(), sink->revisions.end()).size(),
              sink->revisions.size());
    EXPECT_EQ(sink->ends, 0);
    sink->held.clear();
  }
  while (watches.CatchUp()) {
  }
  Put("k");
  EXPECT_EQ(live->revisions.back(), machine.revision()) << "it is live again";
}

TEST_F(WatchesTest, CloseEndsEveryWatch) {
  auto live = std::make_shared<RecordingSink>();
  auto new_one = std::make_shared<RecordingSink>();
  watches.Add(1, {}, Revision(), live);
  watches.CatchUp();
  watches.Add(2, {}, Revision(), new_one);
  watches.Close(Status(Code::kUnavailable, "shutting_down", "bye"));
  EXPECT_EQ(live->end.reason(), "shutting_down");
  EXPECT_EQ(new_one->end.reason(), "shutting_down");
  EXPECT_EQ(watches.size(), 0U);
}

}  // namespace
}  // namespace baton::node
