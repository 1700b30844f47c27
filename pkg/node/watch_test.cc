// Watches on every node: complete, in order, once each; or an end that says why.
#include <gtest/gtest.h>

#include "pkg/node/testing/commands.h"
#include "pkg/node/testing/sim_cluster.h"
#include "pkg/node/watches.h"

namespace baton::node::testing {
namespace {

coord::EventFilter Prefix(std::string prefix) {
  return {coord::EventSpace::kKv, std::move(prefix), false};
}
coord::EventFilter Key(std::string key) { return {coord::EventSpace::kKv, std::move(key), true}; }

class WatchTest : public ::testing::Test {
 protected:
  void Use(SimOptions options) {
    cluster = std::make_unique<SimCluster>(std::move(options));
    leader = cluster->AwaitLeader();
    cluster->RunFor(200);
  }

  void PutMany(int from, int to) {
    for (int i = from; i < to; ++i) {
      const std::string key = (i % 2 == 0 ? "even/" : "odd/") + std::to_string(i);
      const auto put = cluster->Submit(leader, Put(key, std::to_string(i)), 5'000);
      ASSERT_TRUE(cluster->RunUntil([&] { return put->ok(); }, 5'000));
    }
  }

  // Exactly the even numbers in [from, to), in order.
  static void ExpectEvens(const RecordingSink& sink, int from, int to) {
    std::vector<std::string> expected;
    for (int i = from; i < to; ++i) {
      if (i % 2 == 0) expected.push_back("even/" + std::to_string(i));
    }
    std::vector<std::string> seen;
    Revision last;
    for (const coord::Event& event : sink.events) {
      seen.push_back(event.key);
      EXPECT_GT(event.revision, last);
      last = event.revision;
    }
    EXPECT_EQ(seen, expected);
    EXPECT_GE(sink.through, last);
  }

  std::unique_ptr<SimCluster> cluster;
  NodeId leader;
};

TEST_F(WatchTest, FromEveryNodeHistoryAndPresentAreCompleteAndInOrder) {
  Use({.seed = 1});
  PutMany(0, 400);  // several slices
  std::vector<std::shared_ptr<RecordingSink>> sinks;
  for (const NodeId id : cluster->ids()) {
    sinks.push_back(std::make_shared<RecordingSink>());
    cluster->Watch(id, Prefix("even/"), Revision(1), sinks.back());
  }
  PutMany(400, 600);
  cluster->RunFor(500);
  for (const auto& sink : sinks) ExpectEvens(*sink, 0, 600);
}

TEST_F(WatchTest, AWatchBeginsWhereItWasAskedTo) {
  Use({.seed = 1});
  PutMany(0, 100);
  auto middle = std::make_shared<RecordingSink>();
  auto now = std::make_shared<RecordingSink>();
  auto future = std::make_shared<RecordingSink>();
  const Revision newest = cluster->node(leader).state().revision();
  ASSERT_EQ(newest, Revision(100));  // put i made revision i + 1
  cluster->Watch(leader, Prefix("even/"), Revision(51), middle);
  cluster->Watch(leader, Prefix("even/"), Revision(), now);
  cluster->Watch(leader, Prefix("even/"), Revision(121), future);
  EXPECT_EQ(now->through, newest) << "the mark says when now was";
  PutMany(100, 150);
  ExpectEvens(*middle, 50, 150);
  ExpectEvens(*now, 100, 150);
  ExpectEvens(*future, 120, 150);
}

TEST_F(WatchTest, AnExactWatchSeesItsKeyOnly) {
  Use({.seed = 1});
  auto sink = std::make_shared<RecordingSink>();
  cluster->Watch(leader, Key("even/2"), Revision(1), sink);
  PutMany(0, 30);  // even/2 is a prefix of even/20 and others
  ASSERT_EQ(sink->events.size(), 1U);
  EXPECT_EQ(sink->events[0].key, "even/2");
}

TEST_F(WatchTest, AWatchOnAFollowerGoesOnOverAFailover) {
  Use({.seed = 3});
  const NodeId follower = cluster->AFollower();
  auto sink = std::make_shared<RecordingSink>();
  cluster->Watch(follower, Prefix("even/"), Revision(1), sink);
  PutMany(0, 20);
  cluster->Crash(leader);
  ASSERT_TRUE(
      cluster->RunUntil([&] { return cluster->Leader() && *cluster->Leader() != leader; }, 20'000));
  leader = *cluster->Leader();
  PutMany(20, 40);
  cluster->RunFor(300);
  ExpectEvens(*sink, 0, 40);
}

TEST_F(WatchTest, EventsThatAreHiddenInASnapshotComeFromTheHistory) {
  SimOptions options{.seed = 4};
  options.config.log_entries_max = 40;
  options.config.log_entries_kept = 5;
  Use(std::move(options));
  const NodeId follower = cluster->AFollower();
  auto sink = std::make_shared<RecordingSink>();
  cluster->Watch(follower, Prefix("even/"), Revision(1), sink);
  PutMany(0, 10);
  cluster->RunFor(300);
  cluster->Isolate(follower);
  PutMany(10, 300);
  cluster->Heal();
  ASSERT_TRUE(cluster->RunUntil(
      [&] { return cluster->metrics(follower).snapshots_installed.value() > 0; }, 20'000));
  PutMany(300, 320);
  ASSERT_TRUE(cluster->RunUntil([&] { return cluster->Converged(); }, 5'000));
  ExpectEvens(*sink, 0, 320);
}

TEST_F(WatchTest, AClientThatDoesNotKeepUpIsEndedOnce) {
  Use({.seed = 1});
  auto slow = std::make_shared<RecordingSink>(/*accepted_max=*/5);
  auto fast = std::make_shared<RecordingSink>();
  cluster->Watch(leader, Prefix("even/"), Revision(1), slow);
  cluster->Watch(leader, Prefix("even/"), Revision(1), fast);
  PutMany(0, 40);
  EXPECT_EQ(slow->ends, 1);
  EXPECT_EQ(slow->end.code(), Code::kResourceExhausted);
  EXPECT_EQ(slow->end.reason(), "slow_watcher");
  EXPECT_EQ(slow->calls, 6U);
  EXPECT_EQ(cluster->metrics(leader).watches_evicted.value(), 1U);
  ExpectEvens(*fast, 0, 40);
}

TEST_F(WatchTest, ACancelledWatchIsToldNothingMore) {
  Use({.seed = 1});
  auto sink = std::make_shared<RecordingSink>();
  const uint64_t number = cluster->Watch(leader, Prefix(""), Revision(1), sink);
  PutMany(0, 3);
  cluster->With(leader, [number](Node& node) { node.CancelWatch(number); });
  const size_t calls = sink->calls;
  PutMany(3, 10);
  cluster->RunFor(15'000);
  EXPECT_EQ(sink->calls, calls);
  EXPECT_EQ(sink->ends, 0);
  EXPECT_EQ(cluster->node(leader).MakeStatus().watches, 0U);
}

TEST_F(WatchTest, ASilentWatchGetsAMarkEveryTenSeconds) {
  Use({.seed = 1});
  auto sink = std::make_shared<RecordingSink>();
  cluster->Watch(leader, Prefix("nothing/"), Revision(1), sink);
  PutMany(0, 10);
  const size_t marks = sink->marks;
  cluster->RunFor(9'000);
  EXPECT_EQ(sink->marks, marks);
  cluster->RunFor(1'500);
  EXPECT_EQ(sink->marks, marks + 1);
  EXPECT_EQ(sink->through, Revision(10));
  cluster->RunFor(20'500);
  EXPECT_EQ(sink->marks, marks + 3);
}

TEST_F(WatchTest, AMarkNeverRunsAheadOfAWatchThatBeginsInTheFuture) {
  Use({.seed = 1});
  auto sink = std::make_shared<RecordingSink>();
  cluster->Watch(leader, Prefix(""), Revision(50), sink);
  PutMany(0, 10);
  cluster->RunFor(25'000);
  EXPECT_EQ(sink->calls, 0U);
}

TEST_F(WatchTest, WatchesBeyondTheBoundAreEndedAtOnce) {
  SimOptions options{.seed = 1};
  options.config.watches_max = 3;
  Use(std::move(options));
  std::vector<std::shared_ptr<RecordingSink>> sinks;
  for (int i = 0; i < 6; ++i) {
    sinks.push_back(std::make_shared<RecordingSink>());
    cluster->Watch(leader, Prefix(""), Revision(), sinks.back());
  }
  for (size_t i = 0; i < sinks.size(); ++i) EXPECT_EQ(sinks[i]->ends, i < 3 ? 0 : 1) << i;
  EXPECT_EQ(sinks[3]->end.reason(), "too_many_watches");
}

TEST_F(WatchTest, LocksAndElectionsAreWatchedInSpacesOfTheirOwn) {
  Use({.seed = 1});
  auto locks = std::make_shared<RecordingSink>();
  cluster->Watch(leader, {coord::EventSpace::kLock, "l", true}, Revision(1), locks);
  const auto created = cluster->Submit(leader, CreateSession(7, 60'000), 5'000);
  ASSERT_TRUE(cluster->RunUntil([&] { return created->ok(); }, 1'000));
  const auto key = cluster->Submit(leader, Put("l", "v"), 5'000);
  const auto lock = cluster->Acquire(leader, Lock("l", 7, 0), 5'000);
  ASSERT_TRUE(cluster->RunUntil([&] { return lock->ok() && key->ok(); }, 1'000));
  ASSERT_EQ(locks->events.size(), 1U);
  EXPECT_EQ(locks->events[0].kind, coord::EventKind::kLockAcquired);
  EXPECT_EQ(locks->events[0].token, (*lock->result)->token);
}

TEST(WatchIndexTest, FindsByKeyAndByPrefix) {
  WatchIndex index;
  index.Add(1, Prefix(""));
  index.Add(2, Prefix("a/"));
  index.Add(3, Prefix("a/b"));
  index.Add(4, Key("a/b"));
  index.Add(5, Prefix("b"));
  index.Add(6, {coord::EventSpace::kLock, "a/b", true});
  const auto find = [&](const std::string& key) {
    coord::Event event;
    event.key = key;
    std::vector<uint64_t> found;
    index.Find(event, &found);
    return std::set<uint64_t>(found.begin(), found.end());
  };
  EXPECT_EQ(find("a/b"), (std::set<uint64_t>{1, 2, 3, 4}));
  EXPECT_EQ(find("a/bc"), (std::set<uint64_t>{1, 2, 3}));
  EXPECT_EQ(find("a"), (std::set<uint64_t>{1}));
  EXPECT_EQ(find("b"), (std::set<uint64_t>{1, 5}));
  index.Remove(2, Prefix("a/"));
  index.Remove(1, Prefix(""));
  index.Remove(4, Key("a/b"));
  EXPECT_EQ(find("a/b"), (std::set<uint64_t>{3}));
}

}  // namespace
}  // namespace baton::node::testing
