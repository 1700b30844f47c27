// File: command.h
//
// The commands that change the replicated state, and their bytes. A command goes through the log;
// it is applied on every node, in the same order, with the same result. Whoever makes one checks it
// with Validate() first, so that nothing malformed reaches the log; applying still tolerates
// anything.
//
// Log entry:  version u8 (1) | stamp_ms u64 | command
// Command:    kind u8 | principal string | idempotency_key string | body (fields in order of the
// struct)
//
// `stamp_ms` is the cluster time (DESIGN: "Time"), given by the leader that appends the entry.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"

namespace baton::coord {

// What must hold of a key for a change to it to happen; otherwise kPreconditionFailed.
struct Precondition {
  enum class Kind : uint8_t { kNone = 0, kAbsent = 1, kModRevision = 2 };
  Kind kind = Kind::kNone;
  Revision revision;  // for kModRevision: the key's mod_revision
  friend bool operator==(const Precondition&, const Precondition&) = default;
};

// Proof that the writer holds `lock`. A key once written with a guard is guarded: writes without
// one are refused (kPreconditionRequired), writes whose token is not the lock's live token too
// (kConflict/"stale_token"), until the key is deleted.
struct Guard {
  std::string lock;
  Token token;
  friend bool operator==(const Guard&, const Guard&) = default;
};

struct KvPut {
  std::string key;
  std::string value;
  Precondition precondition;
  SessionId session;  // not 0: the key is deleted when the session ends
  std::optional<Guard> guard;
  friend bool operator==(const KvPut&, const KvPut&) = default;
};

struct KvDelete {
  std::string key;
  Precondition precondition;
  std::optional<Guard> guard;
  friend bool operator==(const KvDelete&, const KvDelete&) = default;
};

struct SessionCreate {
  SessionId
      id;  // drawn at random by the node that took the request; taken: kConflict/"session_exists"
  int64_t ttl_ms = 0;
  std::string name;
  std::string metadata;
  friend bool operator==(const SessionCreate&, const SessionCreate&) = default;
};

// Keepalives of many sessions in one entry. The reply says of each whether it lives.
struct SessionRenew {
  std::vector<SessionId> ids;
  friend bool operator==(const SessionRenew&, const SessionRenew&) = default;
};

struct SessionDestroy {
  SessionId id;
  friend bool operator==(const SessionDestroy&, const SessionDestroy&) = default;
};

// The leader's proposal to end sessions whose time is over. Void for a session that was renewed
// since (another epoch) or whose deadline is after the entry's stamp: a stale leader can revoke
// nothing.
struct SessionExpire {
  struct Item {
    SessionId id;
    uint64_t renewal_epoch = 0;
    friend bool operator==(const Item&, const Item&) = default;
  };
  std::vector<Item> items;
  friend bool operator==(const SessionExpire&, const SessionExpire&) = default;
};

// Locks and elections are one mechanism: a line of sessions of which the first holds. They have
// separate name spaces.
enum class QueueKind : uint8_t { kLock = 1, kElection = 2 };

// Take the lock / campaign. Granted at once when free; the holder's own session gets its token
// again; a session that already waits keeps its place, for the longest time that any of its
// acquires asked for, and a try is told where it is. Otherwise: try (wait_ms == 0, !stay_queued) is
// refused with kConflict/"lock_held"; else the session joins the end of the line.
struct Acquire {
  QueueKind kind = QueueKind::kLock;
  std::string name;
  SessionId session;
  int64_t wait_ms = 0;       // leave the line after this much cluster time
  bool stay_queued = false;  // never leave it by time; wait_ms is then only the caller's patience
  std::string value;         // shown to others: who am I; the leader's proclamation
  // The request that waits for the end, drawn by the node that took it; 0: nobody does. A retry has
  // another one. Those of a place in line that may time out are kept with it, see CancelWait.
  uint64_t listener = 0;
  friend bool operator==(const Acquire&, const Acquire&) = default;
};

// Give it back / resign. kConflict/"stale_token" unless session and token are the holder's.
struct Release {
  QueueKind kind = QueueKind::kLock;
  std::string name;
  SessionId session;
  Token token;
  friend bool operator==(const Release&, const Release&) = default;
};

// Leave the line. Not in it any more: kNotFound. With a listener: that request has ended, and the
// place is left if no other listens to it (OK, also when the place does not know the listener). A
// place that stays is not left by listeners.
struct CancelWait {
  QueueKind kind = QueueKind::kLock;
  std::string name;
  Ticket ticket;
  uint64_t listener = 0;
  friend bool operator==(const CancelWait&, const CancelWait&) = default;
};

// The leader's proposal to end waits whose deadline has passed; void for any whose has not.
struct WaitExpire {
  struct Item {
    QueueKind kind = QueueKind::kLock;
    std::string name;
    Ticket ticket;
    friend bool operator==(const Item&, const Item&) = default;
  };
  std::vector<Item> items;
  friend bool operator==(const WaitExpire&, const WaitExpire&) = default;
};

// The holder (an election's leader) changes the value that others see.
struct Proclaim {
  QueueKind kind = QueueKind::kElection;
  std::string name;
  SessionId session;
  Token token;
  std::string value;
  friend bool operator==(const Proclaim&, const Proclaim&) = default;
};

// Does nothing but carry its stamp: cluster time moves on.
struct AdvanceTime {
  friend bool operator==(const AdvanceTime&, const AdvanceTime&) = default;
};

// Watches can begin after `revision` only, from now on: compact_revision moves up to it (never
// back), and the rows go little by little (history.h). Beyond the newest revision:
// kUnprocessable/"future_revision".
struct CompactHistory {
  Revision revision;
  friend bool operator==(const CompactHistory&, const CompactHistory&) = default;
};

// Commands of this version may be in the log from here on (command_version.h). One that is in force
// already changes nothing.
struct RaiseVersion {
  uint64_t version = 0;
  friend bool operator==(const RaiseVersion&, const RaiseVersion&) = default;
};

// The order of the alternatives is the `kind` byte on disk: only ever append, and name the version
// of what you append in command_version.h.
using CommandBody = std::variant<AdvanceTime, KvPut, KvDelete, SessionCreate, SessionRenew,
                                 SessionDestroy, SessionExpire, Acquire, Release, CancelWait,
                                 WaitExpire, Proclaim, CompactHistory, RaiseVersion>;

struct Command {
  std::string principal;        // who asks; empty: anonymous
  std::string idempotency_key;  // empty: none
  CommandBody body;
  friend bool operator==(const Command&, const Command&) = default;
};

// Every bound of limits.h and every field's domain. kInvalidArgument, kUnprocessable or kTooLarge.
Status Validate(const Command& command);

std::string EncodeCommand(const Command& command);
// kCorruption for bytes that EncodeCommand cannot have made.
Result<Command> DecodeCommand(std::string_view bytes);

struct StampedCommand {
  int64_t stamp_ms = 0;
  Command command;
};

// Which alternative of CommandBody a log entry holds, and its name ("kv_put"): for those who count.
// Nothing: it is no entry of a known version and kind.
std::optional<size_t> CommandKindOf(std::string_view entry);
std::string_view CommandName(size_t kind);

// Whether applying the command (as EncodeCommand made it) may leave more data than there was, aside
// from the bounded memory of events and replies. Ends, releases, renewals and compactions do not.
// Unknown bytes do.
bool MakesDataGrow(std::string_view encoded_command);

// The bytes of a log entry, from an encoded command.
std::string EncodeEntry(int64_t stamp_ms, std::string_view encoded_command);
Result<StampedCommand> DecodeEntry(std::string_view bytes);

}  // namespace baton::coord
