// File: test_machine.h
//
// A state machine over tables in memory, for the tests of this room: commands in, replies out, at a
// cluster time that the test moves. Every Apply is checked against what always holds
// (test_invariants.h) when `check_each` is set.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pkg/coord/command.h"
#include "pkg/coord/memory_tables.h"
#include "pkg/coord/state_machine.h"

namespace baton::coord {

// --- commands in one line ---
KvPut Put(std::string key, std::string value);
KvPut GuardedPut(std::string key, std::string value, std::string lock, Token token);
KvPut EphemeralPut(std::string key, std::string value, SessionId session);
KvDelete Delete(std::string key);
SessionCreate Create(uint64_t id, int64_t ttl_ms = 10'000);
Acquire Try(std::string name, SessionId session, std::string value = "");
Acquire Wait(std::string name, SessionId session, int64_t wait_ms = 60'000, std::string value = "");
Acquire Campaign(std::string name, SessionId session, std::string value = "");
Release Give(std::string name, SessionId session, Token token);

class TestMachine {
 public:
  TestMachine();

  // Applies the command at the present cluster time.
  Applied Do(CommandBody body, std::string idempotency_key = "", std::string principal = "");
  // Applies the command with this stamp, whatever the present time.
  Applied DoAt(int64_t stamp_ms, CommandBody body);
  Applied ApplyBytes(std::string_view entry);
  // The same, and it must succeed.
  Applied MustDo(CommandBody body);
  // The token of a lock that must be free.
  Token MustAcquire(std::string name, uint64_t session);
  // The ticket of a lock that must be held.
  Ticket MustWait(std::string name, uint64_t session, int64_t wait_ms = 60'000);
  // Expires what is due now, as a leader would.
  Applied ExpireDue();

  // A new machine over the same tables, as after a restart.
  void Restart();
  // Writes the meta row by hand: for limits that would take long to reach row by row. What always
  // holds may then not hold any more, so no Apply is checked from here on.
  void EditMeta(const std::function<void(Meta*)>& edit);

  void AdvanceMs(int64_t distance_ms) { now_ms_ += distance_ms; }
  int64_t now_ms() const { return now_ms_; }
  const StateMachine& state() const { return *state_; }
  StateMachine& machine() { return *state_; }
  MemoryTables& tables() { return tables_; }
  bool check_each = true;

 private:
  MemoryTables tables_;
  std::unique_ptr<StateMachine> state_;
  int64_t now_ms_ = 1'000'000;
};

const KvReply& AsKv(const Applied& applied);
const AcquireReply& AsAcquire(const Applied& applied);
const SessionReply& AsSession(const Applied& applied);
const RenewReply& AsRenew(const Applied& applied);

// The keys that the KV events of the history lead to, from the first revision on.
std::vector<KeyValue> ReplayEvents(const std::vector<Event>& events);

}  // namespace baton::coord
