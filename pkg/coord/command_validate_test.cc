#include <gtest/gtest.h>

#include "pkg/coord/command.h"
#include "pkg/coord/limits.h"
#include "pkg/coord/test_machine.h"

namespace baton::coord {
namespace {

std::string Bytes(size_t size) { return std::string(size, 'x'); }

Status ValidateBody(CommandBody body) { return Validate(Command{"", "", std::move(body)}); }

// Valid with a string of `limit` bytes; one more and far more are too large, and the message names
// field, size and limit.
template <typename Make>
void ExpectBytesLimit(const std::string& field, size_t limit, const Make& make) {
  SCOPED_TRACE(field);
  EXPECT_TRUE(Validate(make(Bytes(limit))).ok());
  for (size_t size : {limit + 1, limit * 10}) {
    const Status status = Validate(make(Bytes(size)));
    EXPECT_EQ(status.code(), Code::kTooLarge);
    EXPECT_EQ(status.message(), field + " has " + std::to_string(size) + " bytes; the limit is " +
                                    std::to_string(limit));
    EXPECT_EQ(status.outcome(), Outcome::kNotApplied);
  }
}

void ExpectNamed(const Status& status, Code code, const std::string& field) {
  EXPECT_EQ(status.code(), code) << status.ToString();
  EXPECT_EQ(status.message().rfind(field, 0), 0u)
      << status.ToString() << " does not name " << field;
}

template <typename Make>
void ExpectRange(const std::string& field, int64_t low, int64_t high, const Make& make) {
  SCOPED_TRACE(field);
  EXPECT_TRUE(ValidateBody(make(low)).ok());
  EXPECT_TRUE(ValidateBody(make(high)).ok());
  for (int64_t value : {low - 1, high + 1, INT64_MIN, INT64_MAX}) {
    const Status status = ValidateBody(make(value));
    ExpectNamed(status, Code::kUnprocessable, field);
    for (int64_t number : {value, low, high}) {
      EXPECT_NE(status.message().find(std::to_string(number)), std::string::npos) << number;
    }
  }
}

// Valid with `limit` items, too large above.
template <typename Make>
void ExpectItemsLimit(const std::string& field, const Make& make) {
  SCOPED_TRACE(field);
  EXPECT_TRUE(ValidateBody(make(size_t{0})).ok());
  EXPECT_TRUE(ValidateBody(make(kBatchItemsMax)).ok());
  for (size_t count : {kBatchItemsMax + 1, kBatchItemsMax * 100}) {
    const Status status = ValidateBody(make(count));
    EXPECT_EQ(status.code(), Code::kTooLarge);
    EXPECT_EQ(status.message(), field + " has " + std::to_string(count) + " items; the limit is " +
                                    std::to_string(kBatchItemsMax));
  }
}

TEST(ValidateTest, WhoAsksAndUnderWhichKey) {
  ExpectBytesLimit("principal", kPrincipalBytesMax, [](std::string value) {
    return Command{std::move(value), "", AdvanceTime{}};
  });
  ExpectBytesLimit("idempotency_key", kIdempotencyKeyBytesMax, [](std::string value) {
    return Command{"", std::move(value), AdvanceTime{}};
  });
}

TEST(ValidateTest, KeysAndValues) {
  ExpectBytesLimit("key", kKeyBytesMax, [](std::string key) {
    return Command{"", "", Put(std::move(key), "")};
  });
  ExpectBytesLimit("key", kKeyBytesMax, [](std::string key) {
    return Command{"", "", Delete(std::move(key))};
  });
  ExpectBytesLimit("value", kValueBytesMax, [](std::string value) {
    return Command{"", "", Put("k", std::move(value))};
  });
  ExpectNamed(ValidateBody(Put("", "")), Code::kInvalidArgument, "key");
  ExpectNamed(ValidateBody(Delete("")), Code::kInvalidArgument, "key");
}

TEST(ValidateTest, Guards) {
  ExpectBytesLimit("guard.lock", kNameBytesMax, [](std::string lock) {
    return Command{"", "", GuardedPut("k", "", std::move(lock), Token(1))};
  });
  ExpectNamed(ValidateBody(GuardedPut("k", "", "", Token(1))), Code::kInvalidArgument,
              "guard.lock");
  ExpectNamed(ValidateBody(GuardedPut("k", "", "l", Token(0))), Code::kInvalidArgument,
              "guard.token");
  KvDelete del = Delete("k");
  del.guard = Guard{"l", Token(0)};
  ExpectNamed(ValidateBody(del), Code::kInvalidArgument, "guard.token");
}

TEST(ValidateTest, Preconditions) {
  KvPut put = Put("k", "");
  put.precondition = {Precondition::Kind::kModRevision, Revision(0)};
  ExpectNamed(ValidateBody(put), Code::kInvalidArgument, "precondition.revision");
  put.precondition = {Precondition::Kind::kModRevision, Revision(1)};
  EXPECT_TRUE(ValidateBody(put).ok());
  put.precondition.kind = static_cast<Precondition::Kind>(3);
  ExpectNamed(ValidateBody(put), Code::kInvalidArgument, "precondition.kind");
  KvDelete del = Delete("k");
  del.precondition = {Precondition::Kind::kModRevision, Revision(0)};
  ExpectNamed(ValidateBody(del), Code::kInvalidArgument, "precondition.revision");
}

TEST(ValidateTest, Sessions) {
  ExpectRange("ttl_ms", kSessionTtlMinMs, kSessionTtlMaxMs,
              [](int64_t ttl_ms) { return Create(1, ttl_ms); });
  ExpectBytesLimit("name", kNameBytesMax, [](std::string name) {
    return Command{"", "", SessionCreate{SessionId(1), 1000, std::move(name), ""}};
  });
  ExpectBytesLimit("meta", kMetadataBytesMax, [](std::string meta) {
    return Command{"", "", SessionCreate{SessionId(1), 1000, "", std::move(meta)}};
  });
  EXPECT_TRUE(ValidateBody(SessionCreate{SessionId(1), 1000, "", ""}).ok());
  ExpectNamed(ValidateBody(Create(0)), Code::kInvalidArgument, "session id");
  ExpectNamed(ValidateBody(SessionDestroy{SessionId(0)}), Code::kInvalidArgument, "session id");
}

TEST(ValidateTest, Batches) {
  ExpectItemsLimit("ids", [](size_t count) {
    return SessionRenew{std::vector<SessionId>(count, SessionId(1))};
  });
  ExpectItemsLimit("items", [](size_t count) {
    return SessionExpire{std::vector<SessionExpire::Item>(count, {SessionId(1), 1})};
  });
  ExpectItemsLimit("items", [](size_t count) {
    return WaitExpire{std::vector<WaitExpire::Item>(count, {QueueKind::kLock, "l", Ticket(1)})};
  });
  ExpectNamed(ValidateBody(SessionRenew{{SessionId(1), SessionId(0)}}), Code::kInvalidArgument,
              "ids");
  ExpectNamed(ValidateBody(SessionExpire{{{SessionId(0), 1}}}), Code::kInvalidArgument, "items");
  ExpectNamed(ValidateBody(WaitExpire{{{QueueKind::kLock, "l", Ticket(0)}}}),
              Code::kInvalidArgument, "items");
  ExpectNamed(ValidateBody(WaitExpire{{{QueueKind::kLock, "", Ticket(1)}}}), Code::kInvalidArgument,
              "name");
}

TEST(ValidateTest, LinesByEveryCommandThatNamesOne) {
  const auto commands = [](QueueKind kind, const std::string& name) {
    return std::vector<CommandBody>{
        Acquire{kind, name, SessionId(1), 0, false, ""},
        Release{kind, name, SessionId(1), Token(1)}, CancelWait{kind, name, Ticket(1)},
        Proclaim{kind, name, SessionId(1), Token(1), ""}, WaitExpire{{{kind, name, Ticket(1)}}}};
  };
  for (const CommandBody& body : commands(QueueKind::kElection, Bytes(kNameBytesMax))) {
    EXPECT_TRUE(ValidateBody(body).ok());
  }
  for (size_t size : {kNameBytesMax + 1, kNameBytesMax * 1000}) {
    for (const CommandBody& body : commands(QueueKind::kLock, Bytes(size))) {
      ExpectNamed(ValidateBody(body), Code::kTooLarge, "name");
    }
  }
  for (const CommandBody& body : commands(QueueKind::kLock, "")) {
    ExpectNamed(ValidateBody(body), Code::kInvalidArgument, "name");
  }
  for (const CommandBody& body : commands(static_cast<QueueKind>(3), "l")) {
    ExpectNamed(ValidateBody(body), Code::kInvalidArgument, "kind");
  }
}

TEST(ValidateTest, AcquireReleaseAndProclaim) {
  ExpectRange("wait_ms", 0, kWaitMaxMs,
              [](int64_t wait_ms) { return Wait("l", SessionId(1), wait_ms); });
  ExpectBytesLimit("value", kMetadataBytesMax, [](std::string value) {
    return Command{"", "", Try("l", SessionId(1), std::move(value))};
  });
  ExpectBytesLimit("value", kMetadataBytesMax, [](std::string value) {
    return Command{"", "",
                   Proclaim{QueueKind::kLock, "l", SessionId(1), Token(1), std::move(value)}};
  });
  ExpectNamed(ValidateBody(Try("l", SessionId(0))), Code::kInvalidArgument, "session");
  ExpectNamed(ValidateBody(Give("l", SessionId(0), Token(1))), Code::kInvalidArgument, "session");
  ExpectNamed(ValidateBody(Give("l", SessionId(1), Token(0))), Code::kInvalidArgument, "token");
  ExpectNamed(ValidateBody(CancelWait{QueueKind::kLock, "l", Ticket(0)}), Code::kInvalidArgument,
              "ticket");
  ExpectNamed(ValidateBody(Proclaim{QueueKind::kLock, "l", SessionId(0), Token(1), ""}),
              Code::kInvalidArgument, "session");
  ExpectNamed(ValidateBody(Proclaim{QueueKind::kLock, "l", SessionId(1), Token(0), ""}),
              Code::kInvalidArgument, "token");
}

TEST(ValidateTest, ACompactionNamesARevision) {
  EXPECT_TRUE(ValidateBody(CompactHistory{Revision(1)}).ok());
  EXPECT_TRUE(ValidateBody(CompactHistory{Revision(UINT64_MAX)}).ok()) << "the state knows better";
  ExpectNamed(ValidateBody(CompactHistory{}), Code::kInvalidArgument, "revision");
}

}  // namespace
}  // namespace baton::coord
