// Reads under the leader's lease (lease.h; thesis section 6.4.1): how long a lease is, what it is
// counted from, and when there is none. raft_lease_overlap_test.cc: that no two leaders meet.
#include <gtest/gtest.h>

#include <string>

#include "pkg/raft/testing/cluster.h"

namespace baton::raft {
namespace {

using testing::Acknowledge;
using testing::Cluster;
using testing::ClusterOptions;
using testing::Ids;
using testing::Solo;
using testing::Voters;

// With 10 ticks and a drift of 1 a lease is over 7 ticks after its heartbeats were sent.
Config WithLeases(uint32_t drift = 1) {
  Config config;
  config.lease_reads = true;
  config.clock_drift_ticks = drift;
  return config;
}

// A leader whose peers are played by the test.
class LeaseLeader : public Solo {
 public:
  explicit LeaseLeader(ConfigState membership = Voters({1, 2, 3}), Config config = WithLeases())
      : Solo(std::move(membership), config) {
    Tick(config.election_timeout_ticks);  // a node that has just started may have promised a lease
    Lead();
  }

  // Heartbeats to all; gives their stamp.
  uint64_t Stamp() {
    raft().Ping();
    uint64_t stamp = 0;
    for (const Message& message : Sent()) {
      if (const auto* const beat = std::get_if<Heartbeat>(&message.body)) stamp = beat->stamp;
    }
    return stamp;
  }
  void Return(uint64_t peer, uint64_t stamp) {
    ASSERT_TRUE(Hear(peer, raft().term().value(), HeartbeatResponse{.stamp = stamp}).ok());
  }
  // A read is answered without a round.
  bool Holds() {
    const uint64_t before = status().counters.lease_reads;
    if (!raft().ReadIndex(++reads_, ReadMode::kLease).ok()) return false;
    raft().CancelRead(reads_);
    return status().counters.lease_reads > before;
  }
  // Time passes in which all peers are heard, so that check-quorum is content, but no stamp
  // returns.
  void Pass(uint64_t ticks) {
    for (uint64_t i = 0; i < ticks; ++i) {
      AcknowledgeAll();
      Tick();
    }
  }

 private:
  uint64_t reads_ = 0;
};

TEST(RaftLeaseTest, HoldsFromTheSendingOfTheHeartbeatsNotFromTheirAnswers) {
  LeaseLeader leader;
  leader.AcknowledgeAll();
  EXPECT_FALSE(leader.Holds()) << "appends extend no lease";
  const uint64_t stamp = leader.Stamp();
  leader.Pass(3);
  leader.Return(2, stamp);
  EXPECT_TRUE(leader.Holds());
  leader.Pass(4);
  EXPECT_TRUE(leader.Holds()) << "7 ticks after the sending";
  leader.Pass(1);
  EXPECT_FALSE(leader.Holds()) << "8 ticks";
  leader.Pass(1000);
  EXPECT_FALSE(leader.Holds()) << "far beyond";
  leader.Return(3, leader.Stamp());
  EXPECT_TRUE(leader.Holds()) << "and renewed";
}

TEST(RaftLeaseTest, AnAnswerThatComesTooLateStartsNone) {
  LeaseLeader leader;
  const uint64_t stamp = leader.Stamp();
  leader.Pass(8);
  leader.Return(2, stamp);
  EXPECT_FALSE(leader.Holds());
}

TEST(RaftLeaseTest, TheDeclaredDriftShortensIt) {
  for (const uint32_t drift : {0u, 1u, 7u}) {
    LeaseLeader leader(Voters({1, 2, 3}), WithLeases(drift));
    leader.AcknowledgeAll();
    leader.Return(2, leader.Stamp());
    leader.Pass(10 - 2 - drift);
    EXPECT_TRUE(leader.Holds()) << drift;
    leader.Pass(1);
    EXPECT_FALSE(leader.Holds()) << drift;
  }
}

TEST(RaftLeaseTest, RepeatedAndLateAnswersNeitherExtendNorShortenIt) {
  LeaseLeader leader;
  leader.AcknowledgeAll();
  const uint64_t first = leader.Stamp();
  leader.Pass(2);
  const uint64_t second = leader.Stamp();
  leader.Return(2, second);
  leader.Return(2, first);
  leader.Pass(7);
  EXPECT_TRUE(leader.Holds()) << "the newest counts";
  leader.Pass(1);
  leader.Return(2, second);
  leader.Return(3, first);
  EXPECT_FALSE(leader.Holds());
}

TEST(RaftLeaseTest, AQuorumMustHaveReturnedIt) {
  LeaseLeader leader(Voters({1, 2, 3, 4, 5}));
  leader.AcknowledgeAll();
  const uint64_t old = leader.Stamp();
  leader.Return(2, old);
  EXPECT_FALSE(leader.Holds()) << "two of five";
  leader.Return(3, old);
  EXPECT_TRUE(leader.Holds());
  leader.Pass(4);
  leader.Return(2, leader.Stamp());
  leader.Pass(3);
  EXPECT_TRUE(leader.Holds());
  leader.Pass(1);
  EXPECT_FALSE(leader.Holds()) << "the second newest of the others counts";
}

TEST(RaftLeaseTest, BothHalvesOfAJointConfigurationMustHaveReturnedIt) {
  ConfigState joint = Voters({1, 2, 3});
  joint.voters_outgoing = Ids({1, 4, 5});
  LeaseLeader leader(joint);
  leader.AcknowledgeAll();
  const uint64_t stamp = leader.Stamp();
  leader.Return(2, stamp);
  leader.Return(3, stamp);
  EXPECT_FALSE(leader.Holds()) << "the outgoing half may elect another";
  leader.Return(5, stamp);
  EXPECT_TRUE(leader.Holds());
}

TEST(RaftLeaseTest, LearnersDoNotCount) {
  ConfigState membership = Voters({1, 2, 3});
  membership.learners = Ids({4});
  LeaseLeader leader(membership);
  leader.AcknowledgeAll();
  leader.Return(4, leader.Stamp());
  EXPECT_FALSE(leader.Holds());
}

TEST(RaftLeaseTest, AVoterThatLostItsDiskDoesNotCount) {
  LeaseLeader leader;
  leader.AcknowledgeAll();
  const uint64_t stamp = leader.Stamp();
  ASSERT_TRUE(leader.Hear(2, 1, HeartbeatResponse{.stamp = stamp, .amnesia = true}).ok());
  EXPECT_FALSE(leader.Holds()) << "it does not know what it promised";
}

TEST(RaftLeaseTest, ASingleVoterAlwaysHoldsIt) {
  LeaseLeader leader(Voters({1}));
  leader.Said();
  EXPECT_TRUE(leader.Holds());
  leader.Tick(100);
  EXPECT_TRUE(leader.Holds());
}

TEST(RaftLeaseTest, ThereIsNoneBeforeTheFirstCommitOfTheTerm) {
  LeaseLeader leader;
  leader.Return(2, leader.Stamp());
  leader.Return(3, leader.Stamp());
  EXPECT_FALSE(leader.Holds()) << "its commit index may be behind that of the leader before it";
  leader.AcknowledgeAll();
  EXPECT_TRUE(leader.Holds());
}

TEST(RaftLeaseTest, ThereIsNoneWhileLeadershipIsHandedOver) {
  LeaseLeader leader;
  leader.AcknowledgeAll();
  leader.Propose("x");
  leader.Said();  // so that 3 is behind, and not told at once
  leader.Return(2, leader.Stamp());
  ASSERT_TRUE(leader.Holds());
  ASSERT_TRUE(leader.raft().TransferLeadership(NodeId(3)).ok());
  EXPECT_FALSE(leader.Holds());
  for (int i = 0; i < 10; ++i) {  // 3 never catches up and is never told
    leader.Return(2, leader.Stamp());
    leader.Tick();
  }
  ASSERT_EQ(leader.status().transfer_target, NodeId());
  leader.Return(2, leader.Stamp());
  EXPECT_TRUE(leader.Holds()) << "given up before anybody was told";
}

// TiKV#1593: whoever was told may campaign at any time, however the transfer went on.
TEST(RaftLeaseTest, ThereIsNoneForTheRestOfTheTermOnceTheTargetWasTold) {
  LeaseLeader leader;
  leader.AcknowledgeAll();
  ASSERT_TRUE(leader.raft().TransferLeadership(NodeId(3)).ok());
  ASSERT_NE(leader.Said().find("TimeoutNow"), std::string::npos);
  leader.Pass(11);
  ASSERT_EQ(leader.status().transfer_target, NodeId());
  leader.Return(2, leader.Stamp());
  leader.Return(3, leader.Stamp());
  EXPECT_FALSE(leader.Holds());
}

TEST(RaftLeaseTest, ThereIsNoneAfterSteppingDownAndItDoesNotComeBack) {
  LeaseLeader leader;
  leader.AcknowledgeAll();
  leader.Return(2, leader.Stamp());
  const uint64_t late = leader.Stamp();
  ASSERT_TRUE(leader.Holds());
  ASSERT_TRUE(leader.Hear(2, 2, VoteResponse{}).ok());  // of a later term
  ASSERT_EQ(leader.raft().role(), Role::kFollower);
  EXPECT_EQ(leader.raft().ReadIndex(900, ReadMode::kLease).reason(), "no_leader");
  leader.Tick(20);
  leader.Lead();
  leader.AcknowledgeAll();
  ASSERT_TRUE(leader.Hear(2, 1, HeartbeatResponse{.stamp = late}).ok());
  EXPECT_FALSE(leader.Holds()) << "answers to the leadership before";
}

// A broken peer must not make a lease that nobody promised.
TEST(RaftLeaseTest, AStampThatWasNeverSentIsRefused) {
  LeaseLeader leader;
  leader.AcknowledgeAll();
  const uint64_t newest = leader.Stamp();
  for (const uint64_t invented : {newest + 1, newest + 1000, ~uint64_t{0}}) {
    EXPECT_EQ(leader.Hear(2, 1, HeartbeatResponse{.stamp = invented}).code(),
              Code::kInvalidArgument);
    EXPECT_FALSE(leader.Holds()) << invented;
  }
  leader.Return(2, newest);
  EXPECT_TRUE(leader.Holds());
}

TEST(RaftLeaseTest, WithoutALeaseARoundAnswers) {
  LeaseLeader leader;
  leader.AcknowledgeAll();
  ASSERT_TRUE(leader.raft().ReadIndex(7, ReadMode::kLease).ok());
  EXPECT_EQ(leader.Said(),
            "1->2 Heartbeat term=1 commit=1 read=1\n"
            "1->3 Heartbeat term=1 commit=1 read=1\n");
  EXPECT_TRUE(leader.node().read_states().empty());
  ASSERT_TRUE(leader.Hear(2, 1, HeartbeatResponse{.read_counter = 1}).ok());
  leader.Said();
  EXPECT_EQ(leader.node().read_states(), (std::vector<ReadState>{{7, Index(1)}}));
  EXPECT_EQ(leader.status().counters.lease_reads, 0u);
}

TEST(RaftLeaseTest, AReadOfItsOwnIsAnsweredAtOnceWithTheCommitIndex) {
  LeaseLeader leader;
  leader.Propose("x");
  leader.AcknowledgeAll();
  leader.Return(2, leader.Stamp());
  ASSERT_TRUE(leader.raft().ReadIndex(7, ReadMode::kLease).ok());
  EXPECT_EQ(leader.Said(), "") << "no round";
  EXPECT_EQ(leader.node().read_states(), (std::vector<ReadState>{{7, Index(2)}}));
}

TEST(RaftLeaseTest, AFollowersReadIsAnsweredAtOnceIfTheLeaseWillDo) {
  LeaseLeader leader;
  leader.AcknowledgeAll();
  leader.Return(2, leader.Stamp());
  ASSERT_TRUE(leader.Hear(3, 1, ReadIndexRequest{.id = 5, .lease = true}).ok());
  EXPECT_EQ(leader.Said(), "1->3 ReadIndexResponse term=1 id=5 index=1\n");
  ASSERT_TRUE(leader.Hear(3, 1, ReadIndexRequest{.id = 6}).ok());
  EXPECT_EQ(leader.Said(),
            "1->2 Heartbeat term=1 commit=1 read=1\n"
            "1->3 Heartbeat term=1 commit=1 read=1\n")
      << "this one asked for a round";
}

TEST(RaftLeaseTest, WithoutLeaseReadsNothingIsPromisedOrAssumed) {
  LeaseLeader leader(Voters({1, 2, 3}), Config());
  leader.AcknowledgeAll();
  const uint64_t stamp = leader.Stamp();
  leader.Return(2, stamp);
  leader.Return(3, stamp);
  EXPECT_FALSE(leader.Holds());
}

// --- settings ---

TEST(RaftLeaseSettingsTest, LeasesNeedCheckQuorum) {
  Config config = WithLeases();
  config.id = NodeId(1);
  ASSERT_TRUE(Validate(config).ok());
  Config without = config;
  without.check_quorum = false;
  EXPECT_NE(Validate(without).message().find("check_quorum"), std::string::npos);
  LeaseLeader leader;
  EXPECT_EQ(leader.raft().Reconfigure(without).code(), Code::kInvalidArgument);
}

TEST(RaftLeaseSettingsTest, TheDriftMustLeaveALease) {
  Config config = WithLeases(7);
  config.id = NodeId(1);
  EXPECT_TRUE(Validate(config).ok());
  for (const uint32_t drift : {8u, 9u, 1000u, ~0u - 1, ~0u}) {
    config.clock_drift_ticks = drift;
    EXPECT_NE(Validate(config).message().find("clock_drift_ticks"), std::string::npos) << drift;
  }
}

// --- what a voter promises ---

class RaftLeasePromiseTest : public ::testing::Test {
 protected:
  bool Grants(uint64_t candidate, uint64_t term, bool transfer = false) {
    EXPECT_TRUE(voter.Hear(candidate, term, VoteRequest{.leader_transfer = transfer}).ok());
    return voter.Said().find("granted") != std::string::npos;
  }

  Solo voter{Voters({1, 2, 3}), WithLeases()};
};

TEST_F(RaftLeasePromiseTest, NobodyElseIsVotedForWithinAnElectionTimeout) {
  voter.Tick(10);
  voter.Said();
  ASSERT_TRUE(voter.Hear(2, 1, Heartbeat{.stamp = 3}).ok());
  EXPECT_EQ(voter.Said(), "1->2 HeartbeatResponse term=1 commit=0\n");
  voter.Tick(9);
  EXPECT_FALSE(Grants(3, 2));
  EXPECT_EQ(voter.raft().term(), Term(1));
  voter.Tick(1);
  EXPECT_TRUE(Grants(3, 2));
}

TEST_F(RaftLeasePromiseTest, ItDoesNotStandItselfEither) {
  voter.Tick(10);
  ASSERT_TRUE(voter.Hear(2, 1, Heartbeat{}).ok());
  voter.Said();
  voter.Tick(9);
  voter.raft().Campaign();
  EXPECT_EQ(voter.Said(), "");
  voter.Tick(1);
  voter.raft().Campaign();
  EXPECT_NE(voter.Said().find("PreVoteRequest"), std::string::npos);
}

TEST_F(RaftLeasePromiseTest, ItOutlivesTheTermAndTheKnowledgeOfTheLeader) {
  voter.Tick(10);
  ASSERT_TRUE(voter.Hear(2, 1, Heartbeat{}).ok());
  ASSERT_TRUE(voter.Hear(3, 5, VoteResponse{}).ok());  // somebody is in term 5
  ASSERT_EQ(voter.raft().term(), Term(5));
  voter.Tick(9);
  EXPECT_FALSE(Grants(3, 6));
  EXPECT_EQ(voter.raft().ForgetLeader().reason(), "lease_reads");
  EXPECT_FALSE(Grants(3, 6));
}

TEST_F(RaftLeasePromiseTest, ARestartedVoterAssumesThatItPromised) {
  voter.node().Crash();
  voter.node().Restart();
  voter.Tick(9);
  EXPECT_FALSE(Grants(3, 1));
  voter.raft().Campaign();
  EXPECT_EQ(voter.Said(), "");
  voter.Tick(1);
  EXPECT_TRUE(Grants(3, 1));
}

TEST_F(RaftLeasePromiseTest, TheLeaderItselfReleasesItByATransfer) {
  voter.Tick(10);
  ASSERT_TRUE(voter.Hear(2, 1, Heartbeat{}).ok());
  EXPECT_TRUE(Grants(3, 2, /*transfer=*/true));
}

// Time that was slept has passed (hibernation.h): a lease does not outlive its end.
TEST(RaftLeaseSleepTest, TimeThatWasSleptCounts) {
  Config config = WithLeases();
  config.hibernate_after_ticks = 1;
  for (const uint64_t slept : {6u, 7u}) {
    LeaseLeader leader(Voters({1, 2, 3}), config);
    leader.AcknowledgeAll();
    const uint64_t stamp = leader.Stamp();
    leader.Return(2, stamp);
    leader.Return(3, stamp);
    leader.Tick();
    leader.Said();
    for (const uint64_t peer : {2, 3}) {
      ASSERT_TRUE(leader.Hear(peer, 1, HibernateResponse{Index(1), true}).ok());
    }
    ASSERT_TRUE(leader.raft().asleep());
    leader.raft().Wake(slept, true);
    EXPECT_EQ(leader.Holds(), slept == 6) << slept;
  }
}

}  // namespace
}  // namespace baton::raft
