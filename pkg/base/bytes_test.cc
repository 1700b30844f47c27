#include "pkg/base/bytes.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "pkg/base/random.h"

namespace baton {
namespace {

std::string Written(const std::function<void(ByteWriter&)>& write) {
  std::string out;
  ByteWriter writer(&out);
  write(writer);
  return out;
}

std::string VarintOf(uint64_t value) {
  return Written([value](ByteWriter& out) { out.Varint(value); });
}

TEST(ByteWriterTest, TheBytesAreWhatTheHeaderSays) {
  EXPECT_EQ(ToHex(Written([](ByteWriter& out) { out.U8(0xfe); })), "fe");
  EXPECT_EQ(ToHex(Written([](ByteWriter& out) { out.U32(0x01020304); })), "04030201");
  EXPECT_EQ(ToHex(Written([](ByteWriter& out) { out.U64(0x0102030405060708); })),
            "0807060504030201");
  EXPECT_EQ(ToHex(Written([](ByteWriter& out) { out.U64BigEndian(0x0102030405060708); })),
            "0102030405060708");
  EXPECT_EQ(ToHex(Written([](ByteWriter& out) { out.Bool(true); })), "01");
  EXPECT_EQ(ToHex(Written([](ByteWriter& out) { out.String("abc"); })), "03616263");
  EXPECT_EQ(ToHex(Written([](ByteWriter& out) { out.Raw("abc"); })), "616263");
}

TEST(ByteWriterTest, Appends) {
  std::string out = "x";
  ByteWriter writer(&out);
  writer.U8('y');
  writer.Raw("z");
  EXPECT_EQ(out, "xyz");
}

TEST(VarintTest, KnownEncodings) {
  EXPECT_EQ(ToHex(VarintOf(0)), "00");
  EXPECT_EQ(ToHex(VarintOf(127)), "7f");
  EXPECT_EQ(ToHex(VarintOf(128)), "8001");
  EXPECT_EQ(ToHex(VarintOf(300)), "ac02");
  EXPECT_EQ(ToHex(VarintOf(UINT64_MAX)), "ffffffffffffffffff01");
}

TEST(VarintTest, EveryLengthSurvivesTheRoundTrip) {
  for (int bit = 0; bit < 64; ++bit) {
    for (uint64_t value :
         {(uint64_t{1} << bit) - 1, uint64_t{1} << bit, (uint64_t{1} << bit) + 1}) {
      const std::string bytes = VarintOf(value);
      ByteReader in(bytes);
      EXPECT_EQ(in.Varint(), value);
      EXPECT_TRUE(in.AtEnd());
    }
  }
}

TEST(VarintTest, RefusesWhatIsTooLongOrTooBig) {
  for (const char* hex_free : {"\x80", "\xff\xff"}) {
    ByteReader in(hex_free);
    EXPECT_EQ(in.Varint(), 0u);
    EXPECT_FALSE(in.ok()) << "cut";
  }
  const auto refused = [](std::string_view bytes) {
    ByteReader in(bytes);
    in.Varint();
    return !in.ok();
  };
  EXPECT_TRUE(refused(std::string_view("\x80\x00", 2))) << "0 in two bytes";
  EXPECT_TRUE(refused(std::string_view("\xff\x80\x00", 3))) << "127 in three bytes";
  EXPECT_TRUE(refused(std::string(9, '\xff') + '\x02')) << "65 bits";
  EXPECT_TRUE(refused(std::string(9, '\xff') + "\x81\x01")) << "eleven bytes";
  EXPECT_TRUE(refused(std::string(100, '\x80')));
  EXPECT_FALSE(refused(std::string(9, '\xff') + '\x01')) << "the greatest number";
}

TEST(ByteReaderTest, ReadsBackWhatWasWritten) {
  const std::string binary("\0\xff\n", 3);
  const std::string bytes = Written([&binary](ByteWriter& out) {
    out.U8(200);
    out.U32(UINT32_MAX - 1);
    out.U64(UINT64_MAX - 1);
    out.U64BigEndian(12'345);
    out.Varint(1'000'000);
    out.Bool(true);
    out.Bool(false);
    out.String(binary);
    out.String("");
    out.Raw("tail");
  });
  ByteReader in(bytes);
  EXPECT_EQ(in.U8(), 200);
  EXPECT_EQ(in.U32(), UINT32_MAX - 1);
  EXPECT_EQ(in.U64(), UINT64_MAX - 1);
  EXPECT_EQ(in.U64BigEndian(), 12'345u);
  EXPECT_EQ(in.Varint(), 1'000'000u);
  EXPECT_TRUE(in.Bool());
  EXPECT_FALSE(in.Bool());
  EXPECT_EQ(in.String(3), binary);
  EXPECT_EQ(in.String(0), "");
  EXPECT_FALSE(in.AtEnd());
  EXPECT_EQ(in.rest(), "tail");
  EXPECT_EQ(in.Raw(4), "tail");
  EXPECT_TRUE(in.AtEnd());
}

TEST(ByteReaderTest, EveryReadOfTooLittleFailsAndReadsZero) {
  const std::vector<std::pair<size_t, std::function<bool(ByteReader&)>>> reads = {
      {1, [](ByteReader& in) { return in.U8() == 0; }},
      {4, [](ByteReader& in) { return in.U32() == 0; }},
      {8, [](ByteReader& in) { return in.U64() == 0; }},
      {8, [](ByteReader& in) { return in.U64BigEndian() == 0; }},
      {1, [](ByteReader& in) { return in.Varint() == 0; }},
      {1, [](ByteReader& in) { return !in.Bool(); }},
      {1, [](ByteReader& in) { return in.String(100).empty(); }},
      {3, [](ByteReader& in) { return in.Raw(3).empty(); }},
  };
  for (const auto& [needed, read] : reads) {
    for (size_t size = 0; size < needed; ++size) {
      const std::string bytes(size, '\x01');
      ByteReader in(bytes);
      EXPECT_TRUE(read(in));
      EXPECT_FALSE(in.ok());
      EXPECT_FALSE(in.AtEnd());
    }
    const std::string enough = std::string(1, '\x00') + std::string(7, '\x00');
    ByteReader in(enough);
    read(in);
    EXPECT_TRUE(in.ok()) << needed;
  }
}

TEST(ByteReaderTest, AFailureIsForGood) {
  ByteReader in("ab");
  EXPECT_EQ(in.U32(), 0u);
  EXPECT_EQ(in.U8(), 0) << "though two bytes were there";
  EXPECT_EQ(in.rest(), "");
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.Raw(0), "");
  EXPECT_FALSE(in.ok()) << "a read of nothing does not mend it";
}

TEST(ByteReaderTest, AForcedFailureIsOneToo) {
  ByteReader in("ab");
  EXPECT_EQ(in.U8(), 'a');
  in.Fail();
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.U8(), 0);
  EXPECT_FALSE(in.AtEnd());
}

TEST(ByteReaderTest, StringsAreBounded) {
  const std::string bytes = Written([](ByteWriter& out) { out.String("12345"); });
  ByteReader at_limit(bytes);
  EXPECT_EQ(at_limit.String(5), "12345");
  EXPECT_TRUE(at_limit.AtEnd());
  ByteReader above(bytes);
  EXPECT_EQ(above.String(4), "");
  EXPECT_FALSE(above.ok());
  const std::string liar = VarintOf(UINT64_MAX) + "short";
  ByteReader far(liar);
  EXPECT_EQ(far.String(SIZE_MAX), "");
  EXPECT_FALSE(far.ok());
}

TEST(ByteReaderTest, OnlyZeroAndOneAreBool) {
  for (int value = 2; value < 256; ++value) {
    const std::string bytes(1, static_cast<char>(value));
    ByteReader in(bytes);
    EXPECT_FALSE(in.Bool());
    EXPECT_FALSE(in.ok()) << value;
  }
}

TEST(ByteReaderTest, RandomBytesNeverReadOutOfBounds) {
  Random random(9);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes;
    for (uint64_t left = random.Below(30); left > 0; --left) {
      bytes.push_back(static_cast<char>(random.NextU32()));
    }
    ByteReader in(bytes);
    size_t before = bytes.size();
    while (in.ok() && !in.AtEnd()) {
      switch (random.Below(6)) {
        case 0:
          in.U8();
          break;
        case 1:
          in.U32();
          break;
        case 2:
          in.U64();
          break;
        case 3:
          in.Varint();
          break;
        case 4:
          in.String(random.Below(40));
          break;
        default:
          in.Bool();
      }
      ASSERT_LT(in.rest().size(), before);
      before = in.rest().size();
    }
  }
}

TEST(ToHexTest, TwoLowerCaseDigitsAByte) {
  EXPECT_EQ(ToHex(""), "");
  EXPECT_EQ(ToHex(std::string("\0\x0f\xf0\xff", 4)), "000ff0ff");
}

}  // namespace
}  // namespace baton
