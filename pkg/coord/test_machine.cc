#include "pkg/coord/test_machine.h"

#include <gtest/gtest.h>

#include <map>

#include "pkg/base/bytes.h"
#include "pkg/coord/command_version.h"
#include "pkg/coord/rows.h"
#include "pkg/coord/test_invariants.h"

namespace baton::coord {

KvPut Put(std::string key, std::string value) {
  KvPut put;
  put.key = std::move(key);
  put.value = std::move(value);
  return put;
}

KvPut GuardedPut(std::string key, std::string value, std::string lock, Token token) {
  KvPut put = Put(std::move(key), std::move(value));
  put.guard = Guard{std::move(lock), token};
  return put;
}

KvPut EphemeralPut(std::string key, std::string value, SessionId session) {
  KvPut put = Put(std::move(key), std::move(value));
  put.session = session;
  return put;
}

KvDelete Delete(std::string key) {
  KvDelete del;
  del.key = std::move(key);
  return del;
}

SessionCreate Create(uint64_t id, int64_t ttl_ms) {
  return SessionCreate{SessionId(id), ttl_ms, "name-" + std::to_string(id), "metadata"};
}

Acquire Try(std::string name, SessionId session, std::string value) {
  return Wait(std::move(name), session, 0, std::move(value));
}

Acquire Wait(std::string name, SessionId session, int64_t wait_ms, std::string value) {
  return Acquire{QueueKind::kLock, std::move(name), session, wait_ms, false, std::move(value)};
}

Acquire Campaign(std::string name, SessionId session, std::string value) {
  return Acquire{QueueKind::kElection, std::move(name), session, 0, true, std::move(value)};
}

Release Give(std::string name, SessionId session, Token token) {
  return Release{QueueKind::kLock, std::move(name), session, token};
}

// All commands are in force.
TestMachine::TestMachine() {
  std::string row;
  ByteWriter(&row).Varint(kCommandVersion);
  tables_.Put(kVersionKey, row);
  Restart();
}

void TestMachine::Restart() { state_ = std::make_unique<StateMachine>(&tables_); }

void TestMachine::EditMeta(const std::function<void(Meta*)>& edit) {
  Meta meta;
  if (const auto row = tables_.Get(kMetaKey)) meta = DecodeMeta(*row);
  edit(&meta);
  std::string row = EncodeMetaBody(meta);
  ByteWriter(&row).U64(meta.hash);
  tables_.Put(kMetaKey, row);
  state_->Reload();
  check_each = false;
}

Applied TestMachine::ApplyBytes(std::string_view entry) {
  Applied applied = state_->Apply(state_->applied() + 1, Term(1), entry);
  if (check_each) CheckInvariants(tables_, *state_);
  return applied;
}

Applied TestMachine::Do(CommandBody body, std::string idempotency_key, std::string principal) {
  const Command command{std::move(principal), std::move(idempotency_key), std::move(body)};
  return ApplyBytes(EncodeEntry(now_ms_, EncodeCommand(command)));
}

Applied TestMachine::DoAt(int64_t stamp_ms, CommandBody body) {
  return ApplyBytes(EncodeEntry(stamp_ms, EncodeCommand(Command{"", "", std::move(body)})));
}

Applied TestMachine::MustDo(CommandBody body) {
  Applied applied = Do(std::move(body));
  EXPECT_TRUE(applied.reply.status.ok()) << applied.reply.status.ToString();
  return applied;
}

Token TestMachine::MustAcquire(std::string name, uint64_t session) {
  const Token token = AsAcquire(MustDo(Try(std::move(name), SessionId(session)))).token;
  EXPECT_TRUE(token);
  return token;
}

Ticket TestMachine::MustWait(std::string name, uint64_t session, int64_t wait_ms) {
  const Ticket ticket =
      AsAcquire(MustDo(Wait(std::move(name), SessionId(session), wait_ms))).ticket;
  EXPECT_TRUE(ticket);
  return ticket;
}

Applied TestMachine::ExpireDue() { return MustDo(state_->DueSessions(now_ms_)); }

const KvReply& AsKv(const Applied& applied) { return std::get<KvReply>(applied.reply.body); }
const AcquireReply& AsAcquire(const Applied& applied) {
  return std::get<AcquireReply>(applied.reply.body);
}
const SessionReply& AsSession(const Applied& applied) {
  return std::get<SessionReply>(applied.reply.body);
}
const RenewReply& AsRenew(const Applied& applied) {
  return std::get<RenewReply>(applied.reply.body);
}

std::vector<KeyValue> ReplayEvents(const std::vector<Event>& events) {
  std::map<std::string, KeyValue> keys;
  for (const Event& event : events) {
    if (event.kind == EventKind::kKvDelete) {
      EXPECT_EQ(keys.erase(event.key), 1u) << "deleted, but was not there: " << event.key;
    }
    if (event.kind != EventKind::kKvPut) continue;
    keys[event.key] =
        KeyValue{event.key,     event.value, event.create_revision, event.revision, event.version,
                 event.session, ""};
  }
  std::vector<KeyValue> result;
  for (auto& [key, kv] : keys) result.push_back(std::move(kv));
  return result;
}

}  // namespace baton::coord
