// File: queue_commands.h
//
// Locks and elections. Internal to this room; command.h has the contract, queue_rows.h what always
// holds. Details decided here:
//   * The session must live (kNotFound/"session_not_found") before anything else is looked at.
//   * An Acquire by a session that waits already keeps its ticket and place, and takes over the new
//     value and deadline; but a try changes neither. The revision moves when the value changed.
//   * An Acquire by the holder gives the token again and changes nothing; Proclaim does.
//   * A waiter stays in line until its end is applied, whatever its deadline says.
#pragma once

#include "pkg/coord/apply_context.h"
#include "pkg/coord/command.h"

namespace baton::coord {

Decision Execute(ApplyContext& context, Acquire acquire);
Decision Execute(ApplyContext& context, Release release);
Decision Execute(ApplyContext& context, CancelWait cancel);
Decision Execute(ApplyContext& context, WaitExpire expire);
Decision Execute(ApplyContext& context, Proclaim proclaim);

}  // namespace baton::coord
