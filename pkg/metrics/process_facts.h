// File: process_facts.h
//
// What the operating system says of this process, from /proc/self.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace baton::metrics {

// A value of -1 is not known; its metric is left out.
struct ProcessFacts {
  double resident_bytes = -1;
  double virtual_bytes = -1;
  double cpu_seconds = -1;         // user and system, of all threads
  double start_time_seconds = -1;  // since 1970-01-01 UTC
  double open_fds = -1;
  double max_fds = -1;  // the soft limit
  double threads = -1;
};

// The processor time of all threads of one name.
struct ThreadFacts {
  std::string name;
  double cpu_seconds = 0;
};
// In order of their names. Any thread. What cannot be read is left out.
std::vector<ThreadFacts> ReadThreadFacts();

// Any thread. Never fails: what cannot be read stays unknown.
ProcessFacts ReadProcessFacts();

namespace internal {

// Fills in what /proc/self/stat says. `stat` is its one line; the second field is the name of the
// program in parentheses and may itself hold spaces and parentheses (proc(5)). boot_time_seconds is
// the "btime" of /proc/stat, negative when unknown.
void ParseStat(std::string_view stat, double ticks_per_second, double page_bytes,
               double boot_time_seconds, ProcessFacts* facts);
// The number after "btime" at the beginning of a line; -1 if there is none.
double ParseBootTime(std::string_view proc_stat);

}  // namespace internal

}  // namespace baton::metrics
