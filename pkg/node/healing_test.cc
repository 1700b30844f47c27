#include "pkg/node/healing.h"

#include <gtest/gtest.h>

#include <utility>

#include "pkg/node/members.h"

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
  status.applied = Index(9);
  for (const NodeId id : kVoters) {
    status.peers[id].match = Index(9);
    status.peers[id].recently_active = true;
  }
  return status;
}

// "learner 3", "voter 3", or "" for nothing to do.
std::string Planned(const raft::RaftStatus& status, const std::vector<NodeId>& demoted = {}) {
  const auto change = PlanHealing(status, demoted);
  if (!change) return "";
  EXPECT_EQ(change->changes.size(), 1u);
  EXPECT_EQ(change->expected_config_index, status.config_index);
  const MemberChange& one = change->changes[0];
  const bool demotes = one.type == MemberChange::kAddLearner;
  EXPECT_EQ(DecodeDemotion(change->context), demotes ? std::optional(one.id) : std::nullopt);
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

TEST(HealingTest, WhoWasDemotedBecomesAVoterAgain) {
  const std::vector<NodeId> demoted = {NodeId(3)};
  raft::RaftStatus status = Leading();
  status.config.voters = {NodeId(1), NodeId(2)};
  status.config.learners = {NodeId(3)};
  EXPECT_EQ(Planned(status, demoted), "voter 3");
  status.peers[NodeId(3)].recently_active = false;
  EXPECT_EQ(Planned(status, demoted), "");
  status.peers[NodeId(3)].recently_active = true;
  status.peers[NodeId(3)].amnesia = true;
  EXPECT_EQ(Planned(status, demoted), "") << "it is not cured yet";
}

TEST(HealingTest, OtherLearnersAreLeftAlone) {
  raft::RaftStatus status = Leading();
  status.config.voters = {NodeId(1), NodeId(2)};
  status.config.learners = {NodeId(3), NodeId(4)};
  status.peers[NodeId(4)] = status.peers[NodeId(3)];
  EXPECT_EQ(Planned(status), "");
  EXPECT_EQ(Planned(status, {NodeId(4)}), "voter 4");
}

TEST(HealingTest, OneChangeAtATime) {
  raft::RaftStatus status = Leading();
  status.peers[NodeId(3)].amnesia = true;
  status.config_index = Index(10);
  EXPECT_EQ(Planned(status), "") << "the last one is not applied";
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

raft::MembershipEntry Change(std::vector<NodeId> voters, std::vector<NodeId> learners,
                             std::string context = "") {
  raft::MembershipEntry change;
  change.config.voters = std::move(voters);
  change.config.learners = std::move(learners);
  change.context = std::move(context);
  return change;
}

TEST(DemotedAfterTest, FromTheDemotionUntilItIsALearnerNoMore) {
  const NodeId one(1), two(2), three(3);
  std::vector<NodeId> demoted;
  raft::ConfigState config;
  config.voters = {one, two, three};
  const auto apply = [&](const raft::MembershipEntry& change) {
    demoted = DemotedAfter(demoted, config, change);
    config = change.config;
    return demoted;
  };
  const std::vector<NodeId> only_three = {three};
  EXPECT_TRUE(apply(Change({one, two}, {three})).empty()) << "somebody meant it";
  EXPECT_TRUE(apply(Change({one, two, three}, {})).empty());
  EXPECT_EQ(apply(Change({one, two}, {three}, EncodeDemotion(three))), only_three);
  EXPECT_EQ(apply(Change({one, two}, {three, NodeId(4)}, "another")), only_three);
  EXPECT_EQ(apply(Change({one, two, NodeId(4)}, {three})), only_three);
  EXPECT_TRUE(apply(Change({one, two}, {})).empty()) << "it was removed";
  EXPECT_TRUE(apply(Change({one, two}, {three})).empty()) << "and added again";
  EXPECT_EQ(apply(Change({one}, {two, three}, EncodeDemotion(two))), std::vector<NodeId>{two});
  EXPECT_TRUE(apply(Change({one, two}, {three})).empty()) << "it is a voter again";
}

// A state that somebody else's cluster was made of may name whom this one does not know.
TEST(DemotedAfterTest, WhoWasNoLearnerBeforeIsNotOneForLostMemory) {
  raft::ConfigState before;
  before.voters = {NodeId(1)};
  EXPECT_TRUE(DemotedAfter({NodeId(3)}, before, Change({NodeId(1)}, {NodeId(3)})).empty());
}

TEST(DemotionTest, IsReadAsNothingElse) {
  EXPECT_EQ(DecodeDemotion(EncodeDemotion(NodeId(300))), NodeId(300));
  EXPECT_EQ(DecodeDemotion(""), std::nullopt);
  EXPECT_EQ(DecodeDemotion(EncodeMembers({})), std::nullopt);
  EXPECT_EQ(DecodeDemotion(EncodeDemotion(NodeId(3)) + "x"), std::nullopt);
  EXPECT_FALSE(DecodeMembers(EncodeDemotion(NodeId(3))).ok()) << "nor as addresses";
}

}  // namespace
}  // namespace baton::node
