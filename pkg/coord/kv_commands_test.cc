#include <gtest/gtest.h>

#include "pkg/coord/test_machine.h"

namespace baton::coord {
namespace {

class KvTest : public ::testing::Test {
 protected:
  TestMachine machine_;
};

TEST_F(KvTest, APutOfAnAbsentKeyCreatesIt) {
  const Applied applied = machine_.MustDo(Put("color", "red"));
  const KeyValue expected{"color", "red", Revision(1), Revision(1), 1, SessionId(), ""};
  EXPECT_EQ(AsKv(applied).current, expected);
  EXPECT_EQ(machine_.state().Get("color"), expected);
  EXPECT_EQ(applied.reply.revision, Revision(1));
  EXPECT_EQ(applied.reply.now_ms, machine_.now_ms());
  EXPECT_FALSE(applied.reply.replayed);
}

TEST_F(KvTest, APutOfAPresentKeyKeepsItsCreateRevisionAndCountsVersions) {
  machine_.MustDo(Put("color", "red"));
  machine_.MustDo(Put("other", "x"));
  const Applied applied = machine_.MustDo(Put("color", "blue"));
  EXPECT_EQ(AsKv(applied).current,
            (KeyValue{"color", "blue", Revision(1), Revision(3), 2, SessionId(), ""}));
}

TEST_F(KvTest, ADeletedKeyStartsANewLife) {
  machine_.MustDo(Put("color", "red"));
  machine_.MustDo(Put("color", "blue"));
  const Applied deleted = machine_.MustDo(Delete("color"));
  EXPECT_EQ(AsKv(deleted).current,
            (KeyValue{"color", "blue", Revision(1), Revision(2), 2, SessionId(), ""}));
  EXPECT_EQ(machine_.state().Get("color"), std::nullopt);
  const Applied again = machine_.MustDo(Put("color", "green"));
  EXPECT_EQ(AsKv(again).current,
            (KeyValue{"color", "green", Revision(4), Revision(4), 1, SessionId(), ""}));
}

TEST_F(KvTest, DeletingAnAbsentKeySucceedsAndMovesNothing) {
  machine_.MustDo(Put("color", "red"));
  const Applied applied = machine_.MustDo(Delete("other"));
  EXPECT_EQ(AsKv(applied).current, std::nullopt);
  EXPECT_EQ(applied.reply.revision, Revision(1));
  EXPECT_TRUE(applied.events.empty());
}

TEST_F(KvTest, EmptyAndBinaryValuesAreKept) {
  const std::string binary("\0\xff\n\x80", 4);
  machine_.MustDo(Put(binary, binary));
  machine_.MustDo(Put("empty", ""));
  EXPECT_EQ(machine_.state().Get(binary)->value, binary);
  EXPECT_EQ(machine_.state().Get("empty")->value, "");
}

TEST_F(KvTest, AbsentPreconditionLetsOneCreatorWin) {
  KvPut put = Put("leader", "a");
  put.precondition.kind = Precondition::Kind::kAbsent;
  machine_.MustDo(put);
  put.value = "b";
  const Applied refused = machine_.Do(put);
  EXPECT_EQ(refused.reply.status.code(), Code::kPreconditionFailed);
  EXPECT_EQ(refused.reply.status.outcome(), Outcome::kNotApplied);
  EXPECT_EQ(AsKv(refused).current->value, "a") << "the refusal shows the key as it is";
  EXPECT_EQ(refused.reply.revision, Revision(1));
  EXPECT_EQ(machine_.state().Get("leader")->value, "a");
}

TEST_F(KvTest, RevisionPreconditionIsCompareAndSet) {
  machine_.MustDo(Put("n", "1"));
  KvPut put = Put("n", "2");
  put.precondition = {Precondition::Kind::kModRevision, Revision(1)};
  machine_.MustDo(put);
  const Applied refused = machine_.Do(put);  // now at revision 2
  EXPECT_EQ(refused.reply.status.code(), Code::kPreconditionFailed);
  EXPECT_EQ(AsKv(refused).current->mod_revision, Revision(2));
  KvDelete del = Delete("n");
  del.precondition = {Precondition::Kind::kModRevision, Revision(1)};
  EXPECT_EQ(machine_.Do(del).reply.status.code(), Code::kPreconditionFailed);
  del.precondition.revision = Revision(2);
  EXPECT_EQ(AsKv(machine_.MustDo(del)).current->value, "2");
}

TEST_F(KvTest, PreconditionsOnAbsentKeys) {
  KvDelete del = Delete("n");
  del.precondition = {Precondition::Kind::kModRevision, Revision(1)};
  const Applied refused = machine_.Do(del);
  EXPECT_EQ(refused.reply.status.code(), Code::kPreconditionFailed);
  EXPECT_EQ(AsKv(refused).current, std::nullopt);
  del.precondition = {Precondition::Kind::kAbsent, {}};
  EXPECT_TRUE(machine_.Do(del).reply.status.ok());
}

TEST_F(KvTest, EveryChangeHasItsEvent) {
  const Applied put = machine_.MustDo(Put("k", "v"));
  Event expected;
  expected.revision = Revision(1);
  expected.kind = EventKind::kKvPut;
  expected.key = "k";
  expected.value = "v";
  expected.create_revision = Revision(1);
  expected.version = 1;
  EXPECT_EQ(put.events, std::vector{expected});

  const Applied deleted = machine_.MustDo(Delete("k"));
  Event gone;
  gone.revision = Revision(2);
  gone.kind = EventKind::kKvDelete;
  gone.key = "k";
  EXPECT_EQ(deleted.events, std::vector{gone});
}

TEST_F(KvTest, AnEphemeralKeyNeedsALivingSession) {
  const Applied refused = machine_.Do(EphemeralPut("k", "v", SessionId(7)));
  EXPECT_EQ(refused.reply.status.code(), Code::kNotFound);
  EXPECT_EQ(refused.reply.status.reason(), "session_not_found");
  EXPECT_EQ(machine_.state().Get("k"), std::nullopt);
  machine_.MustDo(Create(7));
  machine_.MustDo(EphemeralPut("k", "v", SessionId(7)));
  EXPECT_EQ(machine_.state().Get("k")->session, SessionId(7));
}

TEST_F(KvTest, TheEndOfTheSessionDeletesItsKeys) {
  machine_.MustDo(Create(7));
  machine_.MustDo(EphemeralPut("a", "1", SessionId(7)));
  machine_.MustDo(EphemeralPut("b", "2", SessionId(7)));
  machine_.MustDo(Put("c", "3"));
  const Applied ended = machine_.MustDo(SessionDestroy{SessionId(7)});
  ASSERT_EQ(ended.events.size(), 2u);
  for (const Event& event : ended.events) {
    EXPECT_EQ(event.kind, EventKind::kKvDelete);
    EXPECT_EQ(event.revision, ended.reply.revision) << "one revision for all";
    EXPECT_EQ(event.session, SessionId(7));
  }
  EXPECT_EQ(machine_.state().Get("a"), std::nullopt);
  EXPECT_EQ(machine_.state().Get("b"), std::nullopt);
  EXPECT_NE(machine_.state().Get("c"), std::nullopt);
  EXPECT_EQ(machine_.state().counts().keys, 1u);
}

TEST_F(KvTest, TheLastPutDecidesWhoOwnsTheKey) {
  machine_.MustDo(Create(1));
  machine_.MustDo(Create(2));
  machine_.MustDo(EphemeralPut("k", "of 1", SessionId(1)));
  machine_.MustDo(EphemeralPut("k", "of 2", SessionId(2)));
  machine_.MustDo(SessionDestroy{SessionId(1)});
  EXPECT_EQ(machine_.state().Get("k")->value, "of 2");
  machine_.MustDo(Put("k", "lasting"));
  machine_.MustDo(SessionDestroy{SessionId(2)});
  EXPECT_EQ(machine_.state().Get("k")->value, "lasting");
  EXPECT_EQ(machine_.state().Get("k")->session, SessionId());
}

TEST_F(KvTest, DeletingAnEphemeralKeyFreesItsPlaceInTheSession) {
  machine_.MustDo(Create(1));
  for (int i = 0; i < 5; ++i) {
    machine_.MustDo(EphemeralPut("k", "v", SessionId(1)));
    machine_.MustDo(Delete("k"));
  }
  EXPECT_TRUE(machine_.MustDo(SessionDestroy{SessionId(1)}).events.empty());
}

class GuardTest : public KvTest {
 protected:
  void SetUp() override {
    machine_.MustDo(Create(1));
    machine_.MustDo(Create(2));
    token_ = machine_.MustAcquire("lock", 1);
  }
  Status StatusOf(CommandBody body) { return machine_.Do(std::move(body)).reply.status; }

  Token token_;
};

TEST_F(GuardTest, TheHolderWritesAndTheKeyIsGuardedFromThenOn) {
  const Applied applied = machine_.MustDo(GuardedPut("k", "1", "lock", token_));
  EXPECT_EQ(AsKv(applied).current->guard_lock, "lock");
  const Status without = StatusOf(Put("k", "2"));
  EXPECT_EQ(without.code(), Code::kPreconditionRequired);
  EXPECT_EQ(without.reason(), "guard_required");
  EXPECT_EQ(StatusOf(Delete("k")).code(), Code::kPreconditionRequired);
  EXPECT_EQ(machine_.state().Get("k")->value, "1");
  machine_.MustDo(GuardedPut("k", "2", "lock", token_));
  EXPECT_EQ(machine_.state().Get("k")->value, "2");
}

TEST_F(GuardTest, AStaleTokenWritesNothing) {
  machine_.MustDo(GuardedPut("k", "old", "lock", token_));
  machine_.MustDo(Give("lock", SessionId(1), token_));
  EXPECT_EQ(StatusOf(GuardedPut("k", "late", "lock", token_)).reason(), "stale_token");
  const Token next = machine_.MustAcquire("lock", 2);
  EXPECT_EQ(StatusOf(GuardedPut("k", "late", "lock", token_)).code(), Code::kConflict);
  EXPECT_EQ(machine_.state().Get("k")->value, "old");
  machine_.MustDo(GuardedPut("k", "new", "lock", next));
  EXPECT_EQ(StatusOf(GuardedPut("k", "late", "lock", token_)).reason(), "stale_token");
  EXPECT_EQ(StatusOf(GuardedPut("k", "early", "lock", next + 1)).reason(), "stale_token");
  EXPECT_EQ(machine_.state().Get("k")->value, "new");
}

TEST_F(GuardTest, AStaleTokenIsRefusedOnUnguardedAndAbsentKeysToo) {
  machine_.MustDo(Put("k", "1"));
  machine_.MustDo(Give("lock", SessionId(1), token_));
  EXPECT_EQ(StatusOf(GuardedPut("k", "2", "lock", token_)).reason(), "stale_token");
  EXPECT_EQ(StatusOf(GuardedPut("absent", "2", "lock", token_)).reason(), "stale_token");
  KvDelete del = Delete("absent");
  del.guard = Guard{"lock", token_};
  EXPECT_EQ(StatusOf(del).reason(), "stale_token");
}

TEST_F(GuardTest, AnotherLockCannotTakeAKeyOver) {
  const Token other = machine_.MustAcquire("other", 2);
  machine_.MustDo(GuardedPut("k", "1", "lock", token_));
  const Status status = StatusOf(GuardedPut("k", "2", "other", other));
  EXPECT_EQ(status.code(), Code::kConflict);
  EXPECT_EQ(status.reason(), "guarded_by_other_lock");
  KvDelete del = Delete("k");
  del.guard = Guard{"lock", token_};
  machine_.MustDo(del);
  machine_.MustDo(GuardedPut("k", "2", "other", other));
  EXPECT_EQ(machine_.state().Get("k")->guard_lock, "other");
}

TEST_F(GuardTest, AnElectionsTokenIsNoLocksToken) {
  const Token leader = AsAcquire(machine_.MustDo(Campaign("lock", SessionId(2)))).token;
  EXPECT_EQ(StatusOf(GuardedPut("k", "1", "lock", leader)).reason(), "stale_token");
}

TEST_F(GuardTest, TheGuardIsCheckedBeforeThePrecondition) {
  machine_.MustDo(GuardedPut("k", "secret", "lock", token_));
  KvPut put = Put("k", "2");
  put.precondition.kind = Precondition::Kind::kAbsent;
  const Applied refused = machine_.Do(put);
  EXPECT_EQ(refused.reply.status.code(), Code::kPreconditionRequired);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(refused.reply.body));
}

TEST_F(GuardTest, TheEndOfASessionDeletesItsGuardedKeys) {
  KvPut put = GuardedPut("k", "1", "lock", token_);
  put.session = SessionId(2);
  machine_.MustDo(put);
  machine_.MustDo(SessionDestroy{SessionId(2)});
  EXPECT_EQ(machine_.state().Get("k"), std::nullopt);
}

class ListTest : public KvTest {
 protected:
  std::vector<std::string> Keys(const KvPage& page) {
    std::vector<std::string> keys;
    for (const KeyValue& kv : page.items) keys.push_back(kv.key);
    return keys;
  }
};

TEST_F(ListTest, PrefixesAndPages) {
  for (const char* key : {"b", "a/2", "a/1", "a", "a0", "a/3"}) machine_.MustDo(Put(key, key));
  const StateMachine& state = machine_.state();
  using Strings = std::vector<std::string>;
  EXPECT_EQ(Keys(state.List("", "", 100)), (Strings{"a", "a/1", "a/2", "a/3", "a0", "b"}));
  EXPECT_EQ(Keys(state.List("a/", "", 100)), (Strings{"a/1", "a/2", "a/3"}));
  EXPECT_EQ(Keys(state.List("zz", "", 100)), Strings{});
  const KvPage first = state.List("a/", "", 2);
  EXPECT_EQ(Keys(first), (Strings{"a/1", "a/2"}));
  EXPECT_TRUE(first.more);
  const KvPage second = state.List("a/", "a/2", 2);
  EXPECT_EQ(Keys(second), Strings{"a/3"});
  EXPECT_FALSE(second.more);
  EXPECT_EQ(Keys(state.List("a/", "Z", 2)), (Strings{"a/1", "a/2"})) << "after is before prefix";
  EXPECT_EQ(Keys(state.List("a/", "b", 2)), Strings{}) << "after is past prefix";
  EXPECT_TRUE(state.List("a/", "", 0).more);
}

TEST_F(ListTest, APrefixOfTheGreatestByteEndsWithTheTable) {
  machine_.MustDo(Put("\xff", "1"));
  machine_.MustDo(Put("\xff\xff", "2"));
  machine_.MustDo(Create(1));
  EXPECT_EQ(machine_.state().List("\xff", "", 100).items.size(), 2u);
  EXPECT_EQ(machine_.state().List("\xff\xff", "", 100).items.size(), 1u);
  EXPECT_EQ(machine_.state().List("", "", 100).items.size(), 2u);
}

TEST_F(ListTest, NeverMoreThanTheLimits) {
  machine_.check_each = false;
  for (uint64_t i = 0; i <= kListItemsMax; ++i) machine_.MustDo(Put(std::to_string(i), ""));
  const KvPage page = machine_.state().List("", "", UINT64_MAX);
  EXPECT_EQ(page.items.size(), kListItemsMax);
  EXPECT_TRUE(page.more);
  const std::string big(kValueBytesMax, 'x');
  for (int i = 0; i < 6; ++i) machine_.MustDo(Put("big" + std::to_string(i), big));
  const KvPage big_page = machine_.state().List("big", "", 100);
  EXPECT_EQ(big_page.items.size(), 4u) << "the fourth passes kListBytesMax";
  EXPECT_TRUE(big_page.more);
  EXPECT_EQ(machine_.state().List("big", "big3", 100).items.size(), 2u);
}

}  // namespace
}  // namespace baton::coord
