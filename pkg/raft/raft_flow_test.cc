// How much is sent, when, and what is not: batches, windows, pauses, commit news, limits.
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
using testing::SoloLeader;
using testing::Voters;

constexpr size_t kOverhead = 24;  // what an entry counts for besides its bytes

class RaftFlowTest : public ::testing::Test {
 protected:
  SoloLeader solo;
};

// --- batches ---

TEST_F(RaftFlowTest, WhatIsProposedBetweenTwoReadysTravelsTogether) {
  for (const char* command : {"a", "b", "c"}) solo.Propose(command);
  EXPECT_EQ(solo.Said(),
            "1->2 AppendRequest term=1 prev=1/1 commit=1 entries=[2/1 3/1 4/1]\n"
            "1->3 AppendRequest term=1 prev=1/1 commit=1 entries=[2/1 3/1 4/1]\n");
}

TEST_F(RaftFlowTest, AnAppendHoldsAsManyEntriesAsFitButAtLeastOne) {
  Config config;
  config.append_bytes_max = 2 * (kOverhead + 1);
  SoloLeader leader(config, Voters({1, 2}));
  for (const char* command : {"a", "b", "c", "larger", "dd", "e"}) leader.Propose(command);
  EXPECT_EQ(leader.Said(),
            "1->2 AppendRequest term=1 prev=1/1 commit=1 entries=[2/1 3/1]\n"
            "1->2 AppendRequest term=1 prev=3/1 commit=1 entries=[4/1]\n"
            "1->2 AppendRequest term=1 prev=4/1 commit=1 entries=[5/1]\n"
            "1->2 AppendRequest term=1 prev=5/1 commit=1 entries=[6/1]\n"
            "1->2 AppendRequest term=1 prev=6/1 commit=1 entries=[7/1]\n");
  config.append_bytes_max = 1;
  SoloLeader tight(config, Voters({1, 2}));
  tight.Propose("far beyond the limit");
  EXPECT_EQ(tight.Said(), "1->2 AppendRequest term=1 prev=1/1 commit=1 entries=[2/1]\n");
}

// --- windows ---

TEST_F(RaftFlowTest, NoMoreThanTheWindowIsSentAhead) {
  Config config;
  config.inflight_messages_max = 2;
  SoloLeader leader(config, Voters({1, 2}));
  for (const char* command : {"a", "b", "c", "d"}) {
    leader.Propose(command);
    leader.SaidAtOnce();
  }
  EXPECT_EQ(leader.status().peers[NodeId(2)].next, Index(4));
  EXPECT_EQ(leader.status().peers[NodeId(2)].inflight_messages, 2u);
  ASSERT_TRUE(leader.Hear(2, 1, Acknowledge(2)).ok());
  EXPECT_EQ(leader.SaidAtOnce(), "1->2 AppendRequest term=1 prev=3/1 commit=1 entries=[4/1 5/1]\n")
      << "room for one message, and all that waited goes into it";
}

TEST_F(RaftFlowTest, TheWindowIsBoundedInBytesToo) {
  Config config;
  config.inflight_bytes_max = 2 * (kOverhead + 1);
  SoloLeader leader(config, Voters({1, 2}));
  for (const char* command : {"a", "b", "c"}) {
    leader.Propose(command);
    leader.SaidAtOnce();
  }
  EXPECT_EQ(leader.status().peers[NodeId(2)].inflight_messages, 2u);
}

TEST_F(RaftFlowTest, ALostWindowIsNoticedThroughTheHeartbeat) {
  Config config;
  config.inflight_messages_max = 2;
  SoloLeader leader(config, Voters({1, 2}));
  leader.Propose("a");
  leader.SaidAtOnce();
  leader.Propose("b");
  leader.SaidAtOnce();  // both are lost, and the window is full
  for (int tick = 0; tick < 2; ++tick) {
    leader.Tick();
    leader.SaidAtOnce();
  }
  ASSERT_TRUE(leader.Hear(2, 1, HeartbeatResponse{}).ok());
  EXPECT_EQ(leader.SaidAtOnce(), "1->2 AppendRequest term=1 prev=3/1 commit=1\n")
      << "are you there?";
  ASSERT_TRUE(leader
                  .Hear(2, 1,
                        AppendResponse{.rejected = true,
                                       .rejected_index = Index(3),
                                       .hint_index = Index(1),
                                       .hint_term = Term(1)})
                  .ok());
  EXPECT_EQ(leader.SaidAtOnce(), "1->2 AppendRequest term=1 prev=1/1 commit=1 entries=[2/1 3/1]\n");
}

TEST_F(RaftFlowTest, AFollowerThatIsOnlySlowIsNotAskedAgainAndAgain) {
  solo.Propose("a");
  solo.SaidAtOnce();
  solo.Tick(2);
  solo.SaidAtOnce();
  ASSERT_TRUE(solo.Hear(2, 1, HeartbeatResponse{}).ok());
  EXPECT_NE(solo.SaidAtOnce(), "");
  ASSERT_TRUE(solo.Hear(2, 1, HeartbeatResponse{}).ok());
  EXPECT_EQ(solo.SaidAtOnce(), "");
}

// --- probing ---

TEST_F(RaftFlowTest, AnUnreachablePeerIsProbedWithOneAppendAtATime) {
  solo.raft().OnUnreachable(NodeId(2));
  solo.Propose("a");
  EXPECT_EQ(solo.status().peers[NodeId(2)].state, ReplicationState::kProbe);
  solo.Said();
  solo.Propose("b");
  EXPECT_EQ(solo.SaidAtOnce(), "1->3 AppendRequest term=1 prev=2/1 commit=1 entries=[3/1]\n");
  ASSERT_TRUE(solo.Hear(2, 1, HeartbeatResponse{}).ok());
  EXPECT_EQ(solo.SaidAtOnce(), "1->2 AppendRequest term=1 prev=1/1 commit=1 entries=[2/1 3/1]\n")
      << "a sign of life: once more";
  ASSERT_TRUE(solo.Hear(2, 1, Acknowledge(3)).ok());
  EXPECT_EQ(solo.status().peers[NodeId(2)].state, ReplicationState::kReplicate);
}

TEST_F(RaftFlowTest, UnknownPeersAndFollowersTakeReportsLightly) {
  solo.raft().OnUnreachable(NodeId(9));
  solo.raft().OnSnapshotSent(NodeId(9), true);
  Solo follower;
  follower.raft().OnUnreachable(NodeId(2));
  follower.raft().OnSnapshotSent(NodeId(2), false);
  EXPECT_FALSE(follower.raft().HasReady());
}

// --- acknowledgements ---

TEST_F(RaftFlowTest, AnAcknowledgementNamesNoMoreThanTheRequestProves) {
  Solo follower;
  follower.StartWith({1, 1, 1, 1}, 1);
  ASSERT_TRUE(follower.Hear(2, 2, Append({1, 1}, 4, EntriesOf(2, {1}))).ok());
  EXPECT_EQ(follower.Said(), "1->2 AppendResponse term=2 match=2 commit=2\n")
      << "3 and 4 may be another leader's, and are not committed by this one's word";
}

TEST_F(RaftFlowTest, AHeartbeatCommitsNoMoreThanIsValidated) {
  Solo follower;
  follower.StartWith({1, 1, 1, 1}, 1);
  ASSERT_TRUE(follower.Hear(2, 2, Heartbeat{Index(4), 0}).ok());
  EXPECT_EQ(follower.status().commit, Index(0));
  ASSERT_TRUE(follower.Hear(2, 2, Append({2, 1}, 0)).ok());
  ASSERT_TRUE(follower.Hear(2, 2, Heartbeat{Index(4), 0}).ok());
  EXPECT_EQ(follower.status().commit, Index(2));
}

TEST_F(RaftFlowTest, ACommitBeyondTheLogOfAFollowerThatLostItsDiskIsHarmless) {
  Solo follower;
  ASSERT_TRUE(follower.Hear(2, 2, Heartbeat{Index(1000), 0}).ok());
  ASSERT_TRUE(follower.Hear(2, 2, Append({0, 0}, 1000, EntriesOf(1, {2}))).ok());
  EXPECT_EQ(follower.status().commit, Index(1));
  ASSERT_TRUE(follower.Hear(2, 2, Heartbeat{Index(1000), 0}).ok());
  EXPECT_EQ(follower.status().commit, Index(1));
}

TEST_F(RaftFlowTest, AFollowerThatLostItsDiskIsNotFloodedAndNothingIsTakenBack) {
  Cluster cluster(3);
  cluster.Elect(NodeId(1));
  cluster.Propose(NodeId(1), "x");
  cluster.Settle();
  cluster.Crash(NodeId(3));
  cluster.node(NodeId(3)).log().Wipe();
  // As a new machine under the old id: the driver must not let that happen, the core must survive.
  Config config;
  config.id = NodeId(3);
  cluster.nodes().erase(NodeId(3));
  cluster.nodes().try_emplace(NodeId(3), config, Voters({1, 2, 3}));
  cluster.checker().OnRestart(NodeId(3));
  cluster.Record();
  cluster.TickAll(10);
  EXPECT_EQ(cluster.raft(NodeId(1)).GetStatus().peers[NodeId(3)].match, Index(2));
  const std::string transcript = cluster.TakeTranscript();
  EXPECT_LT(std::count(transcript.begin(), transcript.end(), '\n'), 10 * 8);
  EXPECT_EQ(cluster.Leader(), NodeId(1));
}

TEST_F(RaftFlowTest, RepeatedAndReorderedAppendsAreHarmless) {
  Solo follower;
  const AppendRequest first = Append({0, 0}, 0, EntriesOf(1, {1, 1}));
  const AppendRequest second = Append({2, 1}, 2, EntriesOf(3, {1}));
  for (const AppendRequest& append : {first, second, first, second, first}) {
    ASSERT_TRUE(follower.Hear(2, 1, append).ok());
    follower.Said();
  }
  EXPECT_EQ(follower.status().last_index, Index(3));
  EXPECT_EQ(follower.status().commit, Index(2));
}

TEST_F(RaftFlowTest, ALateRejectionRollsNothingBack) {
  solo.Propose("a");
  solo.AcknowledgeAll();
  ASSERT_TRUE(solo.Hear(2, 1, AppendResponse{.rejected = true, .rejected_index = Index(1)}).ok());
  EXPECT_EQ(solo.Said(), "");
  EXPECT_EQ(solo.status().peers[NodeId(2)].match, Index(2));
  EXPECT_EQ(solo.status().counters.append_rejections, 1u);
}

// --- commit news ---

TEST_F(RaftFlowTest, CommitNewsGoesOnceToThoseWhoCanUseIt) {
  solo.Propose("a");
  solo.Said();
  ASSERT_TRUE(solo.Hear(2, 1, Acknowledge(2)).ok());
  EXPECT_EQ(solo.Said(), "1->2 Heartbeat term=1 commit=2\n");
  ASSERT_TRUE(solo.Hear(3, 1, Acknowledge(2)).ok());
  EXPECT_EQ(solo.Said(), "1->3 Heartbeat term=1 commit=2\n");
  ASSERT_TRUE(solo.Hear(2, 1, Acknowledge(2)).ok());
  EXPECT_EQ(solo.Said(), "");
}

TEST_F(RaftFlowTest, CommitNewsIsTakenAndNotAnswered) {
  Solo follower;
  ASSERT_TRUE(follower.Hear(2, 1, Append({0, 0}, 0, EntriesOf(1, {1}))).ok());
  follower.Said();
  ASSERT_TRUE(follower.Hear(2, 1, Heartbeat{.commit = Index(1)}).ok());
  EXPECT_EQ(follower.Said(), "");
  EXPECT_EQ(follower.status().commit, Index(1));
  ASSERT_TRUE(follower.Hear(2, 1, Heartbeat{.commit = Index(1), .stamp = 1}).ok());
  EXPECT_EQ(follower.Said(), "1->2 HeartbeatResponse term=1 commit=1\n");
}

// It may be lost, so it is said again with the next heartbeat, and that one is answered.
TEST_F(RaftFlowTest, LostCommitNewsComesWithTheNextHeartbeat) {
  solo.Propose("a");
  solo.Said();
  ASSERT_TRUE(solo.Hear(2, 1, Acknowledge(2)).ok());
  const std::vector<Message> news = solo.Sent();
  ASSERT_EQ(news.size(), 1u);
  EXPECT_EQ(std::get<Heartbeat>(news[0].body).stamp, 0u);
  solo.Tick();
  for (const Message& message : solo.Sent()) {
    const auto* heartbeat = std::get_if<Heartbeat>(&message.body);
    ASSERT_NE(heartbeat, nullptr);
    EXPECT_GT(heartbeat->stamp, 0u);
    EXPECT_EQ(heartbeat->commit, message.to == NodeId(2) ? Index(2) : Index(1));
  }
}

TEST_F(RaftFlowTest, UnderLoadAppendsCarryTheNews) {
  solo.Propose("a");
  solo.Said();
  ASSERT_TRUE(solo.Hear(2, 1, Acknowledge(2)).ok());
  solo.Propose("b");
  EXPECT_EQ(solo.Said(),
            "1->2 AppendRequest term=1 prev=2/1 commit=2 entries=[3/1]\n"
            "1->3 AppendRequest term=1 prev=2/1 commit=2 entries=[3/1]\n");
}

TEST_F(RaftFlowTest, LearnersGetEverythingAndCountForNothing) {
  ConfigState membership = Voters({1, 2, 3});
  membership.learners = Ids({4});
  SoloLeader leader({}, membership);
  leader.Propose("a");
  EXPECT_NE(leader.Said().find("1->4 AppendRequest"), std::string::npos);
  ASSERT_TRUE(leader.Hear(4, 1, Acknowledge(2)).ok());
  leader.Said();
  EXPECT_EQ(leader.status().commit, Index(1));
  ASSERT_TRUE(leader.Hear(2, 1, Acknowledge(2)).ok());
  EXPECT_EQ(leader.Said(),
            "1->2 Heartbeat term=1 commit=2\n"
            "1->4 Heartbeat term=1 commit=2\n");
}

TEST_F(RaftFlowTest, AJointConfigurationCommitsWithBothHalves) {
  ConfigState membership = Voters({1, 2, 3});
  membership.voters_outgoing = Ids({3, 4, 5});
  SoloLeader leader({}, membership);
  leader.Propose("a");
  leader.Said();
  ASSERT_TRUE(leader.Hear(2, 1, Acknowledge(2)).ok());
  ASSERT_TRUE(leader.Hear(4, 1, Acknowledge(2)).ok());
  EXPECT_EQ(leader.status().commit, Index(1));
  ASSERT_TRUE(leader.Hear(3, 1, Acknowledge(2)).ok());
  EXPECT_EQ(leader.status().commit, Index(2));
}

// --- limits ---

TEST_F(RaftFlowTest, CommittedEntriesComeInPages) {
  Config config;
  config.committed_bytes_max = 2 * (kOverhead + 1);
  Solo leader(Voters({1}), config);
  leader.Lead();
  for (const char* command : {"a", "b", "c", "d", "e"}) leader.Propose(command);
  leader.raft().OnPersisted(leader.raft().TakeReady().mark);
  std::vector<size_t> pages;
  while (leader.raft().HasReady()) {
    const Ready ready = leader.raft().TakeReady();
    pages.push_back(ready.committed_entries.size());
    leader.raft().OnApplied(ready.committed_entries.back().index);
  }
  EXPECT_EQ(pages, (std::vector<size_t>{2, 2, 1}));
}

TEST_F(RaftFlowTest, UncommittedBytesAreBounded) {
  Config config;
  config.uncommitted_bytes_max = 10 + 2 * Entry::kOverheadBytes;
  SoloLeader leader(config);
  const auto propose = [&](size_t size) {
    const Result<Proposed> proposed = leader.raft().Propose(Payload(std::string(size, 'x')));
    return proposed.ok() ? Code::kOk : proposed.status().code();
  };
  EXPECT_EQ(propose(6), Code::kOk);
  EXPECT_EQ(propose(5), Code::kResourceExhausted);
  EXPECT_EQ(propose(4), Code::kOk) << "at the limit";
  EXPECT_EQ(propose(1), Code::kResourceExhausted);
  EXPECT_EQ(propose(1'000'000), Code::kResourceExhausted);
  EXPECT_EQ(propose(0), Code::kResourceExhausted) << "even nothing takes its room";
  EXPECT_EQ(leader.status().counters.proposals_refused, 4u);
  EXPECT_EQ(leader.status().last_index, Index(3));
  leader.AcknowledgeAll();
  EXPECT_EQ(propose(1'000'000), Code::kOk) << "the first always passes";
  EXPECT_EQ(propose(1), Code::kResourceExhausted);
  leader.AcknowledgeAll();
  EXPECT_EQ(propose(10), Code::kOk);
  EXPECT_EQ(propose(0), Code::kOk);
  EXPECT_EQ(propose(0), Code::kResourceExhausted);
}

TEST_F(RaftFlowTest, TheFirstEntryOfALeaderIsNoProposal) {
  Config config;
  config.uncommitted_bytes_max = 1;
  Solo leader(Voters({1, 2, 3}), config);
  leader.Lead();
  EXPECT_TRUE(leader.raft().Propose(Payload()).ok());
  EXPECT_FALSE(leader.raft().Propose(Payload()).ok());
  ASSERT_TRUE(leader.Hear(2, 1, Acknowledge(1)).ok());
  EXPECT_EQ(leader.status().commit, Index(1));
  EXPECT_FALSE(leader.raft().Propose(Payload()).ok()) << "it freed nothing";
}

TEST_F(RaftFlowTest, InheritedEntriesDoNotCountAgainstTheNewLeadersLimit) {
  Config config;
  config.uncommitted_bytes_max = 4;
  Solo leader(Voters({1, 2, 3}), config);
  leader.StartWith({1, 1, 1}, 1);
  leader.Lead();
  EXPECT_TRUE(leader.raft().Propose(Payload("abcd")).ok());
  EXPECT_FALSE(leader.raft().Propose(Payload("e")).ok());
  leader.AcknowledgeAll();
  EXPECT_EQ(leader.status().commit, Index(5));
  EXPECT_TRUE(leader.raft().Propose(Payload("abcd")).ok());
  EXPECT_FALSE(leader.raft().Propose(Payload("e")).ok());
}

// --- sleep ---

// A leader that asks for sleep holds its heartbeats back, so that none wakes who has agreed. If it
// asked again as soon as that is over, no heartbeat would ever leave.
TEST(RaftFlowSleepTest, WhoDoesNotAgreeToSleepGetsHeartbeatsBetweenTheQuestions) {
  for (const uint32_t quiet_ticks : {1u, 2u, 3u, 4u, 20u}) {
    ClusterOptions options;
    options.config.hibernate_after_ticks = quiet_ticks;
    Cluster cluster(options);
    cluster.Elect(NodeId(1));
    cluster.Propose(NodeId(1), "x");
    // Node 3 does not hear that x is committed, so it has something to wait for.
    cluster.DropWhere([](const Message& message) {
      return message.to == NodeId(3) && std::holds_alternative<Heartbeat>(message.body);
    });
    cluster.Settle();
    ASSERT_EQ(cluster.Applied(NodeId(3)), "");
    cluster.DropWhere(nullptr);
    cluster.TickAll(3 * quiet_ticks + 20);
    EXPECT_EQ(cluster.Applied(NodeId(3)), "x") << quiet_ticks;
    EXPECT_EQ(cluster.raft(NodeId(1)).term(), Term(1)) << quiet_ticks;
    for (const uint64_t id : {1, 2, 3}) {
      EXPECT_TRUE(cluster.raft(NodeId(id)).asleep()) << quiet_ticks << ", node " << id;
    }
  }
}

TEST(RaftFlowSleepTest, AnAnswerAboutSleepIsASignOfLife) {
  ClusterOptions options;
  options.config.hibernate_after_ticks = 1;
  options.config.heartbeat_interval_ticks = 9;
  Cluster cluster(options);
  cluster.Elect(NodeId(1));
  cluster.node(NodeId(3)).HoldApply();  // will not agree
  cluster.Propose(NodeId(1), "x");
  cluster.Settle();
  cluster.TickAll(50);
  EXPECT_EQ(cluster.Leader(), NodeId(1));
  EXPECT_EQ(cluster.raft(NodeId(1)).term(), Term(1));
}

}  // namespace
}  // namespace baton::raft
