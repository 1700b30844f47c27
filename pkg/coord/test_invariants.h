// File: test_invariants.h
//
// What must hold of the rows after every Apply, checked from the rows alone: no index says what its
// table does not, no count is off, nobody dead holds or waits.
#pragma once

#include "pkg/coord/memory_tables.h"
#include "pkg/coord/state_machine.h"

namespace baton::coord {

// Reports violations as gtest failures.
void CheckInvariants(const MemoryTables& tables, const StateMachine& state);

}  // namespace baton::coord
