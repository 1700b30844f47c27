// File: session_commands.h
//
// Sessions. Internal to this room; command.h has the contract. Details decided here:
//   * The end of sessions is one revision: first all their waits and lives go, so that nothing is
//     handed to one that ends in the same command; then what each held goes to the next in line and
//     its keys are deleted.
//   * A renewal moves no revision. It revives nothing that has ended, and saves whatever has not,
//     even if the deadline has passed.
//   * Work is bounded: limits.h, kExpireOwnedMax.
#pragma once

#include "pkg/coord/apply_context.h"
#include "pkg/coord/command.h"

namespace baton::coord {

Decision Execute(ApplyContext& context, SessionCreate create);
Decision Execute(ApplyContext& context, SessionRenew renew);
Decision Execute(ApplyContext& context, SessionDestroy destroy);
Decision Execute(ApplyContext& context, SessionExpire expire);

}  // namespace baton::coord
