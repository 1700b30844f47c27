#include "pkg/raft/message_check.h"

#include <gtest/gtest.h>

#include "pkg/raft/core.h"
#include "pkg/raft/membership_codec.h"

namespace baton::raft {
namespace {

Status Checked(MessageBody body, uint64_t term = 3) {
  return CheckMessage(Message{NodeId(2), NodeId(1), Term(term), std::move(body)}, NodeId(1));
}

void ExpectWrong(const Status& status, const std::string& field) {
  EXPECT_EQ(status.code(), Code::kInvalidArgument) << field;
  EXPECT_EQ(status.message().substr(0, field.size()), field);
}

AppendRequest Append(std::vector<Entry> entries, uint64_t prev_index = 4, uint64_t prev_term = 2) {
  return AppendRequest{Index(prev_index), Term(prev_term), Index(4), std::move(entries)};
}

Entry At(uint64_t index, uint64_t term) { return Entry{Term(term), Index(index), {}, {}}; }

TEST(MessageCheckTest, SenderAndReceiver) {
  const auto checked = [](uint64_t from, uint64_t to, uint64_t term) {
    return CheckMessage(Message{NodeId(from), NodeId(to), Term(term), TimeoutNow{}}, NodeId(1));
  };
  EXPECT_TRUE(checked(2, 1, 3).ok());
  ExpectWrong(checked(2, 3, 3), "to");
  ExpectWrong(checked(0, 1, 3), "from");
  ExpectWrong(checked(1, 1, 3), "from");
  ExpectWrong(checked(2, 1, 0), "term");
  EXPECT_TRUE(checked(2, 1, kNumberMax).ok());
  ExpectWrong(checked(2, 1, kNumberMax + 1), "term");
}

TEST(MessageCheckTest, OnlyARefusalComesFromBeforeTheFirstTerm) {
  EXPECT_TRUE(Checked(VoteResponse{.pre_vote = true, .granted = false}, 0).ok());
  EXPECT_TRUE(Checked(VoteResponse{.pre_vote = false, .granted = false}, 0).ok());
  ExpectWrong(Checked(VoteResponse{.pre_vote = true, .granted = true}, 0), "term");
  ExpectWrong(Checked(VoteRequest{.pre_vote = true}, 0), "term");
  ExpectWrong(Checked(Heartbeat{}, 0), "term");
}

TEST(MessageCheckTest, VoteRequests) {
  EXPECT_TRUE(Checked(VoteRequest{.last_index = Index(9), .last_term = Term(2)}).ok());
  EXPECT_TRUE(Checked(VoteRequest{}, 1).ok());
  ExpectWrong(Checked(VoteRequest{.last_index = Index(9), .last_term = Term(3)}), "last_index");
  ExpectWrong(Checked(VoteRequest{.last_index = Index(9)}), "last_index");
  ExpectWrong(Checked(VoteRequest{.last_term = Term(1)}), "last_index");
  ExpectWrong(Checked(VoteRequest{.last_index = Index(kNumberMax + 1), .last_term = Term(1)}),
              "last_index");
  ExpectWrong(Checked(VoteRequest{.pre_vote = true, .leader_transfer = true}), "leader_transfer");
}

TEST(MessageCheckTest, CommitNewsOfAVoteIsAPoint) {
  EXPECT_TRUE(Checked(VoteRequest{.commit = Index(4), .commit_term = Term(3)}).ok());
  ExpectWrong(Checked(VoteRequest{.commit = Index(4)}), "commit");
  ExpectWrong(Checked(VoteRequest{.commit = Index(4), .commit_term = Term(4)}), "commit");
  EXPECT_TRUE(Checked(VoteResponse{.commit = Index(4), .commit_term = Term(9)}).ok());
  ExpectWrong(Checked(VoteResponse{.commit = Index(4)}), "commit");
  ExpectWrong(Checked(VoteResponse{.commit_term = Term(1)}), "commit");
}

TEST(MessageCheckTest, SnapshotsFromPeersNameOthers) {
  SnapshotMeta meta{Index(9), Term(2), {}};
  meta.config.voters = {NodeId(1), NodeId(2)};
  EXPECT_TRUE(Checked(SnapshotRequest{.meta = meta, .leader = NodeId(3)}).ok());
  ExpectWrong(Checked(SnapshotRequest{.meta = meta, .leader = NodeId(1)}), "leader");
  EXPECT_TRUE(Checked(SnapshotOrder{NodeId(3), Index(4)}).ok());
  ExpectWrong(Checked(SnapshotOrder{NodeId(), Index(4)}), "target");
  ExpectWrong(Checked(SnapshotOrder{NodeId(1), Index(4)}), "target");
  EXPECT_TRUE(Checked(SnapshotReport{NodeId(3), true}).ok());
  ExpectWrong(Checked(SnapshotReport{NodeId(), true}), "target");
}

TEST(MessageCheckTest, AppendsFollowEachOther) {
  EXPECT_TRUE(Checked(Append({})).ok());
  EXPECT_TRUE(Checked(Append({At(5, 2), At(6, 3)})).ok());
  EXPECT_TRUE(Checked(Append({At(1, 1)}, 0, 0)).ok());
  ExpectWrong(Checked(Append({At(6, 2)})), "entries");
  ExpectWrong(Checked(Append({At(5, 2), At(7, 2)})), "entries");
  ExpectWrong(Checked(Append({At(5, 1)})), "entries");
  ExpectWrong(Checked(Append({At(5, 3), At(6, 2)})), "entries");
  ExpectWrong(Checked(Append({At(5, 4)})), "entries");
  ExpectWrong(Checked(Append({At(1, 0)}, 0, 0)), "entries");
}

TEST(MessageCheckTest, AppendsStandOnAPoint) {
  ExpectWrong(Checked(Append({}, 4, 0)), "prev_index");
  ExpectWrong(Checked(Append({}, 0, 2)), "prev_index");
  ExpectWrong(Checked(Append({}, 4, 4)), "prev_index");
  ExpectWrong(Checked(Append({At(kNumberMax + 1, 3)}, kNumberMax, 3)), "entries");
  ExpectWrong(Checked(Append({}, ~uint64_t{0}, 3)), "prev_index");
}

TEST(MessageCheckTest, EntriesHaveAKnownType) {
  Entry entry = At(5, 2);
  entry.type = EntryType::kConfigChange;
  ExpectWrong(Checked(Append({entry})), "entries");  // no configuration in it
  ConfigState config;
  config.voters = {NodeId(1)};
  entry.data = EncodeMembershipEntry(config, "by hand");
  EXPECT_TRUE(Checked(Append({entry})).ok());
  entry.type = static_cast<EntryType>(7);
  ExpectWrong(Checked(Append({entry})), "entries");
}

TEST(MessageCheckTest, NumbersAreBounded) {
  const Index beyond(kNumberMax + 1);
  ExpectWrong(Checked(AppendResponse{.match_index = beyond}), "match_index");
  ExpectWrong(Checked(AppendResponse{.rejected_index = beyond}), "rejected_index");
  ExpectWrong(Checked(AppendResponse{.hint_index = beyond}), "hint_index");
  ExpectWrong(Checked(AppendResponse{.hint_term = Term(kNumberMax + 1)}), "hint_term");
  ExpectWrong(Checked(AppendResponse{.commit = beyond}), "commit");
  ExpectWrong(Checked(Heartbeat{beyond, 0}), "commit");
  ExpectWrong(Checked(HeartbeatResponse{0, beyond}), "commit");
  ExpectWrong(Checked(ReadIndexResponse{1, beyond}), "index");
  ExpectWrong(Checked(SnapshotWanted{beyond}), "at_least");
  ExpectWrong(Checked(SnapshotOrder{NodeId(3), beyond}), "at_least");
  ExpectWrong(Checked(Hibernate{beyond}), "last_index");
  ExpectWrong(Checked(HibernateResponse{beyond, true}), "last_index");
  EXPECT_TRUE(Checked(Heartbeat{Index(kNumberMax), ~uint64_t{0}}).ok());
}

TEST(MessageCheckTest, SnapshotsStandForASoundCluster) {
  SnapshotMeta meta{Index(9), Term(2), {}};
  meta.config.voters = {NodeId(1), NodeId(2)};
  EXPECT_TRUE(Checked(SnapshotRequest{meta}).ok());
  SnapshotMeta wrong = meta;
  wrong.index = Index();
  ExpectWrong(Checked(SnapshotRequest{wrong}), "meta.index");
  wrong = meta;
  wrong.term = Term(4);
  ExpectWrong(Checked(SnapshotRequest{wrong}), "meta.index");
  wrong = meta;
  wrong.config.voters.clear();
  ExpectWrong(Checked(SnapshotRequest{wrong}), "meta.config.voters");
  wrong = meta;
  wrong.config.learners = {NodeId(2)};
  ExpectWrong(Checked(SnapshotRequest{wrong}), "learners");
}

}  // namespace
}  // namespace baton::raft
