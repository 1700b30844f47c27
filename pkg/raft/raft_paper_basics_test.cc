// The Raft paper (extended version, 2014), section 5.1 "Raft basics": one test per claim. The claim
// is told in our words. Pre-vote is no part of the paper and is off here.
#include <gtest/gtest.h>

#include "pkg/raft/testing/cluster.h"

namespace baton::raft {
namespace {

using testing::Append;
using testing::Cluster;
using testing::ClusterOptions;
using testing::EntriesOf;
using testing::Solo;
using testing::Voters;

Config Paper() {
  Config config;
  config.pre_vote = false;
  config.check_quorum = false;
  return config;
}

ClusterOptions PaperCluster(std::initializer_list<uint64_t> voters) {
  ClusterOptions options;
  options.membership = Voters(voters);
  options.config = Paper();
  return options;
}

class PaperBasicsTest : public ::testing::Test {
 protected:
  Solo solo{Voters({1, 2, 3}), Paper()};
};

// "In normal operation there is one leader and all others follow."
TEST_F(PaperBasicsTest, InNormalOperationOneLeadsAndAllOthersFollow) {
  Cluster cluster(PaperCluster({1, 2, 3, 4, 5}));
  const NodeId leader = cluster.WaitForLeader(100);
  ASSERT_TRUE(leader);
  cluster.TickAll(100);
  for (auto& [id, node] : cluster.nodes()) {
    EXPECT_EQ(node.raft().role(), id == leader ? Role::kLeader : Role::kFollower);
    EXPECT_EQ(node.raft().leader(), leader);
  }
}

// "Followers are passive: they only answer."
TEST_F(PaperBasicsTest, AFollowerSaysNothingOfItsOwnAccord) {
  ASSERT_TRUE(solo.Hear(2, 1, Heartbeat{.stamp = 1}).ok());
  EXPECT_EQ(solo.Said(), "1->2 HeartbeatResponse term=1 commit=0\n");
  solo.Tick(9);
  EXPECT_EQ(solo.Said(), "");
}

// "A client that asks a follower is sent to the leader."
TEST_F(PaperBasicsTest, AFollowerRefusesCommandsAndNamesTheLeader) {
  ASSERT_TRUE(solo.Hear(2, 1, Heartbeat{}).ok());
  const Result<Proposed> proposed = solo.raft().Propose(Payload("x"));
  ASSERT_FALSE(proposed.ok());
  EXPECT_EQ(proposed.status().code(), Code::kUnavailable);
  EXPECT_EQ(proposed.status().reason(), "not_leader");
  EXPECT_EQ(solo.raft().leader(), NodeId(2));
}

// "Time is divided into terms, numbered with consecutive integers; each begins with an election."
TEST_F(PaperBasicsTest, EachElectionBeginsTheNextTerm) {
  for (uint64_t term = 1; term <= 4; ++term) {
    solo.raft().Campaign();
    EXPECT_EQ(solo.raft().term(), Term(term));
    EXPECT_EQ(solo.raft().role(), Role::kCandidate);
  }
}

// "Who wins serves as leader for the rest of the term."
TEST_F(PaperBasicsTest, TheWinnerLeadsForTheRestOfTheTerm) {
  solo.Lead();
  const Term term = solo.raft().term();
  solo.Tick(100);
  ASSERT_TRUE(solo.Hear(2, 1, VoteRequest{}).ok());
  EXPECT_EQ(solo.raft().role(), Role::kLeader);
  EXPECT_EQ(solo.raft().term(), term);
}

// "A split vote ends the term without a leader; a new term, with a new election, begins shortly."
TEST_F(PaperBasicsTest, ASplitVoteIsFollowedByANewTerm) {
  Cluster cluster(PaperCluster({1, 2, 3, 4}));
  cluster.raft(NodeId(1)).Campaign();
  cluster.raft(NodeId(2)).Campaign();
  // Each gets its own vote and that of one more, who hears it first.
  cluster.DropWhere([](const Message& message) {
    return std::holds_alternative<VoteRequest>(message.body) &&
           message.from.value() % 2 != message.to.value() % 2;
  });
  cluster.Settle();
  EXPECT_EQ(cluster.Leader(), NodeId());
  EXPECT_EQ(cluster.raft(NodeId(1)).term(), Term(1));
  cluster.DropWhere(nullptr);
  const NodeId leader = cluster.WaitForLeader(200);
  ASSERT_TRUE(leader);
  EXPECT_GT(cluster.raft(leader).term(), Term(1));
}

// "There is at most one leader in a term." (The checker stops the test if there are two.)
TEST_F(PaperBasicsTest, NoTermHasTwoLeaders) {
  Cluster cluster(PaperCluster({1, 2, 3, 4, 5}));
  for (int round = 0; round < 20; ++round) {
    for (auto& [id, node] : cluster.nodes()) node.raft().Campaign();
    cluster.Settle();
    cluster.TickAll(7);
  }
  EXPECT_TRUE(cluster.WaitForLeader(200));
}

// "Terms are exchanged whenever servers communicate; the smaller is raised to the larger."
TEST_F(PaperBasicsTest, EveryMessageOfALaterTermRaisesTheOwn) {
  const std::vector<MessageBody> bodies = {
      VoteRequest{},      VoteResponse{},
      Append({0, 0}, 0),  AppendResponse{},
      Heartbeat{},        HeartbeatResponse{},
      ReadIndexRequest{}, ReadIndexResponse{},
      TimeoutNow{},       SnapshotRequest{SnapshotMeta{Index(3), Term(1), Voters({1, 2, 3})}}};
  uint64_t term = 1;
  for (const MessageBody& body : bodies) {
    ASSERT_TRUE(solo.Hear(2, ++term, body).ok());
    EXPECT_EQ(solo.raft().term(), Term(term)) << body.index();
    EXPECT_EQ(solo.raft().role(), Role::kFollower);
  }
}

// "The current term only ever grows."
TEST_F(PaperBasicsTest, AnEarlierTermIsNeverAdopted) {
  ASSERT_TRUE(solo.Hear(2, 7, Heartbeat{}).ok());
  ASSERT_TRUE(solo.Hear(3, 4, Heartbeat{}).ok());
  ASSERT_TRUE(solo.Hear(3, 5, VoteRequest{}).ok());
  EXPECT_EQ(solo.raft().term(), Term(7));
}

// "A candidate that finds its term out of date reverts to follower at once."
TEST_F(PaperBasicsTest, ACandidateWithAnOldTermFollows) {
  solo.raft().Campaign();
  ASSERT_TRUE(solo.Hear(2, 9, VoteResponse{}).ok());
  EXPECT_EQ(solo.raft().role(), Role::kFollower);
  EXPECT_EQ(solo.raft().leader(), NodeId()) << "a vote does not say who leads";
}

// "So does a leader."
TEST_F(PaperBasicsTest, ALeaderWithAnOldTermFollows) {
  solo.Lead();
  ASSERT_TRUE(solo.Hear(2, 9, AppendResponse{.rejected = true}).ok());
  EXPECT_EQ(solo.raft().role(), Role::kFollower);
  EXPECT_EQ(solo.raft().term(), Term(9));
}

// "A request with a stale term is rejected."
TEST_F(PaperBasicsTest, RequestsOfAnEarlierTermAreRejected) {
  ASSERT_TRUE(solo.Hear(2, 5, Heartbeat{}).ok());
  solo.Said();
  ASSERT_TRUE(solo.Hear(3, 4, VoteRequest{.last_index = Index(9), .last_term = Term(3)}).ok());
  ASSERT_TRUE(solo.Hear(3, 4, Append({0, 0}, 0, EntriesOf(1, {4}))).ok());
  ASSERT_TRUE(solo.Hear(3, 4, Heartbeat{Index(7), 0}).ok());
  EXPECT_EQ(solo.Said(),
            "1->3 VoteResponse term=5 refused\n"
            "1->3 AppendResponse term=5 rejected=0 hint=0/0 commit=0\n"
            "1->3 HeartbeatResponse term=5 commit=0\n");
  EXPECT_EQ(solo.status().last_index, Index(0));
}

// "Requests that are not answered in time are sent again."
TEST_F(PaperBasicsTest, LostVoteRequestsAreSentAgain) {
  Cluster cluster(PaperCluster({1, 2, 3}));
  cluster.DropWhere([](const Message&) { return true; });
  cluster.TickAll(30);
  cluster.DropWhere(nullptr);
  EXPECT_TRUE(cluster.WaitForLeader(100));
}

TEST_F(PaperBasicsTest, LostAppendsAreSentAgain) {
  Cluster cluster(PaperCluster({1, 2, 3}));
  cluster.Elect(NodeId(1));
  cluster.DropWhere(
      [](const Message& message) { return std::holds_alternative<AppendRequest>(message.body); });
  cluster.Propose(NodeId(1), "x");
  cluster.TickAll(5);
  EXPECT_EQ(cluster.Applied(NodeId(2)), "");
  cluster.DropWhere(nullptr);
  cluster.TickAll(5);
  EXPECT_EQ(cluster.Applied(NodeId(2)), "x");
  EXPECT_EQ(cluster.Applied(NodeId(3)), "x");
}

}  // namespace
}  // namespace baton::raft
