#include "pkg/raft/membership.h"

#include <gtest/gtest.h>

namespace baton::raft {
namespace {

std::vector<NodeId> Ids(std::initializer_list<uint64_t> numbers) {
  std::vector<NodeId> ids;
  for (const uint64_t number : numbers) ids.push_back(NodeId(number));
  return ids;
}

// Node 4 leaves the voters and becomes a learner; 5 is one already.
ConfigState Joint() {
  ConfigState config;
  config.voters = Ids({1, 2, 3});
  config.voters_outgoing = Ids({2, 3, 4});
  config.learners = Ids({5});
  config.learners_next = Ids({4});
  config.auto_leave = true;
  return config;
}

void ExpectWrong(const ConfigState& config, const std::string& list) {
  const Status status = ValidateMembership(config);
  EXPECT_EQ(status.code(), Code::kInvalidArgument) << list;
  EXPECT_EQ(status.message().substr(0, list.size() + 1), list + ":");
}

TEST(MembershipTest, VotersAreThoseOfBothHalves) {
  for (const uint64_t id : {1, 2, 3, 4}) EXPECT_TRUE(IsVoter(Joint(), NodeId(id))) << id;
  EXPECT_FALSE(IsVoter(Joint(), NodeId(5)));
  EXPECT_FALSE(IsVoter(Joint(), NodeId(6)));
}

TEST(MembershipTest, FutureLearnersStillVote) {
  EXPECT_FALSE(IsLearner(Joint(), NodeId(4)));
  EXPECT_TRUE(IsLearner(Joint(), NodeId(5)));
}

TEST(MembershipTest, MembersAreVotersOfBothHalvesAndLearners) {
  for (const uint64_t id : {1, 2, 3, 4, 5}) EXPECT_TRUE(IsMember(Joint(), NodeId(id))) << id;
  EXPECT_FALSE(IsMember(Joint(), NodeId(6)));
  EXPECT_FALSE(IsMember(ConfigState{}, NodeId(1)));
}

TEST(MembershipTest, MembersAreAllOnceAscending) {
  EXPECT_EQ(Members(Joint()), Ids({1, 2, 3, 4, 5}));
  EXPECT_TRUE(Members(ConfigState{}).empty());
}

TEST(MembershipTest, AcceptsWhatIsSound) {
  EXPECT_TRUE(ValidateMembership(Joint()).ok());
  EXPECT_TRUE(ValidateMembership(ConfigState{}).ok());  // a node that nobody has told anything
  ConfigState config;
  config.voters = Ids({7});
  EXPECT_TRUE(ValidateMembership(config).ok());
}

TEST(MembershipTest, RefusesListsOutOfOrder) {
  ConfigState config = Joint();
  config.voters = Ids({2, 1});
  ExpectWrong(config, "voters");
  config = Joint();
  config.voters_outgoing = Ids({3, 3});
  ExpectWrong(config, "voters_outgoing");
  config = Joint();
  config.learners = Ids({0});
  ExpectWrong(config, "learners");
  config = Joint();
  config.learners_next = Ids({4, 4});
  ExpectWrong(config, "learners_next");
}

TEST(MembershipTest, RefusesTwoPartsForOneNode) {
  ConfigState config = Joint();
  config.learners = Ids({1});
  ExpectWrong(config, "learners");
  config = Joint();
  config.learners = Ids({4});
  ExpectWrong(config, "learners");
  config = Joint();
  config.learners_next = Ids({3});
  ExpectWrong(config, "learners_next");
  config = Joint();
  config.learners_next = Ids({5});
  ExpectWrong(config, "learners_next");
}

TEST(MembershipTest, AWitnessMayBeGoneButIsNoLearner) {
  ConfigState config = Joint();
  config.witnesses = Ids({9});
  EXPECT_TRUE(ValidateMembership(config).ok());
  EXPECT_EQ(Members(config), Members(Joint()));
  config.witnesses = Ids({5});
  ExpectWrong(config, "witnesses");
  config.witnesses = Ids({4});
  ExpectWrong(config, "witnesses");
}

TEST(MembershipTest, RefusesMembersWithoutVotersAndLeavingWithoutJoint) {
  ConfigState config;
  config.learners = Ids({1});
  ExpectWrong(config, "voters");
  config = ConfigState{};
  config.voters = Ids({1});
  config.auto_leave = true;
  ExpectWrong(config, "auto_leave");
}

}  // namespace
}  // namespace baton::raft
