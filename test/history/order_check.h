// File: order_check.h
//
// Real-time order over everything at once (strict serializability), from the revisions that answers
// carry: what is called after an answer sees at least the revision of that answer, and a change has
// a greater one. And what one node said to one client never goes back (stale reads as well).
//
// Exact as far as revisions were said. Two times that are equal count as overlapping.
#pragma once

#include "test/history/findings.h"
#include "test/history/operation.h"
#include "test/history/reached.h"

namespace baton::history {

void CheckOrder(const History& history, const Reached& reached, Findings* findings);

}  // namespace baton::history
