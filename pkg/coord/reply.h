// File: reply.h
//
// What a command answered. The same on every node; kept beside the idempotency key; sent back by
// the leader to the follower that forwarded the command.
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

struct KeyValue {
  std::string key;
  std::string value;
  Revision create_revision;
  Revision mod_revision;
  uint64_t version = 0;    // 1 for the first put since it was absent
  SessionId session;       // 0: not ephemeral
  std::string guard_lock;  // empty: not guarded
  friend bool operator==(const KeyValue&, const KeyValue&) = default;
};

struct SessionInfo {
  SessionId id;
  std::string name;
  std::string metadata;
  int64_t ttl_ms = 0;
  int64_t deadline_ms = 0;  // cluster time
  uint64_t renewal_epoch = 0;
  friend bool operator==(const SessionInfo&, const SessionInfo&) = default;
};

// KvPut, KvDelete: the key after a put, before a delete; absent if there was nothing to delete.
// After kPreconditionFailed: the key as it is.
struct KvReply {
  std::optional<KeyValue> current;
  friend bool operator==(const KvReply&, const KvReply&) = default;
};

struct SessionReply {
  SessionInfo session;
  friend bool operator==(const SessionReply&, const SessionReply&) = default;
};

// SessionRenew: for each id in order, its state; ttl_ms == 0: no such session.
struct RenewReply {
  std::vector<SessionInfo> sessions;
  friend bool operator==(const RenewReply&, const RenewReply&) = default;
};

struct Holder {
  SessionId session;
  Token token;
  Ticket ticket;  // with which it waited; 0: it did not
  std::string value;
  int64_t acquired_ms = 0;  // cluster time
  friend bool operator==(const Holder&, const Holder&) = default;
};

struct Waiter {
  Ticket ticket;
  SessionId session;
  std::string value;
  int64_t deadline_ms = 0;  // cluster time; 0: none
  // The requests that wait for its end, each once, the longest attached first; at most
  // kWaitListenersMax. None with a place that stays (deadline_ms == 0).
  std::vector<uint64_t> listeners;
  friend bool operator==(const Waiter&, const Waiter&) = default;
};

// Acquire. token != 0: granted. Else ticket != 0: waiting at `position` (1: next). Else refused.
// holder: who has it now.
struct AcquireReply {
  Token token;
  Ticket ticket;
  uint64_t position = 0;
  std::optional<Holder> holder;
  friend bool operator==(const AcquireReply&, const AcquireReply&) = default;
};

// CompactHistory: up to where events are gone now, which may be further than was asked for.
struct CompactReply {
  Revision compact_revision;
  friend bool operator==(const CompactReply&, const CompactReply&) = default;
};

// The order of the alternatives is in stored replies: only ever append.
using ReplyBody =
    std::variant<std::monostate, KvReply, SessionReply, RenewReply, AcquireReply, CompactReply>;

struct Reply {
  Status status;          // OK, or why the command was refused (then nothing changed)
  Revision revision;      // of the state after the command
  int64_t now_ms = 0;     // cluster time of the command
  bool replayed = false;  // answered from the idempotency table
  ReplyBody body;
  friend bool operator==(const Reply&, const Reply&) = default;
};

std::string EncodeReply(const Reply& reply);
Result<Reply> DecodeReply(std::string_view bytes);

}  // namespace baton::coord
