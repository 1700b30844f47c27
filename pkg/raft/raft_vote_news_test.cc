// Elections carry commit news (election.h): a question and a refusal name a committed point of the
// log, and whoever holds that very point knows it to be committed, too.
#include <gtest/gtest.h>

#include "pkg/raft/testing/cluster.h"

namespace baton::raft {
namespace {

using testing::Append;
using testing::EntriesOf;
using testing::Solo;

// Follows 2 in term 1 and holds three entries of that term, of which it knows one to be committed.
class RaftVoteNewsTest : public ::testing::Test {
 protected:
  RaftVoteNewsTest() {
    EXPECT_TRUE(solo.Hear(2, 1, Append({0, 0}, 1, EntriesOf(1, {1, 1, 1}))).ok());
    solo.Said();
  }

  void Ask(uint64_t commit, uint64_t commit_term) {
    ASSERT_TRUE(
        solo.Hear(3, 2,
                  VoteRequest{
                      .pre_vote = true, .commit = Index(commit), .commit_term = Term(commit_term)})
            .ok());
  }
  void Refuse(uint64_t commit, uint64_t commit_term) {
    ASSERT_TRUE(
        solo.Hear(3, 1,
                  VoteResponse{
                      .pre_vote = true, .commit = Index(commit), .commit_term = Term(commit_term)})
            .ok());
  }
  Index commit() { return solo.status().commit; }

  Solo solo;
};

TEST_F(RaftVoteNewsTest, AQuestionTellsWhoHoldsThePoint) {
  Ask(3, 1);
  EXPECT_EQ(commit(), Index(3));
}

TEST_F(RaftVoteNewsTest, ARefusalTellsTheCandidate) {
  solo.Tick(20);
  EXPECT_EQ(solo.Said(),
            "1->2 PreVoteRequest term=2 last=3/1 commit=1/1\n"
            "1->3 PreVoteRequest term=2 last=3/1 commit=1/1\n");
  Refuse(2, 1);
  EXPECT_EQ(commit(), Index(2));
}

TEST_F(RaftVoteNewsTest, NothingIsTakenBackByOldNews) {
  Ask(3, 1);
  Ask(2, 1);
  Ask(0, 0);
  EXPECT_EQ(commit(), Index(3));
}

TEST_F(RaftVoteNewsTest, APointThatIsNotInTheLogTellsNothing) {
  Ask(3, 2);  // another entry stands there
  Ask(4, 1);  // beyond the end
  solo.Tick(20);
  Refuse(3, 2);
  Refuse(9, 3);
  EXPECT_EQ(commit(), Index(1));
}

TEST_F(RaftVoteNewsTest, WhoKnowsMoreThanTheCandidateSaysSo) {
  Ask(0, 0);
  EXPECT_EQ(solo.Said(), "1->3 PreVoteResponse term=1 refused commit=1/1\n");
  Ask(1, 1);
  EXPECT_EQ(solo.Said(), "1->3 PreVoteResponse term=1 refused\n");
}

}  // namespace
}  // namespace baton::raft
