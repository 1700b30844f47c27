// Priorities (election.h): they delay an election in favour of whoever is preferred, for four
// election timeouts at most, and never prevent one.
#include <gtest/gtest.h>

#include <string>

#include "pkg/raft/testing/cluster.h"

namespace baton::raft {
namespace {

using testing::Append;
using testing::Cluster;
using testing::ClusterOptions;
using testing::EntriesOf;
using testing::Ids;
using testing::Solo;
using testing::Voters;

Config WithPriority(uint32_t priority) {
  Config config;
  config.priority = priority;
  return config;
}

// --- one voter ---

bool Grants(Solo& voter, VoteRequest request, uint64_t term = 2) {
  voter.Said();
  EXPECT_TRUE(voter.Hear(2, term, std::move(request)).ok());
  return voter.Said().find("granted") != std::string::npos;
}

TEST(RaftPriorityTest, OnlyALowerPriorityIsRefused) {
  for (const bool pre_vote : {false, true}) {
    for (const uint32_t own : {0u, 5u, ~0u}) {
      for (const uint32_t candidates : {0u, 4u, 5u, 6u, ~0u}) {
        Solo voter(Voters({1, 2, 3}), WithPriority(own));
        EXPECT_EQ(Grants(voter, {.pre_vote = pre_vote, .priority = candidates}), candidates >= own)
            << own << " is asked by " << candidates;
        EXPECT_EQ(voter.status().counters.priority_refusals, candidates < own ? 1u : 0u);
      }
    }
  }
}

TEST(RaftPriorityTest, ANewerLogGoesBeforePriority) {
  Solo voter(Voters({1, 2, 3}), WithPriority(5));
  voter.StartWith({1, 1}, 1);
  EXPECT_FALSE(Grants(voter, {.last_index = Index(2), .last_term = Term(1)}, 3)) << "the same log";
  EXPECT_TRUE(Grants(voter, {.last_index = Index(3), .last_term = Term(1)}, 4)) << "longer";
  EXPECT_TRUE(Grants(voter, {.last_index = Index(1), .last_term = Term(2)}, 5))
      << "of a later term";
}

TEST(RaftPriorityTest, AnOlderLogIsNoLessRefusedForItsPriority) {
  Solo voter;
  voter.StartWith({1, 1}, 1);
  EXPECT_FALSE(Grants(voter, {.last_index = Index(1), .last_term = Term(1), .priority = 9}, 3));
}

TEST(RaftPriorityTest, PatienceEndsFourElectionTimeoutsAfterALeaderWasHeard) {
  Config config = WithPriority(5);
  Solo voter(Voters({1, 2, 3}), config);
  voter.Tick(25);
  ASSERT_TRUE(voter.Hear(3, 1, Heartbeat{}).ok());
  voter.Tick(39);
  EXPECT_FALSE(Grants(voter, {}, 2));
  voter.Tick(1);
  EXPECT_TRUE(Grants(voter, {}, 3));
}

TEST(RaftPriorityTest, PatienceIsNotRenewedByElectionsThatFail) {
  Config config = WithPriority(5);
  config.pre_vote = false;
  Solo voter(Voters({1, 2, 3}), config);
  for (int tick = 0; tick < 39; ++tick) {
    voter.Tick();
    const uint64_t term = voter.raft().term().value() + 1;
    EXPECT_FALSE(Grants(voter, {}, term)) << "tick " << tick;
  }
  voter.Tick();
  EXPECT_TRUE(Grants(voter, {}, voter.raft().term().value() + 1));
}

TEST(RaftPriorityTest, ATransferIsTheLeadersWill) {
  Solo voter(Voters({1, 2, 3}), WithPriority(5));
  EXPECT_TRUE(Grants(voter, {.leader_transfer = true}));
}

// Who cannot stand itself has nothing to wait for.
TEST(RaftPriorityTest, WhoCannotLeadPrefersNobody) {
  ConfigState learner = Voters({2, 3});
  learner.learners = Ids({1});
  Solo as_learner(learner, WithPriority(5));
  EXPECT_TRUE(Grants(as_learner, {}));

  ConfigState witness = Voters({1, 2, 3});
  witness.witnesses = Ids({1});
  Solo as_witness(witness, WithPriority(5));
  EXPECT_TRUE(Grants(as_witness, {}));
}

TEST(RaftPriorityTest, ANodeWhoseDiskHangsPrefersNobody) {
  Solo voter(Voters({1, 2, 3}), WithPriority(5));
  ASSERT_TRUE(voter.Hear(3, 1, Append({0, 0}, 0, EntriesOf(1, {1}))).ok());
  voter.SaidAtOnce();
  voter.Tick(20);  // two election timeouts
  ASSERT_TRUE(voter.Hear(2, 2, VoteRequest{.last_index = Index(1), .last_term = Term(1)}).ok());
  EXPECT_EQ(voter.raft().term(), Term(2));
  EXPECT_EQ(voter.status().vote, NodeId(2));
}

TEST(RaftPriorityTest, ReconfigureChangesItOnBothSides) {
  Solo node;
  Config config = WithPriority(7);
  config.id = NodeId(1);
  EXPECT_TRUE(Grants(node, {.pre_vote = true}));
  ASSERT_TRUE(node.raft().Reconfigure(config).ok());
  EXPECT_FALSE(Grants(node, {.pre_vote = true, .priority = 6}));
  node.raft().Campaign();
  EXPECT_EQ(node.Said(),
            "1->2 PreVoteRequest term=1 last=0/0 priority=7\n"
            "1->3 PreVoteRequest term=1 last=0/0 priority=7\n");
  config.priority = 6;
  ASSERT_TRUE(node.raft().Reconfigure(config).ok());
  EXPECT_TRUE(Grants(node, {.pre_vote = true, .priority = 6}));
}

// --- clusters ---

class PriorityCluster : public Cluster {
 public:
  // Node i + 1 has priorities[i].
  PriorityCluster(const std::vector<uint32_t>& priorities, uint64_t seed, bool pre_vote = true)
      : Cluster(OptionsOf(priorities.size(), seed, pre_vote)) {
    for (size_t i = 0; i < priorities.size(); ++i) {
      Config config = OptionsOf(priorities.size(), seed, pre_vote).config;
      config.id = NodeId(i + 1);
      config.priority = priorities[i];
      EXPECT_TRUE(raft(config.id).Reconfigure(config).ok());
    }
  }

 private:
  static ClusterOptions OptionsOf(size_t nodes, uint64_t seed, bool pre_vote) {
    ClusterOptions options;
    options.membership.voters.clear();
    for (uint64_t id = 1; id <= nodes; ++id) options.membership.voters.push_back(NodeId(id));
    options.config.seed = seed;
    options.config.pre_vote = pre_vote;
    return options;
  }
};

TEST(RaftPriorityClusterTest, WhoNobodyPrefersDoesNotLeadWhileTheOthersCan) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    PriorityCluster cluster({0, 5, 5}, seed, seed % 2 == 0);
    const NodeId leader = cluster.WaitForLeader(100);
    EXPECT_TRUE(leader == NodeId(2) || leader == NodeId(3)) << "seed " << seed << ": " << leader;
  }
}

TEST(RaftPriorityClusterTest, EqualPrioritiesAreAsGoodAsNone) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    PriorityCluster cluster({9, 9, 9}, seed);
    EXPECT_NE(cluster.WaitForLeader(100), NodeId()) << "seed " << seed;
    for (uint64_t id = 1; id <= 3; ++id) {
      EXPECT_EQ(cluster.raft(NodeId(id)).GetStatus().counters.priority_refusals, 0u);
    }
  }
}

// NuRaft#30: the preferred node lives and votes, but can never win itself.
TEST(RaftPriorityClusterTest, APreferredNodeThatCannotWinDelaysButDoesNotPrevent) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    PriorityCluster cluster({0, 5}, seed);
    cluster.DropWhere([](const Message& message) {
      return message.from == NodeId(2) && std::holds_alternative<VoteRequest>(message.body);
    });
    cluster.TickAll(39);
    EXPECT_EQ(cluster.Leader(), NodeId()) << "seed " << seed;
    EXPECT_GT(cluster.raft(NodeId(2)).GetStatus().counters.priority_refusals, 0u);
    cluster.TickAll(61);  // some tries until then collide
    EXPECT_EQ(cluster.Leader(), NodeId(1)) << "seed " << seed;
  }
}

TEST(RaftPriorityClusterTest, ADeadPreferredNodeDelaysNobody) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    PriorityCluster cluster({0, 0, 5}, seed);
    cluster.Crash(NodeId(3));
    EXPECT_NE(cluster.WaitForLeader(100), NodeId()) << "seed " << seed;
    for (uint64_t id = 1; id <= 2; ++id) {
      EXPECT_EQ(cluster.raft(NodeId(id)).GetStatus().counters.priority_refusals, 0u);
    }
  }
}

}  // namespace
}  // namespace baton::raft
