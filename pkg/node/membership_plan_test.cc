// Show: which changes of the members are refused, and with which sentence.
#include "pkg/node/membership_plan.h"

#include <gtest/gtest.h>

namespace baton::node {
namespace {

using Kind = MembershipRequest::Kind;

class MembershipPlanTest : public ::testing::Test {
 protected:
  MembershipPlanTest() {
    leader.id = NodeId(1);
    leader.config_index = Index(9);
    for (uint64_t id = 1; id <= 3; ++id) AddVoter(NodeId(id));
  }
  void AddVoter(NodeId id) {
    leader.config.voters.push_back(id);
    Know(id);
  }
  void AddLearner(NodeId id) {
    leader.config.learners.push_back(id);
    Know(id);
  }
  void Know(NodeId id) {
    leader.peers[id].recently_active = true;
    leader.peers[id].match = Index(9);
    const std::string name = "baton-" + std::to_string(id.value() - 1);
    members.known[id] = {name, name + ":7401", ""};
  }
  void Silence(NodeId id) { leader.peers[id].recently_active = false; }

  Status Refusal(const MembershipRequest& request) {
    return PlanChange(request, leader, members).status();
  }
  static MembershipRequest Add(uint64_t id, const std::string& name) {
    return {.kind = Kind::kAdd, .id = NodeId(id), .info = {name, name + ":7401", ""}};
  }
  static MembershipRequest Promote(uint64_t id) {
    return {.kind = Kind::kPromote, .id = NodeId(id)};
  }
  static MembershipRequest Remove(uint64_t id) { return {.kind = Kind::kRemove, .id = NodeId(id)}; }

  raft::RaftStatus leader;
  Members members;
};

TEST_F(MembershipPlanTest, AnAdditionMakesALearnerAndCarriesAllAddresses) {
  members.removed = {NodeId(7), NodeId(8)};
  const auto change = PlanChange(Add(7, "baton-6"), leader, members);
  ASSERT_TRUE(change.ok()) << change.status().ToString();
  ASSERT_EQ(change->changes.size(), 1u);
  EXPECT_EQ(change->changes[0], (raft::MemberChange{raft::MemberChange::kAddLearner, NodeId(7)}));
  EXPECT_EQ(change->expected_config_index, Index(9));
  const auto after = DecodeMembers(change->context);
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(after->known.size(), 4u);
  EXPECT_EQ(after->known.at(NodeId(7)).peer_address, "baton-6:7401");
  EXPECT_EQ(after->removed, std::vector<NodeId>{NodeId(8)}) << "who comes back is not removed";
}

TEST_F(MembershipPlanTest, AnAdditionNeedsANewIdAndAFreeName) {
  EXPECT_EQ(Refusal(Add(2, "new")).reason(), "already_member");
  const Status taken = Refusal(Add(7, "baton-1"));
  EXPECT_EQ(taken.reason(), "name_taken");
  EXPECT_NE(taken.message().find("member 2"), std::string::npos) << taken.message();
  EXPECT_EQ(Refusal(Add(0, "new")).reason(), "malformed_member");
  MembershipRequest bad = Add(7, "new");
  bad.info.peer_address = "http://new:7401";
  EXPECT_EQ(Refusal(bad).reason(), "malformed_member");
}

TEST_F(MembershipPlanTest, FifteenMembersAreTheMost) {
  for (uint64_t id = 4; id <= 14; ++id) AddLearner(NodeId(id));
  EXPECT_TRUE(Refusal(Add(15, "x")).ok());
  AddLearner(NodeId(15));
  EXPECT_EQ(Refusal(Add(16, "x")).reason(), "too_many_members");
}

TEST_F(MembershipPlanTest, UnknownMembersCanBeNeitherPromotedNorRemoved) {
  EXPECT_EQ(Refusal(Promote(9)).reason(), "unknown_member");
  EXPECT_EQ(Refusal(Remove(9)).reason(), "unknown_member");
  EXPECT_EQ(Refusal(Promote(2)).reason(), "already_voter");
}

TEST_F(MembershipPlanTest, ARemovalThatWouldLoseTheQuorumIsRefusedWithTheArithmetic) {
  EXPECT_TRUE(Refusal(Remove(3)).ok());
  Silence(NodeId(2));
  const Status refused = Refusal(Remove(3));
  EXPECT_EQ(refused.reason(), "quorum_would_be_lost");
  EXPECT_EQ(refused.message(),
            "Without baton-2 the cluster has 2 voters and needs 2 of them, but only 1 answers now "
            "(silent: baton-1)");
  EXPECT_TRUE(Refusal(Remove(2)).ok()) << "the silent one itself may go";
}

TEST_F(MembershipPlanTest, WhoHasLostItsDiskDoesNotCountAsAnswering) {
  leader.peers[NodeId(2)].amnesia = true;
  EXPECT_EQ(Refusal(Remove(3)).reason(), "quorum_would_be_lost");
}

TEST_F(MembershipPlanTest, WhoHasNotAnsweredThisLeaderDoesNotCountEither) {
  leader.peers[NodeId(2)].match = Index();
  EXPECT_EQ(Refusal(Remove(3)).code(), Code::kUnavailable) << "it may, in a moment";
  EXPECT_TRUE(Refusal(Remove(2)).ok());
  Silence(NodeId(2));
  EXPECT_EQ(Refusal(Remove(3)).reason(), "quorum_would_be_lost");
}

TEST_F(MembershipPlanTest, APromotionThatWouldLoseTheQuorumIsRefused) {
  AddLearner(NodeId(4));
  EXPECT_TRUE(Refusal(Promote(4)).ok());
  Silence(NodeId(2));
  EXPECT_TRUE(Refusal(Promote(4)).ok()) << "3 of 4 answer";
  Silence(NodeId(4));
  const Status refused = Refusal(Promote(4));
  EXPECT_EQ(refused.reason(), "quorum_would_be_lost");
  EXPECT_EQ(refused.message(),
            "With baton-3 as a voter the cluster has 4 voters and needs 3 of them, but only 2 "
            "answer now (silent: baton-1, baton-3)");
}

TEST_F(MembershipPlanTest, TheLeaderHandsOverBeforeItGoes) {
  EXPECT_EQ(Refusal(Remove(1)).reason(), "member_leads");
}

TEST_F(MembershipPlanTest, TheLastVoterStays) {
  leader.config.voters = {NodeId(1)};
  AddLearner(NodeId(4));
  EXPECT_EQ(Refusal(Remove(1)).reason(), "quorum_would_be_lost");
  EXPECT_TRUE(Refusal(Remove(4)).ok()) << "a learner may always go";
}

TEST_F(MembershipPlanTest, TheLastRemovedAreRemembered) {
  for (uint64_t id = 100; id < 100 + kRemovedRemembered; ++id)
    members.removed.push_back(NodeId(id));
  const auto change = PlanChange(Remove(3), leader, members);
  ASSERT_TRUE(change.ok());
  const auto after = DecodeMembers(change->context);
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(after->removed.size(), kRemovedRemembered);
  EXPECT_EQ(after->removed.front(), NodeId(101));
  EXPECT_EQ(after->removed.back(), NodeId(3));
}

TEST_F(MembershipPlanTest, RequestsTravelAsBytes) {
  for (const MembershipRequest& request : {Add(7, "baton-6"), Promote(7), Remove(7)}) {
    const std::string bytes = EncodeMembershipRequest(request);
    EXPECT_TRUE(IsMembershipRequest(bytes));
    const auto decoded = DecodeMembershipRequest(bytes);
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ(*decoded, request);
    EXPECT_FALSE(DecodeMembershipRequest(bytes + "x").ok());
    EXPECT_FALSE(DecodeMembershipRequest(bytes.substr(0, bytes.size() - 1)).ok());
  }
  EXPECT_FALSE(IsMembershipRequest(""));
  EXPECT_FALSE(DecodeMembershipRequest("\xff\x09").ok());
}

TEST_F(MembershipPlanTest, MembersTravelAsBytes) {
  members.removed = {NodeId(8)};
  const std::string bytes = EncodeMembers(members);
  const auto decoded = DecodeMembers(bytes);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(*decoded, members);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeMembers(bytes.substr(0, size)).ok()) << size;
  }
}

TEST_F(MembershipPlanTest, NamesAddressesAndUrlsHaveOneForm) {
  const auto fits = [](const MemberInfo& info) { return CheckMemberInfo(info).ok(); };
  EXPECT_TRUE(fits({"", "", ""}));
  EXPECT_TRUE(fits({"baton-0", "[::1]:1", "http://10.0.0.1:65535"}));
  EXPECT_FALSE(fits({"a b", "", ""}));
  EXPECT_FALSE(fits({std::string(64, 'a'), "", ""}));
  EXPECT_TRUE(fits({std::string(63, 'a'), "", ""}));
  for (const char* address :
       {"a", "a:", ":1", "a:0", "a:01", "a:65536", "a:1/", "a b:1", "::1:1"}) {
    EXPECT_FALSE(fits({"", address, ""})) << address;
  }
  EXPECT_FALSE(fits({"", "", "https://a:1"}));
  EXPECT_FALSE(fits({"", "", "http://a:1/"}));
}

}  // namespace
}  // namespace baton::node
