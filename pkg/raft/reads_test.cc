#include "pkg/raft/reads.h"

#include <gtest/gtest.h>

namespace baton::raft {
namespace {

constexpr NodeId kSelf(1);
constexpr NodeId kPeer(2);

std::vector<ConfirmedRead> Confirmed(ReadRounds& reads, uint64_t counter) {
  std::vector<ConfirmedRead> confirmed;
  reads.Confirm(counter, &confirmed);
  return confirmed;
}

TEST(ReadRoundsTest, AllThatWaitShareOneRound) {
  ReadRounds reads(kSelf);
  reads.Ask(Read{kSelf, 10});
  reads.Ask(Read{kPeer, 10});
  reads.StartRound(Index(5));
  EXPECT_EQ(reads.counter(), 1u);
  EXPECT_FALSE(reads.has_waiting());
  const std::vector<ConfirmedRead> expected = {{{kSelf, 10}, Index(5)}, {{kPeer, 10}, Index(5)}};
  EXPECT_EQ(Confirmed(reads, 1), expected);
  EXPECT_EQ(reads.size(), 0u);
}

TEST(ReadRoundsTest, ACounterConfirmsItsRoundAndAllBeforeButNoneAfter) {
  ReadRounds reads(kSelf);
  for (uint64_t id = 1; id <= 3; ++id) {
    reads.Ask(Read{kSelf, id});
    reads.StartRound(Index(10 * id));
  }
  reads.Ask(Read{kSelf, 4});
  const std::vector<ConfirmedRead> expected = {{{kSelf, 1}, Index(10)}, {{kSelf, 2}, Index(20)}};
  EXPECT_EQ(Confirmed(reads, 2), expected);
  EXPECT_TRUE(Confirmed(reads, 2).empty());
  EXPECT_TRUE(reads.has_unconfirmed());
  EXPECT_TRUE(reads.has_waiting()) << "asked after the round began";
  EXPECT_EQ(reads.size(), 2u);
}

TEST(ReadRoundsTest, CancelledReadsAreNeitherConfirmedNorAborted) {
  ReadRounds reads(kSelf);
  for (uint64_t id = 1; id <= 4; ++id) reads.Ask(Read{kSelf, id});
  reads.Cancel(2);
  reads.StartRound(Index(5));
  reads.Cancel(3);
  reads.Cancel(99);
  const std::vector<ConfirmedRead> expected = {{{kSelf, 1}, Index(5)}, {{kSelf, 4}, Index(5)}};
  EXPECT_EQ(Confirmed(reads, 1), expected);
  EXPECT_TRUE(reads.Abort().empty());
}

TEST(ReadRoundsTest, CancelDoesNotTouchAPeersReadOfTheSameId) {
  ReadRounds reads(kSelf);
  reads.Ask(Read{kPeer, 7});
  reads.Cancel(7);
  reads.StartRound(Index(5));
  EXPECT_EQ(Confirmed(reads, 1).size(), 1u);
}

TEST(ReadRoundsTest, AbortGivesOwnIdsWaitingOrNot) {
  ReadRounds reads(kSelf);
  reads.Ask(Read{kSelf, 3});
  reads.Ask(Read{kPeer, 8});
  reads.StartRound(Index(5));
  reads.Ask(Read{kSelf, 1});
  EXPECT_EQ(reads.Abort(), (std::vector<uint64_t>{1, 3}));
  EXPECT_EQ(reads.size(), 0u);
  EXPECT_TRUE(Confirmed(reads, 1).empty());
}

TEST(ReadRoundsDeathTest, ARoundNeedsReads) {
  ReadRounds reads(kSelf);
  EXPECT_DEATH(reads.StartRound(Index(5)), "has_waiting");
}

}  // namespace
}  // namespace baton::raft
