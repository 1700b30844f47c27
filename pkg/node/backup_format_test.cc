#include "pkg/node/backup_format.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "pkg/base/bytes.h"
#include "pkg/base/crc32c.h"

namespace baton::node {
namespace {

BackupHeader SomeHeader() {
  BackupHeader header;
  header.cluster_id = "00112233aabbccdd";
  header.node = NodeId(2);
  header.index = Index(70'000);
  header.term = Term(5);
  header.revision = Revision(69'000);
  header.cluster_time_ms = 123'456;
  header.wall_ms = 1'700'000'000'000;
  header.version = "1.2.3";
  header.members.voters = {NodeId(1), NodeId(2), NodeId(3)};
  return header;
}

std::string SomeBackup() {
  BackupEncoder encoder;
  std::string backup = encoder.Header(SomeHeader());
  backup += encoder.Piece("first");
  backup += encoder.Piece("second");
  return backup += encoder.Trailer();
}

struct Decoded {
  Status status;
  std::vector<std::string> pieces;
  std::optional<BackupHeader> header;
};

// All of it, in steps of so many bytes.
Decoded Decode(std::string_view bytes, size_t step) {
  Decoded decoded;
  BackupDecoder decoder;
  const auto visit = [&](std::string_view piece) {
    decoded.pieces.emplace_back(piece);
    return Status::Ok();
  };
  while (!bytes.empty() && decoded.status.ok()) {
    decoded.status = decoder.Feed(bytes.substr(0, step), visit);
    bytes.remove_prefix(std::min(step, bytes.size()));
  }
  if (decoded.status.ok()) decoded.status = decoder.Finish();
  decoded.header = decoder.header();
  return decoded;
}

TEST(BackupFormatTest, WhatWasWrittenIsReadHoweverItIsCut) {
  const std::string backup = SomeBackup();
  for (size_t step = 1; step <= backup.size(); ++step) {
    const Decoded decoded = Decode(backup, step);
    ASSERT_TRUE(decoded.status.ok()) << decoded.status.ToString();
    EXPECT_EQ(decoded.pieces, (std::vector<std::string>{"first", "second"}));
    EXPECT_EQ(decoded.header, SomeHeader());
  }
}

TEST(BackupFormatTest, AHeaderIsDrawnAsTheFileSays) {
  BackupEncoder encoder;
  const std::string bytes = encoder.Header(SomeHeader());
  EXPECT_EQ(bytes.substr(0, 8), "BatonBak");
  ByteReader in(std::string_view(bytes).substr(8));
  EXPECT_EQ(in.U32(), 1u);
  const size_t fields = in.U32();
  EXPECT_EQ(bytes.size(), 16 + fields + 4);
  EXPECT_EQ(in.String(64), "00112233aabbccdd");
  EXPECT_EQ(in.U64(), 2u);
  EXPECT_EQ(in.U64(), 70'000u);
  EXPECT_EQ(in.U64(), 5u);
  EXPECT_EQ(in.U64(), 69'000u);
  EXPECT_EQ(ByteReader(std::string_view(bytes).substr(16 + fields)).U32(),
            Crc32c(std::string_view(bytes).substr(0, 16 + fields)));
}

TEST(BackupFormatTest, APieceAndTheEndAreDrawnAsTheFileSays) {
  BackupEncoder encoder;
  const std::string header = encoder.Header(SomeHeader());
  const std::string piece = encoder.Piece("abc");
  EXPECT_EQ(piece, std::string("\3\0\0\0abc", 7));
  const std::string trailer = encoder.Trailer();
  ByteReader in(trailer);
  EXPECT_EQ(in.U32(), 0u);
  EXPECT_EQ(in.U64(), 1u);
  EXPECT_EQ(in.U64(), header.size() + piece.size());
  EXPECT_EQ(in.U32(), Crc32c(header + piece + trailer.substr(0, 20)));
  EXPECT_TRUE(in.AtEnd());
}

TEST(BackupFormatTest, ACutAtAnyByteIsRecognised) {
  const std::string backup = SomeBackup();
  for (size_t size = 0; size < backup.size(); ++size) {
    const Decoded decoded = Decode(backup.substr(0, size), 7);
    EXPECT_EQ(decoded.status.code(), Code::kCorruption) << size;
    EXPECT_EQ(decoded.status.reason(), "cut_backup") << size;
  }
}

TEST(BackupFormatTest, AnyFlippedBitIsRecognised) {
  const std::string backup = SomeBackup();
  for (size_t i = 0; i < backup.size() * 8; ++i) {
    std::string flipped = backup;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << (i % 8)));
    const Decoded decoded = Decode(flipped, 64);
    EXPECT_EQ(decoded.status.code(), Code::kCorruption) << "bit " << i;
  }
}

TEST(BackupFormatTest, AByteTooManyIsRecognised) {
  const Decoded decoded = Decode(SomeBackup() + "x", 1000);
  EXPECT_EQ(decoded.status.code(), Code::kCorruption);
  EXPECT_EQ(decoded.status.reason(), "corruption");
}

TEST(BackupFormatTest, ANewerFormatIsCalledByItsName) {
  BackupEncoder encoder;
  std::string header = encoder.Header(SomeHeader());
  header[8] = 2;
  header.resize(header.size() - 4);
  ByteWriter(&header).U32(Crc32c(header));
  const Decoded decoded = Decode(header, 1000);
  EXPECT_EQ(decoded.status.code(), Code::kInvalidArgument);
  EXPECT_EQ(decoded.status.reason(), "newer_format");
}

TEST(BackupFormatTest, AnotherFileIsRefusedAtItsFirstBytes) {
  BackupDecoder decoder;
  const auto visit = [](std::string_view) { return Status::Ok(); };
  EXPECT_EQ(decoder.Feed("Bax", visit).code(), Code::kCorruption);
  EXPECT_EQ(decoder.Feed("tonBak", visit).code(), Code::kCorruption) << "an error stays";
}

TEST(BackupFormatTest, PiecesMissingTwiceOrChangedAreFound) {
  BackupEncoder encoder;
  const std::string header = encoder.Header(SomeHeader());
  const std::string first = encoder.Piece("first");
  const std::string second = encoder.Piece("second");
  const std::string trailer = encoder.Trailer();
  EXPECT_TRUE(Decode(header + first + second + trailer, 10).status.ok());
  EXPECT_FALSE(Decode(header + first + trailer, 10).status.ok());
  EXPECT_FALSE(Decode(header + second + first + trailer, 10).status.ok());
  EXPECT_FALSE(Decode(header + first + second + second + trailer, 10).status.ok());
}

TEST(BackupFormatTest, APieceHasTheLargestSizeAndNoByteMore) {
  BackupEncoder encoder;
  const std::string header = encoder.Header(SomeHeader());
  const std::string largest = encoder.Piece(std::string(kBackupPieceBytesMax, 'p'));
  const std::string trailer = encoder.Trailer();
  EXPECT_TRUE(Decode(header + largest + trailer, 1 << 20).status.ok());
  for (const uint32_t size : {uint32_t{kBackupPieceBytesMax} + 1, UINT32_MAX}) {
    std::string start;
    ByteWriter(&start).U32(size);
    EXPECT_EQ(Decode(header + start, 1 << 20).status.reason(), "corruption") << size;
  }
}

TEST(BackupFormatTest, TheVisitorEndsTheDecoding) {
  BackupDecoder decoder;
  const auto refuse = [](std::string_view) { return Status(Code::kStorageFull, "full"); };
  EXPECT_EQ(decoder.Feed(SomeBackup(), refuse).code(), Code::kStorageFull);
  EXPECT_FALSE(decoder.complete());
}

}  // namespace
}  // namespace baton::node
