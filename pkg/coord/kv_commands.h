// File: kv_commands.h
//
// Keys and values. Internal to this room; command.h has the contract. Details decided here:
//   * A guard is checked first, then the precondition, then the session.
//   * A guarded key stays with the lock that guards it: a write that names another lock is refused
//     (kConflict/"guarded_by_other_lock"), whatever its token. To change the lock, delete the key
//     under its present guard and put it again. Any guard that a write carries must be live, also
//     when the key is not guarded: a stale holder learns that it is stale.
//   * The last put decides who owns a key: one without a session makes an ephemeral key lasting.
//   * The end of a session deletes its keys whether or not they are guarded.
#pragma once

#include <optional>
#include <string_view>

#include "pkg/coord/apply_context.h"
#include "pkg/coord/command.h"
#include "pkg/coord/reply.h"
#include "pkg/coord/rows.h"

namespace baton::coord {

Decision Execute(ApplyContext& context, KvPut put);
Decision Execute(ApplyContext& context, KvDelete del);

// At the end of the session, which has dropped its owned rows already.
void DeleteKeyOfEndedSession(ApplyContext& context, std::string_view key, SessionId session);

KeyValue ToKeyValue(std::string_view key, const KvRow& row);

}  // namespace baton::coord
