// A command of a version that is not in force is unknown bytes to every node, old or new.
#include "pkg/coord/command_version.h"

#include <gtest/gtest.h>

#include "pkg/coord/memory_tables.h"
#include "pkg/coord/rows.h"
#include "pkg/coord/state_machine.h"

namespace baton::coord {
namespace {

std::string Entry(CommandBody body) {
  return EncodeEntry(1'000, EncodeCommand(Command{"", "", std::move(body)}));
}

class CommandVersionTest : public ::testing::Test {
 protected:
  Reply Apply(const std::string& entry) {
    return machine_.Apply(machine_.applied() + 1, Term(1), entry).reply;
  }

  MemoryTables tables_;
  StateMachine machine_{&tables_};
};

TEST_F(CommandVersionTest, ACommandIsUnknownBeforeItsVersionIsInForce) {
  EXPECT_EQ(machine_.command_version(), 1);
  const Reply early = Apply(Entry(CompactHistory{Revision(1)}));
  EXPECT_EQ(early.status.reason(), "unknown_command");
  EXPECT_EQ(machine_.now_ms(), 0) << "to an old node it carries no time";

  EXPECT_TRUE(Apply(Entry(RaiseVersion{2})).status.ok());
  EXPECT_EQ(machine_.command_version(), 2);
  EXPECT_EQ(machine_.revision(), Revision(0)) << "nothing that users see has changed";
  EXPECT_EQ(Apply(Entry(CompactHistory{Revision(1)})).status.reason(), "future_revision");
}

TEST_F(CommandVersionTest, UnknownBytesOfAnOldAndANewNodeLeaveTheSameState) {
  MemoryTables other_tables;
  StateMachine other(&other_tables);
  Apply(Entry(CompactHistory{Revision(1)}));
  std::string unknown = Entry(CompactHistory{Revision(1)});
  unknown[9] = static_cast<char>(200);  // a kind that no version has
  other.Apply(Index(1), Term(1), unknown);
  EXPECT_EQ(machine_.hash(), other.hash());
}

TEST_F(CommandVersionTest, NeverGoesBackAndIsFoundAgain) {
  Apply(Entry(RaiseVersion{2}));
  const uint64_t hash_rows = tables_.Get(kVersionKey).has_value() ? 1 : 0;
  EXPECT_EQ(hash_rows, 1);
  Apply(Entry(RaiseVersion{1}));
  EXPECT_EQ(machine_.command_version(), 2);
  EXPECT_EQ(StateMachine(&tables_).command_version(), 2);
}

TEST_F(CommandVersionTest, HasBounds) {
  for (const uint64_t version : {uint64_t{0}, uint64_t{kVersionMax} + 1, UINT64_MAX}) {
    EXPECT_FALSE(Validate(Command{"", "", RaiseVersion{version}}).ok()) << version;
  }
  EXPECT_TRUE(Validate(Command{"", "", RaiseVersion{kVersionMax}}).ok());
}

TEST_F(CommandVersionTest, OfEncodedIsThatOfTheBody) {
  for (const CommandBody& body : {CommandBody(AdvanceTime{}), CommandBody(KvPut{}),
                                  CommandBody(CompactHistory{}), CommandBody(RaiseVersion{})}) {
    EXPECT_EQ(VersionOfEncoded(EncodeCommand(Command{"", "", body})), VersionOf(body));
  }
  EXPECT_EQ(VersionOfEncoded(""), 1);
}

}  // namespace
}  // namespace baton::coord
