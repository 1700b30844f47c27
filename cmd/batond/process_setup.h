// File: process_setup.h
//
// What a process asks of its operating system once, before its threads start.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pkg/base/status.h"

namespace baton::batond {

// Raises the limit of open files to what the administrator allows. Gives the limit that holds now.
uint64_t RaiseFileLimit();

// What the allocator may keep for threads that have freed it, in all; nothing without tcmalloc.
inline constexpr size_t kAllocatorCacheBytesMax = 8 << 20;
void BoundAllocator();

// From now on the last words of a process that ends because nobody caught an exception are a line
// that says what to do about it: mostly, the system has no thread left.
void ExplainTermination();

// 64 bits of the system's entropy (getrandom(2)).
uint64_t DrawSeed();

// Blocks SIGTERM and SIGINT in this thread and in those that it starts, and ignores SIGPIPE. From
// then on WaitForStopSignal is how they arrive: no code runs in a signal handler.
void BlockStopSignals();
// Waits for one of them and gives its number.
int WaitForStopSignal();

}  // namespace baton::batond
