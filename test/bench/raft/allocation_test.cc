// What the core allocates in the long run, per committed command: a property, not a timing. The
// command's own bytes are the caller's and are shared by all.
#include <gtest/gtest.h>

#include <new>
#include <string>

#include "test/bench/raft/allocations.h"
#include "test/bench/raft/loop.h"

namespace baton::bench {
namespace {

constexpr uint64_t kCommands = 2'048;

double AllocationsPerCommand(uint64_t voters, size_t batch) {
  Loop loop({.voters = voters});
  loop.Elect();
  const raft::Payload command(std::string(256, 'x'));
  for (uint64_t i = 0; i < 2 * kCommands; ++i) loop.Commit(command, 1);
  for (uint64_t i = 0; i < 100; ++i) loop.Commit(command, batch);
  const Index applied = loop.applied();
  const uint64_t before = Allocations();
  for (uint64_t i = 0; i < kCommands; i += batch) loop.Commit(command, batch);
  const uint64_t allocations = Allocations() - before;
  EXPECT_GE(loop.applied() - applied, kCommands);
  return static_cast<double>(allocations) / kCommands;
}

TEST(AllocationTest, TheCounterCounts) {
  const uint64_t before = Allocations();
  void* const memory = ::operator new(16);  // a call: a new expression may be optimized away
  EXPECT_EQ(Allocations() - before, 1u);
  ::operator delete(memory);
}

TEST(AllocationTest, OneVoterCommitsWithoutAny) {
  EXPECT_EQ(AllocationsPerCommand(1, 1), 0);
  EXPECT_EQ(AllocationsPerCommand(1, 64), 0);
}

// One for the entries of each of the two appends.
TEST(AllocationTest, ThreeVotersCommitWithTwo) {
  EXPECT_EQ(AllocationsPerCommand(3, 1), 2);
  EXPECT_LE(AllocationsPerCommand(3, 64), 2.0 / 64 + 0.001);
}

TEST(AllocationTest, FiveVotersCommitWithFour) { EXPECT_LE(AllocationsPerCommand(5, 1), 4); }

}  // namespace
}  // namespace baton::bench
