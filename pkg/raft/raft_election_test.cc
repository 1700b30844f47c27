// Beyond the paper's election: pre-vote, the protection of a live leader, check-quorum, learners
// and joint configurations, and that a leader emerges whenever one can.
#include <gtest/gtest.h>

#include <bit>
#include <set>

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

// With a timeout of more than 10 ticks, the least there can be.
Solo Patient() {
  Config config;
  config.seed = 1;
  return Solo(Voters({1, 2, 3}), config);
}

class RaftElectionTest : public ::testing::Test {
 protected:
  Solo solo;
};

// --- pre-vote ---

TEST_F(RaftElectionTest, APreCandidateKeepsItsTermUntilItCanWin) {
  solo.Tick(20);
  EXPECT_EQ(solo.raft().role(), Role::kPreCandidate);
  EXPECT_EQ(solo.raft().term(), Term(0));
  EXPECT_EQ(solo.Said(),
            "1->2 PreVoteRequest term=1 last=0/0\n"
            "1->3 PreVoteRequest term=1 last=0/0\n");
  ASSERT_TRUE(solo.Hear(3, 1, VoteResponse{.pre_vote = true, .granted = true}).ok());
  EXPECT_EQ(solo.raft().role(), Role::kCandidate);
  EXPECT_EQ(solo.raft().term(), Term(1));
  EXPECT_EQ(solo.Said(),
            "1->2 VoteRequest term=1 last=0/0\n"
            "1->3 VoteRequest term=1 last=0/0\n");
}

TEST_F(RaftElectionTest, ANodeThatIsCutOffDoesNotRaiseItsTerm) {
  Cluster cluster(3);
  cluster.Elect(NodeId(1));
  cluster.Isolate(NodeId(3));
  cluster.TickAll(200);
  EXPECT_EQ(cluster.raft(NodeId(3)).term(), Term(1));
  cluster.Heal();
  cluster.TickAll(5);
  EXPECT_EQ(cluster.Leader(), NodeId(1)) << "nobody was disturbed";
  EXPECT_EQ(cluster.raft(NodeId(1)).term(), Term(1));
  EXPECT_EQ(cluster.raft(NodeId(3)).leader(), NodeId(1));
}

TEST_F(RaftElectionTest, APreVoteGrantedForAnotherTermDoesNotCount) {
  solo.StartWith({}, 4);
  solo.raft().Campaign();
  ASSERT_TRUE(solo.Hear(2, 4, VoteResponse{.pre_vote = true, .granted = true}).ok());
  ASSERT_TRUE(solo.Hear(2, 9, VoteResponse{.pre_vote = true, .granted = true}).ok());
  EXPECT_EQ(solo.raft().role(), Role::kPreCandidate);
  EXPECT_EQ(solo.raft().term(), Term(4)) << "nobody is in term 9 for that";
}

TEST_F(RaftElectionTest, AVoteDoesNotCountAsPreVoteNorTheOtherWayRound) {
  solo.raft().Campaign();
  ASSERT_TRUE(solo.Hear(2, 1, VoteResponse{.pre_vote = true, .granted = true}).ok());
  ASSERT_EQ(solo.raft().role(), Role::kCandidate);
  ASSERT_TRUE(solo.Hear(3, 1, VoteResponse{.pre_vote = true, .granted = true}).ok());
  EXPECT_EQ(solo.raft().role(), Role::kCandidate) << "a late pre-vote";
}

TEST_F(RaftElectionTest, ARefusedPreVoteOfALaterTermTeachesTheTerm) {
  solo.raft().Campaign();
  ASSERT_TRUE(solo.Hear(2, 6, VoteResponse{.pre_vote = true, .granted = false}).ok());
  EXPECT_EQ(solo.raft().role(), Role::kFollower);
  EXPECT_EQ(solo.raft().term(), Term(6));
}

// Whatever the voter's state: it grants the pre-vote exactly if it would grant the vote.
TEST_F(RaftElectionTest, APreVoteIsDecidedAsTheVoteWouldBe) {
  for (const uint64_t own_term : {3, 4, 5}) {
    for (const uint64_t voted_for : {0, 2, 3}) {
      for (const uint64_t heard_ago : {0, 9, 10, 99}) {  // 99: no leader known
        for (const uint64_t last : {1, 2, 3}) {
          bool granted[2];
          for (const bool pre_vote : {false, true}) {
            Solo voter = Patient();
            voter.StartWith({1, 1}, own_term - 1);
            if (heard_ago == 99) {
              ASSERT_TRUE(voter.Hear(3, own_term, VoteResponse{}).ok());  // only the term
            } else {
              ASSERT_TRUE(voter.Hear(3, own_term, Heartbeat{}).ok());
              voter.Tick(heard_ago);
              ASSERT_EQ(voter.raft().leader(), NodeId(3));
            }
            if (voted_for != 0) {
              ASSERT_TRUE(voter
                              .Hear(voted_for, own_term,
                                    VoteRequest{.last_index = Index(9), .last_term = Term(1)})
                              .ok());
            }
            voter.Said();
            ASSERT_TRUE(voter
                            .Hear(2, 4,
                                  VoteRequest{.pre_vote = pre_vote,
                                              .last_index = Index(last),
                                              .last_term = Term(1)})
                            .ok());
            const std::vector<Message> sent = voter.Sent();
            ASSERT_EQ(sent.size(), 1u);
            granted[pre_vote] = std::get<VoteResponse>(sent[0].body).granted;
          }
          EXPECT_EQ(granted[0], granted[1]) << own_term << voted_for << " " << heard_ago << last;
        }
      }
    }
  }
}

TEST_F(RaftElectionTest, GrantingAPreVoteDoesNotPutOffTheOwnElection) {
  for (int tick = 0; tick < 20 && solo.raft().role() == Role::kFollower; ++tick) {
    solo.Tick();
    ASSERT_TRUE(solo.Hear(2, 1, VoteRequest{.pre_vote = true}).ok());
  }
  EXPECT_EQ(solo.raft().role(), Role::kPreCandidate);
}

TEST_F(RaftElectionTest, TheTimeoutIsDrawnForAnElectionNotForEachMessage) {
  std::set<uint64_t> silences;
  for (const int heartbeats : {1, 2, 3, 50}) {
    Solo follower;
    for (int i = 0; i < heartbeats; ++i) {
      follower.Tick(3);
      ASSERT_TRUE(follower.Hear(2, 1, Heartbeat{}).ok());
    }
    uint64_t silence = 0;
    for (; follower.raft().role() == Role::kFollower; ++silence) follower.Tick();
    silences.insert(silence);
  }
  EXPECT_EQ(silences.size(), 1u);
}

TEST_F(RaftElectionTest, ACandidateJudgesPreVotesOfItsOwnTerm) {
  // Both of a four node cluster that lost the vote of a term must be able to go on.
  solo.StartWith({}, 4);
  solo.raft().Campaign();
  ASSERT_TRUE(solo.Hear(2, 5, VoteResponse{.pre_vote = true, .granted = true}).ok());
  ASSERT_EQ(solo.raft().role(), Role::kCandidate);
  solo.Said();
  ASSERT_TRUE(solo.Hear(3, 5, VoteRequest{.pre_vote = true}).ok());
  EXPECT_EQ(solo.Said(), "1->3 PreVoteResponse term=5 refused\n") << "this term's vote is given";
  ASSERT_TRUE(solo.Hear(3, 6, VoteRequest{.pre_vote = true}).ok());
  EXPECT_EQ(solo.Said(), "1->3 PreVoteResponse term=6 granted\n");
  EXPECT_EQ(solo.raft().role(), Role::kCandidate);
}

// --- a live leader is not disturbed ---

TEST_F(RaftElectionTest, VotesAreRefusedWhileALeaderIsAlive) {
  Solo voter = Patient();
  ASSERT_TRUE(voter.Hear(2, 1, Heartbeat{}).ok());
  voter.Said();
  voter.Tick(9);
  ASSERT_TRUE(voter.Hear(3, 7, VoteRequest{}).ok());
  EXPECT_EQ(voter.Said(), "1->3 VoteResponse term=1 refused\n");
  EXPECT_EQ(voter.raft().term(), Term(1)) << "the term is not even looked at";
  voter.Tick(1);
  ASSERT_EQ(voter.raft().leader(), NodeId(2)) << "known, and silent for just so long";
  ASSERT_TRUE(voter.Hear(3, 7, VoteRequest{}).ok());
  EXPECT_EQ(voter.Said(), "1->3 VoteResponse term=7 granted\n");
}

TEST_F(RaftElectionTest, ATransferIsNoReasonToRefuse) {
  ASSERT_TRUE(solo.Hear(2, 1, Heartbeat{}).ok());
  solo.Said();
  ASSERT_TRUE(solo.Hear(3, 2, VoteRequest{.leader_transfer = true}).ok());
  EXPECT_EQ(solo.Said(), "1->3 VoteResponse term=2 granted\n");
}

TEST_F(RaftElectionTest, TheLeadersOwnRequestIsNoDisturbance) {
  // It leads no more, or it would not ask. Refusing would keep a cluster of two leaderless.
  ASSERT_TRUE(solo.Hear(2, 1, Heartbeat{}).ok());
  solo.Said();
  ASSERT_TRUE(solo.Hear(2, 2, VoteRequest{.pre_vote = true}).ok());
  EXPECT_EQ(solo.Said(), "1->2 PreVoteResponse term=2 granted\n");
}

TEST_F(RaftElectionTest, ALeaderThatKnowsItsQuorumRefuses) {
  solo.Lead();
  ASSERT_TRUE(solo.Hear(3, 9, VoteRequest{.last_index = Index(9), .last_term = Term(8)}).ok());
  EXPECT_EQ(solo.Said(), "1->3 VoteResponse term=1 refused\n");
  EXPECT_EQ(solo.raft().role(), Role::kLeader);
}

TEST_F(RaftElectionTest, ANodeStuckInALaterTermIsTakenBack) {
  // It heard of term 9 somehow; nobody votes for it while 1 leads. Its answers to the leader's
  // heartbeats end that, and one election brings them together.
  Cluster cluster(3);
  cluster.Elect(NodeId(1));
  cluster.Step(Message{NodeId(2), NodeId(3), Term(9), VoteResponse{}});
  ASSERT_EQ(cluster.raft(NodeId(3)).term(), Term(9));
  cluster.TickAll(2);
  const NodeId leader = cluster.WaitForLeader(60);
  ASSERT_TRUE(leader);
  EXPECT_GT(cluster.raft(leader).term(), Term(9));
  cluster.TickAll(3);
  EXPECT_EQ(cluster.raft(NodeId(3)).leader(), leader);
}

// --- check-quorum ---

TEST_F(RaftElectionTest, ALeaderWithoutAQuorumStepsDownWithinAnElectionTimeoutAndIsSilent) {
  Cluster cluster(5);
  cluster.Elect(NodeId(1));
  cluster.TickAll(3);
  for (const uint64_t id : {3, 4, 5}) cluster.Cut(NodeId(1), NodeId(id));
  cluster.TickAll(9);
  EXPECT_EQ(cluster.raft(NodeId(1)).role(), Role::kLeader);
  cluster.TickAll(2);
  EXPECT_NE(cluster.raft(NodeId(1)).role(), Role::kLeader);
  EXPECT_EQ(cluster.raft(NodeId(1)).GetStatus().counters.step_downs_without_quorum, 1u);
  EXPECT_EQ(cluster.raft(NodeId(1)).leader(), NodeId());
  cluster.Record();
  cluster.TickAll(3);
  EXPECT_EQ(cluster.TakeTranscript().find("1->2 Heartbeat "), std::string::npos);
}

TEST_F(RaftElectionTest, AnsweringMinoritiesTakingTurnsAreNoQuorum) {
  // Of five: 2 answers, then 3 answers, but never two within one election timeout.
  Solo leader(Voters({1, 2, 3, 4, 5}));
  leader.Lead();
  leader.AcknowledgeAll();
  leader.Tick(6);
  ASSERT_TRUE(leader.Hear(2, 1, HeartbeatResponse{}).ok());
  leader.Tick(3);
  EXPECT_EQ(leader.raft().role(), Role::kLeader);
  leader.Tick(1);
  EXPECT_EQ(leader.raft().role(), Role::kFollower) << "the second youngest answer is too old";
}

TEST_F(RaftElectionTest, WithoutCheckQuorumALeaderStays) {
  Config config;
  config.check_quorum = false;
  Solo leader(Voters({1, 2, 3}), config);
  leader.Lead();
  leader.Tick(100);
  EXPECT_EQ(leader.raft().role(), Role::kLeader);
}

TEST_F(RaftElectionTest, CheckQuorumNeedsBothHalvesOfAJointConfiguration) {
  ConfigState membership = Voters({1, 2, 3});
  membership.voters_outgoing = Ids({3, 4, 5});
  Solo leader(membership);
  leader.Lead();
  leader.AcknowledgeAll();
  for (int tick = 0; tick < 9; ++tick) {
    leader.Tick();
    ASSERT_TRUE(leader.Hear(2, 1, HeartbeatResponse{}).ok());
    ASSERT_TRUE(leader.Hear(4, 1, HeartbeatResponse{}).ok());
  }
  EXPECT_EQ(leader.raft().role(), Role::kLeader);
  leader.Tick();
  EXPECT_EQ(leader.raft().role(), Role::kFollower) << "1 and 2 are a majority, 4 alone is none";
}

// --- who takes part ---

TEST_F(RaftElectionTest, LearnersNeverCampaign) {
  ConfigState membership = Voters({2, 3});
  membership.learners = Ids({1});
  Solo learner(membership);
  learner.raft().Campaign();
  learner.Tick(100);
  EXPECT_EQ(learner.raft().role(), Role::kFollower);
  EXPECT_EQ(learner.Said(), "");
}

TEST_F(RaftElectionTest, StrangersNeverCampaign) {
  Solo stranger{ConfigState{}};
  stranger.Tick(100);
  EXPECT_EQ(stranger.raft().role(), Role::kFollower);
  EXPECT_EQ(stranger.Said(), "");
}

TEST_F(RaftElectionTest, LearnersAreNeitherAskedNorCounted) {
  ConfigState membership = Voters({1, 2, 3});
  membership.learners = Ids({4, 5});
  Solo candidate(membership);
  candidate.raft().Campaign();
  EXPECT_EQ(candidate.Said(),
            "1->2 PreVoteRequest term=1 last=0/0\n"
            "1->3 PreVoteRequest term=1 last=0/0\n");
  for (const uint64_t learner : {4, 5}) {
    ASSERT_TRUE(candidate.Hear(learner, 1, VoteResponse{.pre_vote = true, .granted = true}).ok());
  }
  EXPECT_EQ(candidate.raft().role(), Role::kPreCandidate);
}

TEST_F(RaftElectionTest, ALearnerThatIsAskedAnswersAsAVoter) {
  // Who asks knows a later configuration in which it votes; a refusal could leave no quorum.
  ConfigState membership = Voters({2, 3});
  membership.learners = Ids({1});
  Solo learner(membership);
  ASSERT_TRUE(learner.Hear(2, 1, VoteRequest{}).ok());
  EXPECT_EQ(learner.Said(), "1->2 VoteResponse term=1 granted\n");
}

TEST_F(RaftElectionTest, AJointElectionNeedsAMajorityOfBothHalves) {
  ConfigState membership = Voters({1, 2, 3});
  membership.voters_outgoing = Ids({3, 4, 5});
  Config config;
  config.pre_vote = false;
  Solo candidate(membership, config);
  candidate.raft().Campaign();
  const auto granted = [&](uint64_t id) {
    ASSERT_TRUE(candidate.Hear(id, 1, VoteResponse{.granted = true}).ok());
  };
  granted(2);
  EXPECT_EQ(candidate.raft().role(), Role::kCandidate) << "the old half has not spoken";
  granted(4);
  EXPECT_EQ(candidate.raft().role(), Role::kCandidate);
  granted(5);
  EXPECT_EQ(candidate.raft().role(), Role::kLeader);
}

TEST_F(RaftElectionTest, WhoIsAloneInOneHalfAsksTheOther) {
  for (const bool incoming : {true, false}) {
    ConfigState membership = Voters({1});
    membership.voters_outgoing = Ids({1, 2});
    if (!incoming) std::swap(membership.voters, membership.voters_outgoing);
    Solo candidate(membership);
    candidate.raft().Campaign();
    EXPECT_EQ(candidate.raft().role(), Role::kPreCandidate);
    EXPECT_EQ(candidate.Said(), "1->2 PreVoteRequest term=1 last=0/0\n");
  }
}

TEST_F(RaftElectionTest, ASingleVoterElectsItself) {
  Cluster cluster(1);
  EXPECT_EQ(cluster.WaitForLeader(20), NodeId(1));
  cluster.Propose(NodeId(1), "x");
  cluster.Settle();
  EXPECT_EQ(cluster.Applied(NodeId(1)), "x");
}

TEST_F(RaftElectionTest, CampaigningTwiceIsHarmless) {
  solo.Lead();
  solo.raft().Campaign();
  EXPECT_EQ(solo.raft().role(), Role::kLeader);
  EXPECT_EQ(solo.raft().term(), Term(1));
}

// --- a leader emerges whenever one can ---

// All graphs of who can talk to whom. A node that reaches a quorum directly can lead; from a fresh
// start somebody must, and stay.
TEST_F(RaftElectionTest, EveryGraphWithAPossibleLeaderGetsOne) {
  for (const uint64_t size : {3u, 4u, 5u}) {
    const uint64_t edges = size * (size - 1) / 2;
    const uint64_t step = size == 5 ? 23 : 1;  // of the 1024 graphs of five nodes, each 23rd
    for (uint64_t graph = 0; graph < (uint64_t{1} << edges); graph += step) {
      Cluster cluster(size);
      std::vector<uint64_t> degree(size + 1);
      uint64_t edge = 0;
      for (uint64_t a = 1; a <= size; ++a) {
        for (uint64_t b = a + 1; b <= size; ++b, ++edge) {
          if ((graph >> edge) & 1) {
            ++degree[a];
            ++degree[b];
          } else {
            cluster.Cut(NodeId(a), NodeId(b));
          }
        }
      }
      const bool possible = *std::max_element(degree.begin(), degree.end()) + 1 > size / 2;
      const NodeId leader = cluster.WaitForLeader(300);
      ASSERT_EQ(static_cast<bool>(leader), possible) << size << " nodes, graph " << graph;
      if (!possible) continue;
      const Term term = cluster.raft(leader).term();
      cluster.TickAll(60);
      EXPECT_EQ(cluster.raft(leader).role(), Role::kLeader) << size << " nodes, graph " << graph;
      EXPECT_EQ(cluster.raft(leader).term(), term);
    }
  }
}

TEST_F(RaftElectionTest, EverySettingGetsALeaderAgainAfterItsLeaderDies) {
  for (const bool pre_vote : {false, true}) {
    for (const bool check_quorum : {false, true}) {
      for (uint64_t seed = 0; seed < 20; ++seed) {
        ClusterOptions options;
        options.config.pre_vote = pre_vote;
        options.config.check_quorum = check_quorum;
        options.config.seed = seed;
        Cluster cluster(options);
        const NodeId first = cluster.WaitForLeader(100);
        ASSERT_TRUE(first);
        cluster.Crash(first);
        const NodeId second = cluster.WaitForLeader(100);
        ASSERT_TRUE(second) << pre_vote << check_quorum << " seed " << seed;
        cluster.Restart(first);
        cluster.TickAll(20);
        EXPECT_EQ(cluster.raft(first).leader(), cluster.Leader());
      }
    }
  }
}

TEST_F(RaftElectionTest, AHalfConnectedOldLeaderDoesNotBlockAQuorum) {
  // 1 leads. It still hears everybody but reaches nobody but 2: its heartbeats hold back 2 only
  // while it has a quorum, and it has none.
  Cluster cluster(5);
  cluster.Elect(NodeId(1));
  for (const uint64_t id : {3, 4, 5}) cluster.CutOneWay(NodeId(1), NodeId(id));
  const auto other_leader = [&] {
    const NodeId leader = cluster.Leader();
    return leader && leader != NodeId(1) && cluster.raft(leader).has_committed_in_term();
  };
  for (int tick = 0; tick < 100 && !other_leader(); ++tick) cluster.TickAll();
  EXPECT_TRUE(other_leader());
}

}  // namespace
}  // namespace baton::raft
