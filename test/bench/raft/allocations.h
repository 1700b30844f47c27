// File: allocations.h
//
// Counts heap allocations of the whole program: linking this replaces operator new. One thread is
// assumed to do the work that is measured; others are counted with it.
#pragma once

#include <cstdint>

namespace baton::bench {

// Calls of operator new since the start.
uint64_t Allocations();

}  // namespace baton::bench
