#include "pkg/raft/message.h"

#include <gtest/gtest.h>

namespace baton::raft {
namespace {

// What every command passes through several times.
static_assert(sizeof(Message) <= 96);

std::string Described(MessageBody body) {
  return Describe(Message{NodeId(1), NodeId(2), Term(3), std::move(body)});
}

TEST(RoleNameTest, NamesEveryRole) {
  EXPECT_EQ(RoleName(Role::kFollower), "follower");
  EXPECT_EQ(RoleName(Role::kPreCandidate), "pre_candidate");
  EXPECT_EQ(RoleName(Role::kCandidate), "candidate");
  EXPECT_EQ(RoleName(Role::kLeader), "leader");
}

TEST(DescribeTest, Votes) {
  EXPECT_EQ(Described(VoteRequest{.last_index = Index(7), .last_term = Term(2)}),
            "1->2 VoteRequest term=3 last=7/2");
  EXPECT_EQ(Described(VoteRequest{.pre_vote = true}), "1->2 PreVoteRequest term=3 last=0/0");
  EXPECT_EQ(Described(VoteRequest{.leader_transfer = true}),
            "1->2 VoteRequest term=3 last=0/0 transfer");
  EXPECT_EQ(Described(VoteResponse{.granted = true}), "1->2 VoteResponse term=3 granted");
  EXPECT_EQ(Described(VoteResponse{.pre_vote = true}), "1->2 PreVoteResponse term=3 refused");
}

TEST(DescribeTest, AppendsNameTheirEntries) {
  AppendRequest append{Index(7), Term(2), Index(6), {}};
  EXPECT_EQ(Described(append), "1->2 AppendRequest term=3 prev=7/2 commit=6");
  append.entries.push_back(Entry{Term(3), Index(8), EntryType::kNormal, Payload("secret")});
  append.entries.push_back(Entry{Term(3), Index(9), EntryType::kConfigChange, Payload()});
  EXPECT_EQ(Described(append), "1->2 AppendRequest term=3 prev=7/2 commit=6 entries=[8/3 9/3c]");
}

TEST(DescribeTest, AppendResponses) {
  EXPECT_EQ(Described(AppendResponse{.match_index = Index(8), .commit = Index(6)}),
            "1->2 AppendResponse term=3 match=8 commit=6");
  EXPECT_EQ(Described(AppendResponse{.rejected = true,
                                     .rejected_index = Index(8),
                                     .hint_index = Index(4),
                                     .hint_term = Term(2)}),
            "1->2 AppendResponse term=3 rejected=8 hint=4/2 commit=0");
}

TEST(DescribeTest, HeartbeatsNameTheReadRoundIfThereIsOne) {
  EXPECT_EQ(Described(Heartbeat{Index(6), 0}), "1->2 Heartbeat term=3 commit=6");
  EXPECT_EQ(Described(Heartbeat{Index(6), 9}), "1->2 Heartbeat term=3 commit=6 read=9");
  EXPECT_EQ(Described(HeartbeatResponse{0, Index(6)}), "1->2 HeartbeatResponse term=3 commit=6");
  EXPECT_EQ(Described(HeartbeatResponse{9, Index(6)}),
            "1->2 HeartbeatResponse term=3 commit=6 read=9");
}

TEST(DescribeTest, TheRest) {
  EXPECT_EQ(Described(SnapshotRequest{SnapshotMeta{Index(9), Term(2), {}}}),
            "1->2 SnapshotRequest term=3 snapshot=9/2");
  EXPECT_EQ(Described(ReadIndexRequest{5}), "1->2 ReadIndexRequest term=3 id=5");
  EXPECT_EQ(Described(ReadIndexResponse{5, Index(9)}),
            "1->2 ReadIndexResponse term=3 id=5 index=9");
  EXPECT_EQ(Described(TimeoutNow{}), "1->2 TimeoutNow term=3");
}

TEST(PayloadTest, CopiesShareTheirBytes) {
  const Payload payload("abc");
  const Payload copy = payload;
  EXPECT_EQ(copy.view().data(), payload.view().data());
  EXPECT_EQ(copy, Payload("abc"));
  EXPECT_NE(copy, Payload("abd"));
  EXPECT_TRUE(Payload("").empty());
  EXPECT_EQ(Payload(), Payload(""));
}

TEST(LogMarkTest, OrdersByTermThenIndex) {
  EXPECT_LT((LogMark{Term(1), Index(9)}), (LogMark{Term(2), Index(3)}));
  EXPECT_LT((LogMark{Term(2), Index(3)}), (LogMark{Term(2), Index(4)}));
}

}  // namespace
}  // namespace baton::raft
