#include <gtest/gtest.h>

#include "pkg/base/bytes.h"
#include "pkg/base/random.h"
#include "pkg/coord/reply.h"

namespace baton::coord {
namespace {

std::vector<Reply> OneOfEach() {
  const KeyValue kv{"key", "value", Revision(1), Revision(300), 2, SessionId(7), "lock"};
  const SessionInfo session{SessionId(9), "name", "metadata", 1000, 123'456, 3};
  const Holder holder{SessionId(7), Token(8), Ticket(9), "me", 1000};
  std::vector<ReplyBody> bodies = {
      std::monostate(),
      KvReply{kv},
      SessionReply{session},
      RenewReply{{session, SessionInfo{SessionId(10), "", "", 0, 0, 0}}},
      AcquireReply{Token(1), Ticket(2), 3, holder},
      CompactReply{Revision(300)},
  };
  std::vector<Reply> replies;
  for (ReplyBody& body : bodies) {
    replies.push_back({Status::Ok(), Revision(400), 5000, true, std::move(body)});
  }
  replies.push_back({Status(Code::kConflict, "lock_held", "held").SetOutcome(Outcome::kUnknown),
                     Revision(1), 0, false, KvReply{}});
  return replies;
}

TEST(ReplyCodecTest, EveryKindSurvivesTheRoundTrip) {
  for (const Reply& reply : OneOfEach()) {
    const Result<Reply> decoded = DecodeReply(EncodeReply(reply));
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ(decoded.value(), reply);
  }
}

TEST(ReplyCodecTest, EveryCodeAndOutcomeSurvivesTheRoundTrip) {
  for (int code = 1; code <= static_cast<int>(Code::kInternal); ++code) {
    for (Outcome outcome : {Outcome::kNotApplied, Outcome::kApplied, Outcome::kUnknown}) {
      Reply reply;
      reply.status = Status(static_cast<Code>(code), "message").SetOutcome(outcome);
      EXPECT_EQ(DecodeReply(EncodeReply(reply)).value(), reply);
    }
  }
}

// The bytes are in the tables: these never change.
TEST(ReplyCodecTest, TheBytesAreWhatTheDrawingSays) {
  EXPECT_EQ(ToHex(EncodeReply(OneOfEach()[4])),
            "0100000000900388270104"
            "010203"              // token, ticket, position
            "010700000000000000"  // holder: session
            "0809026d65e807");    // token, ticket, value, time
  EXPECT_EQ(ToHex(EncodeReply(OneOfEach()[5])),
            "010000000090038827"
            "0105ac02");
  EXPECT_EQ(ToHex(EncodeReply(OneOfEach()[6])),
            "010602096c6f636b5f68656c640468656c6401000001"
            "00");
}

TEST(ReplyCodecTest, NoProperPrefixDecodes) {
  for (const Reply& reply : OneOfEach()) {
    const std::string bytes = EncodeReply(reply);
    for (size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_EQ(DecodeReply(std::string_view(bytes).substr(0, size)).status().code(),
                Code::kCorruption);
    }
    EXPECT_FALSE(DecodeReply(bytes + 'x').ok());
  }
}

TEST(ReplyCodecTest, ValuesOutsideTheirDomainAreCorrupt) {
  const std::string good = EncodeReply(Reply());
  const auto with = [&good](size_t at, int value) {
    std::string bytes = good;
    bytes[at] = static_cast<char>(value);
    return DecodeReply(bytes).ok();
  };
  EXPECT_TRUE(with(0, 1));
  EXPECT_FALSE(with(0, 2)) << "version";
  EXPECT_FALSE(with(1, static_cast<int>(Code::kInternal) + 1)) << "code";
  EXPECT_FALSE(with(2, 1)) << "nobody asks what became of what was done";
  EXPECT_FALSE(with(8, 5)) << "body";
  std::string ok_with_reason = good;
  ok_with_reason[3] = 1;
  ok_with_reason.insert(4, "x");
  EXPECT_FALSE(DecodeReply(ok_with_reason).ok());
  std::string error = EncodeReply({Status(Code::kConflict, "held"), {}, 0, false, {}});
  error[2] = 1;
  EXPECT_TRUE(DecodeReply(error).ok());
  error[2] = 3;
  EXPECT_FALSE(DecodeReply(error).ok()) << "outcome";
}

TEST(ReplyCodecTest, MutatedBytesAreRefusedOrCanonical) {
  Random random(3);
  const std::vector<Reply> replies = OneOfEach();
  int accepted = 0;
  for (int i = 0; i < 30'000; ++i) {
    std::string bytes = EncodeReply(replies[random.Below(replies.size())]);
    for (uint64_t left = random.Between(1, 4); left > 0; --left) {
      bytes[random.Below(bytes.size())] = static_cast<char>(random.NextU32());
    }
    const Result<Reply> decoded = DecodeReply(bytes);
    if (!decoded.ok()) continue;
    ++accepted;
    ASSERT_EQ(EncodeReply(decoded.value()), bytes);
  }
  EXPECT_GT(accepted, 1000) << "the test looks at nothing";
}

}  // namespace
}  // namespace baton::coord
