// File: queue_json.h
//
// Locks and elections in JSON. They are one mechanism with two vocabularies.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "pkg/coord/command.h"
#include "pkg/coord/reply.h"
#include "pkg/coord/state_machine.h"
#include "pkg/http/json_writer.h"

namespace baton::http {

// How the API speaks of a lock, or of an election. Views of constants: every request copies it.
struct QueueWords {
  coord::QueueKind kind = coord::QueueKind::kLock;
  std::string_view holder;         // "holder" | "leader"
  std::string_view waiters;        // "waiters" | "candidates"
  std::string_view waiters_total;  // "waiters_total" | "candidates_total"
};
const QueueWords& LockWords();
const QueueWords& ElectionWords();

// Who holds it, and how long the holder's session lives unless it is renewed.
struct HolderView {
  coord::Holder holder;
  int64_t session_deadline_ms = 0;
};
// A lock or election, as copied from the state.
struct QueueView {
  std::string name;
  std::optional<HolderView> holder;
  std::vector<coord::Waiter> waiters;
  uint64_t waiters_total = 0;
  int64_t now_ms = 0;  // the state's cluster time
  Revision revision;
};
enum class QueuePart { kHolder, kAll };
QueueView CopyQueue(const coord::StateMachine& state, coord::QueueKind kind,
                    const std::string& name, QueuePart part);

// null for nobody; else {"session", "token", "value", "held_ms", "remaining_ms"}. now_ms: cluster
// time.
nlohmann::json HolderJson(const std::optional<HolderView>& holder, int64_t now_ms);
// Without remaining_ms.
nlohmann::json HolderJson(const coord::Holder& holder, int64_t now_ms);
void WriteHolder(const coord::Holder& holder, int64_t now_ms, JsonWriter* json);
// {"name", "holder", "token", "waiters": [{"ticket", "position", "session", "value",
// "remaining_ms"}], "waiters_total", "revision"}; token is null when nobody holds it, remaining_ms
// of a waiter that waits without limit too.
nlohmann::json QueueJson(const QueueWords& words, const QueueView& view, int64_t now_ms);

}  // namespace baton::http
