#include "pkg/coord/test_random.h"

#include <array>

namespace baton::coord {
namespace {

SessionId RandomSession(Random* random) {
  return SessionId(random->Between(1, kRandomSessions + 1));
}

QueueKind RandomKind(Random* random) {
  return random->Chance(2, 3) ? QueueKind::kLock : QueueKind::kElection;
}

std::string RandomBytes(Random* random, uint64_t size_max) {
  std::string bytes;
  for (uint64_t left = random->Below(size_max + 1); left > 0; --left) {
    bytes.push_back(static_cast<char>(random->NextU32()));
  }
  return bytes;
}

// Small, or any.
uint64_t RandomNumber(Random* random) {
  return random->Chance(1, 4) ? random->NextU64() >> random->Below(64) : random->Below(20);
}

Precondition RandomPrecondition(Random* random, const StateMachine* state, const std::string& key) {
  if (random->Chance(2, 3)) return {};
  if (random->Chance(1, 2)) return {Precondition::Kind::kAbsent, {}};
  const auto current = state != nullptr ? state->Get(key) : std::nullopt;
  if (current) return {Precondition::Kind::kModRevision, current->mod_revision};
  return {Precondition::Kind::kModRevision, Revision(1 + RandomNumber(random))};
}

// The live token more often than not.
Token RandomToken(Random* random, const StateMachine* state, QueueKind kind,
                  const std::string& name) {
  const auto holder = state != nullptr ? state->Queue(kind, name).holder : std::nullopt;
  if (holder && random->Chance(4, 5)) return holder->token;
  return Token(1 + RandomNumber(random));
}

SessionId RandomHolder(Random* random, const StateMachine* state, QueueKind kind,
                       const std::string& name) {
  const auto holder = state != nullptr ? state->Queue(kind, name).holder : std::nullopt;
  return holder && random->Chance(4, 5) ? holder->session : RandomSession(random);
}

std::optional<Guard> RandomGuard(Random* random, const StateMachine* state) {
  if (random->Chance(2, 3)) return std::nullopt;
  const std::string lock = RandomLock(random);
  return Guard{lock, RandomToken(random, state, QueueKind::kLock, lock)};
}

KvPut RandomPut(Random* random, const StateMachine* state) {
  KvPut put;
  put.key = RandomKey(random);
  put.value = RandomBytes(random, 20);
  put.precondition = RandomPrecondition(random, state, put.key);
  if (random->Chance(1, 3)) put.session = RandomSession(random);
  put.guard = RandomGuard(random, state);
  return put;
}

KvDelete RandomDelete(Random* random, const StateMachine* state) {
  KvDelete del;
  del.key = RandomKey(random);
  del.precondition = RandomPrecondition(random, state, del.key);
  del.guard = RandomGuard(random, state);
  return del;
}

SessionCreate RandomCreate(Random* random) {
  const auto ttl_ms = static_cast<int64_t>(random->Between(100, 1000));
  return {RandomSession(random), ttl_ms, RandomBytes(random, 5), RandomBytes(random, 20)};
}

SessionRenew RandomRenew(Random* random) {
  SessionRenew renew;
  for (uint64_t left = random->Below(4); left > 0; --left) {
    renew.ids.push_back(RandomSession(random));
  }
  return renew;
}

SessionExpire RandomExpire(Random* random, const StateMachine* state) {
  if (state != nullptr && random->Chance(3, 4)) return state->DueSessions(state->now_ms());
  SessionExpire expire;
  for (uint64_t left = random->Below(4); left > 0; --left) {
    expire.items.push_back({RandomSession(random), RandomNumber(random)});
  }
  return expire;
}

Acquire RandomAcquire(Random* random) {
  Acquire acquire;
  acquire.kind = RandomKind(random);
  acquire.name = RandomLock(random);
  acquire.session = RandomSession(random);
  if (random->Chance(2, 3)) acquire.wait_ms = static_cast<int64_t>(random->Below(500));
  acquire.stay_queued = random->Chance(1, 4);
  acquire.value = RandomBytes(random, 3);
  acquire.listener = random->Below(4);
  return acquire;
}

Release RandomRelease(Random* random, const StateMachine* state) {
  const QueueKind kind = RandomKind(random);
  const std::string name = RandomLock(random);
  return {kind, name, RandomHolder(random, state, kind, name),
          RandomToken(random, state, kind, name)};
}

Ticket RandomTicket(Random* random, const StateMachine* state, QueueKind kind,
                    const std::string& name) {
  if (state != nullptr) {
    const auto waiters = state->Queue(kind, name).waiters;
    if (!waiters.empty()) return waiters[random->Below(waiters.size())].ticket;
  }
  return Ticket(1 + RandomNumber(random));
}

CancelWait RandomCancel(Random* random, const StateMachine* state) {
  const QueueKind kind = RandomKind(random);
  const std::string name = RandomLock(random);
  const Ticket ticket = RandomTicket(random, state, kind, name);
  return {kind, name, ticket, random->Below(4)};
}

WaitExpire RandomWaitExpire(Random* random, const StateMachine* state) {
  if (state != nullptr && random->Chance(3, 4)) return state->DueWaits(state->now_ms());
  WaitExpire expire;
  for (uint64_t left = random->Below(4); left > 0; --left) {
    const QueueKind kind = RandomKind(random);
    const std::string name = RandomLock(random);
    expire.items.push_back({kind, name, RandomTicket(random, state, kind, name)});
  }
  return expire;
}

Proclaim RandomProclaim(Random* random, const StateMachine* state) {
  const QueueKind kind = random->Chance(1, 3) ? QueueKind::kLock : QueueKind::kElection;
  const std::string name = RandomLock(random);
  return {kind, name, RandomHolder(random, state, kind, name),
          RandomToken(random, state, kind, name), RandomBytes(random, 5)};
}

// Of what is compacted already, of the last revisions, or of one that is yet to come.
CompactHistory RandomCompact(Random* random, const StateMachine* state) {
  if (state == nullptr || random->Chance(1, 4)) return {Revision(1 + RandomNumber(random))};
  return {Revision(1 + random->Below(state->revision().value() + 2))};
}

CommandBody RandomBody(Random* random, const StateMachine* state) {
  switch (random->Below(16)) {
    case 0:
      if (random->Chance(1, 3)) return RandomCompact(random, state);
      return AdvanceTime{};
    case 1:
    case 2:
    case 3:
      return RandomPut(random, state);
    case 4:
      return RandomDelete(random, state);
    case 5:
    case 6:
      return RandomCreate(random);
    case 7:
      return RandomRenew(random);
    case 8:
      if (random->Chance(1, 2)) return SessionDestroy{RandomSession(random)};
      return RandomExpire(random, state);
    case 9:
    case 10:
    case 11:
      return RandomAcquire(random);
    case 12:
      return RandomRelease(random, state);
    case 13:
      return RandomCancel(random, state);
    case 14:
      return RandomWaitExpire(random, state);
    default:
      return RandomProclaim(random, state);
  }
}

}  // namespace

std::string RandomKey(Random* random) {
  static constexpr std::array kKeys = {"a", "b", "a/1", "a/2", "\xff"};
  return kKeys[random->Below(kKeys.size())];
}

std::string RandomLock(Random* random) {
  static constexpr std::array kLocks = {"l", "lo", "lock"};
  return kLocks[random->Below(kLocks.size())];
}

Command RandomCommand(Random* random) {
  Command command;
  command.principal = RandomBytes(random, 4);
  if (random->Chance(1, 2)) command.idempotency_key = RandomBytes(random, 10);
  command.body = RandomBody(random, nullptr);
  if (auto* put = std::get_if<KvPut>(&command.body)) put->session = SessionId(random->NextU64());
  if (auto* create = std::get_if<SessionCreate>(&command.body)) {
    create->ttl_ms = static_cast<int64_t>(RandomNumber(random));
  }
  return command;
}

Command RandomClient::Next(Random* random, const StateMachine& state) {
  // Acquires more often than others: what is remembered of them changes with the line.
  const std::vector<Command>& sent = random->Chance(1, 2) ? keyed_acquires_ : keyed_;
  if (!sent.empty() && random->Chance(1, 7)) {
    Command retry = sent[random->Below(sent.size())];
    if (auto* acquire = std::get_if<Acquire>(&retry.body)) acquire->listener = random->Below(4);
    return retry;
  }
  Command command;
  command.body = RandomBody(random, &state);
  const bool is_acquire = std::holds_alternative<Acquire>(command.body);
  if (random->Chance(1, is_acquire ? 2 : 5)) {
    command.idempotency_key = std::to_string(random->Below(500));
    (is_acquire ? keyed_acquires_ : keyed_).push_back(command);
  }
  return command;
}

}  // namespace baton::coord
