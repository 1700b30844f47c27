// File: tracing.h
//
// Takes down what a core does (trace_event.h). Nothing but a test of Config::trace while it is off.
#pragma once

#include <vector>

#include "pkg/raft/core.h"

namespace baton::raft {

void Trace(Core& core, TraceEventKind kind);
// A leader is about to append what was asked.
void TraceChanges(Core& core, std::vector<TraceEvent::MemberChange> changes);
// Of the kinds that the specification knows; others are left out.
void TraceSend(Core& core, const Message& message);
void TraceReceive(Core& core, const Message& message);
// A node's own vote and a leader's own entries travel, in the specification, as messages to itself,
// which arrive when they are durable.
void TraceOwnVote(Core& core);
void TraceOwnAppend(Core& core);
void TraceOwnPersisted(Core& core);

}  // namespace baton::raft
