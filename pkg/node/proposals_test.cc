// Proposals on a real core that leads by itself; what the log says of them is told by hand.
#include "pkg/node/proposals.h"

#include <gtest/gtest.h>

#include <string>

#include "pkg/coord/command.h"
#include "pkg/coord/memory_tables.h"
#include "pkg/node/testing/bare_raft.h"

namespace baton::node {
namespace {

class ProposalsTest : public ::testing::Test {
 protected:
  ProposalsTest() {
    raft.Lead();
    cluster_time.StartLeading(raft->term());
    proposals = std::make_unique<Proposals>(
        raft.get(), &cluster_time, &time, &full_disk, &state,
        [](std::string_view) { return Status(Code::kUnimplemented, "no change of members here"); });
  }

  // Proposes, and writes down the end under a name.
  void Propose(const std::string& name) {
    const Status proposed = proposals->Propose(
        coord::EncodeCommand({"", "", coord::AdvanceTime{}}), [this, name](const auto& result) {
          const char* fates[] = {"applied", "lost", "unknown"};
          ends.push_back(name + " " + fates[static_cast<int>(result.fate)]);
        });
    ASSERT_TRUE(proposed.ok()) << proposed.ToString();
  }

  testing::BareRaft raft{{NodeId(1)}};
  ClusterTime cluster_time{1'000'000};
  StepTime time;
  NullLogger logger;
  FullDisk full_disk{nullptr, &logger, [](std::string_view) { return false; }};
  coord::MemoryTables tables;
  coord::StateMachine state{&tables};
  std::unique_ptr<Proposals> proposals;
  coord::Reply reply;
  std::vector<std::string> ends;
};

// The leader's first entry is 1, in term 1.
TEST_F(ProposalsTest, AnEntryOfItsIndexAndTermIsIt) {
  Propose("a");
  Propose("b");
  EXPECT_EQ(proposals->size(), 2U);
  proposals->OnApplied(Index(1), Term(1), nullptr);
  EXPECT_TRUE(ends.empty());
  proposals->OnApplied(Index(2), Term(1), &reply);
  proposals->OnApplied(Index(3), Term(1), &reply);
  EXPECT_EQ(ends, (std::vector<std::string>{"a applied", "b applied"}));
  EXPECT_EQ(proposals->size(), 0U);
}

TEST_F(ProposalsTest, AnotherTermAtItsIndexMeansLostAndSoDoesAnEarlierOne) {
  Propose("a");  // 2
  Propose("b");  // 3
  Propose("c");  // 4
  proposals->OnApplied(Index(2), Term(1), &reply);
  proposals->OnApplied(Index(3), Term(2), nullptr);  // the next leader's first entry
  EXPECT_EQ(ends, (std::vector<std::string>{"a applied", "b lost", "c lost"}));
}

// The next leader was cut off while this one led, and its log goes on with entries from before.
TEST_F(ProposalsTest, AnEntryOfAnEarlierTermAtItsIndexMeansLost) {
  Propose("a");  // 2, in term 1
  Propose("b");  // 3
  proposals->OnApplied(Index(2), Term(0), &reply);
  EXPECT_EQ(ends, (std::vector<std::string>{"a lost"}));
  proposals->OnApplied(Index(3), Term(0), &reply);
  proposals->OnApplied(Index(4), Term(2), nullptr);
  EXPECT_EQ(ends, (std::vector<std::string>{"a lost", "b lost"}));
  EXPECT_EQ(proposals->size(), 0U);
}

TEST_F(ProposalsTest, ASnapshotHidesTheFateOfWhatItCoversOnly) {
  Propose("a");  // 2
  Propose("b");  // 3
  Propose("c");  // 4
  proposals->OnSnapshotInstalled(Index(3), Term(1));
  EXPECT_EQ(ends, (std::vector<std::string>{"a unknown", "b unknown"}));
  proposals->OnApplied(Index(4), Term(1), &reply);
  EXPECT_EQ(ends.back(), "c applied");
}

TEST_F(ProposalsTest, ASnapshotOfALaterTermLosesWhatFollowsIt) {
  Propose("a");  // 2
  Propose("b");  // 3
  proposals->OnSnapshotInstalled(Index(2), Term(5));
  EXPECT_EQ(ends, (std::vector<std::string>{"a unknown", "b lost"}));
}

TEST_F(ProposalsTest, ACallbackMayProposeAgain) {
  const std::string command = coord::EncodeCommand({"", "", coord::AdvanceTime{}});
  ASSERT_TRUE(proposals->Propose(command, [&](const ProposalResult&) { Propose("again"); }).ok());
  Propose("b");
  proposals->OnApplied(Index(2), Term(2), nullptr);
  EXPECT_EQ(ends, (std::vector<std::string>{"b lost"}));
  EXPECT_EQ(proposals->size(), 1U);
}

TEST_F(ProposalsTest, WithoutClusterTimeNothingIsProposed) {
  cluster_time.StopLeading();
  EXPECT_FALSE(proposals->CanPropose());
  EXPECT_EQ(proposals->Propose("x", [](const ProposalResult&) {}).reason(), "not_leader");
}

TEST_F(ProposalsTest, TheStampIsTheClusterTime) {
  cluster_time.AdvanceTo(0);
  cluster_time.AdvanceTo(750'000);
  Propose("a");
  const raft::Ready ready = raft->TakeReady();
  ASSERT_FALSE(ready.entries.empty());
  EXPECT_EQ(StampOf(ready.entries.back()), 750);
}

}  // namespace
}  // namespace baton::node
