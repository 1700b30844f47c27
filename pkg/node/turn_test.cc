#include "pkg/node/turn.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>
#include <vector>

namespace baton::node {
namespace {

TEST(TurnTest, ItIsTheRaftThreadsFromTheStartAndOneAtATime) {
  Turn turn;
  EXPECT_FALSE(turn.TryBegin());
  turn.End();
  EXPECT_TRUE(turn.TryBegin());
  EXPECT_FALSE(turn.TryBegin()) << "not even within its own";
  turn.End();
  turn.Begin();
  EXPECT_FALSE(turn.TryBegin());
}

TEST(TurnTest, WhoeverHasTheTurnSeesWhatThoseBeforeDid) {
  Turn turn;
  constexpr int kTurnsEach = 2'000;
  int turns = 0;  // on the turn
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      for (int own = 0; own < kTurnsEach;) {
        if (!turn.TryBegin()) {
          std::this_thread::yield();
          continue;
        }
        ++turns;
        ++own;
        turn.End();
      }
    });
  }
  for (int own = 0; own < kTurnsEach; ++own) {
    ++turns;
    turn.End();
    turn.Begin();
  }
  turn.End();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(turns, 4 * kTurnsEach);
}

// So nobody who takes one turn after the other keeps it from its ticks.
TEST(TurnTest, TheNextTurnIsTheRaftThreadsIfItWaits) {
  Turn turn;
  turn.End();
  ASSERT_TRUE(turn.TryBegin());
  std::promise<void> seen;
  std::thread raft_thread([&] {
    turn.Begin();
    seen.get_future().get();
    turn.End();
  });
  while (!turn.awaited()) std::this_thread::yield();
  turn.End();
  EXPECT_FALSE(turn.TryBegin()) << "whether it is awake yet or not";
  seen.set_value();
  raft_thread.join();
  EXPECT_TRUE(turn.TryBegin());
}

}  // namespace
}  // namespace baton::node
