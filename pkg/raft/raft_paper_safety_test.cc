// The Raft paper (extended version, 2014), section 5.4 "Safety": one test per claim. The claim is
// told in our words.
#include <gtest/gtest.h>

#include <algorithm>

#include "pkg/raft/testing/cluster.h"

namespace baton::raft {
namespace {

using testing::Acknowledge;
using testing::Append;
using testing::Cluster;
using testing::ClusterOptions;
using testing::EntriesOf;
using testing::Solo;
using testing::Voters;

// Section 5.4.1: "A voter denies its vote if its own log is more up to date: by the term of the
// last entry, then by length." The same for the vote and its dry run.
TEST(PaperElectionRestrictionTest, AVoterWithANewerLogRefuses) {
  struct Case {
    std::vector<uint64_t> own;
    uint64_t last_index;
    uint64_t last_term;
    bool granted;
  };
  const std::vector<Case> cases = {
      {{}, 0, 0, true},         // nothing against nothing
      {{1}, 0, 0, false},       // nothing against something
      {{1}, 1, 1, true},        // the same
      {{1}, 2, 1, true},        // longer
      {{1, 1}, 1, 1, false},    // shorter
      {{1}, 1, 2, true},        // later term
      {{1, 1, 1}, 1, 2, true},  // shorter, but of a later term
      {{1, 2}, 9, 1, false},    // longer, but of an earlier term
      {{2}, 1, 1, false},
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    for (const bool pre_vote : {false, true}) {
      Solo solo;
      solo.StartWith(cases[i].own, 3);
      const VoteRequest request{.pre_vote = pre_vote,
                                .last_index = Index(cases[i].last_index),
                                .last_term = Term(cases[i].last_term)};
      ASSERT_TRUE(solo.Hear(2, 4, request).ok());
      const std::vector<Message> sent = solo.Sent();
      ASSERT_EQ(sent.size(), 1u);
      EXPECT_EQ(std::get<VoteResponse>(sent[0].body).granted, cases[i].granted)
          << "case " << i << (pre_vote ? " (pre-vote)" : "");
    }
  }
}

// Section 5.4.1: "A candidate must have every committed entry to be elected."
TEST(PaperElectionRestrictionTest, WhoMissesACommittedEntryCannotBeElected) {
  Cluster cluster(3);
  cluster.Elect(NodeId(1));
  cluster.Isolate(NodeId(3));
  cluster.Propose(NodeId(1), "x");
  cluster.Settle();
  ASSERT_EQ(cluster.Applied(NodeId(1)), "x");
  cluster.Heal();
  cluster.Crash(NodeId(1));
  for (int attempt = 0; attempt < 5; ++attempt) {
    cluster.raft(NodeId(3)).Campaign();
    cluster.Settle();
    ASSERT_NE(cluster.raft(NodeId(3)).role(), Role::kLeader);
  }
  EXPECT_EQ(cluster.WaitForLeader(100), NodeId(2));
}

// Section 5.4.2: "Only entries of the leader's own term are committed by counting replicas."
TEST(PaperCommitmentTest, EntriesOfEarlierTermsAreNotCommittedByCounting) {
  Solo solo;
  solo.StartWith({1, 2}, 2);
  solo.Lead();  // of term 3, with entry 3
  ASSERT_TRUE(solo.Hear(2, 3, Acknowledge(2)).ok());
  ASSERT_TRUE(solo.Hear(3, 3, Acknowledge(2)).ok());
  solo.Said();
  EXPECT_EQ(solo.status().commit, Index(0)) << "all three hold 2, but it is of term 2";
  ASSERT_TRUE(solo.Hear(2, 3, Acknowledge(3)).ok());
  EXPECT_EQ(solo.status().commit, Index(3)) << "and with 3 come the others";
}

// Section 5.4.2: "Entries keep their term when a later leader replicates them."
TEST(PaperCommitmentTest, EntriesKeepTheirTerm) {
  Solo solo;
  solo.StartWith({1, 2}, 2);
  solo.Lead();
  ASSERT_TRUE(solo.Hear(2, 3, AppendResponse{.rejected = true, .rejected_index = Index(2)}).ok());
  EXPECT_EQ(solo.Said(), "1->2 AppendRequest term=3 prev=0/0 commit=0 entries=[1/1 2/2 3/3]\n");
}

// Section 5.4.2, figure 8: an entry that is on a majority can still be replaced, if it is of an
// earlier term. Five servers; the story step by step. (Index 1 is the first leader's empty entry,
// the entries of the story are at 2.)
class PaperFigure8Test : public ::testing::Test {
 protected:
  PaperFigure8Test() : cluster_(Options()) {
    // (a) S1 leads and replicates its entry to S2 only.
    cluster_.Elect(kS1);
    Only({kS1, kS2});
    cluster_.Propose(kS1, "old");
    cluster_.Settle();
    // (b) S1 crashes, S5 is elected by S3 and S4 and keeps another entry of the same index to
    // itself.
    cluster_.Crash(kS1);
    Only({kS3, kS4, kS5});
    cluster_.DropWhere(
        [](const Message& message) { return std::holds_alternative<AppendRequest>(message.body); });
    cluster_.Elect(kS5);
    cluster_.Propose(kS5, "other");
    cluster_.Settle();
    cluster_.DropWhere(nullptr);
    // (c) S5 crashes, S1 is back.
    cluster_.Crash(kS5);
    Only({kS1, kS2, kS3, kS4});
    cluster_.Restart(kS1);
  }

  static ClusterOptions Options() {
    ClusterOptions options;
    options.membership = Voters({1, 2, 3, 4, 5});
    options.config.pre_vote = false;      // the story needs elections as in the paper,
    options.config.check_quorum = false;  // leaders that are alone,
    options.config.append_bytes_max = 1;  // and entries that travel one by one
    return options;
  }

  void Only(const std::vector<NodeId>& connected) {
    cluster_.Heal();
    for (auto& [id, node] : cluster_.nodes()) {
      if (std::find(connected.begin(), connected.end(), id) == connected.end()) {
        cluster_.Isolate(id);
      }
    }
  }

  // In as many terms as it needs; false if five are not enough.
  bool IsElected(NodeId id) {
    for (int attempt = 0; attempt < 5; ++attempt) {
      cluster_.raft(id).Campaign();
      cluster_.Settle();
      if (cluster_.raft(id).role() == Role::kLeader) return true;
    }
    return false;
  }

  Term TermAt(NodeId id, uint64_t index) { return *cluster_.node(id).log().TermAt(Index(index)); }

  static constexpr NodeId kS1{1}, kS2{2}, kS3{3}, kS4{4}, kS5{5};
  Cluster cluster_;
};

TEST_F(PaperFigure8Test, AnOldEntryOnAMajorityIsNotCommittedAndCanBeReplaced) {
  // The old entry reaches S3 and S4, S1's entry of the new term nobody.
  cluster_.DropWhere([this](const Message& message) {
    const auto* const append = std::get_if<AppendRequest>(&message.body);
    return append && !append->entries.empty() && append->entries.back().term == message.term &&
           cluster_.node(message.to).log().LastIndex() == append->prev_index;
  });
  ASSERT_TRUE(IsElected(kS1));
  ASSERT_EQ(TermAt(kS3, 2), Term(1));
  EXPECT_EQ(cluster_.raft(kS1).GetStatus().commit, Index(1));
  // (d) S1 crashes again; S5 is back, is elected, for its log is newer, and replaces the entry.
  cluster_.Crash(kS1);
  cluster_.DropWhere(nullptr);
  cluster_.Heal();
  cluster_.Restart(kS5);
  ASSERT_TRUE(IsElected(kS5));
  EXPECT_EQ(cluster_.Applied(kS3), "other");
  EXPECT_EQ(TermAt(kS3, 2), Term(2));
}

TEST_F(PaperFigure8Test, WithAnEntryOfTheNewTermTheOldOneIsCommittedForGood) {
  // (e) S1 replicates an entry of its own term to a majority, too.
  ASSERT_TRUE(IsElected(kS1));
  EXPECT_EQ(cluster_.Applied(kS1), "old");
  cluster_.Crash(kS1);
  cluster_.Heal();
  cluster_.Restart(kS5);
  EXPECT_FALSE(IsElected(kS5)) << "its log is not up to date any more";
  ASSERT_TRUE(cluster_.WaitForLeader(100));
  cluster_.TickAll(3);
  EXPECT_EQ(cluster_.Applied(kS5), "old");
}

// Section 5.4.3: "A later leader holds every entry that was committed" and "no two servers apply
// different entries at one index": watched by the checker in raft_random_test. Here the core of the
// argument: of the voters that elect, one has accepted the entry.
TEST(PaperSafetyArgumentTest, AVoterThatAcceptedACommittedEntryRefusesWhoLacksIt) {
  Solo solo;
  ASSERT_TRUE(solo.Hear(2, 1, Append({0, 0}, 0, EntriesOf(1, {1}))).ok());
  solo.Said();
  ASSERT_TRUE(solo.Hear(3, 5, VoteRequest{.leader_transfer = true}).ok());
  EXPECT_EQ(solo.Said(), "1->3 VoteResponse term=5 refused\n");
}

}  // namespace
}  // namespace baton::raft
