// File: queue_commands.h
//
// Locks and elections. Internal to this room; command.h has the contract, queue_rows.h what always
// holds. Details decided here:
//   * The session must live (kNotFound/"session_not_found") before anything else is looked at.
//   * An Acquire by a session that waits already keeps its ticket and place, and takes over the new
//     value; the later deadline counts. A try changes neither. The revision moves when the value
//     changed.
//   * A place that may time out is left with the last of the requests that listen to it: the one
//     that made it, those that found themselves in it, and their retries. Each is known by a number
//     of its own, so applying one twice counts once, and the end of one never ends another's wait.
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

// A retry of `acquire` is answered with `ticket` again: its listener waits for the end as well.
void ListenToo(ApplyContext& context, const Acquire& acquire, Ticket ticket);

}  // namespace baton::coord
