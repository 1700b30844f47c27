// Groups that fall asleep when there is nothing to do (hibernation.h), and peers that do not agree.
// Many groups and their failure detector: multi/group_set_test.cc.
#include <gtest/gtest.h>

#include <string>

#include "pkg/raft/testing/cluster.h"

namespace baton::raft {
namespace {

using testing::Cluster;
using testing::ClusterOptions;
using testing::Solo;
using testing::SoloLeader;

Config SleepingAfter(uint32_t ticks) {
  Config config;
  config.hibernate_after_ticks = ticks;
  return config;
}

// One tick; the peers answer everything, and agree to sleep or not. What the leader said.
std::string TickAndAnswer(SoloLeader& leader, bool agree) {
  leader.Tick();
  std::string said;
  for (const Message& message : leader.Sent()) {
    said += Describe(message) + "\n";
    const uint64_t peer = message.to.value();
    if (std::holds_alternative<Heartbeat>(message.body)) {
      EXPECT_TRUE(leader.Hear(peer, 1, HeartbeatResponse{}).ok());
    } else if (const auto* const ask = std::get_if<Hibernate>(&message.body)) {
      EXPECT_TRUE(leader.Hear(peer, 1, HibernateResponse{ask->last_index, agree}).ok());
    }
  }
  return said;
}

TEST(RaftHibernationTest, AllAgreeAndAllSleep) {
  ClusterOptions options;
  options.config = SleepingAfter(3);
  Cluster cluster(options);
  cluster.Elect(NodeId(1));
  cluster.TickAll(4);
  for (uint64_t id = 1; id <= 3; ++id) EXPECT_TRUE(cluster.raft(NodeId(id)).asleep()) << id;
  cluster.TickAll(100);
  EXPECT_EQ(cluster.Leader(), NodeId(1)) << "its process lives";
  cluster.Wake(NodeId(1));
  cluster.Propose(NodeId(1), "x");
  cluster.Settle();
  EXPECT_EQ(cluster.Applied(NodeId(3)), "x");
}

TEST(RaftHibernationTest, WhoSleepsIsWokenWhenTheLeadersProcessIsGone) {
  ClusterOptions options;
  options.config = SleepingAfter(3);
  Cluster cluster(options);
  cluster.Elect(NodeId(1));
  cluster.TickAll(4);
  cluster.Crash(NodeId(1));
  EXPECT_EQ(cluster.WaitForLeader(50), NodeId()) << "it is not heard that nothing is heard";
  for (const uint64_t id : {2, 3}) cluster.Wake(NodeId(id));  // a failure detector does that
  EXPECT_NE(cluster.WaitForLeader(50), NodeId());
}

// Its refusals are signs of life, and heartbeats go on between the questions.
TEST(RaftHibernationTest, APeerThatDoesNotAgreeCostsNobodyTheLeadership) {
  for (const uint32_t after : {1u, 2u, 3u, 4u}) {
    SoloLeader leader(SleepingAfter(after));
    std::string said;
    for (int tick = 0; tick < 50; ++tick) said += TickAndAnswer(leader, false);
    EXPECT_EQ(leader.raft().role(), Role::kLeader) << after;
    EXPECT_FALSE(leader.raft().asleep());
    const size_t asked = said.find("Hibernate");
    ASSERT_NE(asked, std::string::npos) << after;
    EXPECT_NE(said.find("Heartbeat", asked), std::string::npos) << after;
  }
}

// Its driver would go on ticking it.
TEST(RaftHibernationTest, WhoIsNotSetToSleepIsNotPutToSleepByAMessage) {
  for (const uint32_t after : {0u, 3u}) {
    Solo solo(testing::Voters({1, 2, 3}), SleepingAfter(after));
    EXPECT_TRUE(solo.Hear(2, 1, Hibernate{Index()}).ok());
    EXPECT_EQ(solo.raft().asleep(), after > 0) << after;
    EXPECT_EQ(solo.Said(), "1->2 HibernateResponse term=1 last=0 " +
                               std::string(after > 0 ? "agreed" : "refused") + "\n");
  }
}

// It does not know how long it has slept: its lease may be over, and another may lead.
TEST(RaftHibernationDeathTest, WhoSleepsIsAskedForNothing) {
  SoloLeader leader(SleepingAfter(1), testing::Voters({1}));
  leader.Tick();
  ASSERT_TRUE(leader.raft().asleep());
  EXPECT_DEATH((void)leader.raft().ReadIndex(7, ReadMode::kLease), "wake it first");
  EXPECT_DEATH((void)leader.raft().Forward(Payload("x")), "wake it first");
  EXPECT_DEATH((void)leader.raft().TransferLeadership(NodeId(2)), "wake it first");
  EXPECT_DEATH((void)leader.raft().ProposeMembership(MembershipChange()), "wake it first");
  EXPECT_DEATH(leader.raft().Tick(), "wake it first");
}

}  // namespace
}  // namespace baton::raft
