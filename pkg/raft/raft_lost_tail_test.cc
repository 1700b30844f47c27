// A node that lost the end of its log and knows it (HardState::lost_entries, amnesia.h): it gives
// no vote until its log holds again what may be committed, without anybody's help.
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "pkg/raft/testing/cluster.h"

namespace baton::raft {
namespace {

using testing::Append;
using testing::Cluster;
using testing::EntriesOf;
using testing::Solo;

class RaftLostTailTest : public ::testing::Test {
 protected:
  RaftLostTailTest() : cluster(3) {
    cluster.Elect(NodeId(1));
    cluster.Propose(NodeId(1), "a");
    cluster.Propose(NodeId(1), "b");
    cluster.Settle();
  }

  RaftStatus StatusOf(uint64_t id) { return cluster.raft(NodeId(id)).GetStatus(); }

  Cluster cluster;
};

TEST_F(RaftLostTailTest, ItRepairsItselfFromTheLeader) {
  cluster.LoseTail(NodeId(3), Index(1));
  EXPECT_TRUE(StatusOf(3).memory == Memory::kLostEntries);
  cluster.TickAll(40);
  ASSERT_TRUE(cluster.WaitForLeader(100));
  EXPECT_FALSE(StatusOf(3).memory == Memory::kLostEntries);
  EXPECT_FALSE(StatusOf(3).amnesia());
  EXPECT_EQ(cluster.Applied(NodeId(3)), "a b");
}

// The new term makes every answer from before the loss one of an old term.
TEST_F(RaftLostTailTest, AnAnswerFromBeforeTheLossDoesNotCount) {
  cluster.Isolate(NodeId(2));
  std::optional<Message> late;
  cluster.DropWhere([&late](const Message& message) {
    const bool taken = message.from == NodeId(3) && message.to == NodeId(1);
    if (taken) late = message;
    return taken;
  });
  cluster.Propose(NodeId(1), "c");
  cluster.Settle();
  cluster.DropWhere(nullptr);
  ASSERT_TRUE(late && std::holds_alternative<AppendResponse>(late->body));
  cluster.LoseTail(NodeId(3), Index(1));
  cluster.TickAll(1);
  cluster.Step(*late);
  cluster.Settle();
  for (uint64_t id = 1; id <= 3; ++id) EXPECT_LT(StatusOf(id).commit, Index(4)) << id;
}

// Committed by 1 and 3; 3 loses it, 1 is away: 2 must not be elected.
TEST_F(RaftLostTailTest, WhatWasCommittedWithItsHelpIsNotLost) {
  cluster.Isolate(NodeId(2));
  cluster.Propose(NodeId(1), "c");
  cluster.Settle();
  ASSERT_EQ(cluster.Applied(NodeId(1)), "a b c");
  cluster.LoseTail(NodeId(3), Index(3));
  cluster.Crash(NodeId(1));
  cluster.Heal();
  EXPECT_EQ(cluster.WaitForLeader(200), NodeId()) << "2 lacks it and must not lead";
  cluster.Restart(NodeId(1));
  EXPECT_EQ(cluster.WaitForLeader(200), NodeId(1));
  cluster.TickAll(3);
  EXPECT_EQ(cluster.Applied(NodeId(2)), "a b c");
  EXPECT_EQ(cluster.Applied(NodeId(3)), "a b c");
  EXPECT_FALSE(StatusOf(3).memory == Memory::kLostEntries);
}

class LostTailVoterTest : public ::testing::Test {
 protected:
  LostTailVoterTest() {
    voter.StartWith({1, 1, 1, 1}, 1);
    voter.node().LoseTail(Index(2));
    voter.node().Restart();
  }

  bool Votes(uint64_t term) {
    const VoteRequest request{.last_index = Index(100), .last_term = Term(term - 1)};
    CHECK(voter.Hear(3, term, request).ok());
    return voter.Said().find("granted") != std::string::npos;
  }

  Solo voter;
};

TEST_F(LostTailVoterTest, ItNeitherVotesNorCampaigns) {
  voter.Tick(100);
  voter.raft().Campaign();
  EXPECT_EQ(voter.Said(), "");
  EXPECT_FALSE(Votes(7));
}

TEST_F(LostTailVoterTest, ItAsksTheLeaderHowMuchItNeeds) {
  ASSERT_TRUE(voter.Hear(2, 9, Append({2, 1}, 2, EntriesOf(3, {9}))).ok());
  const std::vector<Message> sent = voter.Sent();
  const auto* const request = std::get_if<ReadIndexRequest>(&sent.at(0).body);
  ASSERT_TRUE(request);
  ASSERT_TRUE(voter.Hear(2, 9, ReadIndexResponse{request->id + 1, Index(2)}).ok());
  EXPECT_TRUE(voter.status().memory == Memory::kLostEntries) << "no answer to its question";
  ASSERT_TRUE(voter.Hear(2, 9, ReadIndexResponse{request->id, Index(3)}).ok());
  EXPECT_TRUE(voter.status().memory == Memory::kLostEntries) << "it has committed less";
  ASSERT_TRUE(voter.Hear(2, 9, Heartbeat{.commit = Index(3), .stamp = 1}).ok());
  EXPECT_FALSE(voter.status().memory == Memory::kLostEntries);
  EXPECT_FALSE(Votes(10)) << "the leader was heard just now";
  voter.Tick(20);
  EXPECT_TRUE(Votes(10));
}

TEST_F(LostTailVoterTest, AQuestionThatGotLostIsAskedAgain) {
  const auto questions = [&] {
    EXPECT_TRUE(voter.Hear(2, 9, Heartbeat{.stamp = 1}).ok());
    std::vector<uint64_t> ids;
    for (const Message& message : voter.Sent()) {
      const auto* const request = std::get_if<ReadIndexRequest>(&message.body);
      if (request) ids.push_back(request->id);
    }
    return ids;
  };
  const std::vector<uint64_t> first = questions();
  ASSERT_EQ(first.size(), 1u);
  voter.Tick(9);
  EXPECT_TRUE(questions().empty()) << "within an election timeout";
  voter.Tick(1);
  EXPECT_EQ(questions(), first);
}

TEST_F(LostTailVoterTest, ARestartDoesNotForgetTheLoss) {
  ASSERT_TRUE(voter.Hear(2, 9, Append({2, 1}, 2, EntriesOf(3, {9}))).ok());
  voter.Said();
  voter.node().Crash();
  voter.node().Restart();
  EXPECT_TRUE(voter.status().memory == Memory::kLostEntries);
}

TEST_F(LostTailVoterTest, TheCureIsMadeDurable) {
  ASSERT_TRUE(voter.Hear(2, 9, Append({2, 1}, 3, EntriesOf(3, {1}))).ok());
  const std::vector<Message> sent = voter.Sent();
  const auto* const request = std::get_if<ReadIndexRequest>(&sent.at(0).body);
  ASSERT_TRUE(request);
  ASSERT_TRUE(voter.Hear(2, 9, ReadIndexResponse{request->id, Index(3)}).ok());
  const Ready ready = voter.raft().TakeReady();
  ASSERT_TRUE(ready.hard_state);
  EXPECT_FALSE(ready.hard_state->memory == Memory::kLostEntries);
  EXPECT_TRUE(ready.must_sync);
}

}  // namespace
}  // namespace baton::raft
