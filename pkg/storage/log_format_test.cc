#include "pkg/storage/log_format.h"
#include "pkg/raft/membership_codec.h"

#include <gtest/gtest.h>

#include "pkg/base/bytes.h"
#include "pkg/base/crc32c.h"
#include "pkg/storage/testing/fixtures.h"

namespace baton::storage {
namespace {

raft::Entry SampleEntry() {
  raft::Entry entry = MakeEntry(0x0102030405060708, 0x11, "hi");
  entry.type = raft::EntryType::kConfigChange;
  return entry;
}

raft::SnapshotMeta SampleStart() {
  raft::SnapshotMeta start;
  start.index = Index(7);
  start.term = Term(3);
  start.config.voters = {NodeId(1), NodeId(2)};
  start.config.voters_outgoing = {NodeId(1), NodeId(3)};
  start.config.learners = {NodeId(4)};
  start.config.learners_next = {NodeId(3)};
  start.config.auto_leave = true;
  return start;
}

// A value with another body or version in a valid envelope.
std::string Sealed(std::string_view key, std::string value) {
  ByteWriter(&value).U32(Crc32c(value, Crc32c(key)));
  return value;
}

// The bytes on disk, once and for all: a change here is a new format.
TEST(LogFormatTest, BytesAreAsDrawn) {
  EXPECT_EQ(ToHex(EntryKey(Index(0x0102030405060708))),
            "65"
            "0102030405060708");
  EXPECT_EQ(ToHex(EncodeEntry(SampleEntry())).substr(0, 40),
            "01"
            "0807060504030201"
            "1100000000000000"
            "01"
            "6869");
  EXPECT_EQ(
      ToHex(EncodeHardState({Term(1), NodeId(2), Index(3), raft::Memory::kLost})).substr(0, 52),
      "01"
      "0100000000000000"
      "0200000000000000"
      "0300000000000000"
      "03");
  EXPECT_EQ(ToHex(EncodeIdentity({.cluster_id = "ab", .node_id = NodeId(5)})).substr(0, 24),
            "01"
            "026162"
            "0500000000000000");
  EXPECT_EQ(ToHex(EncodeTail({.write_number = 9, .last_index = Index(8)})).substr(0, 34),
            "01"
            "0900000000000000"
            "0800000000000000");
  const std::string start = ToHex(EncodeStart(SampleStart()));
  EXPECT_EQ(start.substr(0, 34),
            "01"
            "0700000000000000"
            "0300000000000000");
  // The configuration, in its own version; then the checksum.
  EXPECT_EQ(start.substr(34, 8), "01020102");
  EXPECT_EQ(start.size(), 34 + 2 * 15 + 8u);
}

TEST(LogFormatTest, KeysAreInTheOrderOfIndexes) {
  EXPECT_LT(EntryKey(Index(0)), EntryKey(Index(1)));
  EXPECT_LT(EntryKey(Index(255)), EntryKey(Index(256)));
  EXPECT_LT(EntryKey(Index(0xffffffff)), EntryKey(Index(0x100000000)));
  EXPECT_TRUE(IsEntryKey(EntryKey(Index(1))));
  EXPECT_FALSE(IsEntryKey("e"));
  EXPECT_FALSE(IsEntryKey("e123456789"));
  EXPECT_FALSE(IsEntryKey("x12345678"));
}

TEST(LogFormatTest, EverythingComesBack) {
  const raft::Entry entry = SampleEntry();
  EXPECT_EQ(*DecodeEntry(EntryKey(entry.index), EncodeEntry(entry)), entry);
  const raft::Entry empty = MakeEntry(1, 1, "");
  EXPECT_EQ(*DecodeEntry(EntryKey(Index(1)), EncodeEntry(empty)), empty);
  const raft::HardState hard_state = {
      .term = Term(1), .vote = NodeId(2), .commit = Index(3), .memory = raft::Memory::kLostEntries};
  EXPECT_EQ(*DecodeHardState(EncodeHardState(hard_state)), hard_state);
  EXPECT_EQ(*DecodeIdentity(EncodeIdentity(TestIdentity())), TestIdentity());
  EXPECT_EQ(*DecodeStart(EncodeStart(SampleStart())), SampleStart());
  EXPECT_EQ(*DecodeStart(EncodeStart({})), raft::SnapshotMeta());
  const LogTail tail = {.write_number = 1, .last_index = Index(2)};
  EXPECT_EQ(*DecodeTail(EncodeTail(tail)), tail);
}

TEST(LogFormatTest, EveryFlippedBitOfAnEntryIsFoundAndNamesTheIndex) {
  const raft::Entry entry = MakeEntry(77, 5, "some bytes");
  const std::string value = EncodeEntry(entry);
  for (size_t bit = 0; bit < value.size() * 8; ++bit) {
    std::string bad = value;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ static_cast<char>(1 << (bit % 8)));
    const Status status = DecodeEntry(EntryKey(entry.index), bad).status();
    ASSERT_EQ(status.code(), Code::kCorruption) << bit;
    ASSERT_NE(status.message().find("index 77"), std::string::npos) << status.message();
  }
}

TEST(LogFormatTest, EveryCutIsFound) {
  const std::string entry = EncodeEntry(MakeEntry(1, 1, "some bytes"));
  const std::string start = EncodeStart(SampleStart());
  for (size_t size = 0; size < entry.size(); ++size) {
    EXPECT_EQ(DecodeEntry(EntryKey(Index(1)), entry.substr(0, size)).status().code(),
              Code::kCorruption);
  }
  for (size_t size = 0; size < start.size(); ++size) {
    EXPECT_EQ(DecodeStart(start.substr(0, size)).status().code(), Code::kCorruption);
  }
}

TEST(LogFormatTest, ARowInAnotherPlaceIsFound) {
  const std::string value = EncodeEntry(MakeEntry(7, 1, "x"));
  EXPECT_EQ(DecodeEntry(EntryKey(Index(8)), value).status().code(), Code::kCorruption);
  // Even if somebody sealed it for that place.
  const std::string moved = Sealed(EntryKey(Index(8)), value.substr(0, value.size() - 4));
  EXPECT_NE(DecodeEntry(EntryKey(Index(8)), moved).status().message().find("holds the entry 7"),
            std::string::npos);
  EXPECT_EQ(DecodeTail(EncodeHardState({})).status().code(), Code::kCorruption);
}

TEST(LogFormatTest, AForeignVersionIsNamed) {
  const Status status = DecodeTail(Sealed(kTailKey, "\x09" + std::string(16, '\0'))).status();
  EXPECT_NE(status.message().find("has format 9; this build reads 1"), std::string::npos);
}

TEST(LogFormatTest, MalformedBodiesInValidEnvelopesAreRefused) {
  const std::string body16(16, '\0');
  const std::string version = "\x01";
  EXPECT_TRUE(DecodeTail(Sealed(kTailKey, version + body16)).ok());
  EXPECT_FALSE(DecodeTail(Sealed(kTailKey, version + body16 + "x")).ok());
  EXPECT_FALSE(DecodeTail(Sealed(kTailKey, version + body16.substr(1))).ok());
  EXPECT_FALSE(DecodeTail(Sealed(kTailKey, version)).ok());
  std::string bad_type = EncodeEntry(MakeEntry(1, 1, ""));
  bad_type.resize(bad_type.size() - 4);
  bad_type.back() = 2;
  EXPECT_FALSE(DecodeEntry(EntryKey(Index(1)), Sealed(EntryKey(Index(1)), bad_type)).ok());
}

TEST(LogFormatTest, ListsOfMembersAreBounded) {
  raft::SnapshotMeta start;
  for (uint64_t i = 1; i <= raft::kMembersMax; ++i) start.config.voters.emplace_back(i);
  EXPECT_TRUE(DecodeStart(EncodeStart(start)).ok());
  start.config.voters.emplace_back(raft::kMembersMax + 1);
  EXPECT_EQ(DecodeStart(EncodeStart(start)).status().code(), Code::kCorruption);
  // A count that no memory could hold is refused by the number, not by the attempt.
  std::string huge = std::string("\x01") + std::string(16, '\0');
  ByteWriter(&huge).Varint(UINT64_MAX);
  EXPECT_EQ(DecodeStart(Sealed(kStartKey, huge)).status().code(), Code::kCorruption);
}

}  // namespace
}  // namespace baton::storage
