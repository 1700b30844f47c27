// File: shim_faults.h
//
// What the shim in a process and whoever makes trouble for that process share: a small file that
// both have in memory, so that a change is seen by the next call and costs nothing until then.
#pragma once

#include <atomic>
#include <cstdint>

namespace baton::chaos {

// The bytes of the file. Both sides are built from this header; zeros are a good disk. Only regular
// files are meant, and not standard output and error.
struct ShimFaults {
  // fsync, fdatasync and sync_file_range wait this long first.
  std::atomic<uint32_t> sync_delay_ms;
  // They do not return while this is not 0.
  std::atomic<uint32_t> sync_hangs;
  // They do nothing and fail with this errno, when it is not 0.
  std::atomic<uint32_t> sync_errno;
  // write does so; or writes only the first half of what it was given, and says so.
  std::atomic<uint32_t> write_errno;
  std::atomic<uint32_t> writes_short;

  // Counted by the shim.
  std::atomic<uint64_t> syncs;          // calls, whatever became of them
  std::atomic<uint64_t> syncs_waiting;  // in a delay or a hang now, or when the process was killed
  std::atomic<uint64_t> syncs_failed;
  std::atomic<uint64_t> writes_failed;
  std::atomic<uint64_t> writes_shortened;
  std::atomic<uint64_t> connects_redirected;
};

// Of the environment: the path of that file, and who is to be redirected (shim_control.h).
inline constexpr char kShimControlVariable[] = "CHAOS_SHIM_CONTROL";
inline constexpr char kShimConnectVariable[] = "CHAOS_SHIM_CONNECT";

}  // namespace baton::chaos
