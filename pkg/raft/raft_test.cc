// The core as its driver sees it: what a Ready holds, what the accessors tell, and that the same
// calls give the same bytes.
#include "pkg/raft/raft.h"

#include <gtest/gtest.h>

#include "pkg/base/random.h"
#include "pkg/raft/testing/cluster.h"

namespace baton::raft {
namespace {

using testing::Acknowledge;
using testing::Append;
using testing::Cluster;
using testing::ClusterOptions;
using testing::EntriesOf;
using testing::Solo;
using testing::SoloLeader;
using testing::Voters;

TEST(RaftReadyTest, NothingHappenedNothingToDo) {
  Solo solo;
  EXPECT_FALSE(solo.raft().HasReady());
  const Ready ready = solo.raft().TakeReady();
  EXPECT_FALSE(ready.soft_state || ready.hard_state || ready.NeedsPersist() || ready.must_sync);
  EXPECT_TRUE(ready.messages.empty() && ready.committed_entries.empty());
}

TEST(RaftReadyTest, TellsEveryChangeOnce) {
  Solo solo;
  ASSERT_TRUE(solo.Hear(2, 1, Append({0, 0}, 1, EntriesOf(1, {1, 1}))).ok());
  ASSERT_TRUE(solo.raft().HasReady());
  Ready ready = solo.raft().TakeReady();
  EXPECT_EQ(ready.soft_state, (SoftState{Role::kFollower, NodeId(2)}));
  EXPECT_EQ(ready.hard_state, (HardState{Term(1), NodeId(), Index(1)}));
  EXPECT_EQ(ready.entries.size(), 2u);
  EXPECT_EQ(ready.mark, (LogMark{Term(1), Index(2)}));
  EXPECT_TRUE(ready.must_sync);
  EXPECT_EQ(ready.messages_after_persist.size(), 1u);
  EXPECT_TRUE(ready.committed_entries.empty()) << "not durable yet";
  EXPECT_FALSE(solo.raft().HasReady());
  solo.raft().OnPersisted(ready.mark);
  ASSERT_TRUE(solo.raft().HasReady());
  ready = solo.raft().TakeReady();
  EXPECT_FALSE(ready.soft_state || ready.NeedsPersist());
  EXPECT_EQ(ready.committed_entries.size(), 1u);
  EXPECT_FALSE(solo.raft().HasReady());
}

TEST(RaftReadyTest, RolesAreTold) {
  Solo solo;
  solo.raft().Campaign();
  EXPECT_EQ(solo.raft().TakeReady().soft_state, (SoftState{Role::kPreCandidate, NodeId()}));
  SoloLeader leader;
  ASSERT_TRUE(leader.Hear(3, 5, Heartbeat{}).ok());
  EXPECT_EQ(leader.raft().TakeReady().soft_state, (SoftState{Role::kFollower, NodeId(3)}));
}

TEST(RaftStatusTest, ALeaderKnowsItsPeers) {
  SoloLeader leader;
  leader.Propose("x");
  leader.Said();
  ASSERT_TRUE(leader.Hear(2, 1, Acknowledge(2)).ok());
  leader.Tick(9);
  ASSERT_TRUE(leader.Hear(2, 1, HeartbeatResponse{}).ok());
  leader.Tick(1);
  const RaftStatus status = leader.status();
  EXPECT_EQ(status.leader, NodeId(1));
  ASSERT_EQ(status.peers.size(), 3u);
  EXPECT_EQ(status.peers.at(NodeId(1)).match, Index(2)) << "itself: what its disk has";
  EXPECT_EQ(status.peers.at(NodeId(2)).match, Index(2));
  EXPECT_EQ(status.peers.at(NodeId(3)).match, Index(1));
  EXPECT_EQ(status.peers.at(NodeId(3)).next, Index(3));
  EXPECT_EQ(status.peers.at(NodeId(3)).inflight_messages, 1u);
  EXPECT_TRUE(status.peers.at(NodeId(2)).recently_active);
  EXPECT_FALSE(status.peers.at(NodeId(3)).recently_active);
  EXPECT_TRUE(Solo().status().peers.empty());
}

TEST(RaftStatusTest, Counts) {
  Solo solo;
  ASSERT_TRUE(solo.Hear(2, 1, Heartbeat{}).ok());
  ASSERT_TRUE(solo.Hear(2, 1, Heartbeat{}).ok());
  ASSERT_TRUE(solo.Hear(3, 2, Heartbeat{}).ok());
  EXPECT_FALSE(solo.raft().Propose(Payload("x")).ok());
  solo.Lead();
  const Counters counters = solo.status().counters;
  EXPECT_EQ(counters.leader_changes, 3u);
  EXPECT_EQ(counters.elections_started, 1u);
  EXPECT_EQ(counters.proposals_refused, 1u);
}

TEST(RaftClusterTest, ThreeNodesElectReplicateAndApply) {
  Cluster cluster(3);
  const NodeId leader = cluster.WaitForLeader(40);
  ASSERT_NE(leader, NodeId());
  cluster.Propose(leader, "a");
  cluster.Propose(leader, "b");
  cluster.Settle();
  for (uint64_t id = 1; id <= 3; ++id) EXPECT_EQ(cluster.Applied(NodeId(id)), "a b") << id;
}

TEST(RaftClusterTest, ARestingClusterOnlyBeats) {
  Cluster cluster(3);
  cluster.Elect(NodeId(2));
  cluster.TickAll(5);
  cluster.Record();
  cluster.TickAll(1);
  EXPECT_EQ(cluster.TakeTranscript(),
            "2->1 Heartbeat term=1 commit=1\n"
            "2->3 Heartbeat term=1 commit=1\n"
            "1->2 HeartbeatResponse term=1 commit=1\n"
            "3->2 HeartbeatResponse term=1 commit=1\n");
}

TEST(RaftClusterTest, AWriteCostsNoMoreMessagesThanItNeeds) {
  Cluster cluster(3);
  cluster.Elect(NodeId(1));
  cluster.TickAll(5);
  cluster.Record();
  cluster.Propose(NodeId(1), "x");
  cluster.Settle();
  EXPECT_EQ(cluster.TakeTranscript(),
            "1->2 AppendRequest term=1 prev=1/1 commit=1 entries=[2/1]\n"
            "1->3 AppendRequest term=1 prev=1/1 commit=1 entries=[2/1]\n"
            "2->1 AppendResponse term=1 match=2 commit=1\n"
            "3->1 AppendResponse term=1 match=2 commit=1\n"
            "1->2 Heartbeat term=1 commit=2\n"
            "1->3 Heartbeat term=1 commit=2\n");
}

// A history with elections, writes, cuts and crashes, as text.
std::string History(uint64_t seed) {
  ClusterOptions options;
  options.membership = Voters({1, 2, 3, 4, 5});
  options.config.seed = seed;
  Cluster cluster(options);
  cluster.Record();
  Random random(seed);
  for (int step = 0; step < 300; ++step) {
    const NodeId id(1 + random.Below(5));
    switch (random.Below(8)) {
      case 0:
        cluster.Isolate(id);
        break;
      case 1:
        cluster.Heal();
        break;
      case 2:
        if (cluster.node(id).running()) cluster.Crash(id);
        cluster.Restart(id);
        break;
      default:
        (void)cluster.raft(id).Propose(Payload(std::to_string(step))).ok();
        cluster.TickAll(3);
    }
  }
  return cluster.TakeTranscript();
}

TEST(RaftDeterminismTest, TheSameCallsGiveTheSameBytes) {
  const std::string first = History(7);
  EXPECT_GT(first.size(), 10'000u);
  EXPECT_EQ(first, History(7));
  EXPECT_NE(first, History(8));
}

}  // namespace
}  // namespace baton::raft
