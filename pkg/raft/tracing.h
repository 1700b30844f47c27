// File: tracing.h
//
// Takes down what a core does (trace_event.h). Nothing but a test of Config::trace while it is off.
#pragma once

#include <vector>

#include "pkg/raft/core.h"

namespace baton::raft {

namespace tracing_internal {

// The same, while it is on.
void Trace(Core& core, TraceEventKind kind);
void TraceMessage(Core& core, TraceEventKind kind, const Message& message);
void TraceOwnAppend(Core& core);
void TraceOwnPersisted(Core& core);

}  // namespace tracing_internal

inline void Trace(Core& core, TraceEventKind kind) {
  if (core.config.trace) tracing_internal::Trace(core, kind);
}
// A leader is about to append what was asked.
void TraceChanges(Core& core, std::vector<TraceEvent::MemberChange> changes);
// Of the kinds that the specification knows; others are left out.
void TraceSend(Core& core, const Message& message);
inline void TraceReceive(Core& core, const Message& message) {
  if (!core.config.trace) return;
  tracing_internal::TraceMessage(core, TraceEventKind::kReceiveMessage, message);
}
// A node's own vote and a leader's own entries travel, in the specification, as messages to itself,
// which arrive when they are durable.
void TraceOwnVote(Core& core);
inline void TraceOwnAppend(Core& core) {
  if (core.config.trace) tracing_internal::TraceOwnAppend(core);
}
inline void TraceOwnPersisted(Core& core) {
  if (core.config.trace) tracing_internal::TraceOwnPersisted(core);
}

}  // namespace baton::raft
