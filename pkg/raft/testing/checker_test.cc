// That the checker accuses nobody wrongly.
#include <gtest/gtest.h>

#include <optional>

#include "pkg/raft/testing/cluster.h"

namespace baton::raft::testing {
namespace {

// The change makes a quorum of one, which has the command. The leader is deposed before anything
// was seen of that.
TEST(CheckerTest, KnowsAConfigurationThatItsLeaderFollowedForAMomentOnly) {
  Cluster cluster(2);
  cluster.Elect(NodeId(1));
  cluster.Isolate(NodeId(1));
  const Proposed command = cluster.Propose(NodeId(1), "x");
  cluster.Settle();
  ASSERT_LT(cluster.node(NodeId(1)).applied(), command.index);

  ASSERT_TRUE(cluster.TryChange(NodeId(1), OneChange(MemberChange::kRemove, 2)).ok());
  ASSERT_TRUE(cluster.raft(NodeId(1))
                  .Step(Message{NodeId(2), NodeId(1), command.term + 1, HeartbeatResponse{}})
                  .ok());
  ASSERT_EQ(cluster.raft(NodeId(1)).role(), Role::kFollower);
  cluster.Pump(NodeId(1));
  EXPECT_EQ(cluster.node(NodeId(1)).applied(), command.index);
}

TEST(CheckerTest, AsksOfALateLeaderOnlyWhatWasCommittedBeforeItsTerm) {
  ClusterOptions options;
  options.config.pre_vote = false;
  Cluster cluster(options);
  std::optional<Message> vote;
  cluster.DropWhere([&vote](const Message& message) {
    const bool late = std::holds_alternative<VoteResponse>(message.body) && message.term == Term(1);
    if (late) vote = message;
    return late;
  });
  cluster.raft(NodeId(1)).Campaign();
  cluster.Settle();
  ASSERT_TRUE(vote.has_value());
  cluster.Isolate(NodeId(1));
  cluster.Elect(NodeId(2));
  cluster.Propose(NodeId(2), "x");
  cluster.Settle();
  ASSERT_EQ(cluster.Applied(NodeId(2)), "x");

  cluster.Step(*vote);
  cluster.Settle();
  EXPECT_EQ(cluster.raft(NodeId(1)).role(), Role::kLeader);
  EXPECT_EQ(cluster.raft(NodeId(1)).term(), Term(1));
}

}  // namespace
}  // namespace baton::raft::testing
