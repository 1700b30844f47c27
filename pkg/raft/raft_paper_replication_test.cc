// The Raft paper (extended version, 2014), section 5.3 "Log replication": one test per claim. The
// claim is told in our words.
#include <gtest/gtest.h>

#include "pkg/raft/testing/cluster.h"

namespace baton::raft {
namespace {

using testing::Acknowledge;
using testing::Append;
using testing::At;
using testing::Cluster;
using testing::EntriesOf;
using testing::Solo;

class PaperReplicationTest : public ::testing::Test {
 protected:
  // A leader of term 1 whose first, empty entry everybody has.
  void LeadInSync() {
    solo.Lead();
    solo.AcknowledgeAll();
  }

  std::vector<uint64_t> TermsOnDisk() {
    std::vector<uint64_t> terms;
    for (const Entry& entry : solo.node().log().entries()) terms.push_back(entry.term.value());
    return terms;
  }

  Solo solo;
};

// "The leader appends a command to its log and sends it to all others in parallel." Its own disk
// writes meanwhile.
TEST_F(PaperReplicationTest, ACommandTravelsToAllWhileTheOwnDiskWrites) {
  LeadInSync();
  const Proposed proposed = solo.Propose("x");
  EXPECT_EQ(proposed.index, Index(2));
  EXPECT_EQ(proposed.term, Term(1));
  EXPECT_EQ(solo.SaidAtOnce(),
            "1->2 AppendRequest term=1 prev=1/1 commit=1 entries=[2/1]\n"
            "1->3 AppendRequest term=1 prev=1/1 commit=1 entries=[2/1]\n");
  EXPECT_EQ(solo.node().log().LastIndex(), Index(1)) << "not written yet";
}

// "When it is safely replicated the leader applies it."
TEST_F(PaperReplicationTest, TheLeaderAppliesWhatAMajorityHolds) {
  LeadInSync();
  solo.Propose("x");
  solo.Said();
  EXPECT_EQ(solo.node().applied(), Index(1));
  ASSERT_TRUE(solo.Hear(3, 1, Acknowledge(2)).ok());
  solo.Said();
  EXPECT_EQ(solo.node().applied(), Index(2));
}

// "An entry is committed when a majority of the servers hold it."
TEST(PaperCommitTest, AMajorityOfTheServersCommits) {
  struct Case {
    uint64_t voters;
    uint64_t acknowledging;
    bool committed;
  };
  const std::vector<Case> cases = {{1, 0, true}, {2, 0, false}, {2, 1, true}, {3, 0, false},
                                   {3, 1, true}, {4, 1, false}, {4, 2, true}, {5, 1, false},
                                   {5, 2, true}, {7, 2, false}, {7, 3, true}};
  for (const Case& c : cases) {
    ConfigState membership;
    for (uint64_t id = 1; id <= c.voters; ++id) membership.voters.push_back(NodeId(id));
    Solo solo(membership);
    solo.Lead();
    solo.AcknowledgeAll();
    solo.Propose("x");
    solo.Said();
    for (uint64_t id = 2; id <= 1 + c.acknowledging; ++id) {
      ASSERT_TRUE(solo.Hear(id, 1, Acknowledge(2)).ok());
    }
    EXPECT_EQ(solo.status().commit, Index(c.committed ? 2 : 1)) << c.voters << " voters";
  }
}

// "A follower that is slow, down or cut off is sent the entries again and again, until it has all
// of them; meanwhile clients are answered."
TEST_F(PaperReplicationTest, AFollowerThatWasAwayGetsEverything) {
  Cluster cluster(3);
  cluster.Elect(NodeId(1));
  cluster.Isolate(NodeId(3));
  for (const char* command : {"a", "b", "c"}) {
    cluster.Propose(NodeId(1), command);
    cluster.TickAll(3);
  }
  EXPECT_EQ(cluster.Applied(NodeId(1)), "a b c") << "one slow follower holds up nobody";
  EXPECT_EQ(cluster.Applied(NodeId(3)), "");
  cluster.Heal();
  cluster.TickAll(3);
  EXPECT_EQ(cluster.Applied(NodeId(3)), "a b c");
}

// "Committing an entry commits all before it, those of earlier leaders too."
TEST_F(PaperReplicationTest, CommittingAnEntryCommitsAllBefore) {
  solo.StartWith({1, 2, 2}, 2);
  solo.Lead();
  EXPECT_EQ(solo.status().commit, Index(0));
  ASSERT_TRUE(solo.Hear(2, 3, Acknowledge(4)).ok());
  solo.Said();
  EXPECT_EQ(solo.status().commit, Index(4));
  EXPECT_EQ(solo.node().applied(), Index(4));
}

// "The leader tells its commit index with everything it sends", as far as the follower can use it.
TEST_F(PaperReplicationTest, TheCommitIndexTravelsWithAppendsAndHeartbeats) {
  LeadInSync();
  solo.Propose("x");
  solo.Said();
  ASSERT_TRUE(solo.Hear(2, 1, Acknowledge(2)).ok());
  EXPECT_EQ(solo.Said(), "1->2 Heartbeat term=1 commit=2\n") << "at once, to whom it is news";
  solo.Propose("y");
  EXPECT_EQ(solo.Said(),
            "1->2 AppendRequest term=1 prev=2/1 commit=2 entries=[3/1]\n"
            "1->3 AppendRequest term=1 prev=2/1 commit=2 entries=[3/1]\n");
  solo.Tick();
  EXPECT_EQ(solo.Said(),
            "1->2 Heartbeat term=1 commit=2\n"
            "1->3 Heartbeat term=1 commit=1\n");
}

// "A follower applies committed entries in the order of the log."
TEST_F(PaperReplicationTest, AFollowerAppliesInOrderWhatIsCommitted) {
  ASSERT_TRUE(solo.Hear(2, 1, Append({0, 0}, 1, EntriesOf(1, {1, 1, 1}))).ok());
  solo.Said();
  EXPECT_EQ(solo.node().applied(), Index(1));
  ASSERT_TRUE(solo.Hear(2, 1, Heartbeat{Index(3), 0}).ok());
  solo.Said();
  ASSERT_EQ(solo.node().applied_entries().size(), 3u);
  EXPECT_EQ(solo.node().applied_entries()[2].data.view(), "e3t1");
}

// "A follower that lacks the entry before the new ones refuses them."
TEST_F(PaperReplicationTest, AFollowerChecksTheEntryBefore) {
  struct Case {
    At prev;
    std::string answer;
  };
  const std::vector<Case> cases = {
      {{0, 0}, "1->2 AppendResponse term=4 match=0 commit=0\n"},
      {{1, 1}, "1->2 AppendResponse term=4 match=1 commit=0\n"},
      {{2, 2}, "1->2 AppendResponse term=4 match=2 commit=0\n"},
      {{1, 2}, "1->2 AppendResponse term=4 rejected=1 hint=1/1 commit=0\n"},
      {{2, 4}, "1->2 AppendResponse term=4 rejected=2 hint=2/2 commit=0\n"},
      {{3, 3}, "1->2 AppendResponse term=4 rejected=3 hint=2/2 commit=0\n"},
      {{3, 1}, "1->2 AppendResponse term=4 rejected=3 hint=1/1 commit=0\n"},
  };
  for (const Case& c : cases) {
    solo.StartWith({1, 2}, 3);
    ASSERT_TRUE(solo.Hear(2, 4, Append(c.prev, 0)).ok());
    EXPECT_EQ(solo.Said(), c.answer) << c.prev.index << "/" << c.prev.term;
  }
}

// "Conflicting entries, and all that follow, are replaced by the leader's."
TEST_F(PaperReplicationTest, ConflictingEntriesAreReplaced) {
  struct Case {
    At prev;
    std::vector<uint64_t> terms;
    std::vector<uint64_t> log;
  };
  const std::vector<Case> cases = {
      {{2, 2}, {3}, {1, 2, 3}},     // appended
      {{1, 1}, {3, 4}, {1, 3, 4}},  // 2 replaced
      {{0, 0}, {1}, {1, 2}},        // agrees: what follows stays
      {{0, 0}, {3}, {3}},           // all replaced
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    solo.StartWith({1, 2}, 2);
    const At prev = cases[i].prev;
    ASSERT_TRUE(solo.Hear(2, 4, Append(prev, 0, EntriesOf(prev.index + 1, cases[i].terms))).ok());
    solo.Said();
    EXPECT_EQ(TermsOnDisk(), cases[i].log) << "case " << i;
  }
}

// "When a leader comes to power it assumes that the others hold all that it does."
TEST_F(PaperReplicationTest, ANewLeaderStartsAtItsOwnEnd) {
  solo.StartWith({1, 1, 2}, 2);
  solo.raft().Campaign();
  solo.Said();
  ASSERT_TRUE(solo.Hear(2, 3, VoteResponse{.pre_vote = true, .granted = true}).ok());
  solo.Said();
  ASSERT_TRUE(solo.Hear(2, 3, VoteResponse{.granted = true}).ok());
  EXPECT_EQ(solo.Said(),
            "1->2 AppendRequest term=3 prev=3/2 commit=0 entries=[4/3]\n"
            "1->3 AppendRequest term=3 prev=3/2 commit=0 entries=[4/3]\n");
}

// "After a rejection the leader goes back and tries again; at last they agree." One rejection per
// term that differs, at most.
TEST_F(PaperReplicationTest, TheLeaderGoesBackATermAtATime) {
  solo.StartWith({1, 1, 1, 4, 4, 5, 5, 6, 6, 6}, 7);
  solo.Lead();
  // The follower's log is 1 1 1 2 2 2 3 3 3 3 3: its newest entry not newer than term 6 is the
  // 11th, but this leader's newest not newer than term 3 is the third.
  ASSERT_TRUE(solo.Hear(2, 8,
                        AppendResponse{.rejected = true,
                                       .rejected_index = Index(10),
                                       .hint_index = Index(10),
                                       .hint_term = Term(3)})
                  .ok());
  EXPECT_EQ(solo.Said(),
            "1->2 AppendRequest term=8 prev=3/1 commit=0 "
            "entries=[4/4 5/4 6/5 7/5 8/6 9/6 10/6 11/8]\n");
}

// "The leader never overwrites or deletes entries of its own log; it only appends."
TEST_F(PaperReplicationTest, ALeaderOnlyAppends) {
  solo.StartWith({1, 2}, 2);
  solo.Lead();
  solo.Propose("x");
  solo.Said();
  ASSERT_TRUE(solo.Hear(2, 3, AppendResponse{.rejected = true, .rejected_index = Index(2)}).ok());
  EXPECT_FALSE(solo.Hear(2, 3, Append({0, 0}, 0, EntriesOf(1, {3}))).ok())
      << "nobody else can lead in this term";
  solo.Said();
  EXPECT_EQ(TermsOnDisk(), (std::vector<uint64_t>{1, 2, 3, 3}));
}

// Figure 7: whatever a follower's log looks like, the new leader makes it equal to its own.
class PaperFigure7Test : public ::testing::TestWithParam<std::vector<uint64_t>> {};

TEST_P(PaperFigure7Test, AnyLogIsMadeEqualToTheLeaders) {
  Cluster cluster(3);
  const auto start = [&](uint64_t id, const std::vector<uint64_t>& terms, uint64_t term) {
    testing::TestNode& node = cluster.node(NodeId(id));
    node.Crash();
    std::vector<Entry> entries;
    for (const uint64_t entry_term : terms) {
      entries.push_back(Entry{Term(entry_term), Index(entries.size() + 1), EntryType::kNormal,
                              Payload("t" + std::to_string(entry_term))});
    }
    node.log().Write(HardState{Term(term), NodeId(), Index()}, std::nullopt, entries, true);
    cluster.Restart(NodeId(id));
  };
  const std::vector<uint64_t> leaders_log = {1, 1, 1, 4, 4, 5, 5, 6, 6, 6};
  start(1, leaders_log, 7);
  start(2, leaders_log, 7);
  start(3, GetParam(), 7);
  cluster.Settle();
  cluster.Elect(NodeId(1));
  cluster.TickAll(3);
  EXPECT_EQ(cluster.node(NodeId(3)).log().entries(), cluster.node(NodeId(1)).log().entries());
  EXPECT_EQ(cluster.Applied(NodeId(3)), cluster.Applied(NodeId(1)));
  EXPECT_EQ(cluster.node(NodeId(3)).applied(), Index(11));
}

INSTANTIATE_TEST_SUITE_P(
    Logs, PaperFigure7Test,
    ::testing::Values(std::vector<uint64_t>{1, 1, 1, 4, 4, 5, 5, 6, 6},           // (a) misses one
                      std::vector<uint64_t>{1, 1, 1, 4},                          // (b) misses many
                      std::vector<uint64_t>{1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6},     // (c) has more
                      std::vector<uint64_t>{1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7},  // (d) newer, too
                      std::vector<uint64_t>{1, 1, 1, 4, 4, 4, 4},                 // (e) both
                      std::vector<uint64_t>{1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3},     // (f) both
                      std::vector<uint64_t>{}));                                  // nothing at all

}  // namespace
}  // namespace baton::raft
