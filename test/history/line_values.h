// File: line_values.h
//
// What holders say to everybody: the value of an acquire, then those of proclaims. An event or an
// answer that shows another value, or an older one than was acknowledged, is a violation; so is one
// proclaim that is told twice. Internal to lock_check.
#pragma once

#include "test/history/findings.h"
#include "test/history/operation.h"
#include "test/history/seen_events.h"

namespace baton::history {

void CheckLineValues(const History& history, const SeenEvents& seen, Findings* findings);

}  // namespace baton::history
