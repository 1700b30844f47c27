#include "pkg/storage/snapshot_format.h"

#include <gtest/gtest.h>

#include "pkg/base/bytes.h"
#include "pkg/base/crc32c.h"

namespace baton::storage {
namespace {

void Ignore(std::string_view, std::string_view) {}

std::string Frame(uint8_t version, uint8_t kind, uint64_t number, std::string_view body) {
  std::string frame;
  ByteWriter writer(&frame);
  writer.U8(version);
  writer.U8(kind);
  writer.U64(number);
  writer.Raw(body);
  writer.U32(Crc32c(frame));
  return frame;
}

Status DecodeOne(std::string_view frame) { return SnapshotDecoder().Decode(frame, Ignore); }

// The bytes on the wire and in backups, once and for all.
TEST(SnapshotFormatTest, BytesAreAsDrawn) {
  SnapshotEncoder encoder;
  encoder.Add("k", "vw");
  const std::string rows = encoder.RowsFrame();
  EXPECT_EQ(ToHex(rows).substr(0, 30),
            "01"
            "01"
            "0000000000000000"
            "016b"
            "027677");
  EXPECT_EQ(rows.size(), 10u + 5 + 4);
  const std::string end = encoder.EndFrame();
  EXPECT_EQ(ToHex(end).substr(0, 52),
            "01"
            "02"
            "0100000000000000"
            "0100000000000000"
            "0300000000000000");
  EXPECT_EQ(end.size(), 10u + 20 + 4);
}

TEST(SnapshotFormatTest, RowsComeBackAndTheEndIsKnown) {
  SnapshotEncoder encoder;
  SnapshotDecoder decoder;
  std::string seen;
  const auto collect = [&](std::string_view key, std::string_view value) {
    seen.append(key).append("=").append(value).append(";");
  };
  encoder.Add("", "empty key");
  encoder.Add("a", "");
  ASSERT_TRUE(decoder.Decode(encoder.RowsFrame(), collect).ok());
  encoder.Add("b", "2");
  ASSERT_TRUE(decoder.Decode(encoder.RowsFrame(), collect).ok());
  EXPECT_FALSE(decoder.complete());
  ASSERT_TRUE(decoder.Decode(encoder.EndFrame(), collect).ok());
  EXPECT_TRUE(decoder.complete());
  EXPECT_EQ(seen, "=empty key;a=;b=2;");
}

TEST(SnapshotFormatTest, FramesOfOtherFormatsAndKindsAreNamed) {
  EXPECT_NE(DecodeOne(Frame(2, 1, 0, "")).message().find("format 2"), std::string::npos);
  EXPECT_NE(DecodeOne(Frame(1, 3, 0, "")).message().find("unknown kind 3"), std::string::npos);
  EXPECT_NE(DecodeOne(Frame(1, 1, 5, "")).message().find("piece 5 came instead of piece 0"),
            std::string::npos);
}

TEST(SnapshotFormatTest, MalformedBodiesInValidFramesAreRefused) {
  EXPECT_EQ(DecodeOne("").code(), Code::kCorruption);
  EXPECT_EQ(DecodeOne("abc").code(), Code::kCorruption);
  EXPECT_EQ(DecodeOne(Frame(1, 1, 0,
                            "\x05"
                            "ab"))
                .code(),
            Code::kCorruption);  // cut row
  EXPECT_EQ(DecodeOne(Frame(1, 1, 0,
                            std::string("\x01"
                                        "b\x00\x01"
                                        "a\x00",
                                        6)))
                .code(),
            Code::kCorruption);  // descending
  EXPECT_EQ(DecodeOne(Frame(1, 1, 0,
                            std::string("\x01"
                                        "a\x00\x01"
                                        "a\x00",
                                        6)))
                .code(),
            Code::kCorruption);  // twice
  EXPECT_EQ(DecodeOne(Frame(1, 2, 0, "short")).code(), Code::kCorruption);
  EXPECT_TRUE(DecodeOne(Frame(1, 2, 0, std::string(20, '\0'))).ok());
  for (size_t i = 0; i < 20; ++i) {  // any other total
    std::string totals(20, '\0');
    totals[i] = 1;
    EXPECT_EQ(DecodeOne(Frame(1, 2, 0, totals)).code(), Code::kCorruption) << i;
  }
}

TEST(SnapshotFormatTest, FramesAreBounded) {
  const auto frame = [](size_t size) {
    SnapshotEncoder encoder;
    constexpr size_t kOverhead = 10 + 4 + 1 + 1 + 4;  // header, checksum, key, lengths
    encoder.Add("k", std::string(size - kOverhead, 'x'));
    return encoder.RowsFrame();
  };
  ASSERT_EQ(frame(kSnapshotFrameBytesMax).size(), kSnapshotFrameBytesMax);
  EXPECT_TRUE(DecodeOne(frame(kSnapshotFrameBytesMax)).ok());
  EXPECT_EQ(DecodeOne(frame(kSnapshotFrameBytesMax + 1)).code(), Code::kCorruption);
  EXPECT_EQ(DecodeOne(frame(kSnapshotFrameBytesMax * 4)).code(), Code::kCorruption);
}

}  // namespace
}  // namespace baton::storage
