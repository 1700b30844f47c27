// The Raft paper (extended version, 2014), section 5.2 "Leader election": one test per claim. The
// claim is told in our words. Pre-vote is no part of the paper and is off here.
#include <gtest/gtest.h>

#include <set>

#include "pkg/raft/testing/cluster.h"

namespace baton::raft {
namespace {

using testing::Append;
using testing::Cluster;
using testing::ClusterOptions;
using testing::Solo;
using testing::Voters;

Config Paper() {
  Config config;
  config.pre_vote = false;
  config.check_quorum = false;
  return config;
}

class PaperElectionTest : public ::testing::Test {
 protected:
  static constexpr uint64_t kTimeout = 10;  // the default: elections begin in [10, 20)

  // Ticks until the node stands for election in a new term; gives how many it took.
  uint64_t TicksToElection() {
    const Term term = solo.raft().term();
    for (uint64_t ticks = 1; ticks <= 3 * kTimeout; ++ticks) {
      solo.Tick();
      if (solo.raft().term() > term) return ticks;
    }
    return 0;
  }

  Solo solo{Voters({1, 2, 3}), Paper()};
};

// "Servers begin as followers."
TEST_F(PaperElectionTest, AServerStartsAsFollower) {
  EXPECT_EQ(solo.raft().role(), Role::kFollower);
  EXPECT_EQ(solo.raft().leader(), NodeId());
  solo.StartWith({1, 1}, 5);
  EXPECT_EQ(solo.raft().role(), Role::kFollower);
}

// "It stays one while it hears a leader or a candidate."
TEST_F(PaperElectionTest, HearingALeaderKeepsItFollowing) {
  for (int round = 0; round < 20; ++round) {
    solo.Tick(kTimeout - 1);
    ASSERT_TRUE(solo.Hear(2, 1, Heartbeat{}).ok());
  }
  EXPECT_EQ(solo.raft().role(), Role::kFollower);
  EXPECT_EQ(solo.raft().term(), Term(1));
}

TEST_F(PaperElectionTest, GivingItsVoteKeepsItFollowing) {
  for (uint64_t term = 1; term <= 20; ++term) {
    solo.Tick(kTimeout - 1);
    ASSERT_TRUE(solo.Hear(2, term, VoteRequest{}).ok());
  }
  EXPECT_EQ(solo.raft().role(), Role::kFollower);
}

// "Leaders send heartbeats to all followers, all the time."
TEST_F(PaperElectionTest, ALeaderSendsHeartbeatsToAll) {
  solo.Lead();
  for (int round = 0; round < 5; ++round) {
    solo.Tick();
    EXPECT_EQ(solo.Said(),
              "1->2 Heartbeat term=1 commit=0\n"
              "1->3 Heartbeat term=1 commit=0\n");
  }
}

// "A follower that hears nothing for the election timeout begins an election."
TEST_F(PaperElectionTest, SilenceForTheElectionTimeoutBeginsAnElection) {
  const uint64_t ticks = TicksToElection();
  EXPECT_GE(ticks, kTimeout);
  EXPECT_LT(ticks, 2 * kTimeout);
}

// "It increments its term, becomes a candidate, votes for itself and asks all others at once."
TEST_F(PaperElectionTest, ACandidateVotesForItselfInANewTermAndAsksTheOthers) {
  solo.StartWith({1, 2}, 2);
  ASSERT_NE(TicksToElection(), 0u);
  EXPECT_EQ(solo.raft().role(), Role::kCandidate);
  EXPECT_EQ(solo.status().vote, NodeId(1));
  EXPECT_EQ(solo.Said(),
            "1->2 VoteRequest term=3 last=2/2\n"
            "1->3 VoteRequest term=3 last=2/2\n");
}

// "A candidate wins with the votes of a majority of the full cluster in the same term."
TEST(PaperElectionWinTest, AMajorityOfTheFullClusterWins) {
  struct Case {
    std::vector<uint64_t> voters;
    uint64_t granted;  // by others
    uint64_t refused;
    Role role;
  };
  const std::vector<Case> cases = {
      {{1}, 0, 0, Role::kLeader},
      {{1, 2, 3}, 0, 0, Role::kCandidate},
      {{1, 2, 3}, 1, 0, Role::kLeader},
      {{1, 2, 3}, 1, 1, Role::kLeader},
      {{1, 2, 3}, 0, 1, Role::kCandidate},
      {{1, 2, 3}, 0, 2, Role::kFollower},
      {{1, 2, 3, 4}, 1, 0, Role::kCandidate},
      {{1, 2, 3, 4}, 2, 0, Role::kLeader},
      {{1, 2, 3, 4, 5}, 1, 0, Role::kCandidate},
      {{1, 2, 3, 4, 5}, 2, 2, Role::kLeader},
      {{1, 2, 3, 4, 5}, 1, 3, Role::kFollower},
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    Solo solo(Voters(cases[i].voters), Paper());
    solo.raft().Campaign();
    uint64_t voter = 2;
    for (uint64_t n = 0; n < cases[i].granted; ++n, ++voter) {
      ASSERT_TRUE(solo.Hear(voter, 1, VoteResponse{.granted = true}).ok());
    }
    for (uint64_t n = 0; n < cases[i].refused; ++n, ++voter) {
      ASSERT_TRUE(solo.Hear(voter, 1, VoteResponse{.granted = false}).ok());
    }
    EXPECT_EQ(solo.raft().role(), cases[i].role) << "case " << i;
  }
}

TEST_F(PaperElectionTest, VotesOfAnEarlierTermDoNotCount) {
  solo.raft().Campaign();
  solo.raft().Campaign();
  ASSERT_TRUE(solo.Hear(2, 1, VoteResponse{.granted = true}).ok());
  EXPECT_EQ(solo.raft().role(), Role::kCandidate);
  ASSERT_TRUE(solo.Hear(2, 2, VoteResponse{.granted = true}).ok());
  EXPECT_EQ(solo.raft().role(), Role::kLeader);
}

TEST_F(PaperElectionTest, AVoterCountsOnce) {
  Solo five(Voters({1, 2, 3, 4, 5}), Paper());
  five.raft().Campaign();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(five.Hear(2, 1, VoteResponse{.granted = true}).ok());
  ASSERT_TRUE(five.Hear(9, 1, VoteResponse{.granted = true}).ok()) << "a stranger";
  EXPECT_EQ(five.raft().role(), Role::kCandidate);
}

// "Each server votes for at most one candidate in a term, first come first served."
TEST_F(PaperElectionTest, TheFirstCandidateOfATermGetsTheVote) {
  ASSERT_TRUE(solo.Hear(2, 1, VoteRequest{}).ok());
  ASSERT_TRUE(solo.Hear(3, 1, VoteRequest{}).ok());
  ASSERT_TRUE(solo.Hear(2, 1, VoteRequest{}).ok());
  // Refusals need no disk and leave first; a repeated request gets the same answer.
  EXPECT_EQ(solo.Said(),
            "1->3 VoteResponse term=1 refused\n"
            "1->2 VoteResponse term=1 granted\n"
            "1->2 VoteResponse term=1 granted\n");
  ASSERT_TRUE(solo.Hear(3, 2, VoteRequest{}).ok());
  EXPECT_EQ(solo.Said(), "1->3 VoteResponse term=2 granted\n");
}

TEST_F(PaperElectionTest, TheVoteIsRememberedOverARestart) {
  ASSERT_TRUE(solo.Hear(2, 1, VoteRequest{}).ok());
  solo.Said();
  solo.node().Crash();
  solo.node().Restart();
  ASSERT_TRUE(solo.Hear(3, 1, VoteRequest{}).ok());
  EXPECT_EQ(solo.Said(), "1->3 VoteResponse term=1 refused\n");
}

// "Once elected, a leader tells all others at once, so that no new election begins."
TEST_F(PaperElectionTest, ANewLeaderTellsAllAtOnce) {
  solo.raft().Campaign();
  solo.Said();
  ASSERT_TRUE(solo.Hear(2, 1, VoteResponse{.granted = true}).ok());
  EXPECT_EQ(solo.SaidAtOnce(),
            "1->2 AppendRequest term=1 prev=0/0 commit=0 entries=[1/1]\n"
            "1->3 AppendRequest term=1 prev=0/0 commit=0 entries=[1/1]\n");
}

// "A candidate that hears a leader of its own or a later term follows it."
TEST_F(PaperElectionTest, ACandidateFollowsALeaderOfItsTermOrLater) {
  for (const uint64_t ahead : {0, 1}) {
    solo.raft().Campaign();
    ASSERT_EQ(solo.raft().role(), Role::kCandidate);
    const uint64_t term = solo.raft().term().value() + ahead;
    ASSERT_TRUE(solo.Hear(2, term, Append({0, 0}, 0)).ok());
    EXPECT_EQ(solo.raft().role(), Role::kFollower);
    EXPECT_EQ(solo.raft().leader(), NodeId(2));
    EXPECT_EQ(solo.raft().term(), Term(term));
  }
}

// "A claim of an earlier term is rejected and the candidate goes on."
TEST_F(PaperElectionTest, ACandidateRejectsALeaderOfAnEarlierTerm) {
  solo.StartWith({}, 3);
  solo.raft().Campaign();
  solo.Said();
  ASSERT_TRUE(solo.Hear(2, 3, Append({0, 0}, 0)).ok());
  EXPECT_EQ(solo.Said(), "1->2 AppendResponse term=4 rejected=0 hint=0/0 commit=0\n");
  EXPECT_EQ(solo.raft().role(), Role::kCandidate);
}

// "If nobody wins, each candidate times out and starts over in a new term."
TEST_F(PaperElectionTest, AnUndecidedElectionIsFollowedByTheNext) {
  solo.raft().Campaign();
  solo.Said();
  const uint64_t ticks = TicksToElection();
  EXPECT_GE(ticks, kTimeout) << "it waits for its timeout to pass again";
  EXPECT_EQ(solo.raft().term(), Term(2));
  EXPECT_EQ(solo.Said(),
            "1->2 VoteRequest term=2 last=0/0\n"
            "1->3 VoteRequest term=2 last=0/0\n");
}

// "Timeouts are drawn at random from a fixed interval", anew each time.
TEST_F(PaperElectionTest, TimeoutsAreSpreadOverTheWholeInterval) {
  std::set<uint64_t> seen;
  for (int round = 0; round < 300; ++round) seen.insert(TicksToElection());
  EXPECT_EQ(seen.size(), kTimeout);
  EXPECT_EQ(*seen.begin(), kTimeout);
  EXPECT_EQ(*seen.rbegin(), 2 * kTimeout - 1);
}

TEST_F(PaperElectionTest, NodesThatShareASeedDoNotShareTheirTimeouts) {
  ClusterOptions options;
  options.membership = Voters({1, 2, 3, 4, 5});
  options.config = Paper();
  Cluster cluster(options);
  cluster.DropWhere([](const Message&) { return true; });
  std::map<NodeId, uint64_t> first_election;
  for (uint64_t tick = 1; tick <= 2 * kTimeout; ++tick) {
    cluster.TickAll();
    for (auto& [id, node] : cluster.nodes()) {
      if (node.raft().role() == Role::kCandidate) first_election.emplace(id, tick);
    }
  }
  std::set<uint64_t> different;
  for (const auto& [id, tick] : first_election) different.insert(tick);
  EXPECT_GE(different.size(), 3u);
}

// "So that split votes are rare and resolved quickly."
TEST_F(PaperElectionTest, MostElectionsSucceedAtOnce) {
  int at_once = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    ClusterOptions options;
    options.config = Paper();
    options.config.seed = seed;
    Cluster cluster(options);
    const NodeId leader = cluster.WaitForLeader(10 * kTimeout);
    ASSERT_TRUE(leader) << "seed " << seed;
    if (cluster.raft(leader).term() == Term(1)) ++at_once;
  }
  EXPECT_GT(at_once, 80);
}

}  // namespace
}  // namespace baton::raft
