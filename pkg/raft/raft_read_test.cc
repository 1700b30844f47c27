// Linearizable reads: asked of the leader and of followers, confirmed in rounds.
#include <gtest/gtest.h>

#include "pkg/raft/testing/cluster.h"

namespace baton::raft {
namespace {

using testing::Acknowledge;
using testing::Append;
using testing::Cluster;
using testing::ClusterOptions;
using testing::EntriesOf;
using testing::Ids;
using testing::Solo;
using testing::Voters;

class RaftReadTest : public ::testing::Test {
 protected:
  void LeadInSync() {
    solo.Lead();
    solo.AcknowledgeAll();
  }
  void Ask(uint64_t id) { ASSERT_TRUE(solo.raft().ReadIndex(id).ok()); }
  void Confirm(uint64_t peer, uint64_t counter, uint64_t term = 1) {
    ASSERT_TRUE(solo.Hear(peer, term, HeartbeatResponse{counter, Index()}).ok());
    solo.Said();
  }
  // "7@3 8@3": the reads that were answered, each with its index.
  std::string Answered() {
    solo.Said();
    std::string text;
    for (const ReadState& state : std::exchange(solo.node().read_states(), {})) {
      text += std::to_string(state.id) + "@" + std::to_string(state.index.value()) + " ";
    }
    return text;
  }
  std::vector<uint64_t> Aborted() {
    solo.Said();
    return std::exchange(solo.node().aborted_reads(), {});
  }

  Solo solo;
};

TEST_F(RaftReadTest, AQuorumConfirmsARead) {
  LeadInSync();
  Ask(7);
  EXPECT_EQ(solo.Said(),
            "1->2 Heartbeat term=1 commit=1 read=1\n"
            "1->3 Heartbeat term=1 commit=1 read=1\n");
  EXPECT_EQ(Answered(), "");
  Confirm(2, 1);
  EXPECT_EQ(Answered(), "7@1 ");
  Confirm(3, 1);
  EXPECT_EQ(Answered(), "");
}

TEST_F(RaftReadTest, AReadyThatIsUsedAgainAnswersOnce) {
  LeadInSync();
  Answered();
  Ready ready;
  Ask(7);
  solo.raft().TakeReady(&ready);
  EXPECT_TRUE(ready.read_states.empty());
  ASSERT_TRUE(solo.Hear(2, 1, HeartbeatResponse{1, Index()}).ok());
  EXPECT_TRUE(solo.raft().HasReady());
  solo.raft().TakeReady(&ready);
  EXPECT_EQ(ready.read_states, (std::vector<ReadState>{{7, Index(1)}}));
  EXPECT_FALSE(solo.raft().HasReady());
  solo.raft().TakeReady(&ready);
  EXPECT_TRUE(ready.read_states.empty());
}

TEST_F(RaftReadTest, AllReadsAskedSinceTheLastRoundShareOne) {
  LeadInSync();
  for (uint64_t id = 1; id <= 100; ++id) Ask(id);
  EXPECT_EQ(solo.Said(),
            "1->2 Heartbeat term=1 commit=1 read=1\n"
            "1->3 Heartbeat term=1 commit=1 read=1\n");
  Confirm(3, 1);
  EXPECT_EQ(solo.node().read_states().size(), 100u);
}

TEST_F(RaftReadTest, ALaterRoundConfirmsEarlierOnesButNotTheOtherWayRound) {
  LeadInSync();
  Ask(7);
  solo.Said();
  Ask(8);
  solo.Said();
  Ask(9);
  solo.Said();
  Confirm(2, 2);
  EXPECT_EQ(Answered(), "7@1 8@1 ");
  Confirm(3, 1);
  EXPECT_EQ(Answered(), "");
  Confirm(3, 3);
  EXPECT_EQ(Answered(), "9@1 ");
}

TEST_F(RaftReadTest, AReadKeepsTheCommitIndexOfItsRound) {
  LeadInSync();
  Ask(7);
  solo.Said();
  solo.Propose("x");
  solo.AcknowledgeAll();
  Ask(8);
  solo.Said();
  Confirm(2, 2);
  EXPECT_EQ(Answered(), "7@1 8@2 ");
}

TEST_F(RaftReadTest, ALostRoundIsRepeatedWithTheNextHeartbeat) {
  LeadInSync();
  Ask(7);
  solo.Said();
  solo.Tick();
  EXPECT_EQ(solo.Said(),
            "1->2 Heartbeat term=1 commit=1 read=1\n"
            "1->3 Heartbeat term=1 commit=1 read=1\n");
}

TEST_F(RaftReadTest, ReadsWaitForTheFirstCommitOfTheTerm) {
  solo.StartWith({1, 1}, 1, 2);
  solo.Lead();
  Ask(7);
  solo.Tick();
  EXPECT_EQ(solo.Said(),
            "1->2 Heartbeat term=2 commit=0\n"
            "1->3 Heartbeat term=2 commit=0\n")
      << "no round yet";
  EXPECT_FALSE(solo.raft().has_committed_in_term());
  ASSERT_TRUE(solo.Hear(2, 2, Acknowledge(3)).ok());
  EXPECT_TRUE(solo.raft().has_committed_in_term());
  EXPECT_EQ(solo.Said(),
            "1->2 Heartbeat term=2 commit=3 read=1\n"
            "1->3 Heartbeat term=2 commit=0 read=1\n");
  Confirm(2, 1, 2);
  EXPECT_EQ(Answered(), "7@3 ");
}

TEST_F(RaftReadTest, ASingleVoterNeedsNobody) {
  Solo alone(Voters({1}));
  alone.Lead();
  ASSERT_TRUE(alone.raft().ReadIndex(7).ok());
  alone.Said();
  ASSERT_EQ(alone.node().read_states().size(), 1u);
  EXPECT_EQ(alone.node().read_states()[0], (ReadState{7, Index(1)}));
}

TEST_F(RaftReadTest, LearnersDoNotConfirm) {
  ConfigState membership = Voters({1, 2, 3});
  membership.learners = Ids({4});
  Solo with_learner(membership);
  with_learner.Lead();
  with_learner.AcknowledgeAll();
  ASSERT_TRUE(with_learner.raft().ReadIndex(7).ok());
  with_learner.Said();
  ASSERT_TRUE(with_learner.Hear(4, 1, HeartbeatResponse{1, Index()}).ok());
  with_learner.Said();
  EXPECT_TRUE(with_learner.node().read_states().empty());
}

TEST_F(RaftReadTest, AJointConfigurationNeedsBothHalves) {
  ConfigState membership = Voters({1, 2, 3});
  membership.voters_outgoing = Ids({3, 4, 5});
  Solo joint(membership);
  joint.Lead();
  joint.AcknowledgeAll();
  ASSERT_TRUE(joint.raft().ReadIndex(7).ok());
  joint.Said();
  const auto confirm = [&](uint64_t peer) {
    ASSERT_TRUE(joint.Hear(peer, 1, HeartbeatResponse{1, Index()}).ok());
    joint.Said();
  };
  confirm(2);
  confirm(4);
  EXPECT_TRUE(joint.node().read_states().empty());
  confirm(5);
  EXPECT_EQ(joint.node().read_states().size(), 1u);
}

// --- through followers ---

TEST_F(RaftReadTest, AFollowerAsksTheLeader) {
  ASSERT_TRUE(solo.Hear(2, 1, Heartbeat{}).ok());
  solo.Said();
  Ask(7);
  EXPECT_EQ(solo.Said(), "1->2 ReadIndexRequest term=1 id=7\n");
  ASSERT_TRUE(solo.Hear(2, 1, ReadIndexResponse{7, Index(5)}).ok());
  EXPECT_EQ(Answered(), "7@5 ");
}

TEST_F(RaftReadTest, ALearnerAsksTheLeaderAndIsAnswered) {
  ConfigState membership = Voters({2, 3});
  membership.learners = Ids({1});
  Solo learner(membership);
  ASSERT_TRUE(learner.Hear(2, 1, Heartbeat{}).ok());
  learner.Said();
  ASSERT_TRUE(learner.raft().ReadIndex(7).ok());
  EXPECT_EQ(learner.Said(), "1->2 ReadIndexRequest term=1 id=7\n");
  ASSERT_TRUE(learner.Hear(2, 1, ReadIndexResponse{7, Index(4)}).ok());
  learner.Said();
  EXPECT_EQ(learner.node().read_states(), (std::vector<ReadState>{{7, Index(4)}}));

  membership = Voters({1, 2, 3});
  membership.learners = Ids({4});
  Solo leader(membership);
  leader.Lead();
  leader.AcknowledgeAll();
  ASSERT_TRUE(leader.Hear(4, 1, ReadIndexRequest{7}).ok());
  leader.Said();
  ASSERT_TRUE(leader.Hear(2, 1, HeartbeatResponse{1, Index()}).ok());
  EXPECT_EQ(leader.Said(), "1->4 ReadIndexResponse term=1 id=7 index=1\n");
}

TEST_F(RaftReadTest, TheLeaderAnswersAPeer) {
  LeadInSync();
  ASSERT_TRUE(solo.Hear(3, 1, ReadIndexRequest{7}).ok());
  solo.Said();
  ASSERT_TRUE(solo.Hear(2, 1, HeartbeatResponse{1, Index()}).ok());
  EXPECT_EQ(solo.Said(), "1->3 ReadIndexResponse term=1 id=7 index=1\n");
  EXPECT_EQ(Answered(), "") << "it is not the leader's own";
}

TEST_F(RaftReadTest, StrangersAreNotAnswered) {
  LeadInSync();
  ASSERT_TRUE(solo.Hear(9, 1, ReadIndexRequest{7}).ok());
  EXPECT_EQ(solo.Said(), "");
}

TEST_F(RaftReadTest, WithoutALeaderNothingIsAsked) {
  const Status status = solo.raft().ReadIndex(7);
  EXPECT_EQ(status.code(), Code::kUnavailable);
  EXPECT_EQ(status.reason(), "no_leader");
  EXPECT_EQ(solo.Said(), "");
}

TEST_F(RaftReadTest, AQuestionThatArrivesAtANonLeaderGoesNowhere) {
  ASSERT_TRUE(solo.Hear(2, 1, Heartbeat{}).ok());
  solo.Said();
  ASSERT_TRUE(solo.Hear(3, 1, ReadIndexRequest{7}).ok());
  EXPECT_EQ(solo.Said(), "") << "and does not bounce";
}

TEST_F(RaftReadTest, UnknownRepeatedAndLateAnswersAreIgnored) {
  ASSERT_TRUE(solo.Hear(2, 1, Heartbeat{}).ok());
  Ask(7);
  ASSERT_TRUE(solo.Hear(2, 1, ReadIndexResponse{8, Index(5)}).ok());
  ASSERT_TRUE(solo.Hear(3, 1, ReadIndexResponse{7, Index(5)}).ok()) << "3 does not lead";
  EXPECT_EQ(Answered(), "");
  ASSERT_TRUE(solo.Hear(2, 1, ReadIndexResponse{7, Index(5)}).ok());
  ASSERT_TRUE(solo.Hear(2, 1, ReadIndexResponse{7, Index(6)}).ok());
  EXPECT_EQ(Answered(), "7@5 ");
}

// --- a stale leader ---

// Questions repeated by the network, and an answer from before: with rounds named by the client's
// id the late answer would confirm the later question, and all that waited before it.
TEST_F(RaftReadTest, ARepeatedQuestionIsNotConfirmedByTheFirstOnesAnswer) {
  LeadInSync();
  ASSERT_TRUE(solo.Hear(3, 1, ReadIndexRequest{7}).ok());
  solo.Said();
  solo.Propose("x");
  solo.Said();
  ASSERT_TRUE(solo.Hear(3, 1, ReadIndexRequest{7}).ok());
  Ask(9);
  solo.Said();
  ASSERT_TRUE(solo.Hear(2, 1, HeartbeatResponse{1, Index()}).ok());
  EXPECT_EQ(solo.Said(), "1->3 ReadIndexResponse term=1 id=7 index=1\n");
  EXPECT_EQ(Answered(), "");
}

TEST_F(RaftReadTest, ADeposedLeaderCannotConfirmWithAnswersOfItsTerm) {
  Cluster cluster(3);
  cluster.Elect(NodeId(1));
  cluster.Isolate(NodeId(1));
  ASSERT_TRUE(cluster.Read(NodeId(1), 7).ok());
  cluster.TickAll(30);
  ASSERT_TRUE(cluster.Leader() && cluster.Leader() != NodeId(1));
  cluster.Propose(cluster.Leader(), "x");
  cluster.Settle();
  cluster.Heal();
  cluster.TickAll(5);
  EXPECT_TRUE(cluster.node(NodeId(1)).read_states().empty());
  EXPECT_EQ(cluster.node(NodeId(1)).aborted_reads(), (std::vector<uint64_t>{7}));
}

TEST_F(RaftReadTest, ACounterThatWasNeverUsedIsRefused) {
  LeadInSync();
  EXPECT_EQ(solo.Hear(2, 1, HeartbeatResponse{5, Index()}).code(), Code::kInvalidArgument);
  Ask(7);
  EXPECT_EQ(Answered(), "");
}

// --- ends ---

TEST_F(RaftReadTest, LosingLeadershipAbortsAll) {
  LeadInSync();
  Ask(7);
  solo.Said();
  Ask(8);
  ASSERT_TRUE(solo.Hear(2, 2, Heartbeat{}).ok());
  EXPECT_EQ(Aborted(), (std::vector<uint64_t>{7, 8}));
  EXPECT_EQ(Answered(), "");
}

TEST_F(RaftReadTest, AChangeOfLeaderAbortsWhatWasForwarded) {
  ASSERT_TRUE(solo.Hear(2, 1, Heartbeat{}).ok());
  Ask(7);
  ASSERT_TRUE(solo.Hear(3, 2, Heartbeat{}).ok());
  EXPECT_EQ(Aborted(), (std::vector<uint64_t>{7}));
  Ask(8);
  solo.Tick(20);
  EXPECT_EQ(Aborted(), (std::vector<uint64_t>{8})) << "the leader fell silent";
}

TEST_F(RaftReadTest, CancelledReadsAreHeardOfNoMore) {
  LeadInSync();
  Ask(7);
  Ask(8);
  solo.raft().CancelRead(7);
  solo.raft().CancelRead(99);
  solo.Said();
  Confirm(2, 1);
  EXPECT_EQ(Answered(), "8@1 ");
  ASSERT_TRUE(solo.Hear(2, 2, Heartbeat{}).ok());
  Ask(9);
  solo.raft().CancelRead(9);
  ASSERT_TRUE(solo.Hear(2, 2, ReadIndexResponse{9, Index(5)}).ok());
  EXPECT_EQ(Answered(), "");
  EXPECT_TRUE(Aborted().empty());
}

TEST_F(RaftReadTest, PendingReadsAreBounded) {
  Config config;
  config.pending_reads_max = 3;
  Solo bounded(Voters({1, 2, 3}), config);
  const auto ask = [&](uint64_t id) { return bounded.raft().ReadIndex(id).code(); };
  ASSERT_TRUE(bounded.Hear(2, 1, Heartbeat{}).ok());
  for (uint64_t id = 1; id <= 3; ++id) EXPECT_EQ(ask(id), Code::kOk);
  EXPECT_EQ(ask(4), Code::kResourceExhausted) << "as follower";
  bounded.Lead();
  bounded.AcknowledgeAll();
  ASSERT_TRUE(bounded.Hear(2, 2, ReadIndexRequest{1}).ok());
  for (uint64_t id = 11; id <= 12; ++id) EXPECT_EQ(ask(id), Code::kOk);
  EXPECT_EQ(ask(13), Code::kResourceExhausted) << "as leader, peers' reads included";
  ASSERT_TRUE(bounded.Hear(2, 2, ReadIndexRequest{2}).ok());
  bounded.Said();
  ASSERT_TRUE(bounded.Hear(3, 2, HeartbeatResponse{1, Index()}).ok());
  EXPECT_EQ(bounded.Said(), "1->2 ReadIndexResponse term=2 id=1 index=1\n");
  EXPECT_EQ(ask(14), Code::kOk) << "room again";
}

}  // namespace
}  // namespace baton::raft
