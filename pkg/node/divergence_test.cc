#include "pkg/node/divergence.h"

#include <gtest/gtest.h>

#include <string>

namespace baton::node {
namespace {

constexpr uint64_t kEvery = Divergence::kEvery;
const std::vector<NodeId> kVoters = {NodeId(1), NodeId(2), NodeId(3)};

class DivergenceTest : public ::testing::Test {
 protected:
  void ApplyTo(uint64_t last) {
    for (; applied <= last; ++applied) divergence.OnApplied(Index(applied), HashOf(applied));
  }
  static uint64_t HashOf(uint64_t index) { return index * 1'000; }
  void Report(uint64_t peer, uint64_t index, uint64_t hash) {
    divergence.OnReport(NodeId(peer), {Index(index), hash});
  }
  // "3@64 "
  std::string Judged(const std::vector<NodeId>& voters = kVoters) {
    std::string text;
    for (const Divergence::Finding& found : divergence.Judge(NodeId(1), voters)) {
      text += std::to_string(found.node.value()) + "@" + std::to_string(found.index.value()) + " ";
    }
    return text;
  }

  Divergence divergence;
  uint64_t applied = 1;
};

TEST_F(DivergenceTest, WhoDiffersFromTheMajorityIsNamedOnce) {
  ApplyTo(kEvery);
  Report(2, kEvery, HashOf(kEvery));
  Report(3, kEvery, 7);
  EXPECT_EQ(Judged(), "3@64 ");
  EXPECT_EQ(Judged(), "");
}

TEST_F(DivergenceTest, TheLeaderItselfMayBeWrong) {
  ApplyTo(kEvery);
  Report(2, kEvery, 7);
  EXPECT_EQ(Judged(), "") << "one against one";
  Report(3, kEvery, 7);
  EXPECT_EQ(Judged(), "1@64 ");
}

TEST_F(DivergenceTest, WithoutAMajorityNobodyIsWrong) {
  ApplyTo(kEvery);
  Report(2, kEvery, 7);
  Report(3, kEvery, 8);
  EXPECT_EQ(Judged(), "");
}

TEST_F(DivergenceTest, OnlyTheSameEntryIsCompared) {
  ApplyTo(2 * kEvery);
  Report(2, kEvery, HashOf(kEvery));
  Report(3, 2 * kEvery, 7);
  EXPECT_EQ(Judged(), "");
  Report(3, 3 * kEvery, 7);  // ahead of the leader: not known here yet
  Report(2, 3 * kEvery, HashOf(3 * kEvery));
  EXPECT_EQ(Judged(), "");
  ApplyTo(3 * kEvery);
  EXPECT_EQ(Judged(), "3@192 ");
}

TEST_F(DivergenceTest, ALearnerIsJudgedAndJudgesNobody) {
  ApplyTo(kEvery);
  Report(2, kEvery, 7);
  Report(3, kEvery, 7);
  EXPECT_EQ(Judged({NodeId(1)}), "2@64 3@64 ");
}

TEST_F(DivergenceTest, AReportIsOfWhatIsNewAndMostEven) {
  EXPECT_FALSE(divergence.TakeReport());
  ApplyTo(kEvery - 1);
  EXPECT_FALSE(divergence.TakeReport());
  ApplyTo(7 * kEvery);
  EXPECT_EQ(divergence.TakeReport()->index, Index(4 * kEvery));
  EXPECT_FALSE(divergence.TakeReport());
  ApplyTo(9 * kEvery);
  const auto report = divergence.TakeReport();
  EXPECT_EQ(report->index, Index(8 * kEvery));
  EXPECT_EQ(report->hash, HashOf(8 * kEvery));
}

TEST_F(DivergenceTest, MemoryIsBounded) {
  ApplyTo((Divergence::kKept + 1) * kEvery);
  EXPECT_FALSE(divergence.HashAt(Index(kEvery)));
  EXPECT_EQ(divergence.HashAt(Index(2 * kEvery)), HashOf(2 * kEvery));
  for (uint64_t i = 2; i <= Divergence::kReportedKept + 2; ++i) {
    Report(2, i * kEvery, HashOf(i * kEvery));
    Report(3, i * kEvery, i == 2 ? 7 : HashOf(i * kEvery));
  }
  EXPECT_EQ(Judged(), "") << "the oldest entry's reports are forgotten";
}

TEST_F(DivergenceTest, ANewStateHasNothingToDoWithTheOld) {
  ApplyTo(kEvery);
  Report(2, kEvery, 7);
  Report(3, kEvery, 7);
  divergence.Reset();
  EXPECT_FALSE(divergence.HashAt(Index(kEvery)));
  EXPECT_EQ(Judged(), "");
}

}  // namespace
}  // namespace baton::node
