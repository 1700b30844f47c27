#include "pkg/coord/command_codec.h"

#include <gtest/gtest.h>

#include <set>

#include "pkg/base/bytes.h"
#include "pkg/coord/test_machine.h"
#include "pkg/coord/test_random.h"

namespace baton::coord {
namespace {

// One of each kind, in the order of CommandBody, every field different from its default.
std::vector<CommandBody> OneOfEach() {
  KvPut put = GuardedPut("key", "value", "lock", Token(300));
  put.precondition = {Precondition::Kind::kModRevision, Revision(400)};
  put.session = SessionId(500);
  KvDelete del{"key", {Precondition::Kind::kAbsent, {}}, Guard{"lock", Token(1)}};
  return {AdvanceTime{},
          put,
          del,
          SessionCreate{SessionId(~0ULL), 1000, "name", "metadata"},
          SessionRenew{{SessionId(1), SessionId(2)}},
          SessionDestroy{SessionId(3)},
          SessionExpire{{{SessionId(1), 7}, {SessionId(2), 300}}},
          Acquire{QueueKind::kElection, "name", SessionId(4), 1500, true, "value", 300},
          Release{QueueKind::kLock, "name", SessionId(5), Token(6)},
          CancelWait{QueueKind::kElection, "name", Ticket(7), 400},
          WaitExpire{{{QueueKind::kLock, "a", Ticket(1)}, {QueueKind::kElection, "b", Ticket(2)}}},
          Proclaim{QueueKind::kElection, "name", SessionId(8), Token(9), "value"},
          CompactHistory{Revision(300)},
          RaiseVersion{300}};
}

TEST(CommandCodecTest, EveryKindSurvivesTheRoundTrip) {
  const std::vector<CommandBody> bodies = OneOfEach();
  ASSERT_EQ(bodies.size(), std::variant_size_v<CommandBody>);
  for (size_t kind = 0; kind < bodies.size(); ++kind) {
    ASSERT_EQ(bodies[kind].index(), kind);
    const Command command{"principal", "idempotency", bodies[kind]};
    const Result<Command> decoded = DecodeCommand(EncodeCommand(command));
    ASSERT_TRUE(decoded.ok()) << kind;
    EXPECT_EQ(decoded.value(), command) << kind;
  }
}

// The bytes are in logs: these never change.
TEST(CommandCodecTest, TheBytesAreWhatTheHeaderDraws) {
  const auto hex = [](CommandBody body) {
    return ToHex(EncodeCommand(Command{"me", "k", std::move(body)}));
  };
  EXPECT_EQ(hex(AdvanceTime{}), "00026d65016b");
  EXPECT_EQ(hex(OneOfEach()[1]),
            "01026d65016b"
            "036b6579"            // key
            "0576616c7565"        // value
            "029003"              // mod revision 400
            "f401000000000000"    // session 500
            "01046c6f636bac02");  // guard lock, 300
  EXPECT_EQ(hex(Put("k", "")),
            "01026d65016b016b0000000000000000000000"
            "00");
  EXPECT_EQ(hex(OneOfEach()[3]), "03026d65016bffffffffffffffffe807046e616d65086d65746164617461");
  EXPECT_EQ(hex(OneOfEach()[4]), "04026d65016b0201000000000000000200000000000000");
  EXPECT_EQ(hex(OneOfEach()[7]),
            "07026d65016b02046e616d650400000000000000dc0b010576616c7565"
            "ac02");  // listener 300
  EXPECT_EQ(hex(OneOfEach()[9]), "09026d65016b02046e616d65079003");
  EXPECT_EQ(hex(OneOfEach()[10]),
            "0a026d65016b0201016101020162"
            "02");
  EXPECT_EQ(hex(OneOfEach()[12]), "0c026d65016bac02");
  EXPECT_EQ(ToHex(EncodeEntry(0x0102030405, "xyz")), "01050403020100000078797a");
}

TEST(CommandCodecTest, NoProperPrefixDecodes) {
  for (const CommandBody& body : OneOfEach()) {
    const std::string bytes = EncodeCommand(Command{"principal", "idempotency", body});
    for (size_t size = 0; size < bytes.size(); ++size) {
      const Result<Command> decoded = DecodeCommand(std::string_view(bytes).substr(0, size));
      ASSERT_FALSE(decoded.ok()) << "kind " << body.index() << ", " << size << " bytes";
      EXPECT_EQ(decoded.status().code(), Code::kCorruption);
    }
    EXPECT_FALSE(DecodeCommand(bytes + '\0').ok()) << "trailing byte";
  }
}

TEST(CommandCodecTest, ValuesOutsideTheirDomainAreCorrupt) {
  const std::string acquire = EncodeCommand(Command{"", "", Try("n", SessionId(1))});
  for (int kind : {0, 3, 255}) {
    std::string bytes = acquire;
    bytes[3] = static_cast<char>(kind);
    EXPECT_FALSE(DecodeCommand(bytes).ok()) << "queue kind " << kind;
  }
  std::string unknown = EncodeCommand(Command{"", "", AdvanceTime{}});
  unknown[0] = static_cast<char>(std::variant_size_v<CommandBody>);
  EXPECT_EQ(DecodeCommand(unknown).status().reason(), "unknown_command");
}

TEST(CommandCodecTest, CountsThatLieCostNothing) {
  std::string bytes("\x04\x00\x00", 3);  // SessionRenew
  ByteWriter(&bytes).Varint(UINT64_MAX);
  bytes.append(16, '\x01');
  EXPECT_FALSE(DecodeCommand(bytes).ok());
}

TEST(CommandCodecTest, RandomCommandsSurviveTheRoundTrip) {
  Random random(1);
  for (int i = 0; i < 20'000; ++i) {
    const Command command = RandomCommand(&random);
    const Result<Command> decoded = DecodeCommand(EncodeCommand(command));
    ASSERT_TRUE(decoded.ok());
    ASSERT_EQ(decoded.value(), command);
  }
}

// Whatever decodes is what some command encodes to: no two encodings of one command.
TEST(CommandCodecTest, MutatedBytesAreRefusedOrCanonical) {
  Random random(2);
  int accepted = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string bytes = EncodeCommand(RandomCommand(&random));
    for (uint64_t left = random.Between(1, 4); left > 0; --left) {
      const size_t at = random.Below(bytes.size());
      switch (random.Below(3)) {
        case 0:
          bytes[at] = static_cast<char>(random.NextU32());
          break;
        case 1:
          bytes.erase(at, 1 + random.Below(4));
          break;
        default:
          bytes.insert(at, 1 + random.Below(4), static_cast<char>(random.NextU32()));
      }
      if (bytes.empty()) break;
    }
    const Result<Command> decoded = DecodeCommand(bytes);
    if (!decoded.ok()) continue;
    ++accepted;
    ASSERT_EQ(EncodeCommand(decoded.value()), bytes);
  }
  EXPECT_GT(accepted, 1000) << "the test looks at nothing";
}

TEST(EntryCodecTest, RoundTripAndVersions) {
  const Command command{"p", "k", Put("key", "value")};
  const std::string entry = EncodeEntry(123'456, EncodeCommand(command));
  const Result<StampedCommand> decoded = DecodeEntry(entry);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded.value().stamp_ms, 123'456);
  EXPECT_EQ(decoded.value().command, command);
  for (size_t size = 0; size < entry.size(); ++size) {
    EXPECT_FALSE(DecodeEntry(std::string_view(entry).substr(0, size)).ok()) << size;
  }
  for (int version : {0, 2, 255}) {
    std::string other = entry;
    other[0] = static_cast<char>(version);
    EXPECT_EQ(DecodeEntry(other).status().code(), Code::kCorruption);
  }
}

TEST(FingerprintTest, CoversKindAndEveryFieldButWhatTheNodeDraws) {
  std::set<std::string> prints;
  for (const CommandBody& body : OneOfEach()) {
    EXPECT_TRUE(prints.insert(FingerprintOf({"", "", body})).second);
    EXPECT_EQ(FingerprintOf({"p", "k", body}), FingerprintOf({"", "", body}));
  }
  EXPECT_NE(FingerprintOf({"", "", Put("a", "bc")}), FingerprintOf({"", "", Put("ab", "c")}));
  EXPECT_EQ(FingerprintOf({"", "", SessionCreate{SessionId(1), 5, "n", "m"}}),
            FingerprintOf({"", "", SessionCreate{SessionId(2), 5, "n", "m"}}));
  EXPECT_NE(FingerprintOf({"", "", SessionCreate{SessionId(1), 5, "n", "m"}}),
            FingerprintOf({"", "", SessionCreate{SessionId(1), 6, "n", "m"}}));
  Acquire acquire = Wait("n", SessionId(1));
  const std::string print = FingerprintOf({"", "", acquire});
  acquire.listener = 7;
  EXPECT_EQ(FingerprintOf({"", "", acquire}), print);
  acquire.wait_ms += 1;
  EXPECT_NE(FingerprintOf({"", "", acquire}), print);
  EXPECT_NE(FingerprintOf({"", "", SessionDestroy{SessionId(1)}}),
            FingerprintOf({"", "", SessionDestroy{SessionId(2)}}));
}

}  // namespace
}  // namespace baton::coord
