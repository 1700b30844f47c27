#include "pkg/node/recovery.h"

#include <gtest/gtest.h>

#include "pkg/coord/state_machine.h"
#include "pkg/node/node_rows.h"
#include "pkg/node/testing/memory_stores.h"

namespace baton::node {
namespace {

using testing::MemoryLogStore;
using testing::MemoryStateStore;

const std::vector<NodeId> kVoters = {NodeId(3), NodeId(1), NodeId(2)};

raft::ConfigState Members(std::vector<NodeId> voters) {
  raft::ConfigState config;
  config.voters = std::move(voters);
  return config;
}

class RecoveryTest : public ::testing::Test {
 protected:
  // Entries (first, first's successors ...) of these terms, and a hard state.
  void WriteLog(uint64_t first, const std::vector<uint64_t>& terms, raft::HardState hard_state) {
    LogWrite write;
    write.hard_state = hard_state;
    for (size_t i = 0; i < terms.size(); ++i) {
      raft::Entry entry;
      entry.index = Index(first + i);
      entry.term = Term(terms[i]);
      write.entries.push_back(entry);
    }
    ASSERT_TRUE(log.Write({&write, 1}, true).ok());
  }
  void StartLogAfter(uint64_t index, uint64_t term, const raft::ConfigState& config) {
    LogWrite write;
    write.snapshot = raft::SnapshotMeta{Index(index), Term(term), config};
    ASSERT_TRUE(log.Write({&write, 1}, true).ok());
  }

  Result<raft::InitialState> RecoverNode(const std::vector<NodeId>& voters, Index applied,
                                         Term applied_term) {
    const Result<Recovered> recovered =
        Recover(NodeId(1), voters, applied, applied_term, &log, &state);
    if (!recovered.ok()) return recovered.status();
    EXPECT_FALSE(recovered->state_lost);
    return recovered->initial;
  }

  MemoryLogStore log;
  MemoryStateStore state;
};

TEST_F(RecoveryTest, ANewNodeTakesTheVotersItIsToldAndRemembersThem) {
  const auto initial = RecoverNode(kVoters, Index(), Term());
  ASSERT_TRUE(initial.ok()) << initial.status().ToString();
  EXPECT_EQ(initial->config, Members({NodeId(1), NodeId(2), NodeId(3)}));
  EXPECT_EQ(initial->applied, Index());
  // The next start may name others, or nobody.
  const auto again = RecoverNode({NodeId(9)}, Index(), Term());
  EXPECT_EQ(again->config, initial->config);
  EXPECT_TRUE(RecoverNode({}, Index(), Term()).ok());
}

TEST_F(RecoveryTest, ANewNodeWithoutVotersJoinsUnderAnIdOfItsOwn) {
  WriteLog(1, {}, {Term(), NodeId(), Index(), raft::Memory::kNewborn});
  const auto initial = RecoverNode({}, Index(), Term());
  ASSERT_TRUE(initial.ok()) << initial.status().ToString();
  EXPECT_TRUE(initial->config.voters.empty()) << "it takes no part until a leader says so";
  EXPECT_EQ(initial->hard_state.memory, raft::Memory::kWhole);
}

TEST_F(RecoveryTest, TheStatesConfigurationWinsOverTheLogs) {
  StartLogAfter(0, 0, Members({NodeId(1), NodeId(2)}));
  PutConfigRow(Members({NodeId(4), NodeId(5)}), &state);
  EXPECT_EQ(RecoverNode({}, Index(), Term())->config, Members({NodeId(4), NodeId(5)}));
}

TEST_F(RecoveryTest, TheLogBeyondTheAppliedIndexIsKept) {
  StartLogAfter(0, 0, Members(kVoters));
  WriteLog(1, {1, 1, 2, 2}, {Term(5), NodeId(2), Index(3)});
  const auto initial = RecoverNode({}, Index(2), Term(1));
  ASSERT_TRUE(initial.ok());
  EXPECT_EQ(log.LastIndex(), Index(4));
  EXPECT_EQ(initial->hard_state, (raft::HardState{Term(5), NodeId(2), Index(3)}));
}

TEST_F(RecoveryTest, ACommitIndexBehindTheStateIsRaised) {
  StartLogAfter(0, 0, Members(kVoters));
  WriteLog(1, {1, 1, 1}, {Term(1), NodeId(), Index(1)});
  EXPECT_EQ(RecoverNode({}, Index(3), Term(1))->hard_state.commit, Index(3));
}

TEST_F(RecoveryTest, AStateAheadOfTheLogStartsTheLogOverAndKeepsTheVote) {
  StartLogAfter(0, 0, Members(kVoters));
  WriteLog(1, {1, 1}, {Term(7), NodeId(3), Index(2)});
  PutConfigRow(Members({NodeId(1), NodeId(2)}), &state);
  const auto initial = RecoverNode({}, Index(90), Term(6));
  ASSERT_TRUE(initial.ok());
  EXPECT_EQ(log.State().start.index, Index(90));
  EXPECT_EQ(log.State().start.term, Term(6));
  EXPECT_EQ(log.State().start.config, Members({NodeId(1), NodeId(2)}));
  EXPECT_EQ(log.LastIndex(), Index(90));
  EXPECT_EQ(initial->hard_state, (raft::HardState{Term(7), NodeId(3), Index(90)}));
}

TEST_F(RecoveryTest, ALogOfAnotherHistoryAtTheAppliedIndexStartsOver) {
  StartLogAfter(0, 0, Members(kVoters));
  WriteLog(1, {1, 1, 1, 1}, {Term(4), NodeId(), Index(1)});
  ASSERT_TRUE(RecoverNode({}, Index(3), Term(3)).ok());
  EXPECT_EQ(log.State().start.index, Index(3));
  EXPECT_EQ(log.LastIndex(), Index(3)) << "entry 4 of term 1 cannot follow entry 3 of term 3";
}

TEST_F(RecoveryTest, AStateBehindTheLogIsLostAndThePeersHaveIt) {
  StartLogAfter(50, 2, Members(kVoters));
  WriteLog(51, {2, 2}, {Term(5), NodeId(2), Index(51)});
  const auto recovered = Recover(NodeId(1), {}, Index(49), Term(2), &log, &state);
  ASSERT_TRUE(recovered.ok()) << recovered.status().ToString();
  EXPECT_TRUE(recovered->state_lost);
  EXPECT_EQ(recovered->initial.applied, Index(50));
  EXPECT_EQ(recovered->initial.config, Members(kVoters));
  EXPECT_EQ(recovered->initial.hard_state, (raft::HardState{Term(5), NodeId(2), Index(51)}));
  EXPECT_EQ(log.LastIndex(), Index(52)) << "nothing was touched";
}

TEST_F(RecoveryTest, TheOnlyVoterHasNobodyToAskForItsState) {
  StartLogAfter(50, 2, Members({NodeId(1)}));
  const auto recovered = Recover(NodeId(1), {}, Index(49), Term(2), &log, &state);
  EXPECT_EQ(recovered.status().code(), Code::kCorruption);
  EXPECT_NE(recovered.status().message().find("entry 50 is lost"), std::string::npos);
  EXPECT_NE(recovered.status().message().find("batonctl snapshot restore"), std::string::npos);
  EXPECT_EQ(log.State().start.index, Index(50)) << "nothing was touched";
}

TEST_F(RecoveryTest, TheOnlyVoterHasNobodyToAskForItsEntries) {
  for (const raft::Memory memory : {raft::Memory::kLostEntries, raft::Memory::kLost}) {
    WriteLog(1, {}, {Term(5), NodeId(), Index(), memory});
    const auto recovered = Recover(NodeId(1), {NodeId(1)}, Index(), Term(), &log, &state);
    EXPECT_EQ(recovered.status().code(), Code::kCorruption);
    EXPECT_NE(recovered.status().message().find("only voter"), std::string::npos);
  }
  WriteLog(1, {}, {Term(5), NodeId(), Index(), raft::Memory::kNewborn});
  EXPECT_TRUE(RecoverNode({NodeId(1)}, Index(), Term()).ok());
}

TEST_F(RecoveryTest, ANodeThatLostItsEntriesSaysSoToRaft) {
  WriteLog(1, {}, {Term(5), NodeId(), Index(), raft::Memory::kLostEntries});
  const auto initial = RecoverNode(kVoters, Index(), Term());
  ASSERT_TRUE(initial.ok());
  EXPECT_EQ(initial->hard_state.memory, raft::Memory::kLostEntries);
}

TEST(NodeRowsTest, AConfigurationSurvivesItsRow) {
  raft::ConfigState config = Members({NodeId(1), NodeId(200), NodeId(70'000)});
  config.voters_outgoing = {NodeId(1)};
  config.learners = {NodeId(4), NodeId(5)};
  config.learners_next = {NodeId(6)};
  config.auto_leave = true;
  MemoryStateStore state;
  EXPECT_EQ(*GetConfigRow(state), std::nullopt);
  PutConfigRow(config, &state);
  EXPECT_EQ(**GetConfigRow(state), config);
}

TEST(NodeRowsTest, WhoWasDemotedSurvivesItsRow) {
  MemoryStateStore state;
  EXPECT_TRUE(GetDemotedRow(state)->empty());
  const std::vector<NodeId> demoted = {NodeId(2), NodeId(70'000)};
  PutDemotedRow(demoted, &state);
  EXPECT_EQ(*GetDemotedRow(state), demoted);
  const std::string key = std::string(coord::kNodeTablePrefix) + "demoted";
  const std::string bytes = *state.Get(key);
  for (size_t size = 0; size < bytes.size(); ++size) {
    state.Put(key, bytes.substr(0, size));
    EXPECT_EQ(GetDemotedRow(state).status().code(), Code::kCorruption) << size;
  }
  state.Put(key, bytes + "x");
  EXPECT_EQ(GetDemotedRow(state).status().code(), Code::kCorruption);
  PutDemotedRow({}, &state);
  EXPECT_EQ(state.Get(key), std::nullopt) << "most states have no such row";
}

TEST(NodeRowsTest, EveryTruncationAndEveryOtherVersionIsCorruption) {
  const std::string bytes = EncodeConfig(Members(kVoters));
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(DecodeConfig(bytes.substr(0, size)).status().code(), Code::kCorruption) << size;
  }
  EXPECT_EQ(DecodeConfig(bytes + "x").status().code(), Code::kCorruption);
  std::string other = bytes;
  other[0] = 2;
  EXPECT_EQ(DecodeConfig(other).status().code(), Code::kCorruption);
  EXPECT_EQ(DecodeConfig(std::string("\x01\xff\xff\xff\xff\x7f", 6)).status().code(),
            Code::kCorruption);
}

}  // namespace
}  // namespace baton::node
