// File: session_rows.h
//
// The rows of sessions, and what a session owns: ephemeral keys, locks and elections held, waits.
// Each owned thing has a row, and the session's life counts them. Internal to this room.
#pragma once

#include <optional>
#include <string_view>

#include "pkg/base/ids.h"
#include "pkg/base/status.h"
#include "pkg/coord/apply_context.h"
#include "pkg/coord/reply.h"
#include "pkg/coord/rows.h"

namespace baton::coord {

// Absent: no such session. A session lives until its end is applied, whatever its deadline says.
std::optional<LifeRow> LoadLife(const Tables& tables, SessionId id);
std::optional<SessionInfo> LoadSession(const Tables& tables, SessionId id);
SessionInfo DescribeSession(const Tables& tables, SessionId id, const LifeRow& life);

// The answer to whoever names a session that is not there.
Status SessionNotFound();
// kResourceExhausted/"too_many_owned" when the session owns kOwnedPerSessionMax things already.
Status RoomForOneMore(const LifeRow& life);

// One more, or one less, owned row. The session must live.
void AddOwned(ApplyContext& context, SessionId id, LifeRow life, std::string_view owned_row_key,
              std::string_view value);
void RemoveOwned(ApplyContext& context, SessionId id, std::string_view owned_row_key);

}  // namespace baton::coord
