#include "pkg/coord/state_machine.h"

#include <gtest/gtest.h>

#include <set>

#include "pkg/base/bytes.h"
#include "pkg/coord/rows.h"
#include "pkg/coord/test_machine.h"

namespace baton::coord {
namespace {

MemoryTables::Rows RowsButMeta(const MemoryTables& tables) {
  MemoryTables::Rows rows = tables.rows();
  rows.erase(std::string(kMetaKey));
  return rows;
}

class StateMachineTest : public ::testing::Test {
 protected:
  // Applies it and expects that nothing but the applied index moved.
  Status ExpectNoEffect(std::string_view entry) {
    const auto rows = RowsButMeta(machine_.tables());
    const StateMachine& state = machine_.state();
    const Revision revision = state.revision();
    const int64_t now_ms = state.now_ms();
    const Index applied = state.applied();
    Applied result = machine_.ApplyBytes(entry);
    EXPECT_EQ(RowsButMeta(machine_.tables()), rows);
    EXPECT_EQ(state.revision(), revision);
    EXPECT_EQ(state.now_ms(), now_ms);
    EXPECT_EQ(state.applied(), applied + 1);
    EXPECT_EQ(result.reply.revision, revision);
    EXPECT_EQ(result.reply.now_ms, now_ms);
    EXPECT_TRUE(result.events.empty());
    EXPECT_TRUE(result.wait_outcomes.empty());
    return result.reply.status;
  }

  TestMachine machine_;
};

TEST_F(StateMachineTest, BeginsEmpty) {
  const StateMachine& state = machine_.state();
  EXPECT_EQ(state.applied(), Index(0));
  EXPECT_EQ(state.revision(), Revision(0));
  EXPECT_EQ(state.compact_revision(), Revision(0));
  EXPECT_EQ(state.now_ms(), 0);
  EXPECT_EQ(state.hash(), 0u);
  EXPECT_EQ(state.counts(), StateCounts());
  EXPECT_TRUE(state.DueSessions(INT64_MAX).items.empty());
  EXPECT_TRUE(state.DueWaits(INT64_MAX).items.empty());
  EXPECT_EQ(machine_.tables().rows().size(), 1u)  // the version of commands
      << "reading writes nothing";
}

TEST_F(StateMachineTest, AnEmptyEntryOnlyMovesTheAppliedIndex) {
  machine_.MustDo(Put("k", "v"));
  EXPECT_TRUE(ExpectNoEffect("").ok());
}

TEST_F(StateMachineTest, TermAndIndexAreOfTheLastEntry) {
  machine_.machine().Apply(Index(1), Term(3), "");
  machine_.machine().Apply(Index(2), Term(3), "");
  machine_.machine().Apply(Index(3), Term(7), "");
  EXPECT_EQ(machine_.state().applied(), Index(3));
  EXPECT_EQ(machine_.state().applied_term(), Term(7));
}

TEST_F(StateMachineTest, GarbageChangesNothing) {
  machine_.MustDo(Put("k", "v"));
  const std::string good = EncodeEntry(2'000'000, EncodeCommand({"", "", Put("k", "w")}));
  std::string future = good;
  future[0] = 2;
  std::string unknown_kind = EncodeEntry(2'000'000, "\x0c");
  std::string trailing = good + "x";
  std::string negative_stamp = EncodeEntry(-1, EncodeCommand({"", "", Put("k", "w")}));
  std::string far_stamp =
      EncodeEntry((int64_t{1} << 53) + 1, EncodeCommand({"", "", Put("k", "w")}));
  for (const std::string& entry :
       {std::string("\0", 1), std::string("garbage"), std::string(1 << 20, '\xff'), future,
        unknown_kind, trailing, negative_stamp, far_stamp}) {
    const Status status = ExpectNoEffect(entry);
    EXPECT_EQ(status.code(), Code::kCorruption) << ToHex(entry.substr(0, 20));
    EXPECT_EQ(status.reason(), "unknown_command");
  }
  for (size_t size = 1; size < good.size(); ++size) {
    EXPECT_EQ(ExpectNoEffect(good.substr(0, size)).code(), Code::kCorruption) << size;
  }
  EXPECT_TRUE(machine_.ApplyBytes(good).reply.status.ok()) << "the uncut one is good";
}

TEST_F(StateMachineTest, AnInvalidCommandChangesNothing) {
  machine_.MustDo(Create(1));
  const auto invalid = [this](CommandBody body) {
    return ExpectNoEffect(EncodeEntry(9'000'000, EncodeCommand({"", "key", std::move(body)})));
  };
  EXPECT_EQ(invalid(Put("", "v")).code(), Code::kInvalidArgument);
  EXPECT_EQ(invalid(Put(std::string(kKeyBytesMax + 1, 'k'), "v")).code(), Code::kTooLarge);
  EXPECT_EQ(invalid(Create(2, 0)).code(), Code::kUnprocessable);
  EXPECT_EQ(invalid(Wait("lock", SessionId(1), -1)).code(), Code::kUnprocessable);
  EXPECT_EQ(invalid(Wait("lock", SessionId(0))).code(), Code::kInvalidArgument);
}

TEST_F(StateMachineTest, TheLargestStampIsGood) {
  machine_.DoAt(int64_t{1} << 53, Create(1, kSessionTtlMaxMs));
  EXPECT_EQ(machine_.state().now_ms(), int64_t{1} << 53);
  EXPECT_EQ(machine_.state().Session(SessionId(1))->deadline_ms,
            (int64_t{1} << 53) + kSessionTtlMaxMs);
}

TEST_F(StateMachineTest, ClusterTimeNeverGoesBack) {
  machine_.DoAt(5000, AdvanceTime{});
  const Applied late = machine_.DoAt(4000, Create(1, 1000));
  EXPECT_EQ(late.reply.now_ms, 5000);
  EXPECT_EQ(AsSession(late).session.deadline_ms, 6000) << "counted from cluster time";
  machine_.DoAt(5001, AdvanceTime{});
  EXPECT_EQ(machine_.state().now_ms(), 5001);
}

TEST_F(StateMachineTest, AdvanceTimeMovesNoRevision) {
  machine_.MustDo(Put("k", "v"));
  EXPECT_EQ(machine_.MustDo(AdvanceTime{}).reply.revision, Revision(1));
}

TEST_F(StateMachineTest, ARestartContinuesWhereItWas) {
  machine_.MustDo(Create(1));
  const Token token = machine_.MustAcquire("lock", 1);
  machine_.Do(Put("k", "v"), "key");
  const StateMachine before = machine_.state();
  machine_.Restart();
  EXPECT_EQ(machine_.state().applied(), before.applied());
  EXPECT_EQ(machine_.state().applied_term(), before.applied_term());
  EXPECT_EQ(machine_.state().revision(), before.revision());
  EXPECT_EQ(machine_.state().now_ms(), before.now_ms());
  EXPECT_EQ(machine_.state().hash(), before.hash());
  EXPECT_EQ(machine_.state().counts(), before.counts());
  EXPECT_TRUE(machine_.state().Verify(QueueKind::kLock, "lock", token).ok());
}

TEST_F(StateMachineTest, ReloadTakesOverReplacedTables) {
  TestMachine other;
  other.MustDo(Put("k", "theirs"));
  other.MustDo(Create(9, 100));
  machine_.MustDo(Put("k", "mine"));
  EXPECT_TRUE(machine_.state().DueSessions(machine_.now_ms()).items.empty());
  machine_.tables() = other.tables();
  machine_.machine().Reload();
  EXPECT_EQ(machine_.state().applied(), Index(2));
  EXPECT_EQ(machine_.state().hash(), other.state().hash());
  EXPECT_EQ(machine_.state().Get("k")->value, "theirs");
  EXPECT_EQ(machine_.state().DueSessions(machine_.now_ms() + 100).items.size(), 1u);
  machine_.tables() = MemoryTables();
  machine_.machine().Reload();
  EXPECT_EQ(machine_.state().applied(), Index(0));
}

TEST_F(StateMachineTest, RowsOfTheNodeAreNeitherSeenNorCounted) {
  TestMachine with_rows;
  with_rows.tables().Put(std::string(kNodeTablePrefix) + "config", "something");
  with_rows.MustDo(Put("k", "v"));
  machine_.MustDo(Put("k", "v"));
  EXPECT_EQ(with_rows.state().hash(), machine_.state().hash());
  EXPECT_EQ(with_rows.tables().Get("nconfig"), "something");
}

TEST_F(StateMachineTest, TheHashTellsAnyDifference) {
  const std::vector<std::vector<CommandBody>> histories = {
      {},
      {Put("k", "v")},
      {Put("k", "w")},
      {Put("l", "v")},
      {Put("k", "v"), Put("k", "v")},
      {Put("k", "v"), Delete("k")},
      {AdvanceTime{}},
      {AdvanceTime{}, AdvanceTime{}},
      {Create(1)},
      {Create(2)},
  };
  std::set<uint64_t> hashes;
  for (const auto& history : histories) {
    TestMachine machine;
    for (const CommandBody& body : history) machine.MustDo(body);
    EXPECT_TRUE(hashes.insert(machine.state().hash()).second);
  }
}

TEST_F(StateMachineTest, MissingThingsAreAbsent) {
  const StateMachine& state = machine_.state();
  EXPECT_EQ(state.Get("k"), std::nullopt);
  EXPECT_EQ(state.Get(""), std::nullopt);
  EXPECT_EQ(state.Session(SessionId(1)), std::nullopt);
  EXPECT_EQ(state.Queue(QueueKind::kLock, "lock").holder, std::nullopt);
  EXPECT_EQ(state.Queue(QueueKind::kLock, "lock").waiters_total, 0u);
}

TEST(StateMachineDeathTest, EntriesMustComeInOrder) {
  TestMachine machine;
  EXPECT_DEATH(machine.machine().Apply(Index(2), Term(1), ""), "CHECK failed");
  machine.machine().Apply(Index(1), Term(5), "");
  EXPECT_DEATH(machine.machine().Apply(Index(1), Term(5), ""), "CHECK failed");
  EXPECT_DEATH(machine.machine().Apply(Index(2), Term(4), ""), "CHECK failed");
}

TEST(StateMachineDeathTest, StateOfAnotherFormatIsNotTouched) {
  TestMachine machine;
  machine.MustDo(Put("k", "v"));
  std::string meta = *machine.tables().Get(kMetaKey);
  ++meta[0];
  machine.tables().Put(kMetaKey, meta);
  EXPECT_DEATH(machine.Restart(), "another version");
}

}  // namespace
}  // namespace baton::coord
