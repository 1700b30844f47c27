#include "pkg/raft/confchange.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "pkg/base/random.h"
#include "pkg/raft/membership.h"
#include "pkg/raft/membership_codec.h"

namespace baton::raft {
namespace {

std::vector<NodeId> Ids(const std::vector<uint64_t>& numbers) {
  std::vector<NodeId> ids;
  for (const uint64_t number : numbers) ids.push_back(NodeId(number));
  return ids;
}

ConfigState Voters(const std::vector<uint64_t>& voters,
                   const std::vector<uint64_t>& learners = {}) {
  ConfigState config;
  config.voters = Ids(voters);
  config.learners = Ids(learners);
  return config;
}

MemberChange Add(uint64_t id) { return {MemberChange::kAddVoter, NodeId(id)}; }
MemberChange AddLearner(uint64_t id) { return {MemberChange::kAddLearner, NodeId(id)}; }
MemberChange AddWitness(uint64_t id) { return {MemberChange::kAddWitness, NodeId(id)}; }
MemberChange Remove(uint64_t id) { return {MemberChange::kRemove, NodeId(id)}; }

Result<ConfigState> Next(const ConfigState& current, std::vector<MemberChange> changes,
                         JointTransition transition = JointTransition::kAuto) {
  MembershipChange change;
  change.changes = std::move(changes);
  change.transition = transition;
  return NextConfiguration(current, change);
}

void ExpectRefused(const Result<ConfigState>& result, const std::string& reason) {
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.status().reason(), reason) << result.status().message();
}

TEST(ConfChangeTest, OneVoterInOneStep) {
  EXPECT_EQ(*Next(Voters({1, 2}), {Add(3)}), Voters({1, 2, 3}));
  EXPECT_EQ(*Next(Voters({1, 2, 3}), {Remove(1)}), Voters({2, 3}));
  EXPECT_EQ(*Next(Voters({1, 2, 3}), {AddLearner(3)}), Voters({1, 2}, {3}));
  EXPECT_EQ(*Next(Voters({1, 2}, {3}), {Add(3)}), Voters({1, 2, 3}));
}

TEST(ConfChangeTest, AnyNumberOfLearnersInOneStep) {
  EXPECT_EQ(*Next(Voters({1}), {AddLearner(2), AddLearner(3)}), Voters({1}, {2, 3}));
  EXPECT_EQ(*Next(Voters({1}, {2, 3}), {Remove(2), Remove(3), AddLearner(4)}), Voters({1}, {4}));
}

TEST(ConfChangeTest, MoreThanOneVoterIsJoint) {
  const ConfigState joint = *Next(Voters({1, 2, 3}), {Add(4), Remove(1)});
  EXPECT_EQ(joint.voters, Ids({2, 3, 4}));
  EXPECT_EQ(joint.voters_outgoing, Ids({1, 2, 3}));
  EXPECT_TRUE(joint.auto_leave);
  EXPECT_EQ(*Next(joint, {}), Voters({2, 3, 4}));
}

TEST(ConfChangeTest, JointIfAskedFor) {
  const auto explicit_leave = Next(Voters({1}), {Add(2)}, JointTransition::kExplicit);
  EXPECT_TRUE(explicit_leave->joint());
  EXPECT_FALSE(explicit_leave->auto_leave);
  const auto implicit_leave = Next(Voters({1}), {Add(2)}, JointTransition::kImplicit);
  EXPECT_TRUE(implicit_leave->joint());
  EXPECT_TRUE(implicit_leave->auto_leave);
}

TEST(ConfChangeTest, ADemotedVoterVotesUntilTheJointStateEnds) {
  const ConfigState joint = *Next(Voters({1, 2, 3}), {AddLearner(2), AddLearner(3)});
  EXPECT_EQ(joint.learners_next, Ids({2, 3}));
  EXPECT_TRUE(joint.learners.empty());
  EXPECT_TRUE(IsVoter(joint, NodeId(2)));
  EXPECT_EQ(*Next(joint, {}), Voters({1}, {2, 3}));
}

TEST(ConfChangeTest, WitnessesComeAndGo) {
  ConfigState with = *Next(Voters({1, 2}), {AddWitness(3)});
  EXPECT_EQ(with.voters, Ids({1, 2, 3}));
  EXPECT_EQ(with.witnesses, Ids({3}));
  ExpectRefused(Next(with, {Add(3)}), "witness_has_no_data");
  ExpectRefused(Next(with, {AddLearner(3)}), "witness_has_no_data");
  ExpectRefused(Next(with, {AddWitness(3)}), "already_witness");
  const ConfigState joint = *Next(with, {Remove(3), AddWitness(4)});
  EXPECT_EQ(joint.witnesses, Ids({3, 4})) << "the old one votes, still without data";
  EXPECT_EQ(Members(*Next(joint, {})), Ids({1, 2, 4}));
}

// Its disk may still be there, and what it holds would pass for the log.
TEST(ConfChangeTest, WhoWasAWitnessComesBackAsOneOrNotAtAll) {
  const ConfigState with = *Next(Voters({1, 2}), {AddWitness(3)});
  const ConfigState without = *Next(with, {Remove(3)});
  EXPECT_EQ(Members(without), Ids({1, 2}));
  ExpectRefused(Next(without, {Add(3)}), "witness_has_no_data");
  ExpectRefused(Next(without, {AddLearner(3)}), "witness_has_no_data");
  ExpectRefused(Next(without, {Remove(3)}), "not_a_member");
  EXPECT_EQ(*Next(without, {AddWitness(3)}), with);
  const ConfigState later = *Next(*Next(without, {Add(4), Remove(1)}), {});
  ExpectRefused(Next(later, {Add(3)}), "witness_has_no_data");
}

TEST(ConfChangeTest, Refusals) {
  const ConfigState three = Voters({1, 2, 3}, {4});
  ExpectRefused(Next(three, {Add(0)}), "bad_member");
  ExpectRefused(Next(three, {Add(5), Remove(5)}), "bad_member");
  ExpectRefused(Next(three, {Add(1)}), "already_voter");
  ExpectRefused(Next(three, {AddWitness(1)}), "already_voter");
  ExpectRefused(Next(three, {AddLearner(4)}), "already_learner");
  ExpectRefused(Next(three, {AddWitness(4)}), "already_learner");
  ExpectRefused(Next(three, {Remove(9)}), "not_a_member");
  ExpectRefused(Next(three, {Remove(1), Remove(2), Remove(3)}), "no_voters");
  ExpectRefused(Next(Voters({1}), {Remove(1), AddWitness(2)}), "no_voters");
  ExpectRefused(Next(three, {}), "not_joint");
  const ConfigState joint = *Next(three, {Add(5)}, JointTransition::kExplicit);
  ExpectRefused(Next(joint, {Remove(5)}), "already_joint");
}

TEST(ConfChangeTest, CustomQuorumsChangeOnlyThroughJointConfigurations) {
  MembershipChange change;
  change.commit_quorum = 3;
  const Result<ConfigState> joint = NextConfiguration(Voters({1, 2, 3}), change);
  ASSERT_TRUE(joint.ok());
  EXPECT_EQ(joint->commit_quorum, 3u);
  EXPECT_EQ(joint->commit_quorum_outgoing, 0u);
  EXPECT_TRUE(joint->joint());
  const ConfigState all = *Next(*joint, {});
  EXPECT_EQ(all.commit_quorum, 3u);
  EXPECT_TRUE(Next(all, {Add(4)})->joint());
  EXPECT_FALSE(Next(all, {AddLearner(4)})->joint());
  ExpectRefused(Next(all, {Remove(1)}), "bad_quorum");
  change.commit_quorum = 4;
  ExpectRefused(NextConfiguration(Voters({1, 2, 3}), change), "bad_quorum");
}

TEST(ConfChangeTest, ListsAreBounded) {
  std::vector<uint64_t> learners;
  for (uint64_t id = 2; id <= kMembersMax; ++id) learners.push_back(id);
  const ConfigState almost = Voters({1}, learners);
  const Result<ConfigState> full = Next(almost, {AddLearner(5000)});
  ASSERT_TRUE(full.ok());
  ExpectRefused(Next(*full, {AddLearner(5001)}), "too_many_members");
}

// The removed ones count, too: they are remembered.
TEST(ConfChangeTest, WitnessesOfAllTimesAreBounded) {
  ConfigState current = Voters({1, 2});
  for (uint64_t id = 3; id < 3 + kMembersMax; ++id) {
    current = *Next(*Next(current, {AddWitness(id)}), {Remove(id)});
  }
  ASSERT_TRUE(DecodeMembershipEntry(EncodeMembershipEntry(current, "").view()).ok());
  ExpectRefused(Next(current, {AddWitness(5000)}), "too_many_members");
  EXPECT_TRUE(Next(current, {AddWitness(3)}).ok()) << "known already";
  std::vector<MemberChange> many;
  for (uint64_t id = 5000; id < 5000 + kMembersMax; ++id) many.push_back(AddWitness(id));
  ExpectRefused(Next(current, many), "too_many_members");
  EXPECT_TRUE(Next(current, {Add(5000)}).ok());
}

// --- random steps ---

MembershipChange RandomChange(Random& random) {
  MembershipChange change;
  const uint64_t count = random.Below(4);
  for (uint64_t i = 0; i < count; ++i) {
    change.changes.push_back(
        {static_cast<MemberChange::Type>(random.Below(4)), NodeId(random.Below(9))});
  }
  change.transition = static_cast<JointTransition>(random.Below(3));
  if (random.Chance(1, 8)) change.commit_quorum = static_cast<uint32_t>(random.Below(5));
  return change;
}

size_t Overlap(const std::vector<NodeId>& a, const std::vector<NodeId>& b) {
  std::vector<NodeId> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return both.size();
}

// A step in which the two configurations could decide differently would be the end of safety: they
// share a half, or their majorities must meet.
void ExpectSafeStep(const ConfigState& before, const ConfigState& after) {
  if (after.joint()) {
    EXPECT_EQ(after.voters_outgoing, before.voters);
    EXPECT_EQ(after.commit_quorum_outgoing, before.commit_quorum);
    return;
  }
  if (before.joint()) {
    EXPECT_EQ(after.voters, before.voters);
    EXPECT_EQ(after.commit_quorum, before.commit_quorum);
    return;
  }
  if (after.voters == before.voters) {
    EXPECT_EQ(after.commit_quorum, before.commit_quorum);
    return;
  }
  EXPECT_EQ(before.commit_quorum + after.commit_quorum, 0u);
  const size_t all =
      before.voters.size() + after.voters.size() - Overlap(before.voters, after.voters);
  EXPECT_GT(before.voters.size() / 2 + 1 + after.voters.size() / 2 + 1, all);
}

TEST(ConfChangeTest, RandomStepsKeepTheInvariants) {
  Random random(7);
  uint64_t accepted = 0;
  uint64_t joints = 0;
  ConfigState current = Voters({1, 2, 3});
  for (int round = 0; round < 200'000; ++round) {
    // Sooner or later all ids are those of former witnesses.
    if (round % 500 == 0) current = Voters({1, 2, 3});
    const Result<ConfigState> next = NextConfiguration(current, RandomChange(random));
    if (!next.ok()) {
      ASSERT_TRUE(next.status().code() == Code::kInvalidArgument ||
                  next.status().code() == Code::kPreconditionFailed);
      ASSERT_FALSE(next.status().message().empty());
      continue;
    }
    ++accepted;
    joints += next->joint() ? 1 : 0;
    const Status valid = ValidateMembership(*next);
    ASSERT_TRUE(valid.ok()) << valid.message();
    ASSERT_TRUE(std::ranges::includes(next->witnesses, current.witnesses)) << "none is forgotten";
    ExpectSafeStep(current, *next);
    ASSERT_FALSE(HasFailure()) << "round " << round;
    current = *next;
  }
  EXPECT_GT(accepted, 20'000u);
  EXPECT_GT(joints, 5'000u);
}

// A simple change equals the joint one that does the same.
TEST(ConfChangeTest, OneStepEqualsEnteringAndLeaving) {
  Random random(8);
  int compared = 0;
  for (int round = 0; round < 20'000; ++round) {
    const ConfigState start = random.Chance(1, 2) ? Voters({1, 2, 3}, {4, 5}) : Voters({2, 4}, {6});
    MembershipChange change = RandomChange(random);
    if (change.changes.empty()) continue;
    change.commit_quorum.reset();
    change.transition = JointTransition::kAuto;
    const Result<ConfigState> simple = NextConfiguration(start, change);
    if (!simple.ok() || simple->joint()) continue;
    change.transition = JointTransition::kImplicit;
    const Result<ConfigState> joint = NextConfiguration(start, change);
    ASSERT_TRUE(joint.ok());
    ASSERT_EQ(*NextConfiguration(*joint, MembershipChange()), *simple);
    ++compared;
  }
  EXPECT_GT(compared, 1'000);
}

}  // namespace
}  // namespace baton::raft
