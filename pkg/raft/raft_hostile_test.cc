// No message stops a node or makes it forget what is settled, whoever sends it.
#include <gtest/gtest.h>

#include "pkg/base/random.h"
#include "pkg/raft/core.h"
#include "pkg/raft/testing/cluster.h"

namespace baton::raft {
namespace {

using testing::Append;
using testing::EntriesOf;
using testing::Ids;
using testing::Solo;
using testing::SoloLeader;
using testing::Voters;

// --- what is refused, and changes nothing ---

class RaftHostileTest : public ::testing::Test {
 protected:
  RaftHostileTest() {
    EXPECT_TRUE(solo.Hear(2, 4, Append({0, 0}, 2, EntriesOf(1, {3, 3, 4}))).ok());
    solo.Said();
  }

  void ExpectRefused(uint64_t from, uint64_t term, MessageBody body) {
    const RaftStatus before = solo.status();
    EXPECT_EQ(solo.Hear(from, term, std::move(body)).code(), Code::kInvalidArgument);
    const RaftStatus after = solo.status();
    EXPECT_EQ(after.term, before.term);
    EXPECT_EQ(after.commit, before.commit);
    EXPECT_EQ(after.last_index, before.last_index);
    EXPECT_EQ(after.leader, before.leader);
    EXPECT_FALSE(solo.raft().HasReady());
  }

  Solo solo;  // follows 2 in term 4, holds 3 3 4, of which two are committed
};

TEST_F(RaftHostileTest, ASecondLeaderOfATerm) {
  ExpectRefused(3, 4, Heartbeat{});
  ExpectRefused(3, 4, Append({3, 4}, 3));
  ExpectRefused(3, 4, SnapshotRequest{SnapshotMeta{Index(9), Term(4), Voters({1, 2, 3})}});
}

TEST_F(RaftHostileTest, SomebodyElseLeadingWhereThisNodeLeads) {
  SoloLeader leader;
  EXPECT_EQ(leader.Hear(2, 1, Heartbeat{}).code(), Code::kInvalidArgument);
  EXPECT_EQ(leader.Hear(2, 1, Append({0, 0}, 0, EntriesOf(1, {1}))).code(), Code::kInvalidArgument);
  EXPECT_EQ(leader.raft().role(), Role::kLeader);
}

TEST_F(RaftHostileTest, EntriesThatDifferFromCommittedOnes) {
  ExpectRefused(3, 9, Append({0, 0}, 0, EntriesOf(1, {9})));
  ExpectRefused(3, 9, Append({1, 3}, 0, EntriesOf(2, {8, 9})));
  ExpectRefused(3, 9, Append({2, 2}, 0));
}

TEST_F(RaftHostileTest, EntriesThatDifferFromTheSameLeadersOwn) {
  ExpectRefused(2, 4, Append({3, 3}, 0));
  EXPECT_TRUE(solo.Hear(3, 9, Append({2, 3}, 2, EntriesOf(3, {9}))).ok())
      << "a later leader may replace what is not committed";
}

TEST_F(RaftHostileTest, AcknowledgementsOfWhatWasNeverWritten) {
  SoloLeader leader;
  EXPECT_EQ(leader.Hear(2, 1, AppendResponse{.match_index = Index(2)}).code(),
            Code::kInvalidArgument);
  EXPECT_EQ(leader.status().peers[NodeId(2)].match, Index(1));
}

TEST_F(RaftHostileTest, WhatStrangersSayToALeaderIsCountedAndDropped) {
  SoloLeader leader;
  leader.Propose("x");
  leader.Said();
  const std::vector<MessageBody> bodies = {
      AppendResponse{.match_index = Index(2)},
      HeartbeatResponse{},
      ReadIndexRequest{7},
      SnapshotWanted{Index(1)},
      SnapshotReport{NodeId(2), true},
      ProposeRequest{Payload("y")},
      HibernateResponse{Index(2), true},
  };
  for (const MessageBody& body : bodies) EXPECT_TRUE(leader.Hear(9, 1, body).ok());
  EXPECT_EQ(leader.Said(), "");
  EXPECT_EQ(leader.status().commit, Index(1));
  EXPECT_EQ(leader.status().last_index, Index(2));
  EXPECT_EQ(leader.status().counters.messages_of_strangers, bodies.size());
  EXPECT_TRUE(leader.Hear(2, 1, testing::Acknowledge(2)).ok());
  EXPECT_EQ(leader.status().counters.messages_of_strangers, bodies.size()) << "a member's is none";
}

TEST_F(RaftHostileTest, TermsBeyondArithmeticDoNotEnterAndTheLastOneEndsElections) {
  ExpectRefused(2, kNumberMax + 1, Heartbeat{});
  EXPECT_TRUE(solo.Hear(2, kNumberMax, Heartbeat{}).ok());
  EXPECT_EQ(solo.raft().term(), Term(kNumberMax));
  solo.raft().Campaign();
  solo.Tick(100);
  EXPECT_EQ(solo.raft().term(), Term(kNumberMax));
}

// --- anything ---

// Small numbers, so that messages meet the state; sometimes extreme ones.
class Anything {
 public:
  explicit Anything(uint64_t seed) : random_(seed) {}

  uint64_t Number() {
    switch (random_.Below(40)) {
      case 0:
        return ~uint64_t{0} - random_.Below(3);
      case 1:
        return kNumberMax + random_.Below(3) - 1;
      default:
        return random_.Below(9);
    }
  }
  bool Flag() { return random_.Chance(1, 2); }
  // A term that is most often near the node's own, so that the message is looked at.
  Term TermNear(Term own) {
    if (random_.Chance(1, 60)) return Term(Number());
    return Term(own.value() + random_.Below(3) - (own ? 1 : 0) + (own ? 0 : 1));
  }

  ConfigState AnyConfig() {
    if (random_.Chance(2, 3)) return Voters({1, 2, 3});
    ConfigState config;
    for (auto* list : {&config.voters, &config.voters_outgoing, &config.learners}) {
      for (uint64_t i = random_.Below(4); i > 0; --i) list->push_back(NodeId(Number()));
      if (Flag()) std::sort(list->begin(), list->end());
    }
    return config;
  }

  std::vector<Entry> AnyEntries(Index after, Term term) {
    std::vector<Entry> entries;
    const bool sound = random_.Chance(3, 4);
    for (uint64_t i = random_.Below(4); i > 0; --i) {
      after = sound ? after + 1 : Index(Number());
      const Term entry_term = sound ? term : Term(Number());
      const auto type = static_cast<EntryType>(sound ? random_.Below(2) : random_.Below(5));
      entries.push_back(Entry{entry_term, after, type, Payload(std::string(i, 'x'))});
    }
    return entries;
  }

  MessageBody AnyBody(Term term, const RaftStatus& status) {
    const Index index = Flag() ? Index(Number()) : status.last_index;
    const Term lower = Flag() ? Term(Number()) : Term(term.value() - (Flag() ? 1 : 0));
    switch (random_.Below(14)) {
      case 0:
        return VoteRequest{
            Flag(),          Flag(), index, lower, static_cast<uint32_t>(random_.Below(3)),
            Index(Number()), lower};
      case 1:
        return VoteResponse{Flag(), Flag(), Index(Number()), lower};
      case 2:
      case 3:
        return AppendRequest{index, lower, Index(Number()), AnyEntries(index, term)};
      case 4:
        return AppendResponse{Flag(), index, Index(Number()),     Index(Number()),
                              lower,  index, random_.Chance(1, 4)};
      case 5:
        return Heartbeat{index, random_.Below(3), random_.Below(3)};
      case 6:
        return HeartbeatResponse{random_.Below(3), index, random_.Below(3), random_.Chance(1, 4)};
      case 7:
        return SnapshotRequest{SnapshotMeta{index, lower, AnyConfig()},
                               random_.Chance(3, 4) ? NodeId() : NodeId(Number()), Flag()};
      case 8:
        return Flag() ? MessageBody(ReadIndexRequest{Number(), Flag()})
                      : MessageBody(ReadIndexResponse{Number(), index});
      case 9:
        return SnapshotWanted{index};
      case 10:
        return Flag() ? MessageBody(SnapshotOrder{NodeId(Number()), index})
                      : MessageBody(SnapshotReport{NodeId(Number()), Flag()});
      case 11:
        return Flag() ? MessageBody(Hibernate{index})
                      : MessageBody(HibernateResponse{index, Flag()});
      case 12:
        return ProposeRequest{Payload(std::string(random_.Below(3), 'x'))};
      default:
        return TimeoutNow{};
    }
  }

  Random& random() { return random_; }

 private:
  Random random_;
};

// Left to chance it would hardly ever lead.
void TryToLead(Solo& solo) {
  if (solo.raft().role() == Role::kLeader) return;
  solo.raft().Campaign();
  solo.Sent();
  const uint64_t next = solo.raft().term().value() + 1;
  (void)solo.Hear(2, next, VoteResponse{.pre_vote = true, .granted = true}).ok();
  solo.Sent();
  (void)solo.Hear(2, solo.raft().term().value(), VoteResponse{.granted = true}).ok();
}

// What a driver does when anything arrives; the rest is refused to a sleeping node.
void WakeUp(Solo& solo, Anything& any) {
  if (solo.raft().asleep()) solo.raft().Wake(any.random().Below(30), any.Flag());
}

// One node, random messages; between them it is used as usual. Committed entries stay, numbers do
// not go back, no CHECK fails.
void BesetOne(uint64_t seed, std::map<Role, uint64_t>& seen) {
  Anything any(seed);
  Config config;
  config.pre_vote = any.Flag();
  config.check_quorum = any.Flag();
  config.lease_reads = config.check_quorum && any.Flag();
  config.delegate_snapshots = any.Flag();
  config.hibernate_after_ticks = any.Flag() ? 2 : 0;
  config.priority = static_cast<uint32_t>(any.random().Below(3));
  Solo solo(Voters({1, 2, 3}), config);
  std::map<Index, Entry> applied;
  RaftStatus before = solo.status();
  for (int step = 0; step < 400; ++step) {
    const Term term = any.TermNear(solo.raft().term());
    const uint64_t from = any.random().Chance(1, 30) ? any.Number() : any.random().Between(2, 5);
    const Status status = solo.Hear(from, term.value(), any.AnyBody(term, before));
    ASSERT_TRUE(status.ok() || status.code() == Code::kInvalidArgument) << status.ToString();
    ASSERT_TRUE(config.hibernate_after_ticks > 0 || !solo.raft().asleep());
    WakeUp(solo, any);
    for (uint64_t i = any.random().Chance(1, 5) ? any.random().Below(15) : 0; i > 0; --i) {
      solo.Tick();
      WakeUp(solo, any);
    }
    if (any.random().Chance(1, 9)) (void)solo.raft().Propose(Payload("x")).ok();
    if (any.random().Chance(1, 9)) (void)solo.raft().ReadIndex(static_cast<uint64_t>(step)).ok();
    if (any.random().Chance(1, 20)) (void)solo.raft().TransferLeadership(NodeId(2)).ok();
    if (any.random().Chance(1, 20)) solo.raft().OnUnreachable(NodeId(3));
    if (any.random().Chance(1, 9)) TryToLead(solo);
    if (any.random().Chance(2, 3)) solo.Sent();
    const RaftStatus after = solo.status();
    ASSERT_GE(after.term, before.term);
    ASSERT_GE(after.commit, before.commit);
    ASSERT_GE(after.last_index, after.commit);
    for (const Entry& entry : solo.node().applied_entries()) {
      ASSERT_EQ(applied.emplace(entry.index, entry).first->second, entry);
    }
    before = after;
    ++seen[after.role];
  }
}

TEST(RaftHostileRandomTest, AnyMessageIsSurvived) {
  std::map<Role, uint64_t> seen;
  for (uint64_t seed = 1; seed <= 120; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    BesetOne(seed, seen);
    if (::testing::Test::HasFatalFailure()) return;
  }
  for (const Role role : {Role::kFollower, Role::kPreCandidate, Role::kCandidate, Role::kLeader}) {
    EXPECT_GT(seen[role], 500u) << RoleName(role) << " was hardly beset";
  }
}

}  // namespace
}  // namespace baton::raft
