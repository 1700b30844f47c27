// File: idempotency.h
//
// The memory of what was answered: (principal, idempotency key) -> fingerprint of the command and
// its reply. A retry gets the first answer and changes nothing; it lives in the replicated state,
// so it survives a change of leader and a snapshot. Internal to this room.
//
// Every reply of a command that reached a decision is kept, refusals too. What makes no sense (not
// decodable, not valid) or reuses a key for another command leaves nothing.
//
// Bounded by kIdempotencyEntriesMax, kIdempotencyBytesMax and, in cluster time,
// kIdempotencyAgeMaxMs; the oldest go first, up to kTrimRowsMax with one Apply. When there are too
// many entries that many go at once, so that not every Apply must look for the oldest. An entry
// past its age is never served, whether its row is still there or not.
//
// A ticket is an answer only as long as it waits or holds: a retry of an acquire whose ticket timed
// out, was cancelled or was granted and is over is executed anew, and its answer takes the place of
// the old one.
//
// The reply to a put repeats the value that was put. It is not stored: the retry, which has the
// same fingerprint, brings it along (`value_omitted`).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pkg/coord/apply_context.h"
#include "pkg/coord/command.h"

namespace baton::coord {

// The stored reply, marked as replayed; or kUnprocessable/"idempotency_key_reused"; or nothing: the
// command is new. Forgets an entry past its age, or whose ticket is over.
std::optional<Reply> FindReply(ApplyContext& context, const Command& command,
                               std::string_view fingerprint);

// Who asked, kept aside because executing a command uses it up.
struct IdempotencyId {
  std::string principal;
  std::string key;
};
// Leaves *reply as it was.
void RememberReply(ApplyContext& context, const IdempotencyId& id, bool is_put,
                   std::string_view fingerprint, Reply* reply);
void TrimReplies(ApplyContext& context);

}  // namespace baton::coord
