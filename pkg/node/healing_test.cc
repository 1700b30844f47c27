#include "pkg/node/healing.h"

#include <gtest/gtest.h>

namespace baton::node {
namespace {

using raft::MemberChange;

const std::vector<NodeId> kVoters = {NodeId(1), NodeId(2), NodeId(3)};

// Node 1 leads voters 1, 2 and 3, all well.
raft::RaftStatus Leading() {
  raft::RaftStatus status;
  status.id = NodeId(1);
  status.role = raft::Role::kLeader;
  status.config.voters = kVoters;
  status.config_index = Index(4);
  status.commit = Index(9);
  for (const NodeId id : kVoters) {
    status.peers[id].match = Index(9);
    status.peers[id].recently_active = true;
  }
  return status;
}

// "learner 3", "voter 3", or "" for nothing to do.
std::string Planned(const raft::RaftStatus& status) {
  const auto change = PlanHealing(status, kVoters);
  if (!change) return "";
  EXPECT_EQ(change->changes.size(), 1u);
  EXPECT_EQ(change->expected_config_index, status.config_index);
  const MemberChange& one = change->changes[0];
  return (one.type == MemberChange::kAddLearner ? "learner " : "voter ") +
         std::to_string(one.id.value());
}

TEST(HealingTest, NothingToDoWhereAllAreWell) { EXPECT_EQ(Planned(Leading()), ""); }

TEST(HealingTest, AVoterWithoutMemoryIsMadeALearner) {
  raft::RaftStatus status = Leading();
  status.peers[NodeId(3)].amnesia = true;
  EXPECT_EQ(Planned(status), "learner 3");
}

TEST(HealingTest, NotWithoutTheOthers) {
  raft::RaftStatus status = Leading();
  status.peers[NodeId(3)].amnesia = true;
  status.peers[NodeId(2)].recently_active = false;
  EXPECT_EQ(Planned(status), "") << "nobody else could commit it";
  status.peers[NodeId(2)].recently_active = true;
  status.peers[NodeId(2)].amnesia = true;
  EXPECT_EQ(Planned(status), "");
}

TEST(HealingTest, WhoIsMeantToBeAVoterBecomesOneAgain) {
  raft::RaftStatus status = Leading();
  status.config.voters = {NodeId(1), NodeId(2)};
  status.config.learners = {NodeId(3)};
  EXPECT_EQ(Planned(status), "voter 3");
  status.peers[NodeId(3)].recently_active = false;
  EXPECT_EQ(Planned(status), "");
  status.peers[NodeId(3)].recently_active = true;
  status.peers[NodeId(3)].amnesia = true;
  EXPECT_EQ(Planned(status), "") << "it is not cured yet";
}

TEST(HealingTest, OtherLearnersAreLeftAlone) {
  raft::RaftStatus status = Leading();
  status.config.learners = {NodeId(4)};
  status.peers[NodeId(4)].match = Index(9);
  status.peers[NodeId(4)].recently_active = true;
  EXPECT_EQ(Planned(status), "");
}

TEST(HealingTest, OneChangeAtATime) {
  raft::RaftStatus status = Leading();
  status.peers[NodeId(3)].amnesia = true;
  status.config_index = Index(10);
  EXPECT_EQ(Planned(status), "") << "the last one is not committed";
  status.config_index = Index(4);
  status.config.voters_outgoing = {NodeId(1)};
  EXPECT_EQ(Planned(status), "");
  status.config.voters_outgoing = {};
  status.transfer_target = NodeId(2);
  EXPECT_EQ(Planned(status), "");
  status.transfer_target = NodeId();
  status.role = raft::Role::kFollower;
  EXPECT_EQ(Planned(status), "");
}

}  // namespace
}  // namespace baton::node
